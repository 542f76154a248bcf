import Events

/// A place between two frames at which a telegram may be missing, until every ledger has spoken.
struct SuspectPlace: Sendable {
    let number: Int
    /// Of the last place that this one has taken in.
    private(set) var last: Int
    let after: Instant
    var before: Instant
    /// Frames that fit into the time, at least and at most.
    var fits: ClosedRange<Int>
    /// Indications missing modulo 8; nil where the attachment does not number them.
    var sequence: Int?
    /// Streams that have not been heard since.
    var awaited: Set<Int>
    /// The witness has told that it could not see.
    var isTold: Bool
    /// Telegrams that the counts lack.
    var counted = 0
    /// Frames seen here whose octets were damaged: telegrams whose count nobody could read.
    var damaged = 0
    /// A frame beside the place is a repetition or asks for one, so that what is missing may be no telegram of its own.
    var isBesideRepetition = false
    /// The coarsest of the counts that have spoken.
    var modulus: Int?

    init(
        number: Int, after: Instant, before: Instant, fits: ClosedRange<Int>, sequence: Int?, awaited: Set<Int>,
        isTold: Bool
    ) {
        self.number = number
        last = number
        self.after = after
        self.before = before
        self.fits = fits
        self.sequence = sequence
        self.awaited = awaited
        self.isTold = isTold
    }

    mutating func hear(_ count: TelegramCount) {
        if awaited.remove(count.stream) != nil { modulus = min(modulus ?? count.modulus, count.modulus) }
    }

    /// Takes in a later place.
    mutating func merge(_ later: SuspectPlace) {
        last = later.last
        before = later.before
        fits = (fits.lowerBound + later.fits.lowerBound)...(fits.upperBound + later.fits.upperBound)
        if let mine = sequence, let its = later.sequence { sequence = (mine + its) & 7 } else { sequence = nil }
        awaited.formUnion(later.awaited)
        isTold = isTold || later.isTold
        counted += later.counted
        damaged += later.damaged
        isBesideRepetition = isBesideRepetition || later.isBesideRepetition
        modulus = [modulus, later.modulus].compactMap { $0 }.min()
    }

    /// What else is known about the line.
    struct Rules {
        var isEveryTelegramCounted = false
        var hasRepetitions = false
        var hasUnacknowledged = false
        var hasStreams = false
    }

    /// The most frames that one telegram can make: once, three times after NAK and three after BUSY.
    private static let mostAttempts = 7

    private func hasCounts(_ rules: Rules) -> Bool { rules.hasStreams && awaited.isEmpty }

    func ledgers(_ rules: Rules) -> [LossLedger] {
        var ledgers: [LossLedger] = []
        if let sequence { ledgers.append(.sequence(indicationsModulo8: sequence)) }
        if hasCounts(rules) { ledgers.append(.counters(telegrams: counted, modulus: modulus ?? 0)) }
        return ledgers + [.time(frames: fits)]
    }

    /// How many frames satisfy all ledgers, from the fewest to the most; nil when no number does.
    func frames(_ rules: Rules) -> ClosedRange<Int>? {
        // What was seen only as damage is missing too, when nobody repeated it.
        let unread = hasCounts(rules) ? min(damaged, counted) : 0
        let room = fits.lowerBound...(fits.upperBound + unread)
        guard let fewest = room.first(where: { isPossible($0, unread: unread, rules) }),
            let most = room.last(where: { isPossible($0, unread: unread, rules) })
        else { return nil }
        return fewest...most
    }

    private func isPossible(_ count: Int, unread: Int, _ rules: Rules) -> Bool {
        // What was damaged was told, and has its number.
        isPossibleBySequence(max(0, count - unread), rules) && isPossibleByCounts(count, rules)
    }

    private func isPossibleBySequence(_ count: Int, _ rules: Rules) -> Bool {
        guard let sequence else { return true }
        // A frame has an indication, and its acknowledge another.
        guard rules.hasUnacknowledged else { return (2 * count) & 7 == sequence }
        return (count...2 * count).prefix(8).contains { $0 & 7 == sequence }
    }

    private func isPossibleByCounts(_ count: Int, _ rules: Rules) -> Bool {
        guard hasCounts(rules) else { return true }
        guard count >= counted else { return false }
        guard rules.isEveryTelegramCounted else { return true }
        let modulus = modulus ?? 1
        let whole = counted + (count - counted) / modulus * modulus
        // A telegram may have been on the line several times, and those on both sides of the place too.
        let most = rules.hasRepetitions ? Self.mostAttempts * whole : whole
        return count <= most + (isBesideRepetition ? Self.mostAttempts - 1 : 0)
    }
}
