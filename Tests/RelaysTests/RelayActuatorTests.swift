import Events
import Platform
import Testing
import Twin

@testable import Relays

@Suite struct RelayActuatorTests {
    private static let wiring = [
        ChannelWiring(id: "bus", number: 1, settleMilliseconds: 1),
        ChannelWiring(id: "host", number: 2, settleMilliseconds: 1, minimumOffMilliseconds: 60),
        ChannelWiring(id: "short", number: 3, normallyClosed: false, settleMilliseconds: 1),
    ]

    private struct Bench {
        let transport = DirectTransport([("1-1", DcttechBoard())])
        let notices = Notes<RelayActuator.Notice>()
        let actuator: RelayActuator

        init(pollMilliseconds: Int = 20, wear: WearCounter? = nil) throws {
            let board = try RelayBoardDrivers.open("dcttech", on: transport, matching: BoardMatch())
            let notices = notices
            actuator = try RelayActuator(
                board: board, channels: RelayActuatorTests.wiring, wear: wear, pollMilliseconds: pollMilliseconds
            ) { notices.add($0) }
        }

        /// True as soon as `condition` holds; false after ten seconds, which no machine is too busy for.
        func comes(_ condition: () -> Bool) -> Bool {
            let deadline = MonotonicClock.now() + .seconds(10)
            while MonotonicClock.now() < deadline {
                if condition() { return true }
                MonotonicClock.sleep(for: .milliseconds(1))
            }
            return false
        }
    }

