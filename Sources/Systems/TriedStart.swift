/// What became of a controller that was started with a configuration of the rig's.
public struct TriedStart: Sendable {
    /// The file was on the disk as it was meant.
    public var isAsMeant: Bool
    /// nil for one that ran on and was killed.
    public var end: Host.End?
    public var lines: [String]
    /// TCP ports on which somebody listened meanwhile and not before; empty where the system has no network of its own.
    public var listened: [UInt16]
}
