import Events
import KNX

/// The switch in the feed of a line: what it was told, and what its contact is still going to do. Without a contact of its own it moves at once, and once.
struct SupplySwitch: Sendable {
    /// From the next command on.
    var contact: SupplyContact?
    /// False behind a switch on the DC side, between the supply and the line: nothing holds the line up then.
    private(set) var isHeldUp = true
    private var moves: [(isOn: Bool, at: Instant)] = []
    private var awaitsTelegram = false
    /// The first octet of the source address of the telegram on the line.
    private var sourceHigh: UInt8 = 0

    /// When the contact moves next; nil when it rests, or waits for a telegram.
    var nextDue: Instant? { moves.first?.at }

    /// Takes a command, and forgets what was left of the one before.
    ///
    /// - Returns: true when the contact moves at once; false when it opens in a telegram.
    mutating func command(on: Bool, heldUp: Bool, at instant: Instant) -> Bool {
        isHeldUp = heldUp
        awaitsTelegram = !on && contact?.trigger != nil
        moves = []
        guard !awaitsTelegram else { return false }
        expectMoves(afterMoving: on, at: instant)
        return true
    }

    /// Takes the next movement that is due by `instant`: whether the contact is closed by it.
    mutating func movement(until instant: Instant) -> Bool? {
        guard let move = moves.first, move.at <= instant else { return nil }
        moves.removeFirst()
        return move.isOn
    }

    /// Hears the octet of a telegram that ended with `bit`: a contact that waits opens at its bit of the one from its source.
    ///
    /// - Parameter index: of the octet in its frame.
    mutating func listen(_ octet: UInt8, index: Int, at bit: BitTime, clock: BitClock) {
        guard awaitsTelegram, let trigger = contact?.trigger else { return }
        if index == 1 { sourceHigh = octet }
        guard index == 2, UInt16(sourceHigh) << 8 | UInt16(octet) == trigger.source else { return }
        awaitsTelegram = false
        let began = bit - BitTime(BusTiming.frameBits(octets: 3))
        let opening = clock.instant(of: began + trigger.bit)
        moves = [(false, opening)]
        expectMoves(afterMoving: false, at: opening)
    }

    private mutating func expectMoves(afterMoving isOn: Bool, at instant: Instant) {
        var state = isOn
        for offset in contact?.moves(afterMoving: isOn) ?? [] {
            state.toggle()
            moves.append((state, instant + Instant.Span(nanoseconds: offset)))
        }
    }
}
