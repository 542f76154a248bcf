public import Documents

/// One failure and what recovery is expected, as a file in rigs/scenarios/ says it.
public struct Scenario: Sendable {
    /// One step of a fault: what is done, with what, for how long.
    public struct FaultStep: Sendable, Hashable {
        public var action: Action
        /// The service, where the action needs one.
        public var service: String?
        /// The gate, where the action is on what passes it.
        public var gate: String?
        /// The system's process, where the action needs one.
        public var process: String?
        /// What is deleted while others refer to it, by the profile's relations; nil where nothing is.
        public var parents: String?
        /// Clients of the system that the fault is made with; 1 where it is made with none.
        public var clients: Int
        /// From the first step of the fault to this one; 0 for the first.
        public var atNanoseconds: Int64
        /// From fault to heal; 0 for what nothing heals.
        public var durationNanoseconds: Int64
        /// How often it is made; 1 for what is made once.
        public var times: Int
        /// The lengths that are tried; nil for what has one length or none.
        public var sweep: Sweep?
        /// How long the fault comes back once the system has begun to read its state again; nil when it does not.
        public var againInReadOutNanoseconds: Int64?
        /// Chips that must fall silent for the proof, of those on the line, and tracers that must have been due meanwhile.
        public var chipsSilent: Int?
        public var tracersDue: Int?
        /// How the contact of the line's supply moves; nil: at once, and once.
        public var contact: ContactMotion?
        /// Interruptions that the trace of the supply must show at each edge where the contact bounces.
        public var interruptions: Int?
        /// What the witness must have seen of the telegram that the contact opened in.
        public var telegramLeft: TelegramLeft?
        /// What becomes of the link through the gate.
        public var trouble: LinkTrouble?
        /// What puts malformed telegrams on the line; nil for what puts none there.
        public var injector: Injector?
        /// The gate through which the rig must be refused for the proof.
        public var refusedGate: String?
        /// The gate past which the rig must reach the service all the while.
        public var reachedGate: String?
        /// Hops whose telegrams cannot arrive while the fault lasts: `line`, `mqtt`.
        public var cuts: [String]

        /// From the first movement of the contact to its last when it closes, nanoseconds.
        public var closingNanoseconds: Int64 { contact?.closing?.withinNanoseconds ?? 0 }

        /// What the fault is called where limits are set for it: without its broker a system is worse off than without any other service.
        public var kind: FaultKind {
            switch action {
            case .killService where service != "broker": .serviceDown
            case .stallService where service != "broker": .serviceStalled
            default: action.kind
            }
        }
    }

    public enum Action: String, CaseIterable, Sendable {
        case cutLineSupply = "cut-line-supply"
        case killService = "kill-service"
        case cutInterface = "cut-interface"
        case killProcess = "kill-process"
        case stallProcess = "stall-process"
        case hangProcess = "hang-process"
        case stallService = "stall-service"
        case lockDatabase = "lock-database"
        case fillDisk = "fill-disk"
        case startWithoutService = "start-without-service"
        case killSystem = "kill-system"
        case stopSystem = "stop-system"
        case sendMalformed = "send-malformed"
        case startLocked = "start-locked"
        case corruptConfiguration = "corrupt-configuration"
        case createTwice = "create-twice"
        case deleteParents = "delete-parents"
        case changeAtOnce = "change-at-once"
        case createAndDeleteAtOnce = "create-and-delete-at-once"
        case powerCycleHost = "power-cycle-host"
        case stallResolver = "stall-resolver"
        case floodHistory = "flood-history"
        case floodRequests = "flood-requests"
        case resetClients = "reset-clients"
        case silenceClients = "silence-clients"
        case stopReading = "stop-reading"
        case cutWrites = "cut-writes"
        case refuseWrites = "refuse-writes"
        case swallowWrites = "swallow-writes"
        case dipLineSupply = "dip-line-supply"
        case starveLine = "starve-line"
        case troubleLink = "trouble-link"

