public import Events

/// The dip curve of a run: what happened how often, length by length.
public struct DipCurve: Sendable, Hashable {
    /// By channel, then by length.
    public var tallies: [DipTally]

    public init(tallies: [DipTally]) {
        self.tallies = tallies.sorted { ($0.channel, $0.lengthNanoseconds) < ($1.channel, $1.lengthNanoseconds) }
    }

    /// The curves of several runs as one: what was made often is known better.
    public static func sum(_ curves: [DipCurve]) -> DipCurve {
        var tallies: [DipTally] = []
        for tally in curves.flatMap(\.tallies) {
            let index =
                tallies.firstIndex { $0.channel == tally.channel && $0.lengthNanoseconds == tally.lengthNanoseconds }
            guard let index else {
                tallies.append(tally)
                continue
            }
            tallies[index].made += tally.made
            tallies[index].seen += tally.seen
            tallies[index].counts.merge(tally.counts, uniquingKeysWith: +)
        }
        return DipCurve(tallies: tallies)
    }

    /// The channels in the order in which their shortest lengths come.
    public var channels: [String] {
        var channels: [String] = []
        for tally in tallies.sorted(by: { $0.lengthNanoseconds < $1.lengthNanoseconds })
        where !channels.contains(tally.channel) {
            channels.append(tally.channel)
        }
        return channels
    }

    public func tallies(of channel: String) -> [DipTally] { tallies.filter { $0.channel == channel } }

    /// Where a response begins: the longest length up to which it never happened, and the shortest from which on it always did. nil when there is no such step:
    /// it never changes, or it comes and goes.
    public func threshold(_ response: DipResponse, channel: String) -> (never: Int64, always: Int64)? {
        let counted = tallies(of: channel).filter { $0.trials(response) > 0 }
        let never = counted.prefix { $0.count(response) == 0 }
        let always = counted.reversed().prefix { $0.count(response) == $0.trials(response) }
        guard let last = never.last, let first = always.last else { return nil }
        // Between the two it may have been chance, and no more than that: what comes and goes has no threshold.
        let between = counted.filter {
            $0.lengthNanoseconds > last.lengthNanoseconds && $0.lengthNanoseconds < first.lengthNanoseconds
        }
        guard between.allSatisfy({ $0.count(response) > 0 && $0.count(response) < $0.trials(response) }) else {
            return nil
        }
        return (last.lengthNanoseconds, first.lengthNanoseconds)
    }

    /// Whether the sweep found a threshold that is known.
    public func finds(_ known: Int64, tolerance: Int64, of response: DipResponse, channel: String) -> Bool {
        guard let found = threshold(response, channel: channel) else { return false }
        return found.never <= known + tolerance && found.always >= known - tolerance
    }

    /// As `verdict.json` and `results.json` hold it: lengths in seconds' billionths, rates as millionths.
    public var value: Value {
        func millionths(_ rate: Double) -> Value { .integer(Int64((rate * 1_000_000).rounded())) }
        return .list(
            tallies.map { tally in
                .record([
                    Value.Field("channel", .text(tally.channel)),
                    Value.Field("length", .integer(tally.lengthNanoseconds)),
                    Value.Field("made", .integer(Int64(tally.made))), Value.Field("seen", .integer(Int64(tally.seen))),
                    Value.Field(
                        "responses",
                        .list(
                            DipResponse.allCases.map { response in
                                let interval = tally.interval(response)
                                return .record(present: [
                                    ("name", .text(response.rawValue)), ("k", .integer(Int64(tally.count(response)))),
                                    ("n", .integer(Int64(tally.trials(response)))),
                                    ("lower", interval.map { millionths($0.lowerBound) }),
                                    ("upper", interval.map { millionths($0.upperBound) }),
                                ])
                            })),
                ])
            })
    }

    /// More of one length than any campaign makes: sums of several such curves fit an integer.
    private static let mostDips = 1_000_000_000

    /// Reads what `value` wrote; the intervals follow from the counts.
    init(_ value: Value) throws(RecordFailure) {
        var tallies: [DipTally] = []
        for item in value.list ?? [] {
            let record = Record(item)
            var tally = DipTally(
                channel: try record.text("channel"), lengthNanoseconds: try record.integer("length"))
            tally.made = Int(clamping: try record.integer("made"))
            tally.seen = Int(clamping: try record.integer("seen"))
            for response in item["responses"]?.list ?? [] {
                let response = Record(response)
                let name: DipResponse = try response.choice("name")
                let count = try response.integer("k")
                if count != 0 { tally.counts[name] = Int(clamping: count) }
            }
            guard (0...Self.mostDips).contains(tally.made), tally.seen >= 0, tally.seen <= tally.made,
                tally.counts.allSatisfy({ $0.value >= 0 && $0.value <= tally.trials($0.key) })
            else { throw RecordFailure(key: "dips", expected: "counts of the dips that were made") }
            tallies.append(tally)
        }
        self.init(tallies: tallies)
    }
}
