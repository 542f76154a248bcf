import Events
import Foundation
import Glibc
import Platform
import Rigs
import Synchronization
import Testing

/// The keeper and its guardian as processes, on a twin's board. What counts as powered is what the twin stamped when its contact moved.
@Suite(.serialized) struct KeeperTests {
    @Test func aClientHoldsTheRigAndASecondOneHearsByWhom() throws {
        let bench = try KeeperBench()
        let keeper = try bench.startKeeper()
        #expect(keeper.first["ready"] == true, "\(keeper.first)")
        let (first, held) = try bench.hello("one")
        #expect(held["held"]?["safe"]?.text == "confirmed", "\(held)")
        #expect(held["held"]?["boards"]?.list?.first?.text?.contains("TWIN1") == true)
        let (second, busy) = try bench.hello("two")
        #expect(busy["busy"]?["by"]?.text == "run one of process \(getpid())", "\(busy)")
        try first.send(["bye": [:]])
        _ = try KeeperBench.next(first, "bye", within: 3)
        #expect(keeper.process.wait(until: MonotonicClock.now() + .seconds(5)) == .status(0))
        withExtendedLifetime(second) {}
    }

    @Test func aCommandIsReadBackAndWhatIsWrongIsRefused() throws {
        let bench = try KeeperBench()
        _ = try bench.startKeeper()
        let (client, _) = try bench.hello()
        // Later than the channel's minimum time on, which begins with the keeper.
        let due = MonotonicClock.now() + .milliseconds(700)
        try client.send([
            "set": [
                "id": 7, "channel": "bus-power", "meaning": "cut", "due": .integer(due.nanoseconds), "purpose": "fault",
            ]
        ])
        let done = try KeeperBench.next(client, "done", within: 3)
        #expect(done["id"]?.integer == 7)
        let actuation = try Event.Actuation(Record(try #require(done["actuation"])))
        #expect(actuation.target == "bus-power" && actuation.meaning == "cut" && actuation.purpose == "fault")
        #expect(actuation.readback == .confirmed)
        #expect(actuation.due == due)
        #expect(actuation.commanded >= due, "commanded before its time")
        #expect(actuation.reason == nil)
        print("commanded \((actuation.commanded - due).nanoseconds / 1000) µs after its due instant")
        let moved = try #require(bench.change(to: true, after: due))
        let observed = try #require(actuation.observed)
        #expect(moved >= actuation.commanded && moved <= observed)
        for (set, reason) in [
            (["id": 8, "channel": "bus-pwer", "meaning": "cut"], "there is no channel 'bus-pwer'"),
            (["id": 9, "channel": "bus-power", "meaning": "short"], "a set needs id, channel and meaning"),
        ] as [(Value, String)] {
            try client.send(["set": set])
            let failed = try KeeperBench.next(client, "failed", within: 3)
            #expect(failed["id"] == set["id"])
            #expect(failed["reason"]?.text?.contains(reason) == true, "\(failed)")
        }
    }

    @Test func theSafeStateFollowsTheDeathOfTheClient() throws {
        let bench = try KeeperBench()
        let keeper = try bench.startKeeper()
        let (client, _) = try bench.hello()
        try bench.cut(client)
        let died = MonotonicClock.now()
        client.descriptor.close()
        try bench.requirePowered(after: died, "the client's death")
        #expect(keeper.process.wait(until: MonotonicClock.now() + .seconds(5)) == .status(0))
        #expect(bench.journal.contains { $0["k"]?.text == "client_died" })
    }

    @Test func theSafeStateFollowsTwoSecondsOfSilence() throws {
        let bench = try KeeperBench()
        _ = try bench.startKeeper()
        let (client, _) = try bench.hello()
        try bench.cut(client)
        let last = MonotonicClock.now()
        try client.send(["beat": 1])
        try bench.requirePowered(after: last, "the last beat", from: .seconds(2))
        let reason = try KeeperBench.next(client, "tripped", within: 3)["reason"]?.text
        #expect(reason?.contains("has not been heard for 2 s") == true)
    }

    @Test func theSafeStateIsThereForTheAsking() throws {
        let bench = try KeeperBench()
        _ = try bench.startKeeper()
        let (client, _) = try bench.hello()
        try bench.cut(client)
        let asked = MonotonicClock.now()
        try client.send(["safe": [:]])
        #expect(try KeeperBench.next(client, "safe_done", within: 3)["confirmed"] == true)
        try bench.requirePowered(after: asked, "being asked")
    }

    @Test func theLongestCutEndsInTheKeeper() throws {
        let bench = try KeeperBench(longestCut: "1 s")
        _ = try bench.startKeeper()
        let (client, _) = try bench.hello()
        let cut = try bench.cut(client)
        try client.send(["beat": 1])
        let reason = try KeeperBench.next(client, "tripped", within: 5)["reason"]?.text
        #expect(reason?.contains("has been cut for 1 s, the longest") == true, "\(reason ?? "")")
        // The keeper counts from its command, which is a little before the contact moved.
        try bench.requirePowered(after: cut, "the cut", from: .milliseconds(990))
    }

    /// Octets without a line's end, as fast as they go, from some who have not said who they are.
    @Test func aFloodHoldsNoInterlockUp() throws {
        let bench = try KeeperBench(longestCut: "1 s")
        _ = try bench.startKeeper()
        let (client, _) = try bench.hello()
        let cut = try bench.cut(client)
        try client.send(["beat": 1])
        let socket = bench.options.socket
        let isOver = Atomic(false)
        let timesSentAway = Atomic(0)
        let floods = (1...4).map { number in
            NamedThread.start("flood \(number)") {
                let octets = [UInt8](repeating: 0x20, count: 1 << 16)
                while !isOver.load(ordering: .acquiring) {
                    let soon = MonotonicClock.now() + .seconds(1)
                    guard let channel = try? Socket.connectUnix(path: socket, until: soon) else { continue }
                    try? channel.setNonblocking(true)
                    while !isOver.load(ordering: .acquiring), (try? channel.writeAll(octets, until: soon)) != nil {}
                    timesSentAway.add(1, ordering: .relaxed)
                }
            }
        }
        defer {
            isOver.store(true, ordering: .releasing)
            for flood in floods { flood.join() }
        }
        try bench.requirePowered(after: cut, "the cut in a flood", from: .milliseconds(990))
        // Long before a newcomer's patience ends.
        #expect(timesSentAway.load(ordering: .relaxed) > 8, "nobody was sent away")
    }

    @Test func aSignalEndsTheKeeperInTheSafeState() throws {
        let bench = try KeeperBench()
        let keeper = try bench.startKeeper()
        let (client, _) = try bench.hello()
        try bench.cut(client)
        let asked = MonotonicClock.now()
        keeper.process.send(signal: SIGTERM)
        try bench.requirePowered(after: asked, "SIGTERM")
        #expect(keeper.process.wait(until: MonotonicClock.now() + .seconds(5)) == .status(0))
        #expect(!bench.journal.contains { $0["k"]?.text == "keeper_died" }, "the guardian was not told")
    }

    @Test func theKeeperEndsWithWhoeverStartedIt() throws {
        let bench = try KeeperBench()
        let keeper = try bench.startKeeper()
        let (client, _) = try bench.hello()
        try bench.cut(client)
        let died = MonotonicClock.now()
        keeper.lifeline.descriptor.close()
        try bench.requirePowered(after: died, "the starter's death")
        #expect(keeper.process.wait(until: MonotonicClock.now() + .seconds(5)) == .status(0))
    }

    @Test func theGuardianTakesOverFromAKilledKeeper() throws {
        let bench = try KeeperBench()
        let keeper = try bench.startKeeper()
        let (client, _) = try bench.hello()
        try bench.cut(client)
        let killed = MonotonicClock.now()
        keeper.process.send(signal: SIGKILL)
        try bench.requirePowered(after: killed, "the keeper's death")
        #expect(bench.waitForJournal { $0["k"]?.text == "safe" && $0["at"]?.text == "guardian" })
        #expect(!bench.journal.contains { $0["k"]?.text == "unsafe" })
        // Nothing is in the way of the next one.
        #expect(try bench.startKeeper().first["ready"] == true)
        withExtendedLifetime(client) {}
    }

    /// The guardian goes first, and the keeper long after it.
    @Test func aGuardianThatDiesIsFollowedByAnother() throws {
        let bench = try KeeperBench()
        let keeper = try bench.startKeeper()
        let (client, _) = try bench.hello()
        let cut = try bench.cut(client)
        let first = try bench.guardian(of: keeper.process)
        let gone = MonotonicClock.now()
        kill(first, SIGKILL)
        // A cut that nobody would end is not let be.
        try bench.requirePowered(after: max(cut, gone), "the guardian's death")
        let reason = try KeeperBench.next(client, "tripped", within: 3)["reason"]?.text
        #expect(reason == "the keeper's guardian died")
        try #require(RigProgram.wait(10) { (try? bench.guardian(of: keeper.process)).map { $0 != first } ?? false })
        MonotonicClock.sleep(for: .seconds(1))
        try client.send(["beat": 1])
        try bench.cut(client)
        let killed = MonotonicClock.now()
        keeper.process.send(signal: SIGKILL)
        try bench.requirePowered(after: killed, "the keeper's death after its guardian's")
        #expect(bench.journal.contains { $0["k"]?.text == "guardian_died" })
        #expect(bench.waitForJournal { $0["k"]?.text == "safe" && $0["at"]?.text == "guardian" })
    }

    /// Nothing is cut while the one that would power it is not there yet.
    @Test func withoutAGuardianNothingIsCut() throws {
        let bench = try KeeperBench()
        let keeper = try bench.startKeeper()
        let (client, _) = try bench.hello()
        // As the guardian says that it is armed only after the rig file is read, one that finds none ends at once, again and again.
        try Files.write([], to: bench.rigFile)
        kill(try bench.guardian(of: keeper.process), SIGKILL)
        _ = try KeeperBench.next(client, "tripped", within: 3)
        MonotonicClock.sleep(for: .milliseconds(300))
        try client.send(["set": ["id": 1, "channel": "bus-power", "meaning": "cut", "purpose": "fault"]])
        let reason = try KeeperBench.next(client, "failed", within: 3)["reason"]?.text
        #expect(reason == "the keeper's guardian died, and another one is not armed yet")
        try client.send(["bye": [:]])
        _ = try KeeperBench.next(client, "bye", within: 3)
        #expect(keeper.process.wait(until: MonotonicClock.now() + .seconds(5)) == .status(0))
    }

    @Test func aNewKeeperAtOnceAndTheGuardianOfTheOldOneDoNotDisturbEachOther() throws {
        let bench = try KeeperBench()
        let keeper = try bench.startKeeper()
        let (client, _) = try bench.hello()
        try bench.cut(client)
        let killed = MonotonicClock.now()
        keeper.process.send(signal: SIGKILL)
        let next = try bench.startKeeper()
        #expect(next.first["ready"] == true, "\(next.first)")
        try bench.requirePowered(after: killed, "the keeper's death, with another one waiting")
        let (newClient, held) = try bench.hello("next")
        #expect(held["held"] != nil, "\(held)")
        let cut = try bench.cut(newClient)
        // Longer than a guardian tries: it would power the new keeper's cut, or mark the rig unsafe for want of the board.
        for beat in 1...12 {
            MonotonicClock.sleep(for: .milliseconds(500))
            try newClient.send(["beat": .integer(Int64(beat))])
        }
        #expect(bench.isUntouched(after: cut), "somebody touched the new keeper's board")
        #expect(!bench.journal.contains { $0["k"]?.text == "unsafe" })
        withExtendedLifetime(client) {}
    }

    @Test func aGuardianThatComesLateLeavesTheBoardToTheNewKeeper() throws {
        let bench = try KeeperBench()
        let keeper = try bench.startKeeper()
        let (client, _) = try bench.hello()
        try bench.cut(client)
        let guardian = try bench.guardian(of: keeper.process)
        kill(guardian, SIGSTOP)
        keeper.process.send(signal: SIGKILL)
        _ = keeper.process.wait()
        #expect(try bench.startKeeper().first["ready"] == true)
        let (newClient, _) = try bench.hello("next")
        let beating = Beating(newClient)
        defer { beating.stop() }
        let cut = try bench.cut(newClient)
        kill(guardian, SIGCONT)
        #expect(bench.waitForJournal { $0["k"]?.text == "left_to" }, "\(bench.journal)")
        #expect(!bench.journal.contains { $0["k"]?.text == "unsafe" }, "\(bench.journal)")
        #expect(bench.isUntouched(after: cut), "somebody touched the new keeper's board")
        withExtendedLifetime(client) {}
    }

    @Test func manyAtOnceAllHearWhoHasTheRig() throws {
        let bench = try KeeperBench()
        _ = try bench.startKeeper()
        let (client, _) = try bench.hello("one")
        let beating = Beating(client)
        defer { beating.stop() }
        for number in 1...300 {
            let (_, answer) = try bench.hello("another \(number)")
            #expect(answer["busy"]?["by"]?.text?.hasPrefix("run one of") == true, "\(answer)")
        }
    }

    @Test func theNextKeeperFindsWhatWasLeftCutAndPowersIt() throws {
        let bench = try KeeperBench()
        let keeper = try bench.startKeeper()
        let (client, _) = try bench.hello()
        try bench.cut(client)
        let guardian = try bench.guardian(of: keeper.process)
        // The guardian first: this is the one way to leave something cut.
        kill(guardian, SIGKILL)
        keeper.process.send(signal: SIGKILL)
        _ = keeper.process.wait()
        let began = MonotonicClock.now()
        #expect(try bench.startKeeper().first["ready"] == true)
        #expect(bench.journal.last { $0["k"]?.text == "found" }?["states"]?["bus-power"]?.text == "cut")
        try bench.requirePowered(after: began, "the next keeper's start")
        withExtendedLifetime(client) {}
    }

    @Test func anUnpluggedBoardIsToldAndSoIsItsReturn() throws {
        let bench = try KeeperBench()
        _ = try bench.startKeeper()
        let (client, _) = try bench.hello()
        let beating = Beating(client)
        defer { beating.stop() }
        try bench.hands(["unplug": "relays"])
        let lost = try KeeperBench.next(client, "board", within: 5)
        #expect(lost["id"]?.text == "relays" && lost["state"]?.text == "lost", "\(lost)")
        try bench.hands(["plug": "relays"])
        let back = try KeeperBench.next(client, "board", within: 5)
        #expect(back["id"]?.text == "relays" && back["state"]?.text == "back", "\(back)")
    }

    @Test func whoConnectsAndSaysNothingHoldsUpNobody() throws {
        let bench = try KeeperBench()
        _ = try bench.startKeeper()
        let silent = try bench.connect()
        let began = MonotonicClock.now()
        let (client, held) = try bench.hello()
        let took = MonotonicClock.now() - began
        print("hello behind a silent one: \(took.nanoseconds / 1000) µs")
        #expect(held["held"] != nil, "\(held)")
        #expect(took < .seconds(1), "\(took.nanoseconds / 1000) µs")
        let refused = try KeeperBench.next(silent, "refused", within: 5)
        #expect(refused["reason"]?.text?.contains("hello") == true)
        withExtendedLifetime(client) {}
    }

    @Test func aSilentBoardHoldsUpNobodyAndLeavesTheRigUnsafe() throws {
        let bench = try KeeperBench()
        let keeper = try bench.startKeeper()
        let (client, _) = try bench.hello()
        try bench.cut(client)
        // The board neither answers nor goes away.
        bench.twin.send(signal: SIGSTOP)
        try client.send(["safe": [:]])
        let began = MonotonicClock.now()
        let (_, busy) = try bench.hello("two")
        let took = MonotonicClock.now() - began
        print("answer beside a silent board: \(took.nanoseconds / 1000) µs")
        #expect(busy["busy"] != nil, "\(busy)")
        #expect(took < .milliseconds(250), "\(took.nanoseconds / 1000) µs")
        #expect(try KeeperBench.next(client, "safe_done", within: 20)["confirmed"] == false)
        try client.send(["set": ["id": 5, "channel": "sut-interface", "meaning": "cut"]])
        let failed = try KeeperBench.next(client, "failed", within: 5)
        #expect(failed["reason"]?.text?.contains("unsafe") == true, "\(failed)")
        let woken = MonotonicClock.now()
        bench.twin.send(signal: SIGCONT)
        // It owes the safe state, and pays when it is back.
        #expect(bench.change(to: false, after: woken) != nil, "the bus stayed cut")
        // The twin works off what was sent to it meanwhile, so the contact alone does not tell whose command it was.
        let isPaid = bench.waitForJournal {
            $0["k"]?.text == "safe" && $0["because"]?.text?.contains("owes the safe state") == true
                && $0["readback"]?.text == "confirmed"
        }
        #expect(isPaid, "\(bench.journal)")
        client.descriptor.close()
        #expect(keeper.process.wait(until: MonotonicClock.now() + .seconds(30)) != nil)
        let next = try bench.startKeeper().first["refused"]?.text ?? ""
        let mark = try #require(Files.entries(of: bench.options.directory).first { $0.hasSuffix(".unsafe") })
        #expect(next.contains("the rig is unsafe") && next.contains(mark), "\(next)")
        Files.removeTree(bench.options.directory + "/" + mark)
        #expect(try bench.startKeeper().first["ready"] == true)
    }

    @Test func aSecondKeeperIsRefusedAndHearsWhoHoldsTheBoard() throws {
        let bench = try KeeperBench()
        let keeper = try bench.startKeeper()
        let second = try bench.startKeeper()
        let reason = second.first["refused"]?.text ?? ""
        #expect(reason.contains("held by knxrig keeper, process \(keeper.process.pid)"), "\(reason)")
        #expect(second.process.wait(until: MonotonicClock.now() + .seconds(5)) == .status(3))
    }

    @Test func theRunsOwnClientGoesThroughAllOfIt() throws {
        let bench = try KeeperBench()
        let pushes = Mutex<[KeeperClient.Push]>([])
        let client = try KeeperClient(options: bench.options, run: "one") { push in pushes.withLock { $0.append(push) }
        }
        #expect(client.boards.first?.contains("TWIN1") == true)
        #expect(throws: KeeperFailure.self) {
            try client.set(channel: "bus-pwer", meaning: "cut", due: MonotonicClock.now(), purpose: "fault")
        }
        let due = MonotonicClock.now()
        let cut = try client.set(channel: "bus-power", meaning: "cut", due: due, purpose: "fault")
        #expect(cut.readback == .confirmed)
        // Longer than the keeper bears without a beat.
        MonotonicClock.sleep(for: .milliseconds(2_500))
        #expect(pushes.withLock { $0 }.isEmpty)
        let asked = MonotonicClock.now()
        #expect(client.bye())
        try bench.requirePowered(after: asked, "bye")
        #expect(pushes.withLock { $0 }.isEmpty)
    }

    @Test func theRunHearsThatItsKeeperDied() throws {
        let bench = try KeeperBench()
        let pushes = Mutex<[KeeperClient.Push]>([])
        let client = try KeeperClient(options: bench.options, run: "one") { push in pushes.withLock { $0.append(push) }
        }
        _ = try client.set(channel: "bus-power", meaning: "cut", due: MonotonicClock.now(), purpose: "fault")
        let killed = MonotonicClock.now()
        kill(client.pid, SIGKILL)
        try bench.requirePowered(after: killed, "the death of the run's keeper")
        #expect(RigProgram.wait(5) { pushes.withLock { $0 }.contains(.died) })
        #expect(!client.bye(), "a dead keeper confirms nothing")
    }

    /// Beats as a run does, until it is stopped.
    private final class Beating: Sendable {
        private let ending = Atomic(false)
        private let thread = Mutex<NamedThread?>(nil)

        init(_ client: RecordChannel) {
            let started = NamedThread.start("beat") { [self] in
                while !ending.load(ordering: .acquiring) {
                    try? client.send(["beat": true])
                    MonotonicClock.sleep(for: .milliseconds(200))
                }
            }
            thread.withLock { $0 = started }
        }

        func stop() {
            ending.store(true, ordering: .releasing)
            thread.withLock { $0 }?.join()
        }
    }
}
