/// One channel cut and restored, and what every witness saw of it: a row of the matrix of effects.
public struct Click: Sendable {
    /// What one feed did around the click.
    public struct Seen: Sendable, Hashable {
        public var before: FeedState
        public var during: FeedState
        public var after: FeedState

        public init(before: FeedState, during: FeedState, after: FeedState) {
            self.before = before
            self.during = during
            self.after = after
        }
    }

    /// What a click does to a feed.
    public enum Effect: Sendable, Hashable {
        case none
        /// Off while the channel was cut, back afterwards.
        case cut
        /// Off while the channel was cut, and still off afterwards.
        case notRestored
        /// On only while the channel was cut.
        case reversed
        /// Off all the time.
        case dead
        /// Nobody can tell.
        case unclear(String)
    }

    public var board: String
    public var channel: RigChannel
    /// Why the coil did not follow; nil when it did, by its read-back.
    public var failure: String?
    /// By what is fed: a line, `<line>/<attachment>`, `host`.
    public var seen: [String: Seen]

    public init(board: String, channel: RigChannel, failure: String? = nil, seen: [String: Seen]) {
        self.board = board
        self.channel = channel
        self.failure = failure
        self.seen = seen
    }

    public func effect(on feed: String) -> Effect {
        guard let seen = seen[feed] else { return .unclear("nothing watches it") }
        for state in [seen.before, seen.during, seen.after] {
            if case .unclear(let reason) = state { return .unclear(reason) }
        }
        switch (seen.before, seen.during, seen.after) {
        case (.powered, .powered, .powered): return .none
        case (.powered, .cut, .powered): return .cut
        case (.powered, .cut, .cut): return .notRestored
        case (.cut, .powered, .cut): return .reversed
        case (.cut, .cut, .cut): return .dead
        case (.powered, .powered, .cut): return .unclear("it went only after the channel was powered again")
        default: return .unclear("it came on by itself")
        }
    }
}
