import Documents
public import Events
import Glibc
import Platform
import Synchronization

/// The system under test as a run holds it: its host, its services behind gates, the controller, and the probes that look at it.
///
/// In order: `init` (host up, nothing runs), `startServices`, `startSystem`, `waitReady`, `admit`, `startProbes`; faults; `stopProbes`, `stopSystem`,
/// `powerOff`. Events of the sources `log`, `process`, `gate`, `broker-probe`, `health`, `commands` and of every view go to the sink; an
/// actuation is returned and the caller's to record.
public final class SystemUnderTest: Sendable {
    /// Where the system runs and what it is given.
    public struct Surroundings: Sendable {
        /// The knxrig program.
        public var program: String
        /// The directory that `${program_directory}` means.
        public var programDirectory: String
        /// A fresh directory for the system's data, made when it is missing.
        public var data: String
        /// Beside it a directory for the data of the services: what befalls the system's own disk does not befall theirs.
        public var serviceData: String { data + "-of-services" }
        /// The directory that gets `<unit>.log`, made when it is missing.
        public var logs: String
        /// Device of the line's interface for the system.
        public var interface: String
        /// Commands are given over MQTT too, where the profile says how.
        public var commandsBothWays: Bool
        /// Links inside the system that the rig puts a gate in.
        public var links: Set<String>

        public init(
            program: String, programDirectory: String, data: String, logs: String, interface: String,
            commandsBothWays: Bool = false, links: Set<String> = []
        ) {
            self.program = program
            self.programDirectory = programDirectory
            self.data = data
            self.logs = logs
            self.interface = interface
            self.commandsBothWays = commandsBothWays
            self.links = links
        }
    }

    public let profile: SystemProfile
    public let host: Host
    private let substitution: Substitution
    private let sink: EventSink
    private let controller: Host.Unit
    private let services: ServiceRunner
    private let links: SystemLinks
    private let probes: Probes
    private let mutations: MutationProbe?
    private let attempts = Mutex<ConnectionWitness?>(nil)
    /// Clients of the rig's own at the system's WebSocket, where the profile has one; none is open yet.
    public let clients: WebSocketClients?
    /// Requests to what the system keeps a registry of, where the profile has one.
    public let registry: RegistryRequests?
    /// The rig's look at the history that the system keeps, where the profile has one.
    public let history: HistoryLook?
    /// Clients that ask for too much, where the profile says for what.
    public let flood: RequestFlood?
    private let watch: ReadyWatch
    private let admission: Admission
    private let probesRun = Atomic(false)
    private let questions = Atomic<UInt16>(0)

    /// From the start of a service that came back to the rig's own subscription at it.
    private static let subscribedWithin: Instant.Span = .seconds(5)

