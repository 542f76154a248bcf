/// What is said of runs that share one system and its normal state, wherever a verdict on one of them stands.
public enum ChainNote {
    /// - Parameter length: runs in the chain.
    public static func sentence(_ length: Int64) -> String {
        "chained: one baseline for \(length) scenarios; not for certification"
    }
}
