import Events
import Glibc
public import Platform

/// What an index and a scorecard need of a run: what it was about, what was concluded, and whether its evidence is as it was written.
public struct RunSummary: Sendable, Hashable {
    /// The run's directory.
    public var directory: String
    public var scenario: String
    public var variant: String
    public var repetition: Int
    public var seed: Int64?
    /// Protections that the system was started without.
    public var sabotage: [String]
    public var isNull: Bool
    /// The fault stood until somebody healed it by hand: looked at, never scored.
    public var isHeld = false
    /// It shares its baseline with others: quick to make, never scored.
    public var isChained = false
    /// What it takes the place of; nil for a run that was asked for.
    public var remake: Remake?
    /// Made again because the rig itself had been late: it counts for nothing.
    public var isReplaced: Bool
    /// The verdict's outcome (`pass`, `fail`, …) and sentence, as sealed in the evidence.
    public var outcome: String
    public var sentence: String
    public var system: String
    /// Digest of the program under test.
    public var systemBuild: String
    public var rig: String
    /// `twin` or `bench`.
    public var rigKind: String
    /// Version and digest of knxrig.
    public var tool: String
    public var toolBuild: String
    /// When it began, seconds of Unix time.
    public var began: Int64
    /// From its first to its last event.
    public var durationNanoseconds: Int64
    /// The measured time to recover, its expanded uncertainty and its limit; nil where none was measured.
    public var recoverNanoseconds: Int64?
    public var uncertaintyNanoseconds: Int64?
    public var limitNanoseconds: Int64?
    /// Hash of the evidence's last line.
    public var hash: String
    /// What is wrong with the evidence; nil when it is intact and its seal says what verdict.json says.
    public var flaw: String?

    /// A run that is described rather than read.
    public init(
        directory: String, scenario: String, variant: String, repetition: Int, seed: Int64? = nil,
        sabotage: [String] = [], isNull: Bool = false, isReplaced: Bool = false, outcome: String, sentence: String,
        system: String, systemBuild: String, rig: String, rigKind: String, tool: String, toolBuild: String,
        began: Int64, durationNanoseconds: Int64, hash: String = "", flaw: String? = nil
    ) {
        self.directory = directory
        self.scenario = scenario
        self.variant = variant
        self.repetition = repetition
        self.seed = seed
        self.sabotage = sabotage
        self.isNull = isNull
        self.isReplaced = isReplaced
        self.outcome = outcome
        self.sentence = sentence
        self.system = system
        self.systemBuild = systemBuild
        self.rig = rig
        self.rigKind = rigKind
        self.tool = tool
        self.toolBuild = toolBuild
        self.began = began
        self.durationNanoseconds = durationNanoseconds
        self.hash = hash
        self.flaw = flaw
    }

    /// Reads a run: the whole evidence with its chain of hashes, and verdict.json beside it.
    ///
    /// - Throws: when there is no evidence, or event 0 is no plan.
    public init(_ run: RunDirectory, isReplaced: Bool) throws(SystemFailure) {
        var reader = try JournalReader(path: run.evidencePath)
        var plan: Value?
        var first: Instant?
        var last: Instant?
        var sealed: Value?
        while let entry = try reader.next() {
            let event = entry.event
            if case .plan(let written) = event.payload, entry.number == 0 { plan = written }
            if case .seal(let verdict) = event.payload { sealed = verdict }
            first = min(first ?? event.instant, event.instant)
            last = max(last ?? event.instant, event.instant)
        }
        guard let plan, let scenario = plan["scenario"]?.text, let variant = plan["variant"]?.text else {
            throw SystemFailure("find the plan of a run in", run.evidencePath, code: EINVAL)
        }
        let beside = try? JSON.parse(Files.read(run.verdictPath))
        let verdict = sealed ?? beside?["verdict"] ?? .null
        directory = run.path
        self.scenario = scenario
        self.variant = variant
        repetition = Int(clamping: plan["repetition"]?.integer ?? 1)
        seed = plan["seed"]?.integer
        sabotage = (plan["sabotage"]?.list ?? []).compactMap(\.text)
        isNull = plan["null_run"]?.bool ?? false
        isHeld = plan["held"]?.bool ?? false
        isChained = plan["chain"]?["length"]?.integer != nil
        remake = Remake(plan["remake"])
        self.isReplaced = isReplaced
        outcome = verdict["outcome"]?.text ?? "aborted"
        sentence = verdict["sentence"]?.text ?? "the run came to no verdict"
        system = plan["system"]?["name"]?.text ?? ""
        systemBuild = plan["system"]?["build"]?.text ?? "unknown"
        rig = plan["rig"]?["name"]?.text ?? ""
        rigKind = plan["rig"]?["kind"]?.text ?? ""
        tool = plan["tool"]?["version"]?.text ?? ""
        toolBuild = plan["tool"]?["build"]?.text ?? "unknown"
        began = (plan["utc"]?["unix"]?.integer ?? 0) / 1_000_000_000
        durationNanoseconds = max(0, (last?.nanoseconds ?? 0) &- (first?.nanoseconds ?? 0))
        let recovery = (verdict["measured"]?.list ?? []).first { $0["name"]?.text == "time_to_recover" }
        recoverNanoseconds = recovery?["value"]?.integer
        uncertaintyNanoseconds = recovery?["u"]?.integer
        limitNanoseconds = recovery?["limit"]?.integer
        hash = reader.lastHash
        flaw = Self.flaw(reader.integrity, sealed: sealed, hash: hash, beside: beside)
    }