    /// Checks everything that can be checked and starts the host.
    ///
    /// - Parameter without: protections that the system is started without.
    /// - Throws: missing programs with their packages, an unknown protection, an unfilled reference, or a host that does not come up.
    public init(
        profile: SystemProfile, surroundings: Surroundings, without: [String] = [], sink: @escaping EventSink
    ) throws(SystemFault) {
        let missing = profile.missingPrograms()
        guard missing.isEmpty else { throw SystemFault(missing.joined(separator: "\n")) }
        try profile.check(without: without)
        self.profile = profile
        self.sink = sink
        let isolation = Isolation.present
        let substitution = try SystemUnderTest.substitution(profile, surroundings, isolation)
        self.substitution = substitution
        let watch: ReadyWatch
        do {
            try Files.makeDirectories(surroundings.data)
            try Files.makeDirectories(surroundings.serviceData)
            try Files.makeDirectories(surroundings.logs)
            controller = try SystemUnderTest.controller(profile, substitution, without: without)
            watch = try ReadyWatch(unit: profile.mainProcess, meaning: profile.ready.log)
        } catch {
            throw SystemFault("\(error)")
        }
        self.watch = watch
        let words = LearnedWords(profile)
        let session = profile.login.map { _ in Session() }
        let outputs = profile.views.compactMap { view -> OutputView? in
            guard case .output(let source) = view.source else { return nil }
            return OutputView(view: view.id, process: profile.mainProcess, source: source, sink: sink)
        }
        let host = try Host.start(program: surroundings.program, logs: surroundings.logs, isolation: isolation) {
            event in
            watch.observe(event)
            words.observe(event)
            sink(event)
            for output in outputs { output.observe(event) }
        }
        self.host = host
        admission = Admission(
            login: profile.login, provision: profile.provision, points: profile.points, learns: profile.learns,
            words: words, session: session ?? Session(), substitution: substitution, network: host.pid)
        services = try ServiceRunner(profile: profile, host: host, substitution: substitution, sink: sink)
        do throws(SystemFault) {
            links = try SystemLinks(
                profile.links, asked: surroundings.links, substitution: substitution, network: host.pid, sink: sink)
        } catch {
            services.stop()
            host.powerOff()
            throw error
        }
        do throws(DocumentFailure) {
            probes = try Probes(
                profile: profile, substitution: substitution, host: host, links: links, session: session,
                commandsBothWays: surroundings.commandsBothWays, sink: sink)
            registry = try profile.registry.map { registry throws(DocumentFailure) in
                try RegistryRequests(
                    registry: registry, substitution: substitution, network: host.pid, session: session,
                    sink: sink)
            }
            clients = try profile.webSocket.map { socket throws(DocumentFailure) in
                WebSocketClients(
                    endpoint: try socket.endpoint(by: substitution, session: session), network: host.pid, sink: sink)
            }
            history = try profile.history.map { history throws(DocumentFailure) in
                try HistoryLook(history, substitution: substitution)
            }
            flood = try profile.flood.map { flood throws(DocumentFailure) in
                try RequestFlood(
                    flood: flood, command: profile.command, points: profile.points.commands,
                    substitution: substitution, network: host.pid, session: session, sink: sink)
            }
            for file in profile.hostFiles {
                host.show(try file.text.filled(by: substitution), at: try file.path.filled(by: substitution))
            }
            mutations = try profile.mutation.map { mutation throws(DocumentFailure) in
                try MutationProbe(
                    mutation: mutation, substitution: substitution, session: session, sink: sink)
            }
        } catch {
            links.stop()
            services.stop()
            host.powerOff()
            throw SystemFault(error.description)
        }
    }

    private static func substitution(
        _ profile: SystemProfile, _ surroundings: Surroundings, _ isolation: Isolation
    ) throws(SystemFault) -> Substitution {
        var substitution = Substitution(profile.parameters)
        substitution["data"] = surroundings.data
        substitution["service_data"] = surroundings.serviceData
        substitution["interface"] = surroundings.interface
        substitution["program_directory"] = surroundings.programDirectory
        substitution["profile_directory"] = profile.directory
        // The network is the host's own, so that any fixed numbers will do that a profile's parameters would not take.
        for (index, service) in profile.services.enumerated() {
            substitution["service." + service.id] = String(18_830 + 2 * index)
            if let gate = service.gate { substitution["gate." + gate] = String(18_831 + 2 * index) }
        }
        for (index, link) in profile.links.enumerated() { substitution["gate." + link.id] = String(18_730 + index) }
        if isolation != .namespaces { try takeFreePorts(profile, &substitution) }
        do throws(DocumentFailure) {
            try SystemLinks.put(
                profile.links, asked: surroundings.links, below: surroundings.serviceData, into: &substitution)
        } catch {
            throw SystemFault(error.description)
        }
        return substitution
    }

