public import Events

/// What is wrong with a transceiver, each as a parameter; a sound one has none of it.
public struct ChipFaults: Hashable, Sendable {
    /// What L_Data.con says.
    public enum Confirmation: String, Hashable, Sendable, CaseIterable {
        case sound
        /// It never comes.
        case none
        /// Sent and acknowledged is told as not, and the other way round.
        case wrong
    }

    /// Says nothing at all to its host. On the line it goes on as if nothing were.
    public var isSilent = false
    public var confirmation = Confirmation.sound
    /// L_Data.con comes so much later.
    public var confirmationDelay = Instant.Span.zero
    /// Hears nothing of the line: its host gets no frame, not even the chip's own, and nothing is acknowledged. What it sends goes out, and L_Data.con
    /// tells what became of it.
    public var isDeaf = false
    /// Answers BUSY to whatever it would acknowledge.
    public var isStuckBusy = false
    /// Too hot: its state has the temperature warning.
    public var isHot = false

    public init() {}
}
