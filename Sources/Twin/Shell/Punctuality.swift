import Events

/// How punctual the twin has been: every octet for a host, by how much later than due it was written.
public struct Punctuality: Hashable, Sendable {
    /// Width of one class of the histogram.
    private static let classNanoseconds: Int64 = 5_000
    /// Beyond this a delay counts as a slip of the twin's own clock.
    static let slipNanoseconds: Int64 = 500_000
    /// Beyond this a slip is reported by itself.
    static let reportedSlipNanoseconds: Int64 = 5_000_000

    /// Octets written to hosts.
    public private(set) var octets = 0
    /// Octets that no host took in time: its terminal was full.
    public internal(set) var droppedOctets = 0
    /// Wake-ups and starts of frames that were more than 0.5 ms late.
    public private(set) var slips = 0
    public private(set) var longestSlipNanoseconds: Int64 = 0
    public private(set) var longestLatenessNanoseconds: Int64 = 0
    /// Classes of 5 µs to 10 ms; the last takes all that is beyond.
    private var classes = [Int](repeating: 0, count: 2_001)

    public init() {}

    mutating func wrote(lateNanoseconds: Int64) {
        octets += 1
        longestLatenessNanoseconds = max(longestLatenessNanoseconds, lateNanoseconds)
        classes[Int(min(max(0, lateNanoseconds) / Self.classNanoseconds, Int64(classes.count - 1)))] += 1
    }

    mutating func slipped(lateNanoseconds: Int64) {
        guard lateNanoseconds > Self.slipNanoseconds else { return }
        slips += 1
        longestSlipNanoseconds = max(longestSlipNanoseconds, lateNanoseconds)
    }

    /// The lateness that `share` (per thousand) of the octets did not exceed, rounded up to a class; beyond the classes, the longest.
    public func latenessNanoseconds(perMille share: Int) -> Int64 {
        let wanted = (octets * share + 999) / 1_000
        var seen = 0
        for (index, count) in classes.enumerated() {
            seen += count
            guard seen >= wanted, wanted > 0 else { continue }
            let upper = Int64(index + 1) * Self.classNanoseconds
            return index == classes.count - 1 ? longestLatenessNanoseconds : min(upper, longestLatenessNanoseconds)
        }
        return 0
    }

    /// The figures as the twin's lifeline carries them, nanoseconds.
    var fields: [Value.Field] {
        [
            Value.Field("slips", .integer(Int64(slips))),
            Value.Field("slip_max", .integer(longestSlipNanoseconds)),
            Value.Field("octets", .integer(Int64(octets))),
            Value.Field("lateness_p50", .integer(latenessNanoseconds(perMille: 500))),
            Value.Field("lateness_p99", .integer(latenessNanoseconds(perMille: 990))),
            Value.Field("lateness_max", .integer(longestLatenessNanoseconds)),
            Value.Field("dropped_octets", .integer(Int64(droppedOctets))),
        ]
    }
}
