import Events
import Glibc
import Platform
import Testing

@testable import Systems

/// The real broker, the real controller and the real interface daemon (on a terminal with nobody behind it) on a real host.
@Suite(
    .serialized, .enabled(if: Repository.canHost, Repository.whyNoHost),
    .enabled(if: Repository.program("reference-controller") != nil, "needs the built reference-controller"),
    .enabled(if: Files.exists("/usr/sbin/mosquitto") && Files.exists("/usr/bin/knxd"), "needs mosquitto and knxd"))
struct SystemUnderTestTests {
    let collector = Collector()

    func system(in directory: TemporaryDirectory, interface: String, without: [String] = []) throws -> SystemUnderTest {
        let profile = try SystemProfile.load(Repository.path("rigs/systems/reference-controller.yaml"))
        return try SystemUnderTest(
            profile: profile,
            surroundings: .init(
                program: try #require(Repository.program("knxrig")), programDirectory: Repository.path(".build/debug"),
                data: directory.path + "/data", logs: directory.path + "/logs", interface: interface),
            without: without, sink: collector.sink)
    }

    func sample(_ view: String, _ point: String, _ reading: Value? = nil, after: Instant? = nil) -> Event? {
        collector.first { event in
            guard case .sample(let sample) = event.payload else { return false }
            return sample.view == view && sample.point == point && (reading == nil || sample.reading == reading)
                && (after.map { event.instant > $0 } ?? true)
        }
    }

    func links(after: Instant) -> [Event.LinkChange.Change] {
        collector.all.filter { $0.instant > after }.compactMap {
            if case .link(let link) = $0.payload { link.change } else { nil }
        }
    }

