public import Events
import KNX

/// Proves what a witness has missed, from its own events, frame by frame: three ledgers are kept of every place between two frames, and must agree.
///
/// - the sequence numbers of a busmonitor that has them; they have three bits, so that a loss of eight indications leaves no trace there;
/// - counts in the payloads of telegrams that are known to carry them;
/// - bus time: what fits between two frames by the strict cycle of TP1. On a loaded line a silence that a telegram fits into is a telegram missing.
///
/// A pure fold: feed it events in the order of their instants, live or from a journal. Places are named once every counted stream has been heard
/// again, or `patience` is over; `conclude()` names the rest. What no ledger proves is told as not proven, never as no loss.
public struct LossProof: Sendable {
    public struct Parameters: Sendable {
        /// The witness whose events are folded.
        public var source: String
        /// Octets of the shortest and the longest telegram to be expected, with check octet. The shortest there is has 8.
        public var octets: ClosedRange<Int>
        /// The longest rest of the line between two telegrams, beyond the idle time that must be, in bit times: 0 at saturation. Nil where the load is
        /// not known: then a silence proves nothing.
        public var longestPauseBits: Int?
        /// Every telegram of the line belongs to a stream that is counted.
        public var isEveryTelegramCounted: Bool
        /// How long a stream is waited for.
        public var patience: Instant.Span

        public init(
            source: String, octets: ClosedRange<Int> = 8...23, longestPauseBits: Int? = nil,
            isEveryTelegramCounted: Bool = false, patience: Instant.Span = .seconds(60)
        ) {
            precondition(octets.lowerBound > 0, "a telegram has octets")
            self.source = source
            self.octets = octets
            self.longestPauseBits = longestPauseBits
            self.isEveryTelegramCounted = isEveryTelegramCounted
            self.patience = patience
        }
    }

    /// How many places of which nothing is proven are kept by name.
    public static let longestList = 100

    /// Frames whose indications may be a multiple of eight, at least.
    private static let fewestWithoutTrace = 4

    /// A week of nanoseconds: whoever is less sure knows nothing of the time.
    private static let greatestUncertainty: Int64 = 604_800_000_000_000

    private struct Stream {
        var count: TelegramCount
        /// Telegrams of the stream without a count since then.
        var uncounted = 0
        /// Suspect places up to this number lie before its last telegram.
        var suspects: Int
        var octets: [UInt8]
    }

    public let parameters: Parameters
    private let count: @Sendable ([UInt8]) -> TelegramCount?
    private let shortestCycle: Int
    private let longestCycle: Int
    private var previous: Sighting?
    private var streams: [Int: Stream] = [:]
    private var suspects: [SuspectPlace] = []
    private var nextSuspect = 0
    private var blindness: (from: Instant, to: Instant)?
    /// The witness has begun anew, and so have its numbers.
    private var isRenumbered = false
    private var occupied: (octets: Int, frames: Int) = (0, 0)
    private var hasRepetitions = false
    private var hasUnacknowledged = false
    /// So far, places that still wait not among it.
    public private(set) var conclusion = LossConclusion()

    /// - Parameter count: the count that a sound frame carries, from its octets; nil for one of no stream.
    public init(_ parameters: Parameters, count: @escaping @Sendable ([UInt8]) -> TelegramCount? = { _ in nil }) {
        self.parameters = parameters
        self.count = count
        // The shortest cycle there can be: system priority, and nobody acknowledges. The longest: low, and somebody does.
        shortestCycle = BusTiming.frameBits(octets: parameters.octets.lowerBound) + BusTiming.idleBitsUrgent
        longestCycle = BusTiming.cycleBits(
            octets: parameters.octets.upperBound, idleBits: BusTiming.idleBitsNormal)
        conclusion.isLoaded = parameters.longestPauseBits != nil
    }

    /// Takes an event; those of other sources and other kinds do not matter.
    public mutating func observe(_ event: Event) {
        guard case .frame(let frame) = event.payload, frame.flaw == nil else { return observe(event, counted: nil) }
        observe(event, counted: count(frame.octets))
    }

    /// As `observe`, where what a frame counts follows from more than its octets.
    public mutating func observe(_ event: Event, counted: TelegramCount?) {
        guard event.source == parameters.source else { return }
        switch event.payload {
        case .frame(let frame):
            see(
                frame, Sighting(frame, ended: event.instant, uncertaintyNanoseconds: event.uncertaintyNanoseconds),
                counted)
        case .interface(let report) where report.report == .armed: isRenumbered = true
        case .gap(let gap): blindness = (min(blindness?.from ?? gap.from, gap.from), gap.to)
        default: break
        }
    }

    /// Names what is left. Nothing may be observed afterwards.
    public mutating func conclude() -> LossConclusion {
        while let place = suspects.first { settle(place) }
        return conclusion
    }

    private mutating func see(_ frame: Event.Frame, _ sighting: Sighting, _ counted: TelegramCount?) {
        if let previous { examine(from: previous, to: sighting) }
        if conclusion.first == nil { conclusion.first = sighting.began }
        conclusion.last = sighting.ended
        conclusion.sightings += 1
        if sighting.sequence != nil { conclusion.hasSequence = true }
        occupied.octets += sighting.octets
        occupied.frames += 1
        hasRepetitions = hasRepetitions || sighting.isOfRepetitions
        hasUnacknowledged = hasUnacknowledged || !sighting.isAcknowledged
        previous = sighting
        blindness = nil
        isRenumbered = false
        if !sighting.isDamaged, let counted { keep(counted, frame.octets, at: sighting) }
        guard !suspects.isEmpty else { return }
        while let place = suspects.first, sighting.began - place.before > parameters.patience { settle(place) }
    }

