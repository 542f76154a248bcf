public import Events

/// One command to a channel and what came of it.
public struct Actuation: Hashable, Sendable {
    /// The channel's id.
    public var channel: String
    public var meaning: Meaning
    /// When it should have been commanded.
    public var due: Instant
    /// When it was: immediately before the first transfer.
    public var commanded: Instant
    /// When the read-back was in; nil when none came.
    public var observed: Instant?
    /// `failed` is never believed: the channel may be in either state.
    public var readback: Event.Actuation.Readback
    /// Why it failed, or was late on purpose.
    public var reason: String?

    public init(
        channel: String, meaning: Meaning, due: Instant, commanded: Instant, observed: Instant?,
        readback: Event.Actuation.Readback, reason: String? = nil
    ) {
        self.channel = channel
        self.meaning = meaning
        self.due = due
        self.commanded = commanded
        self.observed = observed
        self.readback = readback
        self.reason = reason
    }

    /// As evidence holds it. `purpose` is `fault`, `heal`, `safe` or `set_up`.
    public func event(purpose: String) -> Event.Actuation {
        Event.Actuation(
            target: channel, meaning: meaning.rawValue, purpose: purpose, due: due, commanded: commanded,
            observed: observed,
            readback: readback, reason: reason)
    }
}

/// What commanding the safe state came to.
public struct SafeState: Hashable, Sendable {
    public var commanded: Instant
    public var observed: Instant?
    /// `failed` means that the rig is unsafe until somebody has looked.
    public var readback: Event.Actuation.Readback
    public var reason: String?
    /// Ids of the channels whose commands were overtaken.
    public var overtaken: [String]
}
