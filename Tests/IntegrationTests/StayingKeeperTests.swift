import Events
import Glibc
import Platform
import Rigs
import Testing

/// A keeper as a service has it: one client after the other.
@Suite(.serialized) struct StayingKeeperTests {
    @Test func oneClientAfterTheOtherHasTheRig() throws {
        let bench = try KeeperBench()
        let keeper = try bench.startKeeper(["--stay"])
        #expect(keeper.first["ready"] == true, "\(keeper.first)")
        for run in ["one", "two"] {
            let (client, held) = try bench.hello(run)
            #expect(held["held"]?["safe"]?.text == "confirmed")
            try bench.cut(client)
            let died = MonotonicClock.now()
            client.descriptor.close()
            try bench.requirePowered(after: died, "the death of \(run)")
        }
        let (client, _) = try bench.hello("three")
        try bench.cut(client)
        let asked = MonotonicClock.now()
        try client.send(["bye": [:]])
        _ = try KeeperBench.next(client, "bye", within: 3)
        try bench.requirePowered(after: asked, "bye")

        let joined = try KeeperClient(
            joining: bench.options.socket, rigFile: bench.options.rigFile, run: "four"
        ) { _ in }
        let channels = try joined.list()["boards"]?.list?.first?["channels"]?.list ?? []
        #expect(channels.contains { $0["id"]?.text == "bus-power" && $0["is"]?.text == "powered" }, "\(channels)")
        let cut = try joined.set(
            channel: "bus-power", meaning: "cut", due: MonotonicClock.now(), purpose: "fault")
        #expect(cut.readback == .confirmed)
        #expect(joined.bye())
        #expect(joined.pid == 0, "it is nobody's child here")

        #expect(keeper.process.wait(until: MonotonicClock.now()) == nil, "it stays")
        keeper.process.send(signal: SIGTERM)
        #expect(keeper.process.wait(until: MonotonicClock.now() + .seconds(5)) == .status(0))
        #expect(!bench.journal.contains { $0["at"]?.text == "guardian" }, "the guardian had to take over")
    }

    @Test func theNextClientIsAnsweredOnceTheSafeStateOfTheOneBeforeIsThere() throws {
        let bench = try KeeperBench()
        _ = try bench.startKeeper(["--stay"])
        let (client, _) = try bench.hello("one")
        try bench.cut(client)
        // The board takes its time.
        bench.twin.send(signal: SIGSTOP)
        client.descriptor.close()
        let next = try bench.connect()
        try next.send(["hello": ["version": 1, "run": "two", "rig": "twin"]])
        if case .record(let early) = try next.receive(until: MonotonicClock.now() + .milliseconds(60)) {
            Issue.record("it was answered before the board was: \(early)")
        }
        bench.twin.send(signal: SIGCONT)
        let held = try KeeperBench.next(next, within: 10)
        // Either it was safe in the end, or the rig is unsafe and nobody has it.
        if held["held"] != nil {
            #expect(
                bench.journal.contains { $0["because"]?.text == "the run died" && $0["readback"]?.text == "confirmed" })
        } else {
            #expect(held["refused"]?["reason"]?.text?.contains("unsafe") == true, "\(held)")
        }
    }

    @Test func whoHasAnotherRigFileIsRefused() throws {
        let bench = try KeeperBench()
        _ = try bench.startKeeper(["--stay"])
        let other = bench.options.rigFile + ".other"
        try Files.write(try Files.read(bench.options.rigFile) + Array("# mine\n".utf8), to: other)
        let refused = #expect(throws: KeeperFailure.self) {
            try KeeperClient(joining: bench.options.socket, rigFile: other, run: "one") { _ in }
        }
        #expect(refused?.kind == .input && refused?.description.contains("says something else") == true)
        // It went away without a word, and the next one has the rig.
        let (client, held) = try bench.hello("two")
        #expect(held["held"] != nil, "\(held)")
        withExtendedLifetime(client) {}
    }

    @Test func nobodyThereIsOneLine() throws {
        let refused = #expect(throws: KeeperFailure.self) {
            try KeeperClient(joining: "/nonexistent/keeper", rigFile: nil, run: "one") { _ in }
        }
        #expect(refused?.kind == .gone && refused?.description.contains("/nonexistent/keeper") == true)
    }

    @Test func aGroupThatIsNotThereIsToldAtTheStart() throws {
        let bench = try KeeperBench()
        let keeper = try bench.startKeeper(["--stay", "--group", "no-such-group"])
        #expect(keeper.first["refused"]?.text?.contains("there is no group 'no-such-group'") == true, "\(keeper.first)")
    }
}
