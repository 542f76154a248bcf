import Bus
public import Catalogue
import Documents
import Events
import KNX
import Platform
public import Rigs
public import Systems

/// A scenario, a rig and a system put together: is it wired, is it safe, what is missing? Made before anything is touched, by the command to
/// refuse what cannot be, and by the run to do it.
public struct TestPlan: Sendable {
    /// Why a run cannot be made: the rig lacks something, or a program is missing. Not the input's fault, and never a pass.
    public struct Refusal: Error, CustomStringConvertible {
        public var description: String
    }

    public let job: Job
    public let scenario: Scenario
    public let variant: Scenario.Variant
    public let rig: Rig
    public let line: RigLine
    public let system: SystemProfile
    let systemText: String
    let firmware: FirmwareInRun

    /// Reads and checks every file of a job.
    ///
    /// - Throws: `DocumentFailure` for what is written wrong, `SystemFault` for an unknown protection.
    public init(job: Job) throws {
        self.job = job
        scenario = try Scenario(path: job.scenarioFile)
        guard let variant = scenario.variants.first(where: { $0.name == job.variant }) else {
            throw DocumentFailure(
                file: job.scenarioFile, position: nil, message: "there is no variant '\(job.variant)'")
        }
        self.variant = variant
        rig = try Rig(path: job.rigFile)
        line = rig.lines[0]
        let octets = try DataDirectories.read(job.systemFile)
        systemText = String(decoding: octets, as: UTF8.self)
        system = try SystemProfile.load(job.systemFile)
        try system.check(without: job.sabotage)
        firmware = FirmwareInRun(
            try DataDirectories(directories: job.dataDirectories).firmwareNotes(), rig: rig, system: system,
            usesInjector: variant.fault.injector == .chip
        ) { InstalledVersion.of($0) }
        let kinds = FaultKind.allCases.map(\.rawValue)
        for (place, names) in [
            ("notices", Array(system.notices.keys)), ("limits.recover", Array(system.limits.recover.keys)),
            ("limits.detect", Array(system.limits.detect.keys)),
        ] {
            for name in names.sorted() where !kinds.contains(name) {
                throw DocumentFailure(
                    file: job.systemFile, position: nil,
                    message: "\(place): there is no kind of fault '\(name)'"
                        + Nearest.suggestion(for: name, among: kinds)
                        + "; there are \(kinds.joined(separator: ", "))")
            }
        }
    }

    /// Commands go to the system through the broker too.
    var givesCommandsBothWays: Bool { variant.expectations.contains { $0.checker == "subscription" } }

    /// Links inside the system that a gate of the rig's is put in.
    var links: Set<String> {
        let gates = (scenario.requires + variant.requires).filter { $0.hasPrefix("gate:") }.map { $0.dropFirst(5) }
        return Set(system.links.map(\.id).filter { gates.contains($0[...]) })
    }

