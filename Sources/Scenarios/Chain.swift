import Catalogue
import Events

/// The place of a run among those that share one system: brought up once, and normal since the last of them recovered.
public struct ChainPlace: Sendable, Hashable {
    /// From 1; the first brings the system up and looks at the whole of its normal state.
    public var position: Int
    /// Runs in the chain.
    public var length: Int
    /// The first run, below the directory of all runs: its evidence shows the system's start, and its logs are the system's.
    public var baseline: String

    var value: Value {
        ["position": .integer(Int64(position)), "length": .integer(Int64(length)), "baseline": .text(baseline)]
    }

    init(position: Int, length: Int, baseline: String) {
        self.position = position
        self.length = length
        self.baseline = baseline
    }

    init?(_ value: Value?) {
        guard let position = value?["position"]?.integer, let length = value?["length"]?.integer,
            let baseline = value?["baseline"]?.text
        else { return nil }
        self.init(position: Int(clamping: position), length: Int(clamping: length), baseline: baseline)
    }
}

extension TestPlan {
    /// Why the scenario is run by itself although others share a system; nil when it can share one: its fault leaves nothing behind, and it needs
    /// neither a start of its own nor another workload than the steady one.
    public var chainObstacle: String? {
        if variant.load != nil { return "it saturates the line" }
        if givesCommandsBothWays { return "it gives commands over MQTT too, which is another workload" }
        if variant.cycles != nil { return "it judges what a system that was just brought up keeps of each fault" }
        if !links.isEmpty { return "the rig stands in a link of the system's own from its start on" }
        if expectsRows { return "it judges every row of a time series of its own" }
        if variant.steps.contains(where: { $0.contact != nil }) { return "it rewires the supply's contact" }
        return variant.steps.lazy.compactMap { Self.chainObstacle($0.action) }.first
    }

    private static func chainObstacle(_ action: Scenario.Action) -> String? {
        switch action {
        case .cutLineSupply, .cutInterface, .killService, .stallService, .killProcess, .stallProcess, .hangProcess,
            .lockDatabase, .resetClients, .silenceClients, .cutWrites, .refuseWrites, .swallowWrites,
            .troubleLink:
            return nil
        case .startWithoutService, .startLocked, .corruptConfiguration, .killSystem, .stopSystem, .powerCycleHost,
            .stallResolver, .floodHistory:
            return "it starts the system itself"
        case .fillDisk: return "it needs a small disk under the system's data"
        case .stopReading: return "it needs small send buffers from the system's start on"
        case .createTwice, .deleteParents, .changeAtOnce, .createAndDeleteAtOnce, .sendMalformed:
            return "it leaves values of its own behind"
        case .starveLine: return "it saturates the line"
        case .dipLineSupply: return "it changes the sentinels as often as it dips"
        case .floodRequests: return "it floods the system with requests, which is another workload"
        }
    }
}

/// Which runs share a system.
public enum Chain {
    /// Puts jobs into chains: those of one steady load that leave nothing behind, in their order; any other stays by itself.
    ///
    /// - Parameters:
    ///   - plans: one per job.
    ///   - parallel: workers; each gets a part of every chain.
    /// - Returns: the jobs, with the number of their chain, and why the others have none.
    public static func jobs(
        _ jobs: [(job: Job, plan: TestPlan)], parallel: Int
    ) -> (jobs: [Job], alone: [(name: String, reason: String)]) {
        var byLoad: [Int: [Int]] = [:]
        var alone: [(name: String, reason: String)] = []
        func say(_ name: String, _ reason: String) {
            if !alone.contains(where: { $0.name == name }) { alone.append((name, reason)) }
        }
        for (index, entry) in jobs.enumerated() {
            if let obstacle = entry.plan.chainObstacle {
                say(entry.job.name, obstacle)
            } else {
                byLoad[entry.plan.variant.tracerLoad, default: []].append(index)
            }
        }
        var chained = jobs.map(\.job)
        var number = 0
        for (load, indices) in byLoad.sorted(by: { $0.value[0] < $1.value[0] }) {
            guard indices.count > 1 else {
                say(jobs[indices[0]].job.name, "no other runs with tracers at \(load) % of the line's capacity")
                continue
            }
            // Parts as equal as can be, and none of a single run where it need not be.
            let parts = min(parallel, max(1, indices.count / 2))
            for part in 0..<parts {
                number += 1
                for index in indices[(indices.count * part / parts)..<(indices.count * (part + 1) / parts)] {
                    chained[index].chain = number
                }
            }
        }
        return (chained, alone)
    }
}
