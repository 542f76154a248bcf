public import Checkers
public import Events

/// One run as a report shows it: its verdict, and the evidence it was judged on.
public struct RunReport: Sendable {
    /// Scenario id, such as `HW-1`.
    public var id: String
    public var variant: String
    /// From 1.
    public var repetition: Int
    /// The run's directory, relative to where the reports are: `HW-1/cut-20s/001`.
    public var directory: String
    public var verdict: RunVerdict
    /// The run's events in the order of the evidence.
    public var events: [Event]
    /// Event 0's details. What a report shows of it is in `PlanFacts`.
    public var plan: Value
    /// An invalid run that was made again because the rig itself had been too late: shown, and not counted.
    public var isReplaced = false
    /// Names in the run's directory, so that a report points to nothing that is not there; nil: not known.
    public var files: Set<String>?

    public init(
        id: String, variant: String, repetition: Int, directory: String, verdict: RunVerdict, events: [Event],
        plan: Value
    ) {
        self.id = id
        self.variant = variant
        self.repetition = repetition
        self.directory = directory
        self.verdict = verdict
        self.events = events
        self.plan = plan
    }
}

/// All runs of one invocation, with what they have in common.
public struct CampaignReport: Sendable {
    /// A scenario that was asked for and not run.
    public struct NotRun: Sendable, Hashable {
        public var id: String
        public var variant: String
        /// `needs …`.
        public var reason: String

        public init(id: String, variant: String, reason: String) {
            self.id = id
            self.variant = variant
            self.reason = reason
        }
    }

    /// The rig's own version.
    public var knxrig: String
    public var rig: String
    public var system: String
    /// Identity of the system's build: a digest or a version; nil when it is not known.
    public var systemBuild: String?
    /// When the first run began, seconds of Unix time.
    public var began: Int64
    public var runs: [RunReport]
    public var notRun: [NotRun]

    public init(
        knxrig: String, rig: String, system: String, systemBuild: String?, began: Int64, runs: [RunReport],
        notRun: [NotRun] = []
    ) {
        self.knxrig = knxrig
        self.rig = rig
        self.system = system
        self.systemBuild = systemBuild
        self.began = began
        self.runs = runs
        self.notRun = notRun
    }
}

/// The runs of one scenario variant, made with the same protections switched off, or as null runs.
struct ScenarioGroup {
    var id: String
    var variant: String
    var sabotage: [String]
    var isNull: Bool
    var runs: [RunReport]

    /// `HW-1/cut-20s`.
    var name: String { "\(id)/\(variant)" }
    var outcome: Outcome { Outcome.worst(of: counted.map(\.verdict.outcome)) }
    var passed: Int { counted.count { $0.verdict.outcome == .pass } }

    /// The runs that stand: all but those that were made again.
    var counted: [RunReport] { runs.filter { !$0.isReplaced } }

    /// The runs that enter N: those that said something about the system.
    var tested: [RunReport] {
        counted.filter { ![.invalid, .error, .aborted].contains($0.verdict.outcome) }
    }

    /// `9 of 10`, and what does not count.
    var tally: String {
        let replaced = runs.count - counted.count
        let untested = counted.count - tested.count
        guard !tested.isEmpty else { return "nothing was tested" }
        let uncounted = [
            replaced > 0 ? "\(replaced) invalid, made again" : nil, untested > 0 ? "\(untested) tested nothing" : nil,
        ].compactMap(\.self)
        return "\(passed) of \(tested.count)" + (uncounted.isEmpty ? "" : " (\(uncounted.joined(separator: "; ")))")
    }

    /// What is special about them: `without knxd.restart`, `null runs`; nil for ordinary runs.
    var speciality: String? {
        if isNull { return "null runs" }
        return sabotage.isEmpty ? nil : "without \(sabotage.joined(separator: ", "))"
    }

    /// `HW-1/cut-20s without knxd.restart`.
    var title: String { speciality.map { "\(name) \($0)" } ?? name }

    /// The tally with what it proves: `10 of 10: at least 74 % of the time`.
    var proof: String {
        guard !isNull, sabotage.isEmpty, tested.count > 1, let lowerBound else { return tally }
        return tally + ": at least \(RepetitionsSection.percent(lowerBound)) of the time"
    }