    /// Why the scenario cannot be run on this rig, with this system, on this machine: one line each, none when it can.
    public var obstacles: [String] {
        let requires = scenario.requires + variant.requires
        var lacks = rig.lacks(requires)
        for requirement in requires {
            let parts = requirement.split(separator: ":").map(String.init)
            if parts.first == "process", !system.processes.contains(where: { $0.id == parts.last && !$0.isMain }) {
                lacks.append("a process '\(parts.last ?? "")' in the system profile")
            }
            if requirement == "devices", system.points.devices == nil {
                lacks.append("devices among the points of the system profile")
            }
            if requirement == "history", system.history == nil { lacks.append("'history' in the system profile") }
            if requirement == "flood", system.flood == nil { lacks.append("'flood' in the system profile") }
            if requirement == "registry" { lacks += registryLacks }
            if requirement == "mutation", system.mutation == nil { lacks.append("'mutation' in the system profile") }
            if requirement == "websocket", system.webSocketClients == nil {
                lacks.append("a view of a WebSocket with 'clients' in the system profile")
            }
            if requirement == "spares", system.points.spares == nil {
                lacks.append("spare points in the system profile")
            }
            if requirement == "rows", system.rows == nil { lacks.append("'rows' in the system profile") }
            if requirement == "command:mqtt", system.command?.mqtt == nil {
                lacks.append("'mqtt' of 'command' in the system profile")
            }
            if requirement == "queue" { lacks += queueLacks }
            if requirement == "database", !system.hasDatabase {
                lacks.append("a view of a database in the system profile")
            }
            guard parts.count == 2, ["service", "gate"].contains(parts[0]) else { continue }
            let isThere =
                system.services.contains { parts[0] == "service" ? $0.id == parts[1] : $0.gate == parts[1] }
                || parts[0] == "gate" && system.links.contains { $0.id == parts[1] }
            if !isThere { lacks.append("a \(parts[0]) '\(parts[1])' in the system profile") }
        }
        if variant.fault.action == .starveLine { lacks += starvationLacks }
        lacks += hintLacks
        if !system.views.contains(where: \.isStreaming) {
            lacks.append("a view with 'streaming: true' in the system profile, one that shows every telegram")
        }
        if system.points.tracers == nil { lacks.append("tracers in the system profile") }
        lacks += visibilityLacks + declarationLacks
        return lacks.map { "needs \($0)" } + isolationObstacles + system.missingPrograms()
    }

    /// What cannot be done to a system that shares network and files with this computer.
    private var isolationObstacles: [String] {
        let needs = variant.steps.contains { [.stallResolver, .fillDisk, .stopReading].contains($0.action) }
        guard needs, let refusal = Isolation.present.refusal else { return [] }
        return ["needs namespaces (refused here: \(refusal))"]
    }

    /// Telegrams that a stall of `nanoseconds` keeps from their consumer on a saturated line.
    static func telegrams(ofStall nanoseconds: Int64) -> Int {
        Int(
            Int64(BusLoad.millihertz(percent: 100, octets: TracerLoad.frameOctets)) * (nanoseconds / 1_000_000)
                / 1_000_000)
    }

    /// A queue that the stall cannot fill by a quarter more than its bound is not tested by it.
    private var queueLacks: [String] {
        let queues = system.views.compactMap(\.queue)
        guard !queues.isEmpty else { return ["a 'queue' before a streaming view in the system profile"] }
        let stall = variant.load?.stall?.durationNanoseconds ?? variant.fault.durationNanoseconds
        let most = Self.telegrams(ofStall: stall) * 4 / 5
        return queues.filter { $0.bound > most }.map {
            "a queue of at most \(most) telegrams in the system profile, and not of \($0.bound): the line brings no more in "
                + "\(stall / 1_000_000_000) s"
        }
    }

    /// A registry may lack requests that the fault is made of.
    private var registryLacks: [String] {
        guard let registry = system.registry else { return ["'registry' in the system profile"] }
        if case .orphans(let parents) = storm {
            return registry.relations.contains { $0.parents == parents }
                ? [] : ["'\(parents)' of 'relations' of 'registry' in the system profile"]
        }
        let missing = (storm.map(RegistryStorm.verbs) ?? []).map(\.rawValue).filter { registry.calls[$0] == nil }
        return missing.isEmpty
            ? [] : ["\(missing.map { "'\($0)'" }.joined(separator: ", ")) of 'registry' in the system profile"]
    }

    /// A start that is refused must say why. Where the profile does not know in what words, nobody could tell a hint from its absence, and every system
    /// would fail.
    private var hintLacks: [String] {
        guard variant.expectations.contains(where: { $0.checker == "refuses-start" }) else { return [] }
        let kind = variant.fault.action.kind.rawValue
        return system.notices[kind, default: []].isEmpty
            ? ["what the system says then, of 'logs', under '\(kind)' of 'notices' in the system profile"] : []
    }

