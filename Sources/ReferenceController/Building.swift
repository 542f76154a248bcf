import Glibc
import Synchronization

/// The running controller: makes the parts, starts them in order and stops them in order.
struct Building {
    private static let mqttPatienceNanoseconds: Int64 = 3_000_000_000
    private static let knxPatienceNanoseconds: Int64 = 5_000_000_000
    /// What a controller that does not end in order takes its time for before it tells the broker.
    private static let leaveMicroseconds: UInt32 = 200_000

    private let configuration: Configuration
    private let protections: Set<Protection>

    init(_ configuration: Configuration, _ protections: Set<Protection>) {
        self.configuration = configuration
        self.protections = protections
    }

    /// Runs until one of the signals arrives, which must be blocked in the whole process.
    func run(until stopSignals: sigset_t) {
        let status = Status()
        let points = PointTable(
            configuration.points, keepsRepeats: !protections.contains(.historyDedup))
        let commands = CommandService(configuration, protections: protections)
        let left = protections.contains(.reconnectReleases) ? nil : LeftConnections()
        let mqtt = MqttLink(
            configuration.mqtt, points: points, protections: protections, status: status, left: left)
        let supervisor = KnxdSupervisor(configuration, protections: protections, status: status)
        let bridge = BridgeSupervisor(daemon: configuration.knxd.socket, protections)
        let hub = WebSocketHub(points: points, protections: protections, status: status)
        let timeSeries = configuration.timeSeries.map {
            TimeSeriesLink($0, protections: protections, status: status)
        }
        status.hasTimeSeries.store(timeSeries != nil, ordering: .relaxed)
        let livePath = LivePath(timeSeries: timeSeries)
        let intake = Intake(
            points: points, mqtt: mqtt, hub: hub, commands: commands, status: status, livePath: livePath,
            protections: protections)
        let connection = KnxdConnection(
            supervisor: supervisor, points: points, protections: protections, status: status, mqtt: mqtt,
            commands: commands, intake: intake, left: left)
        // What can refuse to start comes first, while nothing else runs yet.
        let store: StateStore
        let registry: Registry
        do throws(StateStore.OpenError) {
            store = try StateStore(points, history: configuration.history, protections: protections)
            registry = try Registry(StateStore.path, protections: protections)
        } catch {
            ReferenceController.fail(error.message)
        }
        let routes = HttpRoutes(points: points, commands: commands, status: status, registry: registry)
        let server = HttpServer(routes, hub: hub, isLimited: protections.contains(.apiLimits)) {
            connection.send($1, to: $0)
        }
        do throws(HttpServer.BindError) {
            try server.bind(configuration.http)
        } catch {
            ReferenceController.fail(error.message)
        }
        if !protections.contains(.databaseOffLivePath) { livePath.writeThrough(to: store) }
        let mqttCommands = MqttCommands(prefix: configuration.mqtt.prefix, commands: commands) {
            connection.send($1, to: $0)
        }
        let commandThread = NamedThread("commands") { commands.run() }
        let httpThread = NamedThread("http") { server.run() }
        let registryThread = NamedThread("registry") { registry.run() }
        let storeThread = NamedThread("store") { store.run() }
        let timeSeriesThread = timeSeries.map { link in NamedThread("time series") { link.run() } }
        let mqttThread = NamedThread("mqtt") { mqtt.run(mqttCommands) }
        let supervisorThread = NamedThread("knxd supervisor") { supervisor.run() }
        let bridgeThread = NamedThread("bridge") { bridge.run() }
        let connectionThread = NamedThread("knx") { connection.run() }
        let watchdog = KnxdWatchdog(supervisor) { connection.reread() }
        let watchdogThread =
            protections.contains(.knxdWatchdog) ? NamedThread("knxd watchdog") { watchdog.run() } : nil

        if !wait(for: stopSignals, status) {
            supervisor.stop()
            ReferenceController.fail(
                "mqtt: no broker answers at \(configuration.mqtt.broker.host):\(configuration.mqtt.broker.port)")
        }
        Log.info("stopping")
        if !protections.contains(.shutdownFlush) {
            supervisor.stop()
            bridge.stop()
            exit(0)
        }

        // First the answers that still wait, then the end of the server, which writes them.
        commands.stop()
        hub.stop()
        server.stop()
        httpThread.join()
        commandThread.join()
        // No telegram comes after this, so that what the store then writes is the last.
        watchdog.stop()
        watchdogThread?.join()
        connection.stop()
        connectionThread.join()
        bridge.stop()
        bridgeThread.join()
        let closes = protections.contains(.shutdownClose)
        func closeDatabase() {
            registry.stop(closes: closes)
            registryThread.join()
            store.stop(closes: closes)
            storeThread.join()
        }
        // Whoever reads that the system is offline finds all its rows, and the database is open as long as anything may still go wrong.
        let endsInOrder = protections.contains(.shutdownOrder)
        if !endsInOrder { closeDatabase() }
        timeSeries?.stop()
        timeSeriesThread?.join()
        if !endsInOrder { usleep(Self.leaveMicroseconds) }
        mqtt.stop()
        mqttThread.join()
        if endsInOrder { closeDatabase() }
        supervisor.stop()
        supervisorThread.join()
        Log.info("stopped")
    }

    /// Reports `ready` when both connections are there or their time is up, and returns at the first signal.
    /// - Returns: False when the broker is not there and is not optional.
    private func wait(for stopSignals: sigset_t, _ status: Status) -> Bool {
        let started = monotonicNanoseconds()
        var signals = stopSignals
        var pause = timespec(tv_sec: 0, tv_nsec: 10_000_000)
        while true {
            let passed = monotonicNanoseconds() - started
            let mqtt = status.mqttConnected.load(ordering: .relaxed)
            let knx = status.knxConnected.load(ordering: .relaxed)
            if mqtt || passed > Self.mqttPatienceNanoseconds, knx || passed > Self.knxPatienceNanoseconds { break }
            if unsafe sigtimedwait(&signals, nil, &pause) > 0 { return true }
        }
        if !status.mqttConnected.load(ordering: .relaxed), !protections.contains(.startMqttOptional) { return false }
        Log.info("ready", ["pid": JSON(getpid()), "without": .array(without)])
        while unsafe sigwaitinfo(&signals, nil) < 0 {}
        return true
    }

    private var without: [JSON] {
        Protection.allCases.filter { !protections.contains($0) }.map { .string($0.rawValue) }
    }
}
