import Events
import Foundation
import Glibc
import Platform
import Rigs
import Synchronization
import Testing

/// `knxrig rig check` as a person starts it, on a twin whose wires somebody has changed.
@Suite(.serialized) struct RigCheckTests {
    private static func check(_ bench: KeeperBench, _ more: [String] = []) throws -> RigProgram.Output {
        try RigProgram.run(
            [
                "rig", "check", bench.rigFile, "--yes", "--twin", bench.directory.path + "/twin", "--usbip",
                "\(bench.options.access.usbip?.host ?? ""):\(bench.options.access.usbip?.port ?? 0)",
            ] + more, within: 120)
    }

    private static func wire(_ channel: Int64, _ feeds: String, _ contact: String = "NC") -> Value {
        [
            "wire": [
                "board": "relays", "channel": .integer(channel), "feeds": .text(feeds), "contact": .text(contact),
            ]
        ]
    }

    private static func damage(_ channel: Int64, _ kind: String) -> Value {
        ["break": ["board": "relays", "channel": .integer(channel), "as": .text(kind)]]
    }

    @Test func aTwinOfItsOwnIsWiredAsItsFileSays() throws {
        let output = try RigProgram.run(["rig", "check", "twin", "--yes"], within: 120)
        #expect(output.status == 0, "\(output)")
        #expect(output.output.contains("relays channel 1 ('bus-power'): cuts line main for 2.0 s; 2 operations"))
        #expect(output.output.contains("ok: channel 1 ('bus-power') cuts line main, and it comes back"), "\(output)")
        #expect(output.output.contains("ok: channel 2 ('sut-interface') cuts the interface main/sut"))
        #expect(!output.output.contains("what was seen"))
    }