    /// A system gets no turn only where nobody who sends loses against it.
    private var starvationLacks: [String] {
        let stimuli = line.attachments(.stimulus)
        return stimuli.count < 2 || stimuli.contains { $0.starveAddress == nil }
            ? ["two stimuli with a starve_address on the line, from which they win against the system"] : []
    }

    /// Where each stimulus sends from while the line is saturated; nil for a scenario that does not saturate it.
    var loadSources: [IndividualAddress]? {
        guard variant.load != nil else { return nil }
        return line.attachments(.stimulus).compactMap(\.loadAddress)
    }

    /// The channel that feeds the line, for a fault that cuts it.
    var supplyChannel: String? { line.supply?.channel }

    /// How the contact of that channel moves in this run; nil: at once, and once.
    var supplyMotion: SupplyMotion? {
        variant.fault.contact.map {
            SupplyMotion($0, line: line.id, source: cutSource, seed: UInt64(bitPattern: job.seed))
        }
    }

    /// Whose telegram a contact opens in, where it does: the first stimulus's, so that the system receives what is left of it.
    var cutSource: UInt16 { line.attachments(.stimulus).first?.address?.raw ?? 0 }

    /// The channel that feeds the system's interface, for a fault that unplugs it.
    var interfaceChannel: String? { rig.interfaceChannel(of: line) }

    /// The channel on which the fault clicks, where it does.
    var faultChannel: String? { variant.steps.lazy.compactMap(channel).first }

    /// The channel on which a step clicks, where it does.
    func channel(of step: Scenario.FaultStep) -> String? {
        switch step.action {
        case .cutLineSupply: supplyChannel
        case .cutInterface: interfaceChannel
        default: nil
        }
    }

    /// What a step's actuation is aimed at.
    func target(of step: Scenario.FaultStep) -> String {
        switch step.action {
        case .killSystem, .stopSystem: "process:\(system.mainProcess)"
        case .sendMalformed: "line:\(line.id)"
        case .createTwice, .deleteParents, .changeAtOnce, .createAndDeleteAtOnce, .floodRequests: "api:registry"
        case .powerCycleHost: "host"
        case .floodHistory, .dipLineSupply, .starveLine: "line:\(line.id)"
        case .resetClients, .silenceClients, .stopReading: Bench.clientsTarget
        case .cutWrites, .refuseWrites, .swallowWrites, .troubleLink: "gate:\(step.gate ?? "")"
        case .corruptConfiguration: "process:\(system.mainProcess)"
        case .lockDatabase, .startLocked: "store:database"
        case .fillDisk: "store:disk"
        default: channel(of: step) ?? "process:\(step.process ?? step.service ?? "")"
        }
    }

    struct Limits {
        var baseline: Instant.Span
        var hold: Instant.Span
    }

    var limits: Limits {
        Limits(
            baseline: Instant.Span(nanoseconds: variant.baselineNanoseconds),
            hold: Instant.Span(nanoseconds: variant.holdNanoseconds))
    }

    /// The rows of a time series are judged, so that they must be read.
    var expectsRows: Bool { variant.expectations.contains { $0.checker == "rows" || $0.checker == "row-buffer" } }

    /// What is judged in a run of this system.
    var expectations: [Scenario.Expectation] {
        variant.expectations.filter { system.mutation != nil || !Scenario.checkersOfChanges.contains($0.checker) }
    }

    /// Changes through the system's interface go on from before the fault until after the recovery.
    var expectsChanges: Bool { expectations.contains { ["changes-done", "changes-answered"].contains($0.checker) } }

    /// How a step damages writes; nil for any other.
    static func writeDamage(of step: Scenario.FaultStep) -> WriteDamage? {
        switch step.action {
        case .cutWrites: .cut
        case .refuseWrites: .refuse
        case .swallowWrites: .swallow
        default: nil
        }
    }

