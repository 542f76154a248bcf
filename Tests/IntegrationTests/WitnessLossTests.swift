import Events
import Foundation
import Glibc
import KNX
import Platform
import Testing
import Twin

/// What a capture says of its own losses, by every kind of witness; real knxd where it is one.
@Suite(.serialized, .timeLimit(.minutes(3))) struct WitnessLossTests {
    /// A bench with nothing but a witness.
    private static func bench(_ witness: String, in directory: String, name: String = "bench") throws -> String {
        let path = directory + "/\(name).yaml"
        let text = """
            version: 1
            name: bench
            kind: bench
            lines:
              - id: main
                sources: [1.1.0-1.1.255]
                groups: 1/0/0-31/7/255
                attachments:
                  witness: \(witness)
            """
        try Files.write(Array(text.utf8), to: path)
        return path
    }

    private static func summary(_ output: String) throws -> Value {
        try JSON.parse(Array(output.trimmingCharacters(in: .whitespacesAndNewlines).utf8))
    }

    /// The twin's own tracers are on the line; the serial line of the witness's chip loses octets.
    @Test func octetsThatASerialLineLosesAreNamed() throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-test-")
        defer { directory.remove() }
        let device = directory.path + "/lossy"
        let rig = directory.path + "/lossy.yaml"
        let text = String(decoding: try Files.read(RigProgram.root + "/rigs/twin.yaml"), as: UTF8.self)
        try Files.write(
            Array(
                text.replacingOccurrences(
                    of: "witness: {driver: tpuart}", with: "witness: {driver: tpuart, device: \(device)}"
                ).utf8), to: rig)
        let cable = try LossyCable(publishedAs: device)
        defer { cable.end() }
        let capture = try RigProgram.start(
            ["capture", directory.path + "/line.pcapng", "--rig", rig, "--load", "60", "--seconds", "4", "--json"],
            in: directory.path)
        try #require(RigProgram.wait(10) { cable.connect(toTheTwinOf: rig) })
        // Well after the first tracers, about four telegrams of them.
        try #require(RigProgram.wait(10) { cable.passed > 400 })
        let before = MonotonicClock.unixNanoseconds()
        cable.lose(48)
        let result = try capture.finish(within: 30)
        try #require(result.status == 0, "\(result.error)")
        let losses = try #require(try Self.summary(result.output)["losses"])
        let unheard = try #require(losses["unheard"]?.list)
        #expect(losses["standing"]?.text == "missing", "\(result.output)")
        #expect((2...8).contains(unheard.count), "\(result.output)")
        #expect((2...8).contains(losses["lost_at_least"]?.integer ?? 0), "\(result.output)")
        for lost in unheard {
            // Named by when it was on the line, and by what it was.
            let late = (lost["unix_ns"]?.integer ?? 0) - before
            #expect((-200_000_000...1_500_000_000).contains(late), "\(late) ns after the cable began to lose")
            #expect(lost["group"]?.text?.hasPrefix("1/0/") == true && lost["raw"]?.octets?.count == 2)
        }
        #expect(result.error.contains("lost at least: by ") && result.error.contains("lost: not heard: 1/0/"))
    }

    /// A line in this process with two devices, one of which acknowledges everything.
    private final class Line: Sendable {
        let shell: TwinShell
        let directory: TemporaryDirectory

        init(queue: Int = 128) throws {
            Signals.ignorePipe()
            directory = try TemporaryDirectory(prefix: "knxrig-test-")
            var parameters = IPInterfaceParameters(
                address: IndividualAddress(raw: 0x11F0), slots: [IndividualAddress(raw: 0x11F1)])
            parameters.longestQueue = queue
            let everything = [GroupAddress(raw: 0x0001)...GroupAddress(raw: 0xFFFF)]
            let line = TwinConfiguration.Line(
                id: "main", chips: ["monitor", "normal"].map { TwinConfiguration.Chip(id: $0) },
                devices: [
                    SimulatedDevice.Configuration(
                        id: "sender", address: IndividualAddress(raw: 0x110A), actuators: []),
                    SimulatedDevice.Configuration(
                        id: "listener", address: IndividualAddress(raw: 0x1114), actuators: [], acknowledges: everything
                    ),
                ], interfaces: [TwinConfiguration.NetworkInterface(id: "ip", parameters: parameters)])
            shell = try TwinShell(TwinConfiguration(lines: [line], directory: directory.path)) { _ in }
        }

        func send(_ count: Int) {
            for number in 0..<count {
                let frame = TP1Frame(
                    source: IndividualAddress(raw: 0x110A), destination: .group(GroupAddress(raw: 0x3001)),
                    transportUnit: [0x00, 0x80, UInt8(number & 0xFF)])
                shell.send(frame.octets, line: "main", device: "sender")
            }
        }

        func end() {
            shell.stop()
            directory.remove()
        }
    }

    /// Two real knxd on the line, one as its monitor, and a capture through each.
    @Test(.enabled(if: Program.find("knxd") != nil)) func throughRealKnxd() throws {
        let line = try Line()
        defer { line.end() }
        let path = line.directory.path
        let daemons = try [("monitor", true), ("normal", false)].map { name, isMonitor in
            try Self.knxd(name, isMonitor: isMonitor, in: path)
        }
        defer {
            for daemon in daemons {
                daemon.send(signal: SIGTERM)
                _ = daemon.wait(until: MonotonicClock.now() + .seconds(3))
            }
        }
        try #require(RigProgram.wait(10) { Files.exists(path + "/monitor.knx") && Files.exists(path + "/normal.knx") })
        let captures = try [("monitor", "busmonitor"), ("normal", "vbusmonitor")].map { name, mode in
            let rig = try Self.bench(
                "{driver: knxd, url: \"local:\(path)/\(name).knx\", mode: \(mode)}", in: path, name: name)
            return try RigProgram.start(
                ["capture", "\(path)/\(name).pcapng", "--rig", rig, "--json"], in: path)
        }
        // Armed: knxd has told that the mode is open. A telegram now and then until both have one shows it.
        try #require(
            RigProgram.wait(15) {
                line.send(1)
                return ["monitor", "normal"].allSatisfy { (try? Self.packets("\(path)/\($0).pcapng")) ?? 0 > 0 }
            })
        MonotonicClock.sleep(for: .milliseconds(300))
        let early = try ["monitor", "normal"].map { try Self.packets("\(path)/\($0).pcapng") }
        line.send(20)
        MonotonicClock.sleep(for: .milliseconds(1_200))
        for capture in captures { capture.process.send(signal: SIGINT) }
        for (index, capture) in captures.enumerated() {
            let result = try capture.finish(within: 10)
            let summary = try Self.summary(result.output)
            #expect(result.status == 0 && summary["frames"]?.integer == Int64(early[index] + 20), "\(result.error)")
            #expect(summary["visibility"]?["acknowledges"] == false)
            #expect(summary["visibility"]?["bad_frames"]?.bool == (index == 0))
            #expect(summary["visibility"]?["own_frames"]?.text == (index == 0 ? "none" : "early"))
            // Nobody numbers anything here, and nothing of ours was sent: that nothing was lost is not claimed.
            #expect(summary["losses"]?["standing"]?.text == "unproven")
            #expect(result.error.contains("whether anything was lost is not proven"))
        }
    }

    private static func packets(_ path: String) throws -> Int {
        try LiveRig.tshark(path).packets.count
    }

    private static func knxd(_ name: String, isMonitor: Bool, in path: String) throws -> ChildProcess {
        let configuration = """
            [main]
            addr=1.1.\(isMonitor ? 210 : 200)
            client-addrs=1.1.\(isMonitor ? 211 : 201):4
            connections=A.unix,B.tp
            [A.unix]
            server=knxd_unix
            path=\(path)/\(name).knx
            [B.tp]
            driver=tpuart
            device=\(path)/main-\(name)
            \(isMonitor ? "monitor=true" : "")

            """
        try Files.write(Array(configuration.utf8), to: "\(path)/\(name).ini")
        return try ChildProcess.spawn(ChildProcess.Request(path: "knxd", arguments: ["\(path)/\(name).ini"]))
    }

    /// An interface whose client hears nothing for a while has room for two indications only: what it loses its numbers show.
    @Test func whatAnInterfaceLosesItsNumbersName() throws {
        let line = try Line(queue: 2)
        defer { line.end() }
        let network = try HeldNetwork(interface: line.shell.interfaces[0].port)
        defer { network.end() }
        let rig = try Self.bench(
            "{driver: knxnetip, url: \"knxnetip://127.0.0.1:\(network.port)\"}", in: line.directory.path)
        let path = line.directory.path
        let capture = try RigProgram.start(["capture", path + "/line.pcapng", "--rig", rig, "--json"], in: path)
        try #require(RigProgram.wait(10) { network.passed > 0 })
        MonotonicClock.sleep(for: .milliseconds(300))
        line.send(10)
        MonotonicClock.sleep(for: .milliseconds(500))
        let held = MonotonicClock.unixNanoseconds()
        network.hold(true)
        line.send(15)
        MonotonicClock.sleep(for: .milliseconds(600))
        network.hold(false)
        line.send(10)
        MonotonicClock.sleep(for: .milliseconds(600))
        capture.process.send(signal: SIGINT)
        let result = try capture.finish(within: 10)
        let summary = try Self.summary(result.output)
        let losses = try #require(summary["losses"])
        #expect(result.status == 0 && summary["visibility"]?["numbered"] == true)
        #expect(losses["ledgers"]?.list?.contains("the numbers of its indications, modulo 8") == true)
        #expect(losses["standing"]?.text == "missing", "\(result.output)")
        let place = try #require((losses["missing"]?.list ?? []).first ?? losses["disagreements"]?.list?.first)
        let after = (place["after_unix_ns"]?.integer ?? 0) - held
        #expect((-500_000_000...600_000_000).contains(after), "\(after) ns after the network was held up")
        #expect(place["text"]?.text?.contains("its sequence lacks") == true)
        let gap = try #require(losses["gaps"]?.list?.first)
        #expect(gap["reason"]?.text?.contains("missing by the interface's count") == true || gap["reason"] != nil)
        #expect(result.error.contains("lost: between "))
    }
}