        public var kind: FaultKind {
            switch self {
            case .cutLineSupply: .busCut
            case .killService: .brokerDown
            case .cutInterface: .interfaceUnplugged
            case .killProcess: .daemonKilled
            case .stallProcess: .daemonStalled
            case .hangProcess: .daemonHung
            case .stallService: .brokerStalled
            case .lockDatabase: .databaseLocked
            case .fillDisk: .diskFull
            case .startWithoutService: .startWithoutBroker
            case .killSystem: .systemKilled
            case .stopSystem: .systemStopped
            case .sendMalformed: .malformedTelegrams
            case .startLocked: .startLocked
            case .corruptConfiguration: .configurationCorrupt
            case .createTwice: .duplicateIDs
            case .deleteParents: .orphanedReferences
            case .changeAtOnce, .createAndDeleteAtOnce: .concurrentChanges
            case .powerCycleHost: .hostPowerCut
            case .stallResolver: .resolverSilent
            case .floodHistory: .historyFlooded
            case .floodRequests: .requestsFlooded
            case .resetClients: .clientsReset
            case .silenceClients: .clientsSilent
            case .stopReading: .clientSlow
            case .starveLine: .lineStarved
            case .troubleLink: .linkTroubled
            case .cutWrites, .refuseWrites, .swallowWrites: .writesDamaged
            case .dipLineSupply: .supplyDips
            }
        }

        /// True for what acts on a process of the system's own.
        public var actsOnProcess: Bool { self == .killProcess || self == .stallProcess || self == .hangProcess }

        /// True for what is done with clients of the system's.
        public var actsOnClients: Bool { self == .resetClients || self == .silenceClients || self == .stopReading }
    }

    /// What puts a malformed telegram on the line, and so what can be wrong with it.
    public enum Injector: String, CaseIterable, Sendable {
        /// A client of any chip: right frames of up to 64 octets that say what makes no sense.
        case client
        /// A chip that takes frames of any length: the same up to 263 octets.
        case chip
        /// What forms the octets itself: a wrong check octet, frames that end too early, octets that are no frame.
        case line
    }

    /// Lengths from one to another whose logarithms lie equally far apart, each made a number of times.
    public struct Sweep: Sendable, Hashable {
        public var fromNanoseconds: Int64
        public var toNanoseconds: Int64
        public var lengths: Int
        public var times: Int
    }

    /// A line that is saturated from before the fault until after its heal.
    public struct Load: Sendable, Hashable {
        /// From the first instant of the saturation to the command of the fault.
        public var beforeNanoseconds: Int64
        /// From the heal to the end of the saturation.
        public var afterNanoseconds: Int64
        /// Percent of the line's capacity that the witness must have heard all the while.
        public var atLeastPercent: Int
        /// A consumer that takes nothing just before the fault; nil: all take what comes.
        public var stall: Stall?

        /// A service that stands still for a while before the fault, and goes on as soon as the fault has been made.
        public struct Stall: Sendable, Hashable {
            public var service: String
            public var durationNanoseconds: Int64
        }
    }

    /// One expectation: the checker by its name, and how it takes sentinels.
    public struct Expectation: Sendable, Hashable {
        public var checker: String
        /// `reread`: sentinels change silently and the system must ask; `write`: they change on the line.
        public var sentinels: String?
    }

    /// A protection that, switched off, must make the scenario fail.
    public struct Sabotage: Sendable, Hashable {
        public var protection: String
        /// What the verdict's sentence says of the broken property: a phrase of it, or the word that one of its clauses begins with.
        public var finding: String
    }

    /// A named form of the scenario with its own parameters.
    public struct Variant: Sendable, Hashable {
        public var name: String
        /// What is done, in order; the first begins at 0.
        public var steps: [FaultStep]
        /// What rig and system must have beside what the scenario requires.
        public var requires: [String]
        public var expectations: [Expectation]
        public var sabotages: [Sabotage]
        public var baselineNanoseconds: Int64
        public var holdNanoseconds: Int64
        /// Percent of the line's capacity.
        public var tracerLoad: Int
        /// nil: the line carries the tracers' steady load and no more.
        public var load: Load?
        /// nil: the fault is made once.
        public var cycles: Cycles?
        /// It takes so long that it is made when it is asked for by name, and not with all others.
        public var isApart: Bool