    /// In a network that is shared with everybody, ports that nobody else has: for services, gates and every parameter that a profile calls a port.
    private static func takeFreePorts(
        _ profile: SystemProfile, _ substitution: inout Substitution
    ) throws(SystemFault) {
        var names = profile.parameters.keys.filter { $0 == "port" || $0.hasSuffix("_port") }.sorted()
        names += profile.services.map { "service." + $0.id } + profile.services.compactMap(\.gate).map { "gate." + $0 }
        names += profile.links.map { "gate." + $0.id }
        // All are held until all are found, so that no two are the same.
        var held: [Descriptor] = []
        do throws(SystemFailure) {
            for name in names {
                let (listener, port) = try Socket.listenTCP()
                held.append(listener)
                substitution[name] = String(port)
            }
        } catch {
            throw SystemFault("there is no free port: \(error)")
        }
        for listener in held { listener.close() }
    }

    private static func controller(
        _ profile: SystemProfile, _ substitution: Substitution, without: [String]
    ) throws(DocumentFailure) -> Host.Unit {
        var unit = try Host.Unit(
            id: profile.mainProcess, run: profile.start.run, files: profile.start.files, substitution: substitution)
        for protection in without {
            var substitution = substitution
            substitution["protection"] = protection
            for word in profile.start.without { unit.arguments.append(try word.filled(by: substitution)) }
        }
        unit.patterns = profile.logs
        if !profile.start.environment.isEmpty {
            var environment = Program.environment
            for (name, value) in profile.start.environment { environment[name] = try value.filled(by: substitution) }
            unit.environment = environment
        }
        return unit
    }

    /// Starts the profile's services, waits for each, and opens their gates and those in the system's own links.
    public func startServices() throws(SystemFault) {
        try services.startAll()
        try links.open()
    }

    /// Gives the network of the system small send buffers. Before the controller is started: later it would keep what it has.
    public func makeSendBuffersSmall() throws(SystemFault) { try SmallSendBuffers.set(inNetworkOf: host.pid) }

    /// Starts the controller.
    public func startSystem() throws(SystemFault) {
        watch.reset()
        try host.start(controller)
    }

    /// Waits until the system's log says that it is ready, as long as the profile allows, at most until `deadline`.
    ///
    /// - Throws: that it ended or did not get ready, with its last lines.
    public func waitReady(until deadline: Instant? = nil) throws(SystemFault) {
        let limit = MonotonicClock.now() + Instant.Span(nanoseconds: profile.ready.withinNanoseconds)
        try watch.wait(until: min(limit, deadline ?? limit))
    }

    /// Logs in and makes the rig's points known, where the profile says how; once, when the system is ready for the first time.
    ///
    /// - Throws: the request that was not answered as it should be.
    public func admit() throws(SystemFault) { try admission.perform() }

    public func startProbes() throws(SystemFault) {
        do throws(SystemFailure) {
            try probes.start()
            try mutations?.start(network: host.pid)
        } catch {
            throw SystemFault("a probe could not be started: \(error)")
        }
        probesRun.store(true, ordering: .releasing)
    }

    /// Ends the probes and waits for their threads; a command under way gets its answer first.
    public func stopProbes() {
        probesRun.store(false, ordering: .releasing)
        mutations?.stop()
        stopWatchingAttempts()
        clients?.stop()
        probes.stop()
    }

    /// Waits until every MQTT probe is subscribed; false when one is not at `deadline`.
    public func waitSubscribed(until deadline: Instant) -> Bool {
        probes.mqtt.allSatisfy { $0.probe.waitSubscribed(until: deadline) }
    }

    /// What its processes hold at this instant.
    public func holdings() -> [ProcessHolding] { probes.processes.holdings() }

    /// While a fault is on, the gates are asked five times a second instead of once.
    public func watchClosely(_ closely: Bool) {
        for probe in probes.gates { probe.watchClosely(closely) }
    }

    /// Kills a service at `due` and closes the gate before it. The read-back is the end of the process.
    public func killService(_ id: String, purpose: String, due: Instant) throws(SystemFault) -> Event.Actuation {
        let (commanded, ended) = try services.kill(id, due: due)
        // A subscription that is dead already must not count when the service is back.
        let deadline = commanded + .seconds(1)
        for (port, probe) in probes.mqtt where ended != nil && substitution["service." + id] == String(port) {
            while probe.isSubscribed, MonotonicClock.now() < deadline { MonotonicClock.sleep(for: .milliseconds(2)) }
        }
        return Event.Actuation(
            target: "process:\(id)", meaning: "kill", purpose: purpose, due: due, commanded: commanded,
            observed: ended, readback: ended == nil ? .failed : .confirmed,
            reason: ended == nil ? "\(id) did not run or did not end" : nil)
    }

