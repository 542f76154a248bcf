public import Events

/// What the keeper refuses or does by itself, whatever its client wants. Pure: time is an argument, and what follows is returned.
///
/// The file's own interlocks are judged when a rig file is read; these are the ones that depend on what has been done so far.
public struct Interlocks: Sendable {
    /// The limits of one channel.
    public struct Limits: Sendable, Hashable {
        /// The channel is powered again after this, nanoseconds.
        public var longestCutNanoseconds: Int64
        public var cyclesPerHour: Int
        /// Operations after which the contact counts as worn out.
        public var contactLife: Int

        public init(longestCutNanoseconds: Int64, cyclesPerHour: Int, contactLife: Int) {
            self.longestCutNanoseconds = longestCutNanoseconds
            self.cyclesPerHour = cyclesPerHour
            self.contactLife = contactLife
        }
    }

    /// A client that is alive beats at least this often; one that does not for this long is taken for dead.
    public static let longestSilence = Instant.Span.seconds(2)
    private static let hour = Instant.Span.seconds(3600)

    private struct Channel {
        var limits: Limits
        var operations: Int
        var cutSince: Instant?
        var cuts: [Instant] = []
        /// Cuts that were taken on and have not reached the board yet.
        var promised = 0
    }

    private var channels: [String: Channel]
    private var lastBeat: Instant?

    /// - Parameter operations: of each channel's contact so far.
    public init(_ limits: [String: Limits], operations: [String: Int]) {
        channels = [:]
        for (id, limit) in limits { channels[id] = Channel(limits: limit, operations: operations[id] ?? 0) }
    }

    /// Why a channel must not be cut now; nil when it may. Powering is never refused.
    public func refusal(ofCutting id: String, at instant: Instant) -> String? {
        guard let channel = channels[id] else { return "there is no channel '\(id)'" }
        let recent = channel.cuts.filter { instant - $0 < Self.hour }.count + channel.promised
        if recent >= channel.limits.cyclesPerHour {
            return
                "channel '\(id)' has been cut \(recent) times within an hour; the rig file allows \(channel.limits.cyclesPerHour)"
        }
        if channel.operations + 2 * channel.promised >= channel.limits.contactLife {
            return "the contact of channel '\(id)' has \(channel.operations) operations and counts as worn out after "
                + "\(channel.limits.contactLife): replace the board, then move its wear file away"
        }
        return nil
    }

    /// A warning worth printing: the contact has used up 80 % of its life.
    public func warning(about id: String) -> String? {
        guard let channel = channels[id], channel.operations * 10 >= channel.limits.contactLife * 8 else { return nil }
        return
            "the contact of channel '\(id)' has \(channel.operations) of \(channel.limits.contactLife) operations behind it"
    }

    /// A cut was taken on: it counts from now on, so that a queue of them does not slip past the limits.
    public mutating func promised(cutting id: String) { channels[id]?.promised += 1 }

    /// A promised cut has ended, whether it was made or not. To be followed by `commanded` when it was.
    public mutating func fulfilled(cutting id: String) {
        guard let promised = channels[id]?.promised, promised > 0 else { return }
        channels[id]?.promised = promised - 1
    }

    /// A command reached the board.
    ///
    /// - Parameter followed: false when the read-back failed. A cut then counts as made; a channel that was to be powered counts as cut.
    public mutating func commanded(_ id: String, cut: Bool, followed: Bool = true, at instant: Instant) {
        guard var channel = channels[id] else { return }
        if cut, channel.cutSince == nil {
            channel.cutSince = instant
            channel.cuts = channel.cuts.filter { instant - $0 < Self.hour } + [instant]
            channel.operations += 2
        } else if !cut, followed {
            channel.cutSince = nil
        }
        channels[id] = channel
    }

    /// These channels are powered, or being powered: nothing trips for their sake.
    public mutating func commandedSafe(_ ids: [String]) {
        for id in ids { channels[id]?.cutSince = nil }
    }

    public mutating func beat(at instant: Instant) { lastBeat = instant }

    /// The client went away in order, or its death has been dealt with.
    public mutating func clientGone() { lastBeat = nil }

    /// The earliest instant at which something trips by itself.
    public var nextDeadline: Instant? {
        let cuts = channels.values.compactMap { channel in
            channel.cutSince.map { $0 + Instant.Span(nanoseconds: channel.limits.longestCutNanoseconds) }
        }
        return (cuts + [lastBeat.map { $0 + Self.longestSilence }].compactMap(\.self)).min()
    }

    /// Why the safe state must be commanded now; nil while nothing trips.
    public func trip(at instant: Instant) -> String? {
        if let lastBeat, instant - lastBeat >= Self.longestSilence {
            return "the run has not been heard for \(Self.longestSilence.wholeMilliseconds / 1000) s"
        }
        for (id, channel) in channels.sorted(by: { $0.key < $1.key }) {
            guard let since = channel.cutSince else { continue }
            let longest = Instant.Span(nanoseconds: channel.limits.longestCutNanoseconds)
            if instant - since >= longest {
                return
                    "channel '\(id)' has been cut for \(longest.wholeMilliseconds / 1000) s, the longest that the rig file allows"
            }
        }
        return nil
    }
}