    private static func flaw(_ integrity: Integrity?, sealed: Value?, hash: String, beside: Value?) -> String? {
        guard integrity == .intact else { return integrity?.description ?? "unread" }
        guard let beside else { return "verdict.json is missing or unreadable" }
        guard beside["verdict"] == sealed else { return "verdict.json does not say what the evidence was sealed with" }
        return beside["evidence_hash"]?.text == hash ? nil : "verdict.json is of other evidence"
    }
}

extension RunSummary {
    /// As the index keeps it.
    var value: Value {
        .record(present: [
            ("scenario", .text(scenario)), ("variant", .text(variant)), ("repetition", .integer(Int64(repetition))),
            ("seed", seed.map(Value.integer)), ("sabotage", .list(sabotage.map(Value.text))), ("null", .bool(isNull)),
            ("held", .bool(isHeld)), ("chained", .bool(isChained)),
            ("outcome", .text(outcome)), ("sentence", .text(sentence)), ("system", .text(system)),
            ("system_build", .text(systemBuild)), ("rig", .text(rig)), ("rig_kind", .text(rigKind)),
            ("tool", .text(tool)), ("tool_build", .text(toolBuild)), ("began", .integer(began)),
            ("duration", .integer(durationNanoseconds)), ("recover", recoverNanoseconds.map(Value.integer)),
            ("u", uncertaintyNanoseconds.map(Value.integer)), ("limit", limitNanoseconds.map(Value.integer)),
            ("hash", .text(hash)), ("flaw", flaw.map(Value.text)), ("remake", remake?.value),
        ])
    }

    init(_ value: Value, directory: String, isReplaced: Bool) throws(RecordFailure) {
        let record = Record(value)
        self.directory = directory
        self.isReplaced = isReplaced
        scenario = try record.text("scenario")
        variant = try record.text("variant")
        repetition = Int(clamping: try record.integer("repetition"))
        seed = record.optionalInteger("seed")
        sabotage = (value["sabotage"]?.list ?? []).compactMap(\.text)
        isNull = try record.bool("null")
        isHeld = value["held"]?.bool ?? false
        isChained = value["chained"]?.bool ?? false
        remake = Remake(value["remake"])
        outcome = try record.text("outcome")
        sentence = try record.text("sentence")
        system = try record.text("system")
        systemBuild = try record.text("system_build")
        rig = try record.text("rig")
        rigKind = try record.text("rig_kind")
        tool = try record.text("tool")
        toolBuild = try record.text("tool_build")
        began = try record.integer("began")
        durationNanoseconds = try record.integer("duration")
        recoverNanoseconds = record.optionalInteger("recover")
        uncertaintyNanoseconds = record.optionalInteger("u")
        limitNanoseconds = record.optionalInteger("limit")
        hash = try record.text("hash")
        flaw = record.optionalText("flaw")
    }
}
