import Checkers
import Events
import KNX

/// A quiet run whose system also writes rows to a time-series database: what the gate saw of each write, what a probe read of it in the end.
///
/// Stamps are milliseconds since 1970; the system stamps a telegram three milliseconds after its end.
struct RowRun {
    var kind = "service-down"
    var checkers = ["rows"]
    /// How many rows the system declares to hold back.
    var bound = 8
    /// Samples that the rig's own write through the gate got while the fault lasted.
    var during = "refused"

    static let gate = "broker"
    static let view = "timeseries"
    private static let unix: Int64 = 1_700_000_000_000
    static let readAt = QuietRun.end - 100

    struct Row: Equatable {
        var at: Int
        var group: UInt16
        var raw: [UInt8]
    }

    /// Every value of a point that the line says in a run.
    static let said: [Row] = QuietRun(kind: "service-down", target: "process:tsdb", checkers: []).events.compactMap {
        guard case .frame(let frame) = $0.payload, let parsed = try? TP1Frame(octets: frame.octets),
            case .group(let group) = parsed.destination, let raw = raw(parsed.transportUnit),
            (ScriptedRun.tracers + ScriptedRun.sentinels + ScriptedRun.repeats).contains(group.raw)
        else { return nil }
        return Row(at: $0.milliseconds, group: group.raw, raw: raw)
    }

    private static func raw(_ unit: [UInt8]) -> [UInt8]? {
        guard unit.count >= 2, unit[1] & 0xC0 == 0x80 else { return nil }
        return unit.count == 2 ? [unit[1] & 0x3F] : Array(unit[2...])
    }

    /// The rows that a system writes which loses none.
    static let rows = said.map { Row(at: $0.at + 3, group: $0.group, raw: $0.raw) }

    static func stamp(_ at: Int) -> Value { .integer(unix + Int64(at)) }

    /// A row as it was read in the end.
    static func stored(_ row: Row, count: Int64 = 1) -> Event {
        ScriptedRun.event(
            readAt - 1, "rows",
            .sample(
                Event.Sample(
                    view: "rows", point: GroupAddress(raw: row.group).description, raw: row.raw,
                    reading: ["stamp": stamp(row.at), "count": .integer(count)])))
    }

    /// A write as it passed the gate.
    /// - Parameter key: what the rig did to it.
    static func write(
        _ id: Int64, _ at: Int, _ rows: [Row] = [], _ action: Event.Operation.Action = .ok, key: String? = nil
    ) -> [Event] {
        func operation(_ at: Int, _ action: Event.Operation.Action) -> Event {
            ScriptedRun.event(
                at, "gate", .operation(Event.Operation(id: id, name: "row-write", action: action, key: key)))
        }
        let passed = rows.map { row in
            ScriptedRun.event(
                at, "gate",
                .sample(
                    Event.Sample(
                        view: "rows-passed", point: GroupAddress(raw: row.group).description, raw: row.raw,
                        reading: ["write": .integer(id), "stamp": stamp(row.at)])))
        }
        return [operation(at, .invoke)] + passed + [operation(at + 5, action)]
    }

    /// The run with no row in it yet.
    var events: [Event] {
        let target = kind == "writes-damaged" ? "gate:broker" : "process:tsdb"
        var quiet = QuietRun(kind: kind, target: target, checkers: checkers)
        quiet.cuts = [Self.view]
        var events = quiet.events.without { $0.isSample("broker") }
        if case .plan(let plan) = events[0].payload {
            events[0].payload = .plan(
                plan.replacing(["utc"], ["monotonic": 1_000_000_000_000, "unix": .integer(Self.unix * 1_000_000)])
                    .replacing(
                        ["judge", "rows"],
                        ["view": .text(Self.view), "gate": .text(Self.gate), "bound": .integer(Int64(bound))]
                    )
                    .replacing(
                        ["judge", "expect"],
                        .list(
                            (["leaks"] + checkers).map { checker in
                                ["checker": .text(checker), "sentinels": checker == "state" ? "write" : .null]
                            })
                    )
                    .replacing(
                        ["judge", "views"],
                        .list(
                            (plan["judge"]?["views"]?.list ?? []) + [
                                [
                                    "id": .text(Self.view), "streaming": false, "history": true,
                                    "limit": 2_000_000_000,
                                ]
                            ])))
        }
        // It shows what the database does.
        let shown = events.compactMap { event -> Event? in
            guard case .sample(var sample) = event.payload, sample.view == "database" else { return nil }
            sample.view = Self.view
            return Event(
                at: event.instant, uncertaintyNanoseconds: event.uncertaintyNanoseconds, source: Self.view,
                .sample(sample))
        }
        let attempts = stride(from: ScriptedRun.faultAt - 1_950, to: QuietRun.end, by: 200).map { at in
            let isDuring = at > ScriptedRun.faultAt && at < QuietRun.healAt
            return ScriptedRun.reading(at, Self.gate, "through_gate", .text(isDuring ? during : "accepted"))
        }
        var ends: [Event] = []
        if kind == "service-down" {
            ends = [
                QuietRun.process(ScriptedRun.faultAt + 1, .exited, signal: 9, "tsdb"),
                ScriptedRun.event(
                    QuietRun.healAt + 1, "gate", .link(Event.LinkChange(link: Self.gate, change: .opened))),
            ]
        }
        return events.with(shown + attempts + ends)
    }

    /// The run with these rows in the database, read in the end, and so many that the system says it has given up.
    func events(_ rows: [Row], dropped: Int64 = 0) -> [Event] {
        func count(_ at: Int, _ dropped: Int64) -> Event {
            ScriptedRun.event(
                at, "health", .sample(Event.Sample(view: "rows", point: "dropped", reading: .integer(dropped))))
        }
        return events.with(
            rows.map { Self.stored($0) } + [
                ScriptedRun.reading(Self.readAt, "rows", "read", .integer(Int64(rows.count))),
                count(ScriptedRun.announceAt, 3), count(QuietRun.healAt, 3 + dropped),
            ])
    }
}