    // MARK: Bus time and sequence

    private mutating func examine(from earlier: Sighting, to later: Sighting) {
        let uncertainty = min(
            3 * (earlier.uncertaintyNanoseconds + later.uncertaintyNanoseconds), Self.greatestUncertainty)
        // A bit and a half: instants are told in whole nanoseconds, and rounded twice.
        let tolerance = Int(BusTiming.bits(nanoseconds: uncertainty)) + 2
        let room = Int(BusTiming.bits(nanoseconds: (later.began - earlier.over).nanoseconds)) - later.idleBits
        let most = max(0, (room + tolerance) / shortestCycle)
        var least = 0
        if let pause = parameters.longestPauseBits, most > 0, room > tolerance + pause {
            least = (room - tolerance - pause + longestCycle + pause - 1) / (longestCycle + pause)
        }
        var missing: Int?
        if !isRenumbered, let from = earlier.sequence, let to = later.sequence {
            missing = (to - from - earlier.indications) & 7
        }
        guard most > 0 || (missing ?? 0) > 0 || later.isDamaged || blindness != nil else { return }
        // Fewer frames than leave no trace in the numbers: a frame makes one indication, or two with its acknowledge.
        if missing == 0, most < Self.fewestWithoutTrace, !later.isDamaged, blindness == nil,
            parameters.longestPauseBits == nil
        {
            return
        }
        var place = SuspectPlace(
            number: nextSuspect, after: earlier.ended, before: later.began, fits: min(least, most)...most,
            sequence: missing, awaited: Set(streams.keys), isTold: blindness != nil)
        place.damaged = later.isDamaged ? 1 : 0
        place.isBesideRepetition = earlier.isOfRepetitions || later.isOfRepetitions
        suspects.append(place)
        nextSuspect += 1
        if streams.isEmpty, let place = suspects.last { settle(place) }
    }

    // MARK: Counts

    private mutating func keep(_ count: TelegramCount, _ octets: [UInt8], at sighting: Sighting) {
        guard let stream = streams[count.stream] else {
            if count.value != nil {
                streams[count.stream] = Stream(count: count, suspects: nextSuspect, octets: octets)
                conclusion.streams = streams.count
            }
            return
        }
        if sighting.isOfRepetitions, Self.isSame(stream.octets, octets) { return }
        streams[count.stream]?.octets = octets
        guard let value = count.value, let last = stream.count.value else {
            streams[count.stream]?.uncounted += 1
            return
        }
        let distance = (value - last - 1 - stream.uncounted) % count.modulus
        let missing = distance < 0 ? distance + count.modulus : distance
        streams[count.stream]?.count = count
        streams[count.stream]?.uncounted = 0
        streams[count.stream]?.suspects = nextSuspect
        guard missing > 0 || stream.suspects < nextSuspect else { return }
        attribute(missing, of: count, since: stream.suspects, at: sighting)
    }

    private mutating func attribute(_ missing: Int, of count: TelegramCount, since first: Int, at sighting: Sighting) {
        if missing > 0 {
            if let index = suspects.firstIndex(where: { $0.last >= first }) {
                // In which of several places they were cannot be known: these are one from here on.
                while suspects.count > index + 1 { suspects[index].merge(suspects.remove(at: index + 1)) }
                suspects[index].counted += missing
            } else if first == nextSuspect {
                // A place that was not waited for any longer has been told as what it was.
                contradict(missing, count, at: sighting)
            }
        }
        for place in suspects.indices { suspects[place].hear(count) }
        for place in suspects where place.awaited.isEmpty { settle(place) }
    }

    /// A count leaps, and there is no place where a telegram could have been.
    private mutating func contradict(_ missing: Int, _ count: TelegramCount, at sighting: Sighting) {
        conclusion.disagreements.append(
            LossFinding(
                kind: .disagreement, after: sighting.began, before: sighting.ended, frames: nil,
                aboutOctets: sighting.octets,
                ledgers: [.counters(telegrams: missing, modulus: count.modulus), .time(frames: 0...0)],
                isToldByWitness: false))
    }

    /// The same telegram: R and the check octet apart.
    private static func isSame(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count && left.dropFirst().dropLast() == right.dropFirst().dropLast()
    }

    // MARK: The verdict on a place

    private mutating func settle(_ place: SuspectPlace) {
        suspects.removeAll { $0.number == place.number }
        var rules = SuspectPlace.Rules()
        rules.isEveryTelegramCounted = parameters.isEveryTelegramCounted
        rules.hasRepetitions = hasRepetitions
        rules.hasUnacknowledged = hasUnacknowledged
        rules.hasStreams = !streams.isEmpty
        let frames = place.frames(rules)
        guard frames != 0...0 else { return }
        var finding = LossFinding(
            kind: .disagreement, after: place.after, before: place.before, frames: frames,
            aboutOctets: occupied.frames == 0 ? 0 : (occupied.octets + occupied.frames / 2) / occupied.frames,
            ledgers: place.ledgers(rules), isToldByWitness: place.isTold)
        guard let frames else {
            conclusion.disagreements.append(finding)
            return
        }
        finding.kind = frames.lowerBound > 0 ? .missing : .unproven
        if finding.kind == .missing {
            conclusion.missing.append(finding)
        } else {
            conclusion.unprovenCount += 1
            if conclusion.unproven.count < Self.longestList { conclusion.unproven.append(finding) }
        }
    }
}