        /// The first step, which is the only one of most.
        public var fault: FaultStep { steps[0] }

        /// From the first step's beginning to the last heal that the rig makes, nanoseconds.
        public var faultNanoseconds: Int64 {
            let once = steps.map { $0.atNanoseconds + $0.durationNanoseconds }.max() ?? 0
            guard let cycles else { return once }
            return Int64(cycles.count) * once + Int64(cycles.count - 1) * cycles.coolDownNanoseconds
        }

        /// Hops whose telegrams cannot arrive while any step lasts.
        public var cuts: [String] {
            steps.flatMap(\.cuts).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        }

        /// The saturation beside the fault, nanoseconds; 0 without one.
        public var loadNanoseconds: Int64 { (load?.beforeNanoseconds ?? 0) + (load?.afterNanoseconds ?? 0) }
    }

    public var id: String
    public var name: String
    public var tier: Int
    /// 1…5 each; their product is the risk.
    public var likelihood: Int
    public var impact: Int
    /// What rig and system must have: `relay:line-supply`, `relay:interface`, `witness`, `stimulus`, `service:broker`, `gate:broker`,
    /// `timed-contact`, `injector:chip`, `injector:line`, `process:knxd`, `process:bridge`, `database`, `saturation`, `queue`, `command:mqtt` and other parts of the
    /// system profile.
    public var requires: [String]
    /// The first is the default.
    public var variants: [Variant]
    public var file: String
    public var text: String

    /// Names that `expect` may use.
    public static let checkerNames = [
        "detected", "recovers", "no-restart", "state", "ledger", "order", "commands", "zombie", "leaks", "unaffected",
        "no-errors", "undisturbed",
        "available", "integrity", "durability", "shutdown", "skips", "refuses-start",
        "rejects", "registry", "serves", "history", "flood", "clients", "slow-client", "healthy", "rows", "row-buffer",
        "keeps-up", "backlog", "dips", "no-wrong-value", "changes-done", "changes-answered",
        "backs-off", "subscription", "growth", "memory",
    ]

    /// Checkers of changes that the rig makes through the system's interface: a system that offers none has nothing for them to judge.
    public static let checkersOfChanges = ["changes-done", "changes-answered", "durability"]

    static let requirements = [
        "relay:line-supply", "relay:interface", "witness", "stimulus", "service:broker", "gate:broker", "process:knxd",
        "database", "mutation", "spares", "registry", "devices", "history", "flood", "service:resolver",
        "process:bridge", "websocket", "service:victoria-metrics", "gate:time-series-database", "rows", "saturation",
        "queue", "gate:knxd", "timed-contact", "injector:chip", "injector:line", "command:mqtt",
    ]

    public init(path: String) throws(DocumentFailure) {
        try self.init(text: String(decoding: try DataDirectories.read(path), as: UTF8.self), file: path)
    }

    public init(text: String, file: String) throws(DocumentFailure) {
        let node = try Node.parse(text, file: file)
        _ = try node.entries(
            of: "a scenario",
            keys: [
                "version", "id", "name", "tier", "likelihood", "impact", "requires", "parameters", "load", "fault",
                "variants",
            ])
        let version = try node.required("version")
        guard try version.integer() == 1 else { throw version.failure("this knxrig reads version 1 of scenarios") }
        self.file = file
        self.text = text
        id = try node.required("id").text()
        name = try node.required("name").text()
        tier = try node.required("tier").integer(1...6)
        likelihood = try node.required("likelihood").integer(1...5)
        impact = try node.required("impact").integer(1...5)
        requires = try Scenario.requirements(node.required("requires"))
        let fault = try node.required("fault")
        variants = []
        for variantNode in try node.required("variants").elements() {
            let variant = try Variant(variantNode, fault: fault, load: node["load"], common: node["parameters"])
            if variants.contains(where: { $0.name == variant.name }) {
                throw variantNode.failure("two variants are called '\(variant.name)'")
            }
            variants.append(variant)
        }
        guard !variants.isEmpty else { throw node.failure("a scenario has at least one variant") }
    }

