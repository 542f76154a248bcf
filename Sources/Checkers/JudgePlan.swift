import Catalogue
import Events

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
        /// It keeps every value that there was, of which the newest is only one.
        var isHistory: Bool
        /// Telegrams that may wait for whoever takes them, as the system declares; nil where it says nothing.
        var bound: Int?
    }

    /// Rows that the system writes to a time-series database.
    struct Rows: Sendable, Hashable {
        /// The view that shows them.
        var view: String
        /// The gate that writes pass.
        var gate: String
        /// How many wait at most.
        var bound: Int
    }

    /// What is looked at of a system that is asked to end, beside the views.
    struct Kept: Sendable, Hashable {
        /// The rows of the time series.
        var rows: Bool
        /// How many rows the system's history has at most; nil where its rows are not read.
        var historyBound: Int?
        /// When the database is closed.
        var database: Bool
    }

    /// A line that is saturated from before the fault until after its heal.
    struct Load: Sendable, Hashable {
        /// Tenths of a percent of the line's capacity.
        var atLeastPermille: Int
        /// The service that stands still before the fault until it has been made; nil: none does.
        var stalls: String?
    }

    /// The telegram that the line's supply was cut in.
    struct CutTelegram: Sendable, Hashable {
        /// Whose telegram the contact opens in; nil for a relay that opens at any time, which may meet a telegram of anybody, or none.
        var source: UInt16?
        var left: Scenario.TelegramLeft
    }

    struct Expectation: Sendable, Hashable {
        var checker: String
        var sentinels: String?
    }

    /// A telegram that must be taken although a malformed one came before it.
    struct Good: Sendable, Hashable {
        var group: UInt16
        var raw: [UInt8]
    }

    /// How long the contact of the line's supply moves when it opens, and when it closes; 0 where it moves once.
    var opening: Instant.Span
    var closing: Instant.Span
    /// Interruptions that the trace of the supply must show at each edge where the contact bounces; nil where it does not.
    var interruptions: Int?
    /// What the witness must have seen of the telegram that the contact opened in; nil where it opened anywhere.
    var cutTelegram: CutTelegram?
    /// Frames, with their check octets, that the fault puts on the line; and the good telegrams after them.
    var malformed: [[UInt8]]
    var good: [Good]
    /// The frames were put on the line octet by octet, so that the witness may have told them in parts.
    var isByOctets: Bool
    /// How often the system may lose its connection to the line meanwhile, or its interface daemon; nil in plans that set no bound.
    var mostLosses: Int?
    /// Starts that the fault makes.
    var trials: Int
    /// Requests that the fault makes.
    var requests: Int
    /// Group addresses of devices that report, and the rows that the system's history has at most.
    var devices: Set<UInt16>
    var historyRows: Int64
    /// Clients that the fault is made with.
    var clients: Int
    /// How long the system may take until it has forgotten them; nil where nobody asks.
    var cleanedWithin: Instant.Span?
    /// Messages that the system keeps at most, by its own word, for a client that does not read.
    var backlog: Int
    /// nil: the line carries the tracers' steady load.
    var load: Load?
    /// A threshold of the line's chips that the rig knows, so that a sweep must find it; nil on a bench, where nobody knows one.
    var knownThreshold: (channel: String, nanoseconds: Int64, tolerance: Int64)?
    var line: String
    var faultKind: FaultKind
    /// The actuation that makes the fault: a channel, or `process:NAME`.
    var faultTarget: String
    /// Of a fault with several steps, what judges each, as if it were the only one; empty for a fault with one. What is said of the fault here is of its
    /// first step, but for `cuts`, which are those of all.
    var steps: [JudgePlan] = []
    /// How often the fault is made, and how long the recovery from one must have held before the next; 1 and nothing for a fault that is made once.
    var cycles = 1
    var coolDown = Instant.Span.zero
    /// What a process may grow per cycle: kilobytes of its own memory, and thousandths of a thread or of a descriptor.
    var growthKilobytes: Int64
    var growthPermille: Int64
    /// The fault comes a second time while the system reads its state.
    var isAgainInReadOut: Bool
    var cuts: Set<String>
    var chips: [String]
    var chipsSilent: Int
    var tracersDue: Int
    var refusedGate: String?
    /// The gate past which the service must be reached while nobody gets through it; nil where nobody asks.
    var reachedGate: String?
    var expectations: [Expectation]
    /// Checkers that the scenario wants and this system gives nothing to judge by.
    var notApplicable: [String]
    /// How long the system may take to answer a change of what it stores; nil where the rig makes none.
    var changesWithin: Instant.Span?
    var recover: Instant.Span
    var detect: Instant.Span
    var hold: Instant.Span
    var baseline: Instant.Span
    var slip: Instant.Span
    var probeGap: Instant.Span
    var descriptors: Int64
    /// What resident memory may grow while the system is overloaded, or nobody takes what it has.
    var memoryKilobytes: Int64
    var tracers: Set<UInt16>
    var sentinels: [Sentinel]
    var repeats: [UInt16]
    var systemSources: [ClosedRange<UInt16>]
    var views: [View]
    var rows: Rows?
    /// nil where no system is asked to end, and in plans that do not say.
    var kept: Kept?
    /// nil in plans that do not say what time it was.
    var clock: Clock?
    var interfaceDaemon: String
    var notices: Set<String>
    /// The system takes commands, so that they are part of what is normal.
    var takesCommands: Bool
    /// The system says how it is; a profile may have no health.
    var saysHealth: Bool
    /// Fault and heal are replaced by nothing: whatever is seen or found is a false alarm.
    var isNullRun: Bool
    /// Nothing is done to the system; what of it can be seen is all that is asked.
    var isCheck: Bool
    /// Why the system had no namespaces of its own; nil where it had.
    var sharedHost: String?
    /// Runs that share one baseline; nil for a run that has its own.
    var chained: Int64?

    /// Limits already hold what is added per address that the system reads back.
    ///
    /// A plan that asks for nothing, or for something that this build cannot judge, is refused: its run could not fail.
    init(_ plan: Value) throws(RecordFailure) {
        guard let judge = plan["judge"] else {
            throw RecordFailure(key: "judge", expected: "a record of what judges the run")
        }
        let record = Record(judge)
        line = try record.text("line")
        let fault = Record(judge["fault"] ?? .null)
        guard let kind = FaultKind(rawValue: try fault.text("kind")) else {
            let known = FaultKind.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
            throw RecordFailure(key: "fault.kind", expected: "one of \(known), the faults that can be proven")
        }
        faultKind = kind
        isAgainInReadOut = fault.value["again_in_read_out"]?.integer != nil
        faultTarget = try fault.text("target")
        cuts = Set((fault.value["cuts"]?.list ?? []).compactMap(\.text))
        let witness = Record(fault.value["witness"] ?? .record([]))
        chips = (witness.value["chips"]?.list ?? []).compactMap(\.text)
        chipsSilent = Int(witness.optionalInteger("chips_silent") ?? 2)
        tracersDue = Int(witness.optionalInteger("tracers_due") ?? 10)
        refusedGate = witness.optionalText("refused")
        reachedGate = witness.optionalText("reached")
        let contact = Record(fault.value["contact"] ?? .record([]))
        opening = contact.value["opening"] == nil ? .zero : try JudgePlan.span(contact, "opening")
        closing = contact.value["closing"] == nil ? .zero : try JudgePlan.span(contact, "closing")
        if witness.value["interruptions"] != nil {
            interruptions = Int(try JudgePlan.number(witness, "interruptions", 1...1000))
        }
        if let telegram = witness.value["telegram"] {
            let telegram = Record(telegram)
            cutTelegram = CutTelegram(
                source: telegram.value["source"] == nil
                    ? nil : UInt16(try JudgePlan.number(telegram, "source", 0...65_535)),
                left: try telegram.choice("left"))
        }
        trials = Int(clamping: fault.optionalInteger("trials") ?? 0)
        requests = Int(clamping: fault.optionalInteger("requests") ?? 0)
        historyRows = fault.optionalInteger("history_rows") ?? 0
        devices = JudgePlan.groups(judge["devices"])
        clients = Int(clamping: fault.optionalInteger("clients") ?? 0)
        backlog = Int(clamping: fault.optionalInteger("backlog") ?? 0)
        if fault.value["cleaned_within"] != nil { cleanedWithin = try JudgePlan.span(fault, "cleaned_within") }
        malformed = (fault.value["malformed"]?.list ?? []).compactMap(\.octets)
        isByOctets = fault.optionalText("injector") == Scenario.Injector.line.rawValue
        mostLosses = fault.optionalInteger("losses").map { Int(clamping: $0) }
        good = (fault.value["good"]?.list ?? []).compactMap { item in
            guard let group = item["group"]?.integer, let raw = item["raw"]?.octets else { return nil }
            return Good(group: UInt16(truncatingIfNeeded: group), raw: raw)
        }
        switch faultKind {
        case .busCut:
            guard chipsSilent >= 2, chips.count >= chipsSilent, tracersDue >= 1 else {
                throw RecordFailure(
                    key: "fault.witness", expected: "at least two chips that fall silent, and tracers that were due")
            }
        case .brokerDown, .brokerStalled, .startWithoutBroker, .serviceDown, .serviceStalled, .writesDamaged,
            .linkTroubled:
            guard refusedGate != nil else {
                throw RecordFailure(
                    key: "fault.witness.refused", expected: "the gate through which the rig is refused")
            }
        case .supplyDips:
            guard chipsSilent >= 2, chips.count >= chipsSilent else {
                throw RecordFailure(key: "fault.witness", expected: "at least two chips that a dip restarts")
            }
        case .interfaceUnplugged, .daemonKilled, .daemonStalled, .daemonHung, .databaseLocked, .diskFull, .systemKilled,
            .systemStopped, .startLocked:
            break
        case .duplicateIDs, .orphanedReferences, .concurrentChanges:
            guard requests > 0 else { throw RecordFailure(key: "fault.requests", expected: "at least one") }
        case .hostPowerCut, .resolverSilent, .lineStarved: break
        case .historyFlooded, .requestsFlooded:
            guard requests > 0 else { throw RecordFailure(key: "fault.requests", expected: "at least one") }
        case .clientsReset, .clientsSilent, .clientSlow:
            guard clients > 0 else { throw RecordFailure(key: "fault.clients", expected: "at least one") }
            guard faultKind == .clientSlow || cleanedWithin != nil else {
                throw RecordFailure(key: "fault.cleaned_within", expected: "how long the system may take")
            }
        case .configurationCorrupt:
            guard trials > 0 else { throw RecordFailure(key: "fault.trials", expected: "at least one start") }
        case .malformedTelegrams:
            guard !malformed.isEmpty, !good.isEmpty else {
                throw RecordFailure(key: "fault.malformed", expected: "frames to be seen, and good ones after them")
            }
        }
        if let known = fault.value["known_threshold"] {
            let known = Record(known)
            knownThreshold = (
                try known.text("channel"), try JudgePlan.span(known, "length").nanoseconds,
                try JudgePlan.span(known, "tolerance").nanoseconds
            )
        }
        if let load = judge["load"], load != .null {
            let percent = try JudgePlan.number(Record(load), "at_least", 1...100)
            self.load = Load(atLeastPermille: Int(percent) * 10, stalls: Record(load).optionalText("stalls"))
        }
        expectations = []
        for item in judge["expect"]?.list ?? [] {
            let item = Record(item)
            let expectation = Expectation(checker: try item.text("checker"), sentinels: item.optionalText("sentinels"))
            guard Scenario.checkerNames.contains(expectation.checker) else {
                throw RecordFailure(
                    key: "expect", expected: "checkers of this build, and '\(expectation.checker)' is none")
            }
            if expectation.checker == "state", !["reread", "write"].contains(expectation.sentinels) {
                throw RecordFailure(key: "expect.sentinels", expected: "'reread' or 'write'")
            }
            expectations.append(expectation)
        }
        guard !expectations.isEmpty else { throw RecordFailure(key: "expect", expected: "at least one checker") }
        notApplicable = (judge["not_applicable"]?.list ?? []).compactMap(\.text)
        if let changes = judge["changes"], changes != .null {
            changesWithin = try JudgePlan.span(Record(changes), "within")
        }
        let limits = Record(judge["limits"] ?? .null)
        let reread = try JudgePlan.number(limits, "reread_addresses", 0...65_536, absent: 0)
        recover =
            try JudgePlan.span(limits, "recover")
            + Instant.Span(
                nanoseconds: JudgePlan.number(limits, "per_read_address", 0...60_000_000_000, absent: 0) * reread)
        detect = try JudgePlan.span(limits, "detect")
        hold = try JudgePlan.span(limits, "hold")
        baseline = try JudgePlan.span(limits, "baseline")
        slip = try JudgePlan.span(limits, "slip")
        probeGap = try JudgePlan.span(limits, "probe_gap")
        descriptors = try JudgePlan.number(limits, "descriptors", 0...1_000_000)
        memoryKilobytes = try JudgePlan.number(limits, "memory_kilobytes", 1...1_000_000_000, absent: 16_384)
        growthKilobytes = try JudgePlan.number(limits, "growth_kilobytes", 0...1_000_000_000, absent: 128)
        growthPermille = try JudgePlan.number(limits, "growth_permille", 0...1_000_000, absent: 200)
        if let value = judge["cycles"], value != .null {
            cycles = Int(try JudgePlan.number(Record(value), "count", 2...1000))
            coolDown = try JudgePlan.span(Record(value), "cool_down")
        }
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
                    limit: try JudgePlan.span(item, "limit"),
                    suppressesSame: item.optionalText("suppresses") == "same-value",
                    isHistory: item.value["history"]?.bool ?? false,
                    bound: item.value["bound"] == nil ? nil : Int(try JudgePlan.number(item, "bound", 1...1999))))
        }
        if let value = judge["rows"], value != .null { rows = try JudgePlan.rows(value) }
        if let value = judge["kept"], value != .null {
            kept = Kept(
                rows: value["rows"]?.bool ?? false,
                historyBound: value["history"] == nil
                    ? nil : Int(try JudgePlan.number(Record(value), "history", 1...1_000_000_000)),
                database: value["database"]?.bool ?? false)
        }
        if let monotonic = plan["utc"]?["monotonic"]?.integer, let unix = plan["utc"]?["unix"]?.integer {
            clock = Clock(monotonic: monotonic, unix: unix)
        }
        interfaceDaemon = try record.text("interface_daemon")
        notices = Set((judge["notices"]?.list ?? []).compactMap(\.text))
        saysHealth = judge["health"]?.bool ?? true
        isNullRun = judge["null_run"]?.bool ?? false
        isCheck = judge["check"]?.bool ?? false
        chained = plan["chain"]?["length"]?.integer
        sharedHost = plan["host"]?["refusal"]?.text
        // Where nothing is cut, nothing is unreachable.
        if isNullRun { cuts = [] }
        takesCommands = !(judge["commands"]?.list ?? []).isEmpty
        if let checker = ["rows", "row-buffer"].first(where: expects) {
            guard let rows, clock != nil, views.contains(where: { $0.id == rows.view }) else {
                throw RecordFailure(
                    key: "rows", expected: "the view of the rows and the time of day, since '\(checker)' judges them")
            }
        }
        if kept?.rows ?? false || kept?.historyBound != nil, clock == nil {
            throw RecordFailure(key: "utc", expected: "the time of day, since rows are judged by their stamps")
        }
        guard !tracers.isEmpty else { throw RecordFailure(key: "tracers", expected: "at least one group address") }
        guard views.contains(where: \.isStreaming) else {
            throw RecordFailure(key: "views", expected: "at least one that streams: the ledger is kept on it")
        }
        guard !expects("keeps-up") || load != nil else {
            throw RecordFailure(key: "load", expected: "a saturated line, since 'keeps-up' is judged on it")
        }
        guard !expects("backlog") || views.contains(where: { $0.bound != nil }) else {
            throw RecordFailure(key: "views.bound", expected: "at least one, since 'backlog' is judged by it")
        }
        guard !expects("dips") || faultKind == .supplyDips else {
            throw RecordFailure(key: "fault.kind", expected: "'supply-dips', since 'dips' is judged on them")
        }
        guard changesWithin != nil || !expects("changes-done") && !expects("changes-answered") else {
            throw RecordFailure(
                key: "changes", expected: "the time for the answer to a change, since changes are judged by it")
        }
        guard expects("growth") == (cycles > 1) else {
            throw RecordFailure(key: "cycles", expected: "more than one exactly where 'growth' is judged")
        }
        guard !judgesSentinels || !sentinels.isEmpty else {
            throw RecordFailure(key: "sentinels", expected: "at least one, since the state is judged")
        }
        if let further = judge["further"]?.list, !further.isEmpty { try take(further, of: plan, judge) }
    }

    /// - Parameter further: a fault, its notices and its limit of detection for each step after the first.
    private mutating func take(_ further: [Value], of plan: Value, _ judge: Value) throws(RecordFailure) {
        var steps = [self]
        for item in further {
            let step = Record(item)
            let limits = (judge["limits"] ?? .null).replacing("detect", by: .integer(try step.integer("detect")))
            let alone = judge.replacing("fault", by: item["fault"] ?? .null).replacing("further", by: .list([]))
                .replacing("notices", by: item["notices"] ?? .list([])).replacing("limits", by: limits)
            steps.append(try JudgePlan(plan.replacing("judge", by: alone)))
        }
        self.steps = steps
        cuts = steps.reduce(into: cuts) { $0.formUnion($1.cuts) }
    }

    private static func rows(_ value: Value) throws(RecordFailure) -> Rows {
        let record = Record(value)
        return Rows(
            view: try record.text("view"), gate: try record.text("gate"),
            bound: Int(clamping: try number(record, "bound", 1...1_000_000)))
    }

    /// Whether a view need not be right about a point: a history that the fault cuts may leave out values of that time, as long as it counts them,
    /// and what changed only then is right in it only when it changes again.
    func isExcused(_ view: View, _ group: UInt16) -> Bool {
        view.isHistory && cuts.contains(view.id) && !tracers.contains(group)
    }

    /// What judges each step: of a fault with one step, this.
    var eachStep: [JudgePlan] { steps.isEmpty ? [self] : steps }

    /// What judges one cycle, as if the fault were made once.
    var oneCycle: JudgePlan {
        var plan = self
        plan.cycles = 1
        return plan
    }

    func growthAllowed(_ quantity: Footprint.Quantity) -> Double {
        quantity == .memory ? Double(growthKilobytes) : Double(growthPermille) / 1000
    }

    /// Every group address that a view is judged on.
    var points: Set<UInt16> { tracers.union(sentinels.map(\.group)).union(repeats) }

    var streaming: [View] { views.filter(\.isStreaming) }

    func expects(_ checker: String) -> Bool { expectations.contains { $0.checker == checker } }

    /// How the sentinels change, where the scenario judges state at all.
    var sentinelChange: String? { expectations.first { $0.checker == "state" }?.sentinels }

    /// Sentinels are judged: as a change that is due once, or after every dip.
    var judgesSentinels: Bool { sentinelChange != nil || expects("dips") }

    /// A length of time of at most a day: longer ones are mistakes, and sums of them would not fit.
    private static func span(
        _ record: Record, _ key: String
    ) throws(RecordFailure) -> Instant.Span {
        Instant.Span(nanoseconds: try number(record, key, 0...86_400_000_000_000))
    }

    private static func number(
        _ record: Record, _ key: String, _ range: ClosedRange<Int64>, absent: Int64? = nil
    ) throws(RecordFailure) -> Int64 {
        if let absent, record.value[key] == nil { return absent }
        let number = try record.integer(key)
        guard range.contains(number) else {
            throw RecordFailure(key: key, expected: "\(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    private static func groups(_ value: Value?) -> Set<UInt16> {
        Set((value?.list ?? []).compactMap { $0.integer.map(UInt16.init(truncatingIfNeeded:)) })
    }
}