    /// The limit of the recovery: of several faults at once that of the one which may take longest.
    var recoveryNanoseconds: Int64 {
        variant.steps.map { step in
            if case .corrupting = step.trouble, let limit = system.limits.recoverDamagedNanoseconds { return limit }
            return system.limits.recover[step.kind.rawValue] ?? 30_000_000_000
        }.max() ?? 0
    }

    /// From the heal to the last instant at which a recovery counts.
    var recoveryLimit: Instant.Span {
        Instant.Span(nanoseconds: recoveryNanoseconds)
            + .milliseconds(80 * Int64(sentinels.count))
    }

    /// How long the system may take until it has forgotten the clients of the fault: one that is silent it must notice first.
    var clientsCleanedWithin: Int64? {
        switch variant.fault.action {
        case .resetClients: system.limits.recover[variant.fault.kind.rawValue] ?? Self.tidying
        case .silenceClients: system.webSocketClients.map { $0.silentWithinNanoseconds + Self.tidying }
        default: nil
        }
    }

    private static let tidying: Int64 = 5_000_000_000

    /// The requests that are the fault; nil for any other.
    var storm: RegistryStorm.Kind? {
        switch variant.fault.action {
        case .createTwice: .duplicates
        case .deleteParents: .orphans(parents: variant.fault.parents ?? "")
        case .changeAtOnce: .changes
        case .createAndDeleteAtOnce: .lives
        default: nil
        }
    }

    /// The fault as the run makes it. Its phase against the traffic differs by seed.
    ///
    /// - Parameter progress: told how a fault gets on that is made of many.
    func makeFault(progress: @escaping @Sendable (String) -> Void = { _ in }) -> any Fault {
        var random = SeededGenerator(seed: UInt64(bitPattern: job.seed))
        let phase = Instant.Span.microseconds(Int64(random.next() % 500_000))
        if let cycles = variant.cycles {
            return FaultCycles(
                (0..<cycles.count).map { _ in
                    let phase = Instant.Span.microseconds(Int64(random.next() % 500_000))
                    return makeFault(variant.fault, phase, &random, progress)
                }, coolDown: Instant.Span(nanoseconds: cycles.coolDownNanoseconds), limit: recoveryLimit,
                isNull: job.isNull, progress: progress)
        }
        guard variant.steps.count > 1 else { return makeFault(variant.fault, phase, &random, progress) }
        return FaultSequence(
            variant.steps.enumerated().map { index, step in
                FaultSequence.Step(
                    // The first settles where in the traffic all of them fall.
                    fault: makeFault(step, index == 0 ? phase : .zero, &random, progress),
                    at: Instant.Span(nanoseconds: step.atNanoseconds),
                    duration: Instant.Span(nanoseconds: step.durationNanoseconds),
                    isInstantaneous: step.action.kind.isInstantaneous)
            })
    }