    static func requirements(_ node: Node) throws(DocumentFailure) -> [String] {
        var requires: [String] = []
        for requirement in try node.elements() {
            let text = try requirement.text()
            guard Scenario.requirements.contains(text) else {
                throw requirement.failure(
                    "'\(text)' is nothing that a rig can have"
                        + Nearest.suggestion(for: text, among: Scenario.requirements))
            }
            requires.append(text)
        }
        return requires
    }
}

extension Scenario.Variant {
    init(_ node: Node, fault: Node, load: Node?, common: Node?) throws(DocumentFailure) {
        let parameters = Parameters(own: node, common: common)
        // A variant may say by itself what is done, in the place of what the scenario says; the scenario's load is then not its own.
        let load = node["fault"] == nil ? load : nil
        let stepNodes = try (node["fault"] ?? fault).elements()
        for entry in try node.entries(of: "a variant") {
            let known =
                ["name", "fault", "requires", "expect", "sabotages", "apart", "cycles", "cool_down"]
                + parameters.known(stepNodes + (load.map { [$0] } ?? []))
            guard known.contains(entry.key) else {
                throw DocumentFailure(
                    file: node.file, position: entry.keyPosition,
                    message: "a variant has no key '\(entry.key)'" + Nearest.suggestion(for: entry.key, among: known))
            }
        }
        name = try node.required("name").text()
        isApart = try node["apart"]?.bool() ?? false
        requires = try node["requires"].map { node throws(DocumentFailure) in try Scenario.requirements(node) } ?? []
        steps = try Scenario.FaultStep.sequence(stepNodes, of: node["fault"] ?? fault, parameters)
        baselineNanoseconds = try parameters["baseline"]?.nanoseconds() ?? 10_000_000_000
        holdNanoseconds = try parameters["hold"]?.nanoseconds() ?? 10_000_000_000
        tracerLoad = try parameters["tracer_load"]?.integer(1...90) ?? 40
        self.load = try load.map { node throws(DocumentFailure) in try Scenario.Load(node, parameters) }
        if self.load != nil, stepNodes.count > 1 {
            throw stepNodes[1].failure("a fault on a saturated line has one step: the load is the other fault")
        }
        expectations = []
        for expectation in try node.required("expect").elements() {
            expectations.append(try Scenario.Expectation(expectation))
        }
        cycles = try Scenario.Cycles(node, of: steps, hold: holdNanoseconds, expectations: expectations)
        sabotages = []
        for sabotage in try node["sabotages"]?.elements() ?? [] {
            _ = try sabotage.entries(of: "a sabotage", keys: ["protection", "finding"])
            sabotages.append(
                Scenario.Sabotage(
                    protection: try sabotage.required("protection").text(),
                    finding: try sabotage.required("finding").text()))
        }
    }
}

extension Scenario.Load {
    init(_ node: Node, _ parameters: Parameters) throws(DocumentFailure) {
        _ = try node.entries(of: "a load", keys: ["before", "after", "at_least", "stall"])
        beforeNanoseconds = try parameters.resolve(try node.required("before")).nanoseconds()
        afterNanoseconds = try parameters.resolve(try node.required("after")).nanoseconds()
        atLeastPercent = try parameters.resolve(try node.required("at_least")).integer(50...100)
        guard beforeNanoseconds >= 5_000_000_000, afterNanoseconds >= 5_000_000_000 else {
            throw node.failure("a line that is saturated for less than 5 s on either side of the fault shows nothing")
        }
        stall = try node["stall"].map { node throws(DocumentFailure) in try Stall(node, parameters) }
        if let stall, beforeNanoseconds - stall.durationNanoseconds < 5_000_000_000 {
            throw node.failure(
                "a line that is saturated for less than 5 s before its consumer stands still shows nothing")
        }
    }
}

