import Events
import KNX

/// What of a run's plan judges it: the record under `judge` of event 0.
struct JudgePlan: Sendable {
    struct Sentinel: Sendable, Hashable {
        var group: UInt16
        var before: [UInt8]
        var after: [UInt8]
    }

    struct View: Sendable, Hashable {
        var id: String
        /// Every telegram shows in it, one by one.
        var isStreaming: Bool
        /// How far it may lag behind the line.
        var limit: Instant.Span
        /// It does not show a value that equals the one before.
        var suppressesSame: Bool
    }

    struct Expectation: Sendable, Hashable {
        var checker: String
        var sentinels: String?
    }

    var line: String
    /// `bus-cut` or `broker-down`.
    var faultKind: String
    /// The actuation that makes the fault: a channel, or `process:NAME`.
    var faultTarget: String
    var cuts: Set<String>
    var chips: [String]
    var chipsSilent: Int
    var tracersDue: Int
    var refusedGate: String?
    var expectations: [Expectation]
    var recover: Instant.Span
    var detect: Instant.Span
    var hold: Instant.Span
    var baseline: Instant.Span
    var slip: Instant.Span
    var probeGap: Instant.Span
    var descriptors: Int64
    var tracers: Set<UInt16>
    var sentinels: [Sentinel]
    var repeats: [UInt16]
    var systemSources: [ClosedRange<UInt16>]
    var views: [View]
    var interfaceDaemon: String
    var notices: Set<String>

    /// Limits already hold what is added per address that the system reads back.
    init(_ plan: Value) throws(RecordFailure) {
        guard let judge = plan["judge"] else {
            throw RecordFailure(key: "judge", expected: "a record of what judges the run")
        }
        let record = Record(judge)
        line = try record.text("line")
        let fault = Record(judge["fault"] ?? .null)
        faultKind = try fault.text("kind")
        faultTarget = try fault.text("target")
        cuts = Set((fault.value["cuts"]?.list ?? []).compactMap(\.text))
        let witness = Record(fault.value["witness"] ?? .record([]))
        chips = (witness.value["chips"]?.list ?? []).compactMap(\.text)
        chipsSilent = Int(witness.optionalInteger("chips_silent") ?? 2)
        tracersDue = Int(witness.optionalInteger("tracers_due") ?? 10)
        refusedGate = witness.optionalText("refused")
        expectations = []
        for item in judge["expect"]?.list ?? [] {
            let item = Record(item)
            expectations.append(
                Expectation(checker: try item.text("checker"), sentinels: item.optionalText("sentinels")))
        }
        let limits = Record(judge["limits"] ?? .null)
        recover = Instant.Span(
            nanoseconds: try limits.integer("recover") + (limits.optionalInteger("per_read_address") ?? 0)
                * (limits.optionalInteger("reread_addresses") ?? 0))
        detect = Instant.Span(nanoseconds: try limits.integer("detect"))
        hold = Instant.Span(nanoseconds: try limits.integer("hold"))
        baseline = Instant.Span(nanoseconds: try limits.integer("baseline"))
        slip = Instant.Span(nanoseconds: try limits.integer("slip"))
        probeGap = Instant.Span(nanoseconds: try limits.integer("probe_gap"))
        descriptors = try limits.integer("descriptors")
        tracers = JudgePlan.groups(judge["tracers"])
        repeats = (judge["repeats"]?.list ?? []).compactMap {
            $0["group"]?.integer.map(UInt16.init(truncatingIfNeeded:))
        }
        sentinels = []
        for item in judge["sentinels"]?.list ?? [] {
            let item = Record(item)
            sentinels.append(
                Sentinel(
                    group: UInt16(truncatingIfNeeded: try item.integer("group")), before: try item.octets("before"),
                    after: try item.octets("after")))
        }
        systemSources = []
        for item in judge["system_sources"]?.list ?? [] {
            let item = Record(item)
            let first = UInt16(truncatingIfNeeded: try item.integer("from"))
            systemSources.append(first...max(first, UInt16(truncatingIfNeeded: try item.integer("to"))))
        }
        views = []
        for item in judge["views"]?.list ?? [] {
            let item = Record(item)
            views.append(
                View(
                    id: try item.text("id"), isStreaming: try item.bool("streaming"),
                    limit: Instant.Span(nanoseconds: try item.integer("limit")),
                    suppressesSame: item.optionalText("suppresses") == "same-value"))
        }
        interfaceDaemon = try record.text("interface_daemon")
        notices = Set((judge["notices"]?.list ?? []).compactMap(\.text))
    }

    /// Every group address that a view is judged on.
    var points: Set<UInt16> { tracers.union(sentinels.map(\.group)).union(repeats) }

    var streaming: [View] { views.filter(\.isStreaming) }

    func expects(_ checker: String) -> Bool { expectations.contains { $0.checker == checker } }

    /// How the sentinels change, where the scenario judges state at all.
    var sentinelChange: String? { expectations.first { $0.checker == "state" }?.sentinels }

    private static func groups(_ value: Value?) -> Set<UInt16> {
        Set((value?.list ?? []).compactMap { $0.integer.map(UInt16.init(truncatingIfNeeded:)) })
    }
}