    /// Looks for attempts of the system to connect to a service whose gate is closed, until `stopWatchingAttempts`.
    public func watchAttempts(toReach id: String) throws(SystemFault) {
        guard let gate = services.gate(before: id), let port = gate.entrance.port else {
            throw SystemFault("there is no gate before \(id)")
        }
        do throws(SystemFailure) {
            let witness = try ConnectionWitness(gate: gate.id, port: port, network: host.pid, sink: sink)
            attempts.withLock { $0 = witness }
        } catch {
            throw SystemFault("nobody can look for attempts to reach \(id): \(error)")
        }
    }

    public func stopWatchingAttempts() {
        let witness = attempts.withLock { attempts in
            defer { attempts = nil }
            return attempts
        }
        witness?.stop()
    }

    /// Starts a service again, waits until it accepts and the rig's own probes are subscribed at it, and only then opens the gate, so that
    /// nothing that the system sends is missed. The read-back is the open gate.
    public func startService(_ id: String, purpose: String) throws(SystemFault) -> Event.Actuation {
        let commanded = MonotonicClock.now()
        try services.start(id)
        if probesRun.load(ordering: .acquiring) {
            let deadline = MonotonicClock.now() + Self.subscribedWithin
            for (port, probe) in probes.mqtt where substitution["service." + id] == String(port) {
                guard probe.waitSubscribed(until: deadline) else {
                    throw SystemFault(
                        "\(id) is up again, but does not acknowledge the rig's own subscription within 5 s")
                }
            }
        }
        try services.openGate(before: id)
        return Event.Actuation(
            target: "process:\(id)", meaning: "start", purpose: purpose, due: commanded, commanded: commanded,
            observed: MonotonicClock.now(), readback: .confirmed)
    }

    /// Stops a service at `due` or lets it go on. The read-back is the state of its process.
    public func act(
        _ action: ProcessAction, onService id: String, purpose: String, due: Instant
    ) throws(SystemFault) -> Event.Actuation {
        guard let inner = host.innerPID(of: id),
            let process = ProcessTable.descendants(of: host.pid).first(where: { $0.innerPID == inner })
        else { throw SystemFault("the service '\(id)' does not run") }
        return ProcessSignal.send(action, to: [process], named: id, purpose: purpose, due: due)
    }

    /// Ends the controller as an orderly stop does and starts it again; it is not waited for.
    ///
    /// - Returns: the actuation; its read-back is the process that runs again.
    public func restartSystem(purpose: String) throws(SystemFault) -> Event.Actuation {
        let commanded = MonotonicClock.now()
        stopSystem()
        try startSystem()
        return Event.Actuation(
            target: "process:\(profile.mainProcess)", meaning: "restart", purpose: purpose, due: commanded,
            commanded: commanded, observed: MonotonicClock.now(), readback: .confirmed)
    }

    /// Kills the controller at `due` with SIGKILL; what it started is left to itself. The read-back is the end of the process.
    public func killSystem(purpose: String, due: Instant) -> Event.Actuation {
        MonotonicClock.sleep(until: due)
        let unit = profile.mainProcess
        let wasRunning = host.isRunning(unit)
        let commanded = MonotonicClock.now()
        host.signal(unit, SIGKILL)
        let end = wasRunning ? host.waitEnd(of: unit, until: commanded + .seconds(5)) : nil
        return Event.Actuation(
            target: "process:\(unit)", meaning: "kill", purpose: purpose, due: due, commanded: commanded,
            observed: end?.instant, readback: end == nil ? .failed : .confirmed,
            reason: end == nil ? "\(unit) did not run or did not end" : nil)
    }