extension Scenario.Load.Stall {
    init(_ node: Node, _ parameters: Parameters) throws(DocumentFailure) {
        _ = try node.entries(of: "a stall", keys: ["service", "for"])
        service = try parameters.resolve(try node.required("service")).text()
        durationNanoseconds = try parameters.resolve(try node.required("for")).nanoseconds()
    }
}

extension Scenario.Expectation {
    init(_ node: Node) throws(DocumentFailure) {
        _ = try node.entries(of: "an expectation", keys: ["checker", "sentinels"])
        let checkerNode = try node.required("checker")
        checker = try checkerNode.text()
        guard Scenario.checkerNames.contains(checker) else {
            throw checkerNode.failure(
                "there is no checker '\(checker)'" + Nearest.suggestion(for: checker, among: Scenario.checkerNames))
        }
        sentinels = try node["sentinels"]?.text()
        if let sentinels, !["reread", "write"].contains(sentinels) {
            throw (node["sentinels"] ?? node).failure("sentinels are 'reread' or 'write'")
        }
        if checker == "state", sentinels == nil { throw node.failure("'state' needs 'sentinels'") }
    }
}

extension Scenario.Sweep {
    init(_ node: Node, times: Int, _ parameters: Parameters) throws(DocumentFailure) {
        fromNanoseconds = try parameters.resolve(try node.required("from")).nanoseconds()
        toNanoseconds = try parameters.resolve(try node.required("to")).nanoseconds()
        lengths = try parameters.resolve(try node.required("lengths")).integer(2...100)
        self.times = times
        guard fromNanoseconds >= 1_000_000, toNanoseconds >= 2 * fromNanoseconds else {
            throw node.failure("a sweep goes from 1 ms or more to twice that or more")
        }
    }
}

extension Scenario.FaultStep {
    init(_ node: Node, _ parameters: Parameters) throws(DocumentFailure) {
        _ = try node.entries(
            of: "a fault step",
            keys: [
                "do", "at", "service", "gate", "process", "parents", "for", "times", "clients", "again_in_read_out",
                "contact",
                "witness", "cuts", "from", "to", "lengths", "trouble", "by",
                "injector",
            ])
        atNanoseconds =
            try node["at"].map { node throws(DocumentFailure) in try parameters.resolve(node).nanoseconds() } ?? 0
        action = try parameters.resolve(try node.required("do")).choice("fault")
        service = try node["service"]?.text()
        gate = try node["gate"]?.text()
        process = try node["process"]?.text()
        if action == .deleteParents {
            parents = try parameters.resolve(try node.required("parents")).text()
        } else if let value = node["parents"] {
            throw value.failure("only 'delete-parents' has 'parents'")
        }
        durationNanoseconds =
            action.kind.isInstantaneous || action == .dipLineSupply
            ? 0 : try parameters.resolve(try node.required("for")).nanoseconds()
        times =
            try node["times"].map { node throws(DocumentFailure) in try parameters.resolve(node).integer(1...20) } ?? 1
        clients =
            try node["clients"].map { node throws(DocumentFailure) in try parameters.resolve(node).integer(1...100) }
            ?? 1
        if let again = node["again_in_read_out"], let value = try parameters.value(again) {
            againInReadOutNanoseconds = try value.nanoseconds()
        }
        if action == .troubleLink { trouble = try Scenario.linkTrouble(node, parameters) }
        if let value = node["injector"] {
            guard action == .sendMalformed else {
                throw value.failure("only 'send-malformed' has an 'injector'")
            }
            injector = try parameters.resolve(value).choice("injector")
        } else if action == .sendMalformed {
            injector = .client
        }
        if action == .dipLineSupply { sweep = try Scenario.Sweep(node, times: times, parameters) }
        let witness = try node.required("witness")
        _ = try witness.entries(
            of: "a witness",
            keys: [
                "chips_silent", "tracers_due", "refused", "gone", "refuses_writes", "seen", "silent", "interruptions",
                "telegram", "reached",
            ])
        chipsSilent = try witness["chips_silent"]?.integer(1...16)
        tracersDue = try witness["tracers_due"]?.integer(1...10_000)
        refusedGate = try witness["refused"]?.text()
        reachedGate = try witness["reached"]?.text()
        contact = try node["contact"].map { node throws(DocumentFailure) in
            try Scenario.ContactMotion(node, parameters)
        }
        interruptions = try witness["interruptions"]?.integer(3...20)
        telegramLeft = try witness["telegram"].map { node throws(DocumentFailure) in
            try parameters.resolve(node).choice("rest of a telegram")
        }
        cuts = []
        for cut in try node.required("cuts").elements() { cuts.append(try cut.text()) }
        try check(node, witness)
    }

