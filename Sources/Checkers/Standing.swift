/// How something stands that a run waits for.
public enum Standing: Hashable, Sendable {
    case holds
    /// Not yet, and why: printed while people wait.
    case pending(String)
    /// It cannot hold any more.
    case broken(String)
}