    @Test func swappedWiresAreNamed() throws {
        let bench = try KeeperBench()
        try bench.hands(Self.wire(1, "main/sut"))
        try bench.hands(Self.wire(2, "main"))
        let output = try Self.check(bench)
        #expect(output.status == 1, "\(output)")
        #expect(
            output.output.contains(
                "wrong: channel 2 ('sut-interface') is declared to cut the interface main/sut, but line main was silent: channels 1 and 2 are swapped"
            ), "\(output)")
        #expect(output.output.contains("marked unsafe: nothing runs on it"), "\(output)")
    }

    @Test func aChannelWiredToNothingIsNamedAndTheMarkOfItIsClearedOnceItIsWired() throws {
        let bench = try KeeperBench()
        try bench.hands(Self.wire(2, "nothing"))
        let wrong = try Self.check(bench)
        #expect(wrong.status == 1, "\(wrong)")
        #expect(
            wrong.output.contains(
                "wrong: channel 2 ('sut-interface') had no effect: its coil followed, and the interface main/sut stayed: the channel is wired to nothing"
            ), "\(wrong)")
        let refused = try RigProgram.run([
            "keeper", "--rig", bench.rigFile, "--socket", bench.options.socket, "--directory",
            bench.directory.path + "/twin/locks", "--usbip", "127.0.0.1:\(bench.options.access.usbip?.port ?? 0)",
        ])
        #expect(refused.status == 3 && refused.error.contains("the rig is unsafe: channel 2"), "\(refused)")
        try bench.hands(Self.wire(2, "main/sut"))
        let good = try Self.check(bench)
        #expect(good.status == 0, "\(good)")
        #expect(good.output.contains("board 'relays' is marked unsafe: channel 2"))
        #expect(good.output.contains("board 'relays' is not marked unsafe any more"), "\(good)")
        // From now on it is known to have followed: the same silence is another thing.
        try bench.hands(Self.damage(2, "stuck"))
        let stuck = try Self.check(bench)
        #expect(stuck.status == 1)
        #expect(
            stuck.output.contains("which it cut when it was last checked: its contact is stuck (welded)"), "\(stuck)")
    }

    @Test func theOtherContactIsNamed() throws {
        let bench = try KeeperBench()
        try bench.hands(Self.wire(1, "main", "NO"))
        let output = try Self.check(bench)
        #expect(output.status == 1, "\(output)")
        #expect(
            output.output.contains(
                "wrong: channel 1 ('bus-power') is declared NC, but line main is there only while its coil is on: it is wired to the other contact (NO)"
            ), "\(output)")
        #expect(output.output.contains("ok: channel 2"), "\(output)")
    }

    @Test func aContactThatStaysOpenIsNamed() throws {
        let bench = try KeeperBench()
        let began = MonotonicClock.now()
        let started = try RigProgram.start(
            [
                "rig", "check", bench.rigFile, "--yes", "--twin", bench.directory.path + "/twin", "--usbip",
                "127.0.0.1:\(bench.options.access.usbip?.port ?? 0)",
            ], in: bench.directory.path)
        // It welds while it is cut.
        _ = try #require(bench.change(to: true, after: began))
        try bench.hands(Self.damage(1, "stuck"))
        let output = try started.finish(within: 120)
        #expect(output.status == 1, "\(output)")
        #expect(
            output.output.contains("wrong: channel 1 ('bus-power') cut line main, and it did not come back"),
            "\(output)")
        #expect(output.output.contains("channel 1 ('bus-power') could not be proven") == false, "\(output)")
    }

    @Test func aCoilThatDoesNotFollowIsNamed() throws {
        let bench = try KeeperBench()
        try bench.hands(Self.damage(1, "deaf"))
        let output = try Self.check(bench)
        #expect(output.status == 1, "\(output)")
        #expect(output.output.contains("wrong: channel 1 ('bus-power') did not follow"), "\(output)")
        #expect(output.output.contains("note: the check stopped there"), "\(output)")
    }

    @Test func aLineWithoutSupplyIsNotCalledAWrongWire() throws {
        let bench = try KeeperBench()
        // The supply hangs on a normally open contact that nobody declared: dead, whatever is clicked.
        try bench.hands(Self.wire(5, "main", "NO"))
        let output = try Self.check(bench)
        #expect(output.status == 3, "\(output)")
        #expect(
            output.output.contains(
                "not proven: channel 1 ('bus-power') could not be proven: line main was silent before"))
        #expect(output.output.contains("ok: channel 2"), "\(output)")
    }

    @Test func theHostIsCutOnlyWhenNamedAndItsHeartbeatIsTheWitness() throws {
        let bench = try KeeperBench()
        let text = String(decoding: try Files.read(bench.rigFile), as: UTF8.self)
        let channel =
            "      - {id: host-power, number: 4, feeds: host, circuit: selv, wiring: NC, minimum_off: 5 s}\n\ninterlocks:"
        try Files.write(Array(text.replacingOccurrences(of: "\ninterlocks:", with: channel).utf8), to: bench.rigFile)
        let skipping = try Self.check(bench)
        #expect(skipping.status == 0, "\(skipping)")
        #expect(skipping.output.contains("skipped: channel 'host-power': it cuts the host: name it with --host"))
        #expect(try Self.check(bench, ["--host"]).status == 2)
        // Nothing hangs on channel 4 of this twin, so the host lives on.
        let host = try HostStandIn { false }
        defer { host.stop() }
        let idle = try Self.check(bench, ["--host", "--heartbeat", "127.0.0.1:\(host.port)"])
        #expect(idle.status == 1, "\(idle)")
        #expect(
            idle.output.contains("channel 4 ('host-power') had no effect: its coil followed, and the host stayed"),
            "\(idle)")
        // Now it does: the host is down while that relay is on.
        let journal = bench.directory.path + "/twin.jsonl"
        let wired = try HostStandIn {
            RigProgram.lines(journal).last { $0["k"]?.text == "board" && $0["channel"]?.integer == 4 }?["energised"]
                == true
        }
        defer { wired.stop() }
        let cut = try Self.check(bench, ["--host", "--heartbeat", "127.0.0.1:\(wired.port)"])
        #expect(cut.status == 0, "\(cut)")
        #expect(cut.output.contains("ok: channel 4 ('host-power') cuts the host, and it comes back"), "\(cut)")
    }

    @Test(arguments: [SIGINT, SIGKILL])
    func whateverEndsTheCheckLeavesEverythingPowered(signal: Int32) throws {
        let bench = try KeeperBench()
        let began = MonotonicClock.now()
        let started = try RigProgram.start(
            [
                "rig", "check", bench.rigFile, "--yes", "--twin", bench.directory.path + "/twin", "--usbip",
                "127.0.0.1:\(bench.options.access.usbip?.port ?? 0)",
            ], in: bench.directory.path)
        let cut = try #require(bench.change(to: true, after: began))
        let killed = MonotonicClock.now()
        started.process.send(signal: signal)
        let powered = try #require(bench.change(to: false, after: cut))
        #expect(powered - killed < .milliseconds(1_000), "\((powered - killed).nanoseconds / 1_000_000) ms")
        let output = try started.finish(within: 30)
        #expect(signal == SIGKILL || output.status == 130, "\(output)")
    }

    @Test func nobodyToAskIsAUsageFailure() throws {
        let output = try RigProgram.run(["rig", "check", "twin"])
        #expect(output.status == 2)
        #expect(output.error.contains("say --yes"), "\(output)")
        let json = try RigProgram.run(["rig", "check", "twin", "--yes", "--json"], within: 120)
        let value = try JSON.parse(json.output)
        #expect(json.status == 0 && value["finding"] == "good" && value["channels"]?.list?.count == 3, "\(json)")
    }
}

/// A host as its heartbeat shows it: a port that takes connections, and none while its power is cut.
private final class HostStandIn: Sendable {
    let port: UInt16
    private let isStopping = Mutex(false)

    /// - Parameter isCut: whether it has no power at this moment.
    init(isCut: @escaping @Sendable () -> Bool) throws {
        let (first, port) = try Socket.listenTCP()
        self.port = port
        NamedThread.start("host stand-in") { [self] in
            var listener: Descriptor? = first
            while !isStopping.withLock({ $0 }) {
                if isCut() {
                    listener?.close()
                    listener = nil
                } else if listener == nil {
                    listener = try? Socket.listenTCP(port: port).listener
                }
                if let listener {
                    let connection = try? Socket.accept(listener, until: MonotonicClock.now() + .milliseconds(50))
                    connection?.close()
                } else {
                    MonotonicClock.sleep(for: .milliseconds(50))
                }
            }
            listener?.close()
        }
    }

    func stop() { isStopping.withLock { $0 = true } }
}