    @Test func newsOfPlugsAreFollowedAtOnce() throws {
        let bench = try Bench(pollMilliseconds: 3_600_000)
        defer { bench.actuator.stop() }
        bench.transport.unplug()
        bench.actuator.plugsChanged()
        #expect(bench.comes { bench.notices.all.count == 1 })
        guard case .lost? = bench.notices.all.first else { return #expect(Bool(false)) }
        bench.transport.plug()
        bench.actuator.plugsChanged()
        #expect(bench.comes { bench.notices.all.count == 2 })
        #expect(bench.notices.all.last == .back(["bus": .powered, "host": .powered, "short": .cut]))
    }

    @Test func aCommandIsGivenWhenItIsDue() throws {
        let bench = try Bench()
        defer { bench.actuator.stop() }
        #expect(bench.comes { bench.actuator.states == ["bus": .powered, "host": .powered, "short": .cut] })
        let due = MonotonicClock.now() + .milliseconds(30)
        let actuation = try bench.actuator.set("bus", .cut, due: due)
        #expect(actuation.readback == .confirmed)
        #expect(actuation.due == due)
        #expect(actuation.commanded >= due)
        let observed = try #require(actuation.observed)
        #expect(observed >= actuation.commanded)
        #expect(MonotonicClock.now() - observed >= .milliseconds(1))
        #expect(actuation.reason == nil)
        #expect(bench.transport.with { $0.contacts[0] } == true)
        #expect(bench.actuator.states["bus"] == .cut)
        // Normally open: powered is energised.
        _ = try bench.actuator.set("short", .powered, due: due)
        #expect(bench.transport.with { $0.contacts[2] } == true)
        let event = actuation.event(purpose: "fault")
        #expect(event.target == "bus" && event.meaning == "cut" && event.readback == .confirmed)
    }

    @Test func theSafeStateOvertakesTheQueue() throws {
        let bench = try Bench()
        defer { bench.actuator.stop() }
        _ = try bench.actuator.set("bus", .cut, due: MonotonicClock.now())
        let results = Notes<Result<Actuation, RelayFailure>>()
        let far = MonotonicClock.now() + .seconds(3_600)
        for channel in ["host", "short", "bus"] {
            bench.actuator.request(channel, .cut, due: far) { results.add($0) }
        }
        let asked = MonotonicClock.now()
        let safe = try bench.actuator.allSafe()
        #expect(safe.readback == .confirmed)
        #expect(safe.commanded - asked < .seconds(5))
        #expect(safe.overtaken.sorted() == ["bus", "host", "short"])
        #expect(bench.transport.with { $0.contacts } == [Bool](repeating: false, count: 8))
        #expect(results.all.count == 3)
        for (result, channel) in zip(results.all, safe.overtaken) {
            #expect(throws: RelayFailure.overtakenBySafeState(channel: channel)) { try result.get() }
        }
        #expect(try bench.actuator.set("bus", .cut, due: MonotonicClock.now()).readback == .confirmed)
    }

    @Test func theSafeStateIsNotBelievedWithoutItsReadback() throws {
        let bench = try Bench()
        defer { bench.actuator.stop() }
        _ = try bench.actuator.set("bus", .cut, due: MonotonicClock.now())
        bench.transport.with { $0.faults.deafChannels = [1] }
        let safe = try bench.actuator.allSafe()
        #expect(safe.readback == .failed)
        #expect(safe.observed == nil)
        #expect(safe.reason?.contains("reads back 10000000") == true)
    }

    @Test func aFailedCommandIsNotBelieved() throws {
        let bench = try Bench()
        defer { bench.actuator.stop() }
        bench.transport.with { $0.faults.deafChannels = [1] }
        let actuation = try bench.actuator.set("bus", .cut, due: MonotonicClock.now())
        #expect(actuation.readback == .failed)
        #expect(actuation.observed == nil)
        #expect(actuation.reason?.contains("told to turn channel 1 on") == true)
    }

    @Test func dwellIsEnforced() throws {
        let bench = try Bench()
        defer { bench.actuator.stop() }
        let cut = try bench.actuator.set("host", .cut, due: MonotonicClock.now())
        let due = MonotonicClock.now()
        let power = try bench.actuator.set("host", .powered, due: due)
        #expect(power.commanded - (try #require(cut.observed)) >= .milliseconds(60))
        #expect(power.reason?.hasSuffix("ms by the channel's dwell") == true)
        // The safe state doesn't wait.
        let again = try bench.actuator.set("host", .cut, due: due)
        let safe = try bench.actuator.allSafe()
        #expect(safe.readback == .confirmed)
        #expect(safe.commanded >= again.commanded)
    }

    @Test func aLostBoardIsNoticedAndFoundAgain() throws {
        let bench = try Bench()
        defer { bench.actuator.stop() }
        _ = try bench.actuator.set("bus", .cut, due: MonotonicClock.now())
        bench.transport.unplug()
        #expect(bench.comes { bench.notices.all.count == 1 })
        guard case .lost(let reason)? = bench.notices.all.first else { return #expect(Bool(false)) }
        #expect(reason.contains("no longer on the bus"))
        #expect(bench.actuator.states.isEmpty)
        let actuation = try bench.actuator.set("bus", .cut, due: MonotonicClock.now())
        #expect(actuation.readback == .failed)
        #expect(try bench.actuator.allSafe().readback == .failed)
        bench.transport.plug()
        #expect(bench.comes { bench.notices.all.count == 2 })
        #expect(bench.notices.all.last == .back(["bus": .powered, "host": .powered, "short": .cut]))
        #expect(try bench.actuator.set("bus", .cut, due: MonotonicClock.now()).readback == .confirmed)
    }

    @Test func aChannelThatMovedByItselfIsNoticed() throws {
        let bench = try Bench()
        defer { bench.actuator.stop() }
        _ = try bench.actuator.set("bus", .cut, due: MonotonicClock.now())
        // A moment without power that no transfer fell into.
        bench.transport.with { board in
            board.powerDown(at: Instant(nanoseconds: 0))
            board.powerUp(at: Instant(nanoseconds: 0))
        }
        #expect(bench.comes { !bench.notices.all.isEmpty })
        #expect(bench.notices.all == [.drifted(channel: "bus", left: .cut, found: .powered)])
    }

    @Test func operationsAreCountedAndKept() throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-wear")
        defer { directory.remove() }
        let identity = BoardIdentity(driver: "dcttech", serial: "PSUIS", path: "1-1", transport: "direct")
        let path = directory.path + "/state/wear"
        for round in 1...2 {
            let wear = try WearCounter(directory: path, identity: identity, channelCount: 8)
            #expect(wear.path.hasSuffix("/dcttech-PSUIS-1_1.json"))
            let bench = try Bench(wear: wear)
            _ = try bench.actuator.set("bus", .cut, due: MonotonicClock.now())
            // Commanded to where it is: nothing moves.
            _ = try bench.actuator.set("bus", .cut, due: MonotonicClock.now())
            _ = try bench.actuator.set("short", .powered, due: MonotonicClock.now())
            _ = try bench.actuator.allSafe()
            bench.actuator.stop()
            #expect(wear.operations(of: 1) == 2 * round)
            #expect(wear.operations(of: 2) == 0)
            #expect(wear.operations(of: 3) == 2 * round)
        }
        let file = directory.path + "/state/wear/dcttech-PSUIS-1_1.json"
        try Files.write(Array("{}".utf8), to: file)
        #expect(throws: RelayFailure.self) {
            try WearCounter(directory: path, identity: identity, channelCount: 8)
        }
        #expect(Files.entries(of: path) == ["dcttech-PSUIS-1_1.json"])
    }

