import Catalogue
import Events

/// What each cycle of a fault leaves behind: the growth of each process's memory, threads and descriptors per cycle, with its interval, against what is allowed.
///
/// The first cycle is left out: what a system makes once, the first time that it meets a fault, it need not make again.
struct Growth {
    /// The first cycle that counts.
    static let firstCycle: Int64 = 2

    /// One quantity of one process.
    struct Row: Sendable, Hashable {
        var process: String
        var quantity: Footprint.Quantity
        var slope: RankSlope
        var allowed: Double
        var cycles: ClosedRange<Int64>

        var outcome: Outcome { slope.outcome(allowed: allowed) }

        /// `private memory +131.9 kB per cycle (131.4 to 132.3; 64 allowed)`.
        var text: String {
            "\(quantity.words) \(Growth.signed(slope.slope))\(quantity.unit) per cycle (\(Growth.number(slope.lower)) to "
                + "\(Growth.number(slope.upper)); \(Growth.number(allowed)) allowed)"
        }
    }

    static func judge(_ world: World, into verdict: inout RunVerdict) {
        let made = world.plan.isNullRun ? world.plan.cycles : world.witness.cycles.count
        guard made >= Scenario.Cycles.least else {
            verdict.findings.append(
                Finding(
                    checker: "growth", outcome: .inconclusive,
                    sentence:
                        "growth is not judged: \(made) \(made == 1 ? "cycle was" : "cycles were") made, and "
                        + "\(Scenario.Cycles.least) are needed", at: world.end))
            return
        }
        var isMainJudged = false
        for process in (world.timeline.samples[Footprint.view] ?? [:]).keys.sorted() {
            let footprints = footprints(of: process, world)
            guard Set(footprints.map(\.pid)).count == 1 else {
                verdict.notes.append("growth of \(process) is not judged: it was not one process through all cycles")
                continue
            }
            let rows = rows(of: process, footprints, world.plan)
            guard !rows.isEmpty else { continue }
            if process == Footprint.main { isMainJudged = rows.count == Footprint.Quantity.allCases.count }
            verdict.notes.append(
                "growth of \(process) over cycles \(Growth.firstCycle) to \(made), with 95 % intervals: "
                    + rows.map(\.text).joined(separator: ", "))
            verdict.findings += rows.compactMap { finding($0, at: world.end) }
        }
        if !isMainJudged {
            verdict.findings.append(
                Finding(
                    checker: "growth", outcome: .inconclusive,
                    sentence:
                        "growth is not judged: the controller was not seen as one process after each of \(made) cycles",
                    at: world.end))
        }
    }

    /// Those after the cycles that count, in the order of the cycles.
    private static func footprints(of process: String, _ world: World) -> [Footprint] {
        (world.timeline.samples[Footprint.view]?[process] ?? []).compactMap { Footprint($0.content.reading) }
            .filter { $0.cycle >= firstCycle }
    }

    /// Several looks at one quiet point are one value, the middle one.
    private static func rows(of process: String, _ footprints: [Footprint], _ plan: JudgePlan) -> [Row] {
        Footprint.Quantity.allCases.compactMap { quantity in
            var looks: [Int64: [Int64]] = [:]
            for footprint in footprints {
                guard let value = footprint.values[quantity] else { continue }
                looks[footprint.cycle, default: []].append(value)
            }
            let points = looks.sorted { $0.key < $1.key }.map { cycle, values in
                (step: Double(cycle), value: Double(values.sorted()[values.count / 2]))
            }
            guard let first = looks.keys.min(), let last = looks.keys.max(), let slope = RankSlope(points) else {
                return nil
            }
            return Row(
                process: process, quantity: quantity, slope: slope, allowed: plan.growthAllowed(quantity),
                cycles: first...last)
        }
    }

    private static func finding(_ row: Row, at instant: Instant) -> Finding? {
        switch row.outcome {
        case .pass: nil
        case .fail:
            Finding(
                checker: "growth", outcome: .fail, sentence: "growth: \(row.process): \(row.text)", at: instant,
                hop: row.process)
        default:
            Finding(
                checker: "growth", outcome: .inconclusive,
                sentence: "growth: \(row.process): too near to tell: \(row.text)", at: instant, hop: row.process)
        }
    }

    static func signed(_ value: Double) -> String { (value < 0 ? "" : "+") + number(value) }

    /// Two decimals below 10, one above: `0.20`, `131.9`.
    static func number(_ value: Double) -> String {
        let places = value.magnitude < 10 ? 100 : 10
        let scaled = Int64((value.magnitude * Double(places)).rounded())
        let fraction = String(scaled % Int64(places))
        let padding = String(repeating: "0", count: (places == 100 ? 2 : 1) - fraction.count)
        return "\(value < 0 && scaled > 0 ? "-" : "")\(scaled / Int64(places)).\(padding)\(fraction)"
    }
}

extension Footprint.Quantity {
    fileprivate var words: String {
        switch self {
        case .memory: "private memory"
        case .threads, .descriptors: rawValue
        }
    }

    fileprivate var unit: String { self == .memory ? " kB" : "" }
}