    /// Asks the controller to end (SIGTERM) at `due`; it is not waited for.
    public func terminateSystem(purpose: String, due: Instant) -> Event.Actuation {
        MonotonicClock.sleep(until: due)
        let unit = profile.mainProcess
        let isRunning = host.isRunning(unit)
        let commanded = MonotonicClock.now()
        host.signal(unit, SIGTERM)
        return Event.Actuation(
            target: "process:\(unit)", meaning: "terminate", purpose: purpose, due: due, commanded: commanded,
            observed: commanded, readback: isRunning ? .assumed : .failed,
            reason: isRunning ? nil : "\(unit) did not run")
    }

    /// Waits until the controller has ended; false when it still runs at `deadline`.
    public func waitEnded(until deadline: Instant) -> Bool {
        host.waitEnd(of: profile.mainProcess, until: deadline) != nil
    }

    /// Starts the controller again. The read-back is its process.
    public func startAgain(purpose: String) throws(SystemFault) -> Event.Actuation {
        let commanded = MonotonicClock.now()
        try startSystem()
        return Event.Actuation(
            target: "process:\(profile.mainProcess)", meaning: "start", purpose: purpose, due: commanded,
            commanded: commanded, observed: MonotonicClock.now(), readback: .confirmed)
    }

    /// Ends everything on the host at once, as a power cut does, and waits until nothing runs. The read-back is that.
    public func cutPower(purpose: String) throws(SystemFault) -> Event.Actuation {
        watchClosely(true)
        let isRunning = host.isRunning(profile.mainProcess)
        let commanded = MonotonicClock.now()
        host.cutPower()
        let deadline = commanded + .seconds(5)
        while !ProcessTable.descendants(of: host.pid).isEmpty, MonotonicClock.now() < deadline {
            MonotonicClock.sleep(for: .milliseconds(1))
        }
        let observed = MonotonicClock.now()
        let isOff = observed < deadline
        for service in profile.services { services.gate(before: service.id)?.close() }
        // A subscription that is dead already must not count when its broker is back.
        for (_, probe) in probes.mqtt {
            while probe.isSubscribed, MonotonicClock.now() < deadline { MonotonicClock.sleep(for: .milliseconds(2)) }
        }
        let failure = isRunning ? "something on it still ran 5 s later" : "\(profile.mainProcess) did not run"
        return Event.Actuation(
            target: "host", meaning: "cut", purpose: purpose, due: commanded, commanded: commanded,
            observed: isOff ? observed : nil, readback: isOff && isRunning ? .confirmed : .failed,
            reason: isOff && isRunning ? nil : failure)
    }

    /// Starts what is to start with the computer: the services, and the system unless its profile says that it makes a file for that and the file is not there.
    public func boot(purpose: String) throws(SystemFault) -> Event.Actuation {
        let commanded = MonotonicClock.now()
        for service in profile.services { _ = try startService(service.id, purpose: purpose) }
        let path: String?
        do throws(DocumentFailure) {
            path = try profile.start.onBoot.map { template throws(DocumentFailure) in
                try template.filled(by: substitution)
            }
        } catch {
            throw SystemFault(error.description)
        }
        if path.map(Files.exists) ?? true { try startSystem() }
        return Event.Actuation(
            target: "host", meaning: "powered", purpose: purpose, due: commanded, commanded: commanded,
            observed: MonotonicClock.now(), readback: .confirmed)
    }

    /// Asks the name server of the host's network: `answered` or `silent`.
    public func askName() -> String {
        let number = questions.wrappingAdd(1, ordering: .relaxed).newValue
        let said = try? HostNetwork.run(of: host.pid) { NameQuery.ask("rig.example", number: number) }
        return said ?? "silent"
    }

    /// The system's own configuration: the first file that it is started with.
    public var configuration: (path: String, text: String)? { controller.files.first }