    /// Nor is a contact whose motion nobody could see.
    private func checkContact(_ node: Node, _ witness: Node) throws(DocumentFailure) {
        guard contact == nil || action == .cutLineSupply else {
            throw node.failure("only 'cut-line-supply' has a contact")
        }
        guard (contact?.opening != nil || contact?.closing != nil) == (interruptions != nil) else {
            throw witness.failure("a contact that bounces is proven by 'interruptions' in the trace of the supply")
        }
        guard contact?.opensIn == nil || telegramLeft != nil else {
            throw witness.failure(
                "a contact that opens in a telegram is proven by what was left of it: 'telegram: truncated' or 'unacknowledged'"
            )
        }
        guard telegramLeft == nil || contact?.opensIn != nil || contact == nil && telegramLeft == .truncated else {
            throw witness.failure(
                "only a contact that 'opens_in' a telegram can come before its acknowledge; a relay that opens at any time is proven by "
                    + "'telegram: truncated' and no 'contact'")
        }
        guard telegramLeft == nil || action == .cutLineSupply else {
            throw witness.failure("only 'cut-line-supply' leaves a telegram truncated")
        }
    }

    /// A fault that nobody could prove is no fault.
    private func check(_ node: Node, _ witness: Node) throws(DocumentFailure) {
        if againInReadOutNanoseconds != nil, action != .cutInterface {
            throw node.failure("only 'cut-interface' comes again in the read-out")
        }
        try checkContact(node, witness)
        switch action {
        case .cutLineSupply:
            guard chipsSilent ?? 0 >= 2, tracersDue ?? 0 >= 10 else {
                throw witness.failure("a cut is proven by at least 2 chips silent while at least 10 tracers were due")
            }
        case .dipLineSupply:
            guard chipsSilent ?? 0 >= 2 else {
                throw witness.failure("a dip is proven by the supply's sense or by at least 2 chips: 'chips_silent: 2'")
            }
        case .killService, .stallService, .startWithoutService:
            guard service != nil else { throw node.failure("'\(action.rawValue)' needs a 'service'") }
            guard refusedGate != nil else {
                throw witness.failure("a service that is away is proven by 'refused' at its gate")
            }
        case .cutWrites, .refuseWrites, .swallowWrites:
            guard let gate else { throw node.failure("'\(action.rawValue)' needs a 'gate'") }
            guard refusedGate == gate else {
                throw witness.failure(
                    "damaged writes are proven by the gate's own record and by the rig's own write: 'refused: \(gate)'")
            }
        case .troubleLink:
            guard let gate else { throw node.failure("'\(action.rawValue)' needs a 'gate'") }
            guard refusedGate == gate else {
                throw witness.failure(
                    "a link in trouble is proven by the rig's own questions through it: 'refused: \(gate)'")
            }
            guard (trouble == .cut) == (reachedGate != nil), reachedGate ?? gate == gate else {
                throw witness.failure(
                    "a link that is cut, and no other, is proven by the rig's own questions past the gate too: 'reached: \(gate)'"
                )
            }
        case .killSystem, .stopSystem:
            guard try witness["gone"]?.text() == "system" else {
                throw witness.failure("what is done to the system is proven by 'gone: system'")
            }
        case .sendMalformed:
            guard try witness["seen"]?.text() == "frames" else {
                throw witness.failure(
                    "malformed telegrams are proven by 'seen: frames': the witness saw each, octet by octet")
            }
        case .createTwice, .deleteParents, .changeAtOnce, .createAndDeleteAtOnce:
            guard try witness["seen"]?.text() == "requests" else {
                throw witness.failure("requests are proven by 'seen: requests': the rig's own log of each")
            }
        case .powerCycleHost:
            guard try witness["gone"]?.text() == "host" else {
                throw witness.failure("a power cut of the computer is proven by 'gone: host'")
            }
        case .stallResolver:
            guard service != nil else { throw node.failure("'\(action.rawValue)' needs a 'service'") }
            guard try witness["silent"]?.text() == "resolver" else {
                throw witness.failure("a silent name server is proven by the rig's own questions: 'silent: resolver'")
            }
        case .floodHistory:
            guard try witness["seen"]?.text() == "reports" else {
                throw witness.failure("reports of devices are proven by 'seen: reports': the witness heard them")
            }
        case .floodRequests:
            guard try witness["seen"]?.text() == "requests" else {
                throw witness.failure("requests are proven by 'seen: requests': the rig's own log of each")
            }
        case .resetClients, .silenceClients, .stopReading:
            guard try witness["seen"]?.text() == "sockets" else {
                throw witness.failure(
                    "what clients do is proven by 'seen: sockets': the kernel's own table of them, at both ends")
            }
            guard action != .stopReading || clients == 1 else { throw node.failure("one client stops reading") }
        case .starveLine:
            guard try witness["silent"]?.text() == "system" else {
                throw witness.failure(
                    "a system that never gets its turn is proven by 'silent: system' on a line that the witness hears full"
                )
            }
        case .corruptConfiguration:
            guard try witness["seen"]?.text() == "files" else {
                throw witness.failure("corrupt configurations are proven by 'seen: files': each as it was written")
            }
        case .lockDatabase, .startLocked, .fillDisk:
            let place = action == .fillDisk ? "disk" : "database"
            guard try witness["refuses_writes"]?.text() == place else {
                throw witness.failure(
                    "'\(action.rawValue)' is proven by the rig's own writes: 'refuses_writes: \(place)'")
            }
        case .cutInterface:
            guard try witness["gone"]?.text() == "interface", tracersDue ?? 0 >= 5 else {
                throw witness.failure(
                    "an unplugged interface is proven by 'gone: interface' while at least 5 tracers passed on the line")
            }
        case .killProcess, .stallProcess, .hangProcess:
            guard let process else { throw node.failure("'\(action.rawValue)' needs a 'process'") }
            guard try witness["gone"]?.text() == process else {
                throw witness.failure("what is done to a process is proven by 'gone: \(process)'")
            }
        }
    }
}