    /// What computes with a count must not overflow, whatever a file holds.
    @Test(arguments: ["9223372036854775807", "1000000001", "-1", "1e99", "null"])
    func aCountThatNoRelayMakesIsRefused(count: String) throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-wear")
        defer { directory.remove() }
        let identity = BoardIdentity(driver: "dcttech", serial: "PSUIS", path: "1-1", transport: "direct")
        try Files.write(Array("{\"operations\":[1,\(count)]}".utf8), to: directory.path + "/dcttech-PSUIS-1_1.json")
        let failure = #expect(throws: RelayFailure.self) {
            try WearCounter(directory: directory.path, identity: identity, channelCount: 2)
        }
        #expect("\(try #require(failure))".contains("move it away"))
        let written = WearCounter.written(directory: directory.path, driver: "dcttech", serial: "PSUIS", path: "1-1")
        #expect(written == nil)
    }

    @Test func wrongWiringIsRefused() throws {
        let bench = try Bench()
        defer { bench.actuator.stop() }
        #expect(throws: RelayFailure.unknownChannel(id: "buss", known: ["bus", "host", "short"])) {
            try bench.actuator.set("buss", .cut, due: MonotonicClock.now())
        }
        let board = try RelayBoardDrivers.open("dcttech", on: bench.transport, matching: BoardMatch())
        for channels in [
            [ChannelWiring(id: "a", number: 9)], [ChannelWiring(id: "a", number: 0)],
            [ChannelWiring(id: "a", number: 1), ChannelWiring(id: "a", number: 2)],
            [ChannelWiring(id: "a", number: 1), ChannelWiring(id: "b", number: 1)],
        ] {
            #expect(throws: RelayFailure.self) {
                try RelayActuator(board: board, channels: channels) { _ in }
            }
        }
    }

    @Test func nothingIsTakenAfterTheEnd() throws {
        let bench = try Bench()
        let results = Notes<Result<Actuation, RelayFailure>>()
        bench.actuator.request("bus", .cut, due: MonotonicClock.now() + .seconds(3_600)) { results.add($0) }
        bench.actuator.stop()
        bench.actuator.stop()
        #expect(throws: RelayFailure.stopped) { try results.all.first?.get() }
        #expect(throws: RelayFailure.stopped) { try bench.actuator.set("bus", .cut, due: MonotonicClock.now()) }
        #expect(try bench.actuator.allSafe().readback == .failed)
    }
}