    /// Starts the controller with its first file as `octets` (nil: without it) and looks what becomes of it.
    public func tryStart(configuration octets: [UInt8]?, within span: Instant.Span) throws(SystemFault) -> TriedStart {
        var unit = controller
        guard !unit.files.isEmpty else { throw SystemFault("the profile has no file that the system is started with") }
        let path = unit.files.removeFirst().path
        unsafe unlink(path)
        do {
            if let octets { try Files.write(octets, to: path) }
        } catch {
            throw SystemFault("\(error)")
        }
        let isAsMeant = octets.map { (try? Files.read(path)) == $0 } ?? !Files.exists(path)
        watch.reset()
        // Of a system that shares this computer's network nobody knows whose socket it is.
        let isAlone = Isolation.present == .namespaces
        let before = isAlone ? SocketTable.read(ofProcess: host.pid).listening : []
        var listened: Set<UInt16> = []
        try host.start(unit)
        let deadline = MonotonicClock.now() + span
        var end: Host.End?
        repeat {
            // A start that is refused may be over in some milliseconds, and with it what it listened on.
            end = host.waitEnd(of: unit.id, until: MonotonicClock.now() + .milliseconds(isAlone ? 1 : 50))
            if isAlone { listened.formUnion(SocketTable.read(ofProcess: host.pid).listening.subtracting(before)) }
        } while end == nil && MonotonicClock.now() < deadline
        if end == nil { host.stop(unit.id, within: .seconds(5)) }
        return TriedStart(isAsMeant: isAsMeant, end: end, lines: watch.lines, listened: listened.sorted())
    }

    /// Changes of what the system stores, of which the rig keeps its own record: on or off.
    public func mutate(_ goesOn: Bool) {
        if goesOn { mutations?.resume() } else { mutations?.pause() }
    }

    /// No command is given, or they are again; one under way goes on.
    public func pauseCommands(_ isPaused: Bool) { probes.commands?.pause(isPaused) }

    /// Reads back what was changed; false when the system does not answer, or stores nothing that the rig could change.
    public func readBackMutations() -> Bool { mutations?.readBack(network: host.pid) ?? false }

    /// The system's database, where the profile has a view of one.
    public var databasePath: String? {
        for view in profile.views {
            if case .sqlite(let source) = view.source { return try? source.path.filled(by: substitution) }
        }
        return nil
    }

    /// Where the system keeps its data.
    public var dataDirectory: String { substitution["data"] ?? "" }

    /// Does it at `due` and waits for the effect, which is the read-back.
    ///
    /// - Parameter id: the process's id in the profile; not the main one's.
    public func act(
        _ action: ProcessAction, onProcess id: String, purpose: String, due: Instant
    ) throws(SystemFault) -> Event.Actuation {
        guard let role = profile.processes.first(where: { $0.id == id && !$0.isMain }) else {
            throw SystemFault("the profile \(profile.name) has no process '\(id)' below the main one")
        }
        return ProcessSignal(host: host, role: role).send(action, purpose: purpose, due: due)
    }

    /// Damages the writes that pass a gate from `due` on, or lets them pass again (nil). The read-back is the gate's own.
    public func damageWrites(
        _ damage: WriteDamage?, through id: String, purpose: String, due: Instant
    ) throws(SystemFault) -> Event.Actuation {
        guard let gate = services.gate(id) else { throw SystemFault("the system has no gate '\(id)'") }
        watchClosely(true)
        MonotonicClock.sleep(until: due)
        let commanded = MonotonicClock.now()
        gate.damage(damage)
        return Event.Actuation(
            target: "gate:\(id)", meaning: damage?.rawValue ?? "pass", purpose: purpose, due: due, commanded: commanded,
            observed: MonotonicClock.now(), readback: .confirmed)
    }