/// The parameters that a fault step may refer to as `${name}`: the variant's own, then the scenario's.
struct Parameters {
    let own: Node
    let common: Node?

    subscript(name: String) -> Node? { own[name] ?? common?[name] }

    /// Names that a variant may set: those that fault and load refer to, and those that the scenario has.
    func known(_ referring: [Node]) -> [String] {
        var names = ["baseline", "hold", "tracer_load"]
        if case .mapping(let entries) = common?.content { names += entries.map(\.key) }
        for node in referring { names += Parameters.references(in: node) }
        return names
    }

    private static func references(in node: Node) -> [String] {
        switch node.content {
        case .scalar(let text, _): reference(text).map { [$0] } ?? []
        case .mapping(let entries): entries.flatMap { references(in: $0.value) }
        case .sequence(let elements): elements.flatMap { references(in: $0) }
        }
    }

    /// What a key stands for that need not be set: nil when it refers to a parameter that neither the variant nor the scenario has.
    func value(_ node: Node) throws(DocumentFailure) -> Node? {
        guard let name = Parameters.reference(try node.text()) else { return node }
        return self[name]
    }

    func resolve(_ node: Node) throws(DocumentFailure) -> Node {
        guard let name = Parameters.reference(try node.text()) else { return node }
        guard let value = self[name] else {
            throw node.failure("neither the variant nor the scenario has a parameter '\(name)'")
        }
        return value
    }

    private static func reference(_ text: String) -> String? {
        text.hasPrefix("${") && text.hasSuffix("}") ? String(text.dropFirst(2).dropLast()) : nil
    }
}