    /// Of what share of runs like these it is sure (95 %, one-sided) that they pass; nil when none tested anything.
    var lowerBound: Double? {
        tested.isEmpty ? nil : ClopperPearson.lowerBound(successes: passed, of: tested.count)
    }

    /// The run to speak of when one has to stand for all: of the worst outcome; among passes the slowest recovery.
    var telling: RunReport? {
        counted.max { left, right in
            let severities = (left.verdict.outcome.severity, right.verdict.outcome.severity)
            if severities.0 != severities.1 { return severities.0 < severities.1 }
            return (left.timeToRecover ?? -1) < (right.timeToRecover ?? -1)
        }
    }
}

extension CampaignReport {
    /// Worst of all runs; a campaign without a run proves nothing.
    var outcome: Outcome { counted.isEmpty ? .invalid : Outcome.worst(of: counted.map(\.verdict.outcome)) }

    /// The runs that enter N.
    var counted: [RunReport] { runs.filter { !$0.isReplaced } }

    /// In the order in which their first runs stand.
    var groups: [ScenarioGroup] {
        var groups: [ScenarioGroup] = []
        for run in runs {
            let facts = PlanFacts(run.plan)
            if let index = groups.firstIndex(where: {
                $0.id == run.id && $0.variant == run.variant && $0.sabotage == facts.sabotage
                    && $0.isNull == facts.isNull
            }) {
                groups[index].runs.append(run)
            } else {
                groups.append(
                    ScenarioGroup(
                        id: run.id, variant: run.variant, sabotage: facts.sabotage, isNull: facts.isNull, runs: [run]))
            }
        }
        return groups
    }
}

extension CampaignReport {
    /// The worst first; among equals in the order in which they ran.
    var groupsByUrgency: [ScenarioGroup] {
        groups.enumerated().sorted { left, right in
            let severities = (left.element.urgency, right.element.urgency)
            return severities.0 == severities.1 ? left.offset < right.offset : severities.0 > severities.1
        }.map(\.element)
    }
}

extension ScenarioGroup {
    /// A group of which every run was made again has proven nothing.
    fileprivate var urgency: Int { counted.isEmpty ? Outcome.invalid.severity : outcome.severity }
}

extension RunReport {
    /// The measured time to recover, nanoseconds.
    var timeToRecover: Int64? { recovery?.valueNanoseconds }

    var recovery: Measured? { verdict.measured.first { $0.name == "time_to_recover" } }

    /// From the first to the last event, nanoseconds.
    var durationNanoseconds: Int64 {
        guard let first = events.map(\.instant).min(), let last = events.map(\.instant).max() else { return 0 }
        return (last - first).nanoseconds
    }

    /// Why it is no pass: the worst finding's sentence, or the verdict's own.
    var reason: String? {
        guard verdict.outcome != .pass else { return nil }
        return verdict.findings.first { $0.outcome == verdict.outcome }?.sentence ?? verdict.sentence
    }
}

extension CampaignReport {
    /// The campaign with every instant and every measured time within thirty years of the clock's zero: evidence that came from elsewhere may hold any number, and
    /// differences of such must not overflow.
    var plausible: CampaignReport {
        var campaign = self
        for run in campaign.runs.indices {
            campaign.runs[run].verdict.instants = campaign.runs[run].verdict.instants.plausible
            campaign.runs[run].verdict.measured = campaign.runs[run].verdict.measured.map(\.plausible)
            for event in campaign.runs[run].events.indices {
                campaign.runs[run].events[event].instant = campaign.runs[run].events[event].instant.plausible
            }
        }
        return campaign
    }
}

extension Measured {
    fileprivate var plausible: Measured {
        let clamped = { (nanoseconds: Int64) in Instant(nanoseconds: nanoseconds).plausible.nanoseconds }
        var measured = self
        measured.valueNanoseconds = valueNanoseconds.map(clamped)
        measured.uncertaintyNanoseconds = clamped(uncertaintyNanoseconds)
        measured.limitNanoseconds = limitNanoseconds.map(clamped)
        return measured
    }
}

extension Instants {
    fileprivate var plausible: Instants {
        Instants(
            fault: fault?.plausible, detected: detected?.plausible, healed: healed?.plausible,
            recovered: recovered?.plausible)
    }
}

extension Instant {
    fileprivate var plausible: Instant {
        Instant(nanoseconds: max(-1_000_000_000_000_000_000, min(nanoseconds, 1_000_000_000_000_000_000)))
    }
}
