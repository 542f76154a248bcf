public import Events

/// Why there is a run that nobody asked for: another one tested nothing, by no fault of the system, and this one takes its place. It stands in the remake's own
/// evidence, so that it holds whatever becomes of the command that ordered it.
public struct Remake: Sendable, Hashable {
    /// The run whose place it takes, by its name below the directory of all runs.
    public var insteadOf: String
    /// The seed that was asked for; the remake may have another one.
    public var askedSeed: Int64

    public init(insteadOf: String, askedSeed: Int64) {
        self.insteadOf = insteadOf
        self.askedSeed = askedSeed
    }

    public var value: Value { ["instead_of": .text(insteadOf), "asked_seed": .integer(askedSeed)] }

    /// Reads what `value` wrote; nil when there is nothing of it.
    public init?(_ value: Value?) {
        guard let run = value?["instead_of"]?.text, let seed = value?["asked_seed"]?.integer else { return nil }
        insteadOf = run
        askedSeed = seed
    }
}