    @Test func aBrokerIsKilledAndComesBack() throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-system-")
        defer { directory.remove() }
        let terminal = try PseudoTerminal()
        let system = try system(in: directory, interface: terminal.path)
        defer { system.powerOff() }
        try system.startServices()
        try system.startSystem()
        try system.waitReady()
        try system.startProbes()
        #expect(system.waitSubscribed(until: MonotonicClock.now() + .seconds(5)))
        #expect(sample("mqtt", "connection", "connected") != nil)
        #expect(sample("http", "poll", "ok") != nil)
        #expect(sample("health", "status") != nil)
        #expect(sample("broker", "through_gate", "accepted") != nil)
        #expect(sample("process", "descriptors") != nil)
        #expect(
            eventually { sample("process", "waited_milliseconds") != nil },
            "the second look says what was since the first")
        #expect(sample("process", "worked_permille") != nil)
        #expect(
            collector.first {
                if case .operation(let operation) = $0.payload { operation.action != .invoke } else { false }
            } != nil)

        system.watchClosely(true)
        let killed = try system.killService("broker", purpose: "fault", due: MonotonicClock.now() + .milliseconds(20))
        #expect(killed.readback == .confirmed)
        #expect(killed.observed.map { $0 >= killed.commanded } == true)
        #expect(sample("mqtt", "connection", "lost") != nil)
        #expect(sample("broker", "through_gate", "refused", after: killed.commanded) != nil)
        #expect(
            collector.first { if case .log(let line) = $0.payload { line.means == "broker lost" } else { false } }
                != nil)

        let healed = try system.startService("broker", purpose: "heal")
        let seen = try #require(
            collector.all.last { if case .gap(let gap) = $0.payload { gap.blind == "mqtt" } else { false } })
        #expect(sample("broker", "through_gate", "accepted", after: healed.commanded) != nil)
        #expect(eventually { links(after: healed.commanded).contains(.connected) }, "the controller comes back")
        let opened = try #require(
            collector.all.last { if case .link(let link) = $0.payload { link.change == .opened } else { false } })
        #expect(seen.instant <= opened.instant, "the rig is subscribed before the gate opens")
        system.stopProbes()
        #expect(system.stopSystem()?.exit == .status(0))
        let exits = collector.all.compactMap { if case .process(let change) = $0.payload { change } else { nil } }
        #expect(exits.contains { $0.process == "broker" && $0.change == .exited && $0.signal == Int64(SIGKILL) })
        #expect(exits.contains { $0.process == "controller" && $0.change == .exited && $0.status == 0 })
    }

    private func reading(_ view: String, _ point: String, _ value: Int64, after: Instant) -> Bool {
        sample(view, point, .integer(value), after: after) != nil
    }

    /// The rig's own client and the controller's library have nothing in common but RFC 6455.
    @Test(arguments: [false, true])
    func webSocketClientsAreForgottenOrNot(isCleanedUp: Bool) throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-system-")
        defer { directory.remove() }
        let terminal = try PseudoTerminal()
        let system = try system(in: directory, interface: terminal.path, without: isCleanedUp ? [] : ["ws.cleanup"])
        defer { system.powerOff() }
        try system.makeSendBuffersSmall()
        try system.startServices()
        try system.startSystem()
        try system.waitReady()
        try system.startProbes()
        #expect(sample("websocket", "link", "open") != nil)
        let clients = try #require(system.clients)
        let opened = MonotonicClock.now()
        try clients.open(5, receiveBuffer: 1)
        #expect(reading("clients", "open", 5, after: opened))
        #expect(reading("clients", "held", 5, after: opened))
        #expect(reading("client-count", "count", 6, after: opened))
        let (from, to) = clients.reset()
        #expect(from <= to)
        #expect(reading("clients", "open", 0, after: to))
        #expect(reading("clients", "held", 0, after: to))
        MonotonicClock.sleep(for: .seconds(1))
        #expect(reading("client-count", "count", isCleanedUp ? 1 : 6, after: to + .seconds(1)))
        system.stopProbes()
        #expect(system.stopSystem()?.exit == .status(0))
    }

    @Test func aPlaceThatIsNoWebSocketIsRefused() throws {
        let server = try ScriptedServer(answers: [
            Array("HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n".utf8)
        ])
        let failure = #expect(throws: WebSocketFailure.self) {
            _ = try WebSocketConnection(
                .init(port: server.port, path: .fixed("/ws")), until: MonotonicClock.now() + .seconds(5))
        }
        #expect(failure?.description == "no WebSocket: the answer to the upgrade is 'HTTP/1.1 426 Upgrade Required'")
    }

    @Test func withoutItsReconnectTheControllerStaysAway() throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-system-")
        defer { directory.remove() }
        let terminal = try PseudoTerminal()
        let system = try system(in: directory, interface: terminal.path, without: ["mqtt.reconnect"])
        defer { system.powerOff() }
        try system.startServices()
        try system.startSystem()
        try system.waitReady()
        _ = try system.killService("broker", purpose: "fault", due: MonotonicClock.now())
        let healed = try system.startService("broker", purpose: "heal")
        MonotonicClock.sleep(for: .seconds(5))
        #expect(!links(after: healed.commanded).contains(.connected))
    }

    @Test func whatIsWrongIsSaidBeforeAnythingStarts() throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-system-")
        defer { directory.remove() }
        let fault = #expect(throws: SystemFault.self) {
            try system(in: directory, interface: "/dev/null", without: ["mqtt.reconect"])
        }
        #expect(fault?.description.contains("did you mean 'mqtt.reconnect'?") == true)
        #expect(!Files.exists(directory.path + "/data"))
    }

    @Test func everyPublicationIsASample() throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-mqtt-")
        defer { directory.remove() }
        let host = try Host.start(
            program: try #require(Repository.program("knxrig")), logs: directory.path, sink: collector.sink)
        defer { host.powerOff() }
        var broker = Host.Unit(
            id: "broker", path: "/usr/sbin/mosquitto", arguments: ["-c", directory.path + "/m.conf"])
        broker.files = [(directory.path + "/m.conf", "listener 1883 127.0.0.1\nallow_anonymous true\nuser root\n")]
        try host.start(broker)
        let probe = MQTTProbe(
            view: "mqtt", port: 1883, topic: "t/+/+/+", group: PointName(after: "t/"), value: .raw("/raw"),
            sink: collector.sink)
        try probe.start(network: host.pid)
        defer { probe.stop() }
        #expect(probe.waitSubscribed(until: MonotonicClock.now() + .seconds(5)))
        let count = 3_000
        let begun = MonotonicClock.now()
        try HostNetwork.run(of: host.pid) {
            guard let socket = try? Socket.connectTCP(host: "127.0.0.1", port: 1883, until: begun + .seconds(5)) else {
                return
            }
            // CONNECT, then PUBLISH of quality 0, all in one stream.
            try? socket.writeAll([0x10, 13, 0, 4] + Array("MQTT".utf8) + [4, 2, 0, 10, 0, 1, 0x78])
            _ = Poll.wait([(socket, .readable)], until: begun + .seconds(5))
            for number in 0..<count {
                let topic = Array("t/1/1/\(number % 256)".utf8)
                let body = Array(#"{"raw":"\#(Hex.text([UInt8(number >> 8), UInt8(number & 255)]))"}"#.utf8)
                try? socket.writeAll(
                    [0x30, UInt8(2 + topic.count + body.count), 0, UInt8(topic.count)] + topic + body)
            }
            _ = eventually { probe.messages == Int64(count) }
        }
        let took = MonotonicClock.now() - begun
        #expect(probe.messages == Int64(count))
        #expect(took < .seconds(6), "\(count) publications took \(took.seconds) s: fewer than 500 a second")
        let values = collector.all.compactMap { event -> [UInt8]? in
            if case .sample(let sample) = event.payload, sample.raw != nil { sample.raw } else { nil }
        }
        #expect(values == (0..<count).map { [UInt8($0 >> 8), UInt8($0 & 255)] }, "in the order of publication")
    }

    @Test func aChildIsSeenToStartAndEnd() throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-process-")
        defer { directory.remove() }
        let host = try Host.start(
            program: try #require(Repository.program("knxrig")), logs: directory.path, sink: collector.sink)
        defer { host.powerOff() }
        try host.start(.init(id: "main", path: "/bin/sh", arguments: ["-c", "sleep 0.7; sleep 1000 & wait"]))
        let probe = ProcessProbe(
            host: host, main: "main",
            roles: [
                .init(id: "main", isMain: true, command: nil), .init(id: "sleeper", isMain: false, command: "sleep"),
            ], sink: collector.sink)
        try probe.start(network: nil)
        defer { probe.stop() }
        let children = try #require(sample("process", "children", 1))
        #expect(children.source == "process")
        #expect(eventually { ProcessTable.descendants(of: host.pid).filter { $0.command == "sleep" }.count == 1 })
        let before = MonotonicClock.now()
        let sleeper = try #require(ProcessTable.descendants(of: host.pid).first { $0.command == "sleep" })
        kill(sleeper.pid, SIGKILL)
        let exited = collector.first {
            if case .process(let change) = $0.payload {
                change.process == "sleeper" && change.change == .exited && change.pid == Int64(sleeper.innerPID)
            } else {
                false
            }
        }
        #expect(exited != nil)
        #expect(exited.map { $0.instant - before < .seconds(2) } == true)
    }
}
