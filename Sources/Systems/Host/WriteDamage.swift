/// What a gate does to the writes that come to it.
public enum WriteDamage: String, CaseIterable, Sendable {
    /// The connection is reset in both directions when half of a write has passed, in whole lines.
    case cut
    /// A write does not pass, and is answered with 503.
    case refuse
    /// Nobody answers. Two writes pass without their answer, then one does not pass, and so on.
    case swallow
}
