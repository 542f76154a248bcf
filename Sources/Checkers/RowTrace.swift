import Events

/// What became of each value that the line said on its way into a time series, and rows there that no telegram accounts for.
///
/// A row is known by its series, its stamp and its value. The stamp is when the telegram reached the system, so that a row belongs to the telegram that
/// was on the line just before it.
struct RowTrace {
    enum Fate: Hashable {
        case arrived
        /// The same value as before, which the system writes no row for.
        case suppressed
        /// The database had taken it with success and has it no more.
        case lostByService
        case missing
    }

    struct Entry {
        var group: UInt16
        var raw: [UInt8]
        /// End of the frame on the line.
        var instant: Instant
        var fate: Fate
    }

    /// A row, by its own word.
    struct Row: Hashable {
        var group: UInt16
        var raw: [UInt8]
        /// Milliseconds since 1970.
        var stamp: Int64
        /// Its stamp on the clock of the evidence.
        var instant: Instant
    }

    /// A write as it passed the gate.
    struct Write {
        /// When all of it had come.
        var begun: Instant
        var isDamaged: Bool
        var isTaken = false
        var rows: [Row] = []
    }

    /// By the end of their frame.
    private(set) var entries: [Entry] = []
    /// Rows that no telegram accounts for, by stamp.
    private(set) var unaccounted: [Row] = []
    /// How often a row stands there once more as it is.
    private(set) var repeats = 0
    let writes: [Int64: Write]
    /// When the rows were read; nil when nobody has.
    let read: Instant?
    /// The stamp of the oldest row; nil where there is none.
    private(set) var oldest: Instant?

    static let view = "rows"
    /// What was read of stores while the system was down: of a time series, of a history.
    static let keptView = "kept-rows"
    static let keptHistoryView = "kept-history"
    static let passedView = "rows-passed"
    static let operation = "row-write"

    private static let earliness = Instant.Span.milliseconds(50)
    /// From the line to the stamp.
    private static let lateness = Instant.Span.seconds(2)

    init(_ world: World, _ view: JudgePlan.View) {
        self.init(
            world, world.timeline.samples[Self.view] ?? [:], suppressesSame: view.suppressesSame,
            writes: Self.writes(world))
    }

    /// What a store held while the system was down.
    init(kept view: String, suppressesSame: Bool, _ world: World) {
        self.init(
            world, world.timeline.samples[view] ?? [:], suppressesSame: suppressesSame,
            writes: view == Self.keptView ? Self.writes(world) : [:])
    }

    private init(
        _ world: World, _ samples: [String: [Timeline.Stamped<Event.Sample>]], suppressesSame: Bool,
        writes: [Int64: Write]
    ) {
        read = samples["read"]?.last.map(\.instant)
        self.writes = writes
        let taken = Dictionary(grouping: writes.values.filter(\.isTaken).flatMap(\.rows), by: \.group)
        for group in world.plan.points.sorted() {
            let stored = (samples[Text.group(group)] ?? []).compactMap { sample in
                Self.row(group, sample.content, world.plan).map { ($0, sample.content.reading?["count"]?.integer ?? 1) }
            }
            oldest = ([oldest].compactMap(\.self) + stored.map(\.0.instant)).min()
            repeats += stored.reduce(0) { $0 + Int(clamping: max(0, $1.1 - 1)) }
            match(
                world.truth.values[group] ?? [], group, stored.map(\.0).sorted { $0.stamp < $1.stamp },
                taken[group] ?? [], suppressesSame)
        }
        entries.sort { $0.instant < $1.instant }
        unaccounted.sort { $0.stamp < $1.stamp }
    }

    private mutating func match(
        _ said: [LineTruth.Value], _ group: UInt16, _ rows: [Row], _ taken: [Row],
        _ suppressesSame: Bool
    ) {
        var isUsed = [Bool](repeating: false, count: rows.count)
        var previous: [UInt8]?
        for value in said {
            let window = (value.instant - Self.earliness)...(value.instant + Self.lateness)
            func isIts(_ row: Row) -> Bool { row.raw == value.raw && window.contains(row.instant) }
            var fate = Fate.missing
            if let index = rows.indices.first(where: { !isUsed[$0] && isIts(rows[$0]) }) {
                isUsed[index] = true
                fate = .arrived
            } else if suppressesSame, previous == value.raw {
                fate = .suppressed
            } else if taken.contains(where: isIts) {
                fate = .lostByService
            }
            entries.append(Entry(group: group, raw: value.raw, instant: value.instant, fate: fate))
            previous = value.raw
        }
        unaccounted += rows.indices.filter { !isUsed[$0] }.map { rows[$0] }
    }

    private static func writes(_ world: World) -> [Int64: Write] {
        var writes: [Int64: Write] = [:]
        for operation in world.timeline.operations where operation.content.name == Self.operation {
            let id = operation.content.id
            if operation.content.action == .invoke {
                writes[id] = Write(begun: operation.instant, isDamaged: operation.content.key != nil)
            } else if operation.content.action == .ok {
                writes[id]?.isTaken = true
            }
        }
        for (point, samples) in world.timeline.samples[passedView] ?? [:] {
            guard let group = world.plan.points.first(where: { Text.group($0) == point }) else { continue }
            for sample in samples {
                guard let id = sample.content.reading?["write"]?.integer,
                    let row = row(group, sample.content, world.plan)
                else { continue }
                writes[id]?.rows.append(row)
            }
        }
        return writes
    }

    private static func row(_ group: UInt16, _ sample: Event.Sample, _ plan: JudgePlan) -> Row? {
        guard let raw = sample.raw, let stamp = sample.reading?["stamp"]?.integer, let clock = plan.clock,
            let instant = clock.instant(unixMilliseconds: stamp)
        else { return nil }
        return Row(group: group, raw: raw, stamp: stamp, instant: instant)
    }
}

extension JudgePlan {
    /// One instant on both clocks: the evidence's, which is monotonic, and the one that the system stamps with.
    struct Clock: Sendable, Hashable {
        var monotonic: Int64
        var unix: Int64

        /// nil for a stamp that lies years away: no clock of a run says that.
        func instant(unixMilliseconds stamp: Int64) -> Instant? {
            let (nanoseconds, overflow) = stamp.multipliedReportingOverflow(by: 1_000_000)
            guard !overflow, nanoseconds > 0, unix > 0, abs(nanoseconds / 2 - unix / 2) < Int64.max / 8 else {
                return nil
            }
            return Instant(nanoseconds: monotonic + (nanoseconds - unix))
        }
    }
}
