import Catalogue
public import Checkers
import Events
import Platform
import Rigs

/// The proof that scenarios can fail on this rig, and that they don't fail by themselves: which runs it takes, and what their verdicts are worth.
public struct Calibration: Sendable {
    /// What a run is made for.
    private enum Role {
        case clean, null
        case sabotage(Scenario.Sabotage)
        /// A protection that the scenario does not name.
        case bystander(String)
    }

    /// All runs, in the order in which they are to be made. Directories are the caller's to give.
    public let jobs: [Job]
    private let roles: [Role]
    /// The variants that are qualified; the others are only run without what these name.
    public let plans: [TestPlan]

    /// - Parameter all: one per scenario variant.
    /// - Parameter clean: runs without sabotage per variant.
    /// - Parameter null: null runs in all, spread over the variants in turn.
    /// - Parameter bystanders: each protection that any of the variants names is switched off once for the first variant of every other scenario too.
    /// - Parameter protections: only variants that name one of these are qualified, and only these are switched off for bystanders; nil: all.
    public init(
        _ all: [TestPlan], clean: Int, null: Int, bystanders: Bool = false, of protections: Set<String>? = nil
    ) {
        let plans = all.filter { plan in
            guard let protections else { return true }
            return plan.variant.sabotages.contains { protections.contains($0.protection) }
        }
        self.plans = plans
        var jobs: [Job] = []
        var roles: [Role] = []
        var numbers: [String: Int] = [:]
        func add(_ plan: TestPlan, _ role: Role) {
            var job = plan.job
            let number = (numbers[job.name] ?? 0) + 1
            numbers[job.name] = number
            job.repetition = number
            job.seed = plan.job.seed &+ Int64(number - 1)
            switch role {
            case .clean: break
            case .null: job.isNull = true
            case .sabotage(let sabotage): job.sabotage = [sabotage.protection]
            case .bystander(let protection): job.sabotage = [protection]
            }
            jobs.append(job)
            roles.append(role)
        }
        for plan in plans {
            for _ in 0..<clean { add(plan, .clean) }
            for sabotage in plan.variant.sabotages { add(plan, .sabotage(sabotage)) }
        }
        if bystanders {
            var seen: Set<String> = []
            let named = plans.flatMap { $0.variant.sabotages.map(\.protection) }.filter {
                protections?.contains($0) ?? true && seen.insert($0).inserted
            }
            for protection in named {
                var scenarios: Set<String> = []
                for plan in all where scenarios.insert(plan.scenario.id).inserted {
                    let own = all.filter { $0.scenario.id == plan.scenario.id }
                    guard !own.contains(where: { $0.variant.sabotages.contains { $0.protection == protection } })
                    else { continue }
                    add(plan, .bystander(protection))
                }
            }
        }
        for index in 0..<(plans.isEmpty ? 0 : null) { add(plans[index % plans.count], .null) }
        let order = Self.mixed(jobs)
        self.jobs = order.map { jobs[$0] }
        self.roles = order.map { roles[$0] }
    }

    /// The order in which no two runs of a scenario are neighbours as long as there are others: runs that are made at once then want different things of
    /// this computer, and not all of them a full line.
    private static func mixed(_ jobs: [Job]) -> [Int] {
        var counts: [String: Int] = [:]
        let rounds = jobs.map { job in
            defer { counts[job.scenario, default: 0] += 1 }
            return counts[job.scenario, default: 0]
        }
        return jobs.indices.sorted { (rounds[$0], $0) < (rounds[$1], $1) }
    }

    /// What the runs say, given in the order of `jobs`.
    ///
    /// - Precondition: one result per job.
    public func qualification(_ results: [JobResult], build: String, made: Int64) -> Qualification {
        precondition(results.count == jobs.count, "every run has a result")
        var scenarios = plans.map { Qualification.Scenario(id: $0.scenario.id, variant: $0.variant.name) }
        var bystanders: [Qualification.Bystander] = []
        for (index, result) in results.enumerated() {
            let said = "\(result.verdict.outcome.rawValue): \(result.verdict.sentence)"
            if case .bystander(let protection) = roles[index] {
                bystanders.append(
                    Qualification.Bystander(
                        protection: protection, scenario: result.job.scenario, variant: result.job.variant,
                        outcome: result.verdict.outcome, sentence: result.verdict.sentence,
                        run: result.job.directoryName))
                continue
            }
            guard
                let place = scenarios.firstIndex(where: {
                    $0.id == result.job.scenario && $0.variant == result.job.variant
                })
            else { continue }
            switch roles[index] {
            case .clean: scenarios[place].clean.add(isGood: result.verdict.outcome == .pass, said)
            case .null: scenarios[place].null.add(isGood: result.verdict.outcome == .pass, said)
            case .sabotage(let sabotage):
                scenarios[place].sabotages.append(
                    Qualification.Sabotage(
                        protection: sabotage.protection, finding: sabotage.finding, outcome: result.verdict.outcome,
                        sentence: result.verdict.sentence, run: result.job.directoryName))
            case .bystander: break
            }
        }
        let first = plans.first
        return Qualification(
            rig: first?.rig.name ?? "", kind: first?.rig.kind.rawValue ?? "", build: build,
            system: first?.systemBuild ?? "unknown", made: made, scenarios: scenarios,
            bystanders: bystanders)
    }
}