    private func makeFault(
        _ step: Scenario.FaultStep, _ phase: Instant.Span, _ random: inout SeededGenerator,
        _ progress: @escaping @Sendable (String) -> Void
    ) -> any Fault {
        let duration = Instant.Span(nanoseconds: step.durationNanoseconds)
        if job.isNull {
            // What takes its time without a length of its own takes about as long when nothing is done.
            let hasOwnLength = [
                Scenario.Action.killSystem, .stopSystem, .sendMalformed, .startLocked, .corruptConfiguration,
                .createTwice,
                .deleteParents, .changeAtOnce, .createAndDeleteAtOnce, .powerCycleHost, .floodHistory, .dipLineSupply,
            ].contains(step.action)
            let span = hasOwnLength ? .seconds(10) : duration
            return NullFault(
                action: step.action, clients: step.clients, duration: span, phase: phase)
        }
        switch step.action {
        case .cutLineSupply:
            return BusCut(channel: supplyChannel ?? "", duration: duration, phase: phase, motion: supplyMotion)
        case .dipLineSupply:
            guard let dips else { preconditionFailure("a sweep has its lengths") }
            let phases = (0..<64).map { _ in Instant.Span.microseconds(Int64(random.next() % 500_000)) }
            return DipSweepFault(dips: dips, limit: recoveryLimit, phases: phases, progress: progress)
        case .killService: return ServiceKill(service: step.service ?? "", duration: duration, phase: phase)
        case .cutInterface:
            return InterfaceUnplug(
                channel: interfaceChannel ?? "", duration: duration,
                again: step.againInReadOutNanoseconds.map(Instant.Span.init(nanoseconds:)), phase: phase)
        case .stallService: return ServiceStall(service: step.service ?? "", duration: duration, phase: phase)
        case .startWithoutService:
            return StartWithoutService(service: step.service ?? "", duration: duration, phase: phase)
        case .killSystem:
            let times = step.times
            let phases = (0..<times).map { _ in Instant.Span.microseconds(Int64(random.next() % 2_000_000)) }
            return SystemKill(times: times, phases: phases)
        case .stopSystem: return SystemStop(phase: phase)
        case .sendMalformed: return makeMalformedTelegrams(phase: phase)
        case .createTwice, .deleteParents, .changeAtOnce, .createAndDeleteAtOnce:
            return RegistryStorm(kind: storm ?? .changes, phase: phase)
        case .powerCycleHost: return HostPowerCycle(duration: duration, phase: phase)
        case .stallResolver:
            return ResolverStall(service: step.service ?? "", duration: duration, phase: phase)
        case .floodHistory: return HistoryFlood(telegrams: historyTelegrams, wanted: historyReports, phase: phase)
        case .floodRequests: return RequestStorm(duration: duration, phase: phase)
        case .resetClients, .silenceClients, .stopReading:
            let kind: ClientFault.Kind =
                switch step.action {
                case .resetClients: .reset
                case .silenceClients: .silent
                default: .slow
                }
            return ClientFault(kind: kind, count: step.clients, duration: duration, phase: phase)
        case .starveLine:
            return LineStarvation(
                sources: line.attachments(.stimulus).compactMap(\.starveAddress), duration: duration, phase: phase)
        case .cutWrites, .refuseWrites, .swallowWrites:
            return WriteFault(
                gate: step.gate ?? "", damage: Self.writeDamage(of: step) ?? .cut, duration: duration, phase: phase)
        case .troubleLink:
            return LinkFault(
                gate: step.gate ?? "", trouble: LinkTrouble(step.trouble ?? .halfOpen), seed: random.next(),
                duration: duration, phase: phase)
        case .startLocked: return StartLocked(phase: phase)
        case .corruptConfiguration: return CorruptConfiguration(seed: random.next(), phase: phase)
        case .lockDatabase:
            return StoreFault(kind: .locked, duration: duration, phase: phase, makesChanges: expectsChanges)
        case .fillDisk: return StoreFault(kind: .full, duration: duration, phase: phase, makesChanges: expectsChanges)
        case .killProcess, .stallProcess, .hangProcess:
            let kind: ProcessStrike.Kind =
                switch step.action {
                case .killProcess: .killed
                case .stallProcess: .stalled(duration)
                default: .hung
                }
            return ProcessStrike(process: step.process ?? "", kind: kind, phase: phase)
        }
    }

    var tracers: [GroupAddress] { addresses(system.points.tracers) }
    var repeats: [GroupAddress] { addresses(system.points.repeats) }

    /// Each changes once, to the other value; which one it begins with differs by seed.
    var sentinels: [Workload.Sentinel] {
        var random = SeededGenerator(seed: UInt64(bitPattern: job.seed) ^ 0x5E17)
        return addresses(system.points.sentinels).map { group in
            let before = UInt8(random.next() & 1)
            return Workload.Sentinel(group: group, before: before, after: 1 - before)
        }
    }

    private func addresses(_ range: SystemProfile.PointRange?) -> [GroupAddress] {
        (range?.addresses ?? []).map(GroupAddress.init(raw:))
    }
}
