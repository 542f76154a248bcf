/// How often what happened at one length through one switch.
public struct DipTally: Sendable, Hashable {
    /// The channel of the switch.
    public var channel: String
    public var lengthNanoseconds: Int64
    /// Dips that were made.
    public var made = 0
    /// Those of them that a witness saw; the others have no verdict.
    public var seen = 0
    public var counts: [DipResponse: Int] = [:]

    public init(channel: String, lengthNanoseconds: Int64) {
        self.channel = channel
        self.lengthNanoseconds = lengthNanoseconds
    }

    /// The number of dips among which a response is counted: n of k of n.
    public func trials(_ response: DipResponse) -> Int { response.isHarm ? seen : made }

    public func count(_ response: DipResponse) -> Int { counts[response] ?? 0 }

    /// Where the response's rate lies, at one-sided 95 % to either side (Clopper–Pearson); nil where nothing was counted.
    public func interval(_ response: DipResponse) -> ClosedRange<Double>? {
        let trials = trials(response)
        guard trials > 0 else { return nil }
        let count = min(count(response), trials)
        let lower = ClopperPearson.lowerBound(successes: count, of: trials)
        let upper = 1 - ClopperPearson.lowerBound(successes: trials - count, of: trials)
        return lower...max(lower, upper)
    }

    /// Whether a response differs between two lengths by more than chance: their intervals have nothing in common.
    public func differs(from other: DipTally, in response: DipResponse) -> Bool {
        guard let own = interval(response), let others = other.interval(response) else { return false }
        return !own.overlaps(others)
    }
}