    /// Gives the link through a gate a trouble from `due` on, or takes it away (nil). The read-back is the gate's own.
    ///
    /// - Parameter seed: where octets are damaged.
    public func trouble(
        _ trouble: LinkTrouble?, seed: UInt64, gate id: String, purpose: String, due: Instant
    ) throws(SystemFault) -> Event.Actuation {
        guard let gate = gate(id) else { throw SystemFault("the system has no gate '\(id)'") }
        watchClosely(true)
        // Only of a link that is cut is it asked whether what is behind goes on.
        for probe in probes.gates where probe.isOf(id) { probe.askBehind(trouble == .cut) }
        MonotonicClock.sleep(until: due)
        let commanded = MonotonicClock.now()
        do throws(SystemFailure) {
            try gate.trouble(trouble, seed: seed)
        } catch {
            throw SystemFault("\(error)")
        }
        return Event.Actuation(
            target: "gate:\(id)", meaning: trouble?.text ?? "sound", purpose: purpose, due: due, commanded: commanded,
            observed: MonotonicClock.now(), readback: .confirmed)
    }

    /// Reads every row of the time-series database once; false when it does not answer, or the system writes none.
    public func readRows() -> Bool { probes.rows?.readAll(network: host.pid) ?? false }

    /// The same for a system that has ended, as a view of its own.
    public func readKeptRows() -> Bool {
        probes.rows?.readAll(network: host.pid, as: RowsProbe.keptView) ?? false
    }

    /// The rig looks into the system's database, or does not while the system closes it.
    public func lookAwayFromDatabase(_ isAway: Bool) { for probe in probes.databases { probe.lookAway(isAway) } }

    /// The gate of this id, for faults of the link alone.
    public func gate(_ id: String) -> Gate? { services.gate(id) ?? links.gate(id) }

    /// True while the controller's process runs.
    public var isRunning: Bool { host.isRunning(profile.mainProcess) }

    /// Asks the controller to stop (SIGTERM), and kills it when it takes longer than the profile allows; how it ended, nil when it did not run.
    @discardableResult
    public func stopSystem() -> Host.End? {
        host.stop(profile.mainProcess, within: Instant.Span(nanoseconds: profile.start.stopWithinNanoseconds))
    }

    /// Ends everything at once: the host with all that runs on it, probes and gates.
    public func powerOff() {
        // The host first: a command under way then ends at once instead of at its deadline.
        host.powerOff()
        stopProbes()
        links.stop()
        services.stop()
    }
}

/// Waits for the line that means ready, or for the end of the process, and remembers its last lines.
private final class ReadyWatch: Sendable {
    private struct State {
        var lines: [String] = []
        var isReady = false
        var end: String?
    }

    private let unit: String
    private let meaning: String
    private let state = Mutex(State())
    private let wakeup: Wakeup

    init(unit: String, meaning: String) throws(SystemFailure) {
        self.unit = unit
        self.meaning = meaning
        wakeup = try Wakeup()
    }

    func reset() {
        state.withLock { $0 = State() }
        wakeup.drain()
    }

    /// The last of what it said.
    var lines: [String] { state.withLock { $0.lines } }

    func observe(_ event: Event) {
        switch event.payload {
        case .log(let line) where line.process == unit:
            state.withLock { state in
                state.lines = state.lines.suffix(4) + [line.line]
                if line.means == meaning { state.isReady = true }
            }
            if line.means == meaning { wakeup.signal() }
        case .process(let change) where change.process == unit && change.change == .exited:
            let how = change.signal.map { "signal \($0)" } ?? "exit status \(change.status ?? -1)"
            state.withLock { $0.end = how }
            wakeup.signal()
        default: break
        }
    }

    func wait(until deadline: Instant) throws(SystemFault) {
        _ = Poll.wait([(wakeup.descriptor, .readable)], until: deadline)
        let state = state.withLock { $0 }
        if state.isReady, state.end == nil { return }
        let said =
            state.lines.isEmpty ? "; it wrote nothing" : "; its last lines:\n  " + state.lines.joined(separator: "\n  ")
        if let end = state.end { throw SystemFault("\(unit) ended with \(end) before it was ready\(said)") }
        throw SystemFault("\(unit) did not get ready in time\(said)")
    }
}
