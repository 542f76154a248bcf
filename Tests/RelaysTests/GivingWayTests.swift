import Events
import Platform
import Synchronization
import Testing
import Twin
import USB

@testable import Relays

/// The safe state and a board that does not answer: whatever its thread is at, the command goes out at once. Over real TCP, where silence takes its time.
@Suite(.serialized) struct GivingWayTests {
    private struct Bench {
        let server: USBIPServer
        let actuator: RelayActuator
        let notices = Notes<RelayActuator.Notice>()

        init(pollMilliseconds: Int = 10) throws {
            server = try USBIPServer(boards: [("board", DcttechBoard(channelCount: 2))]) { _, _, _, _ in }
            let transport = USBIPTransport(host: "127.0.0.1", port: server.port)
            let notices = notices
            actuator = try RelayActuator(
                board: try RelayBoardDrivers.open("dcttech", on: transport, matching: BoardMatch()),
                channels: [ChannelWiring(id: "bus", number: 1, settleMilliseconds: 1)],
                pollMilliseconds: pollMilliseconds
            ) { notices.add($0) }
        }

        func fall(silentFor requests: Int? = nil) {
            server.withModel(of: "board", as: DcttechBoard.self) {
                $0.faults.answer = .silent(requests: requests)
                $0.firstToldOff = nil
            }
        }

        var toldOff: Instant? {
            server.withModel(of: "board", as: DcttechBoard.self) { $0.firstToldOff } ?? nil
        }

        func end() {
            server.withModel(of: "board", as: DcttechBoard.self) { $0.faults = BoardFaults() }
            actuator.stop()
            server.stop()
        }
    }

    /// What the machine itself may take for the four threads that are woken one after the other, with everything else that it has to do.
    private static let allowance = Instant.Span.milliseconds(30)

    /// Whether it is in its first tries, opens the board anew, or looks for one that it takes for lost.
    @Test(arguments: [5, 40, 150, 290, 330, 420, 590, 700, 1_100, 1_500])
    func noLookHoldsTheSafeStateUp(_ milliseconds: Int64) throws {
        let bench = try Bench()
        defer { bench.end() }
        bench.fall()
        MonotonicClock.sleep(for: .milliseconds(milliseconds))
        let asked = MonotonicClock.now()
        let safe = try bench.actuator.allSafe()
        #expect(safe.readback == .failed)
        let told = try #require(bench.toldOff, "the board was never told")
        #expect(told - asked <= .milliseconds(50) + Self.allowance, "told after \((told - asked).wholeMilliseconds) ms")
        #expect(safe.commanded - asked <= .milliseconds(50) + Self.allowance)
        #expect(safe.commanded <= told)
    }

    @Test func noCommandHoldsTheSafeStateUp() throws {
        let bench = try Bench(pollMilliseconds: 3_600_000)
        defer { bench.end() }
        bench.fall()
        let results = Notes<Result<Actuation, RelayFailure>>()
        bench.actuator.request("bus", .cut, due: MonotonicClock.now()) { results.add($0) }
        MonotonicClock.sleep(for: .milliseconds(150))
        let asked = MonotonicClock.now()
        let safe = try bench.actuator.allSafe()
        let told = try #require(bench.toldOff)
        #expect(told - asked <= .milliseconds(50) + Self.allowance, "told after \((told - asked).wholeMilliseconds) ms")
        #expect(safe.overtaken == ["bus"])
        #expect(results.all == [.failure(.overtakenBySafeState(channel: "bus"))])
    }

    /// What a board that answers is in the middle of is done before: nothing is lost by it.
    @Test func aCommandThatIsAnsweredIsNotBrokenOff() throws {
        let bench = try Bench()
        defer { bench.end() }
        for _ in 0..<50 {
            let results = Notes<Result<Actuation, RelayFailure>>()
            bench.actuator.request("bus", .cut, due: MonotonicClock.now()) { results.add($0) }
            MonotonicClock.sleep(for: .milliseconds(Int64.random(in: 0...2)))
            #expect(try bench.actuator.allSafe().readback == .confirmed)
            #expect(bench.server.contacts(of: "board") == [false, false])
            switch results.all.first {
            case .success(let actuation): #expect(actuation.readback == .confirmed)
            case .failure(let failure): #expect(failure == .overtakenBySafeState(channel: "bus"))
            case nil: Issue.record("nobody was told")
            }
        }
        #expect(bench.notices.all.isEmpty)
    }

    /// A board that comes to after it was taken for lost is asked who it is, and is back.
    @Test func aSilentBoardIsFoundAgain() throws {
        let bench = try Bench()
        defer { bench.end() }
        bench.fall()
        func comes(_ count: Int) -> Bool {
            let deadline = MonotonicClock.now() + .seconds(10)
            while bench.notices.all.count < count, MonotonicClock.now() < deadline {
                MonotonicClock.sleep(for: .milliseconds(1))
            }
            return bench.notices.all.count >= count
        }
        #expect(comes(1))
        guard case .lost(let reason)? = bench.notices.all.first else { return #expect(Bool(false)) }
        #expect(reason.contains("opened anew since transfers failed"), "\(reason)")
        #expect(reason.contains("did not answer within"), "\(reason)")
        bench.server.withModel(of: "board", as: DcttechBoard.self) { $0.faults = BoardFaults() }
        #expect(comes(2))
        #expect(bench.notices.all.last == .back(["bus": .powered]))
        #expect(try bench.actuator.set("bus", .cut, due: MonotonicClock.now()).readback == .confirmed)
    }

    /// Only what is off the bus is called gone.
    @Test(arguments: ["dcttech", "conrad"]) func aSilentBoardIsNotCalledGone(_ driver: String) throws {
        let specimen = try #require(RelayBoardModels.all.first { $0.driver == driver })
        let bench = try USBConformanceBench(specimen)
        defer { bench.end() }
        let board = try bench.open()
        defer { board.close() }
        func reason(_ body: () throws -> Void) -> String {
            do {
                try body()
                return "no failure"
            } catch {
                return "\(error)"
            }
        }
        _ = bench.apply(.silence(nil))
        for _ in 0..<3 {
            for text in [reason { _ = try board.setAllOff() }, reason { _ = try board.readAll() }] {
                #expect(text.contains("did not answer within"), "\(text)")
                #expect(!text.contains("no longer on the bus"), "\(text)")
            }
            #expect(board.isOpen)
        }
        bench.unplug()
        #expect(reason { _ = try board.setAllOff() }.contains("no longer on the bus"))
        #expect(!board.isOpen)
    }

    /// Asks for the safe state at the one moment at which a board has no open device: while it is opened anew.
    private struct AskingTransport: USBTransport {
        let inner: any USBTransport
        let urgency: Urgency

        var name: String { inner.name }
        func devices() throws(TransportFailure) -> [DeviceInfo] { try inner.devices() }
        func open(_ path: String) throws(TransportFailure) -> any USBDevice {
            urgency.ask()
            return try inner.open(path)
        }
    }

    @Test(arguments: ["dcttech", "conrad", "ft245r", "deditec"]) func aBoardIsLeftOpenForWhatIsUrgent(_ driver: String)
        throws
    {
        let specimen = try #require(RelayBoardModels.all.first { $0.driver == driver })
        let bench = try USBConformanceBench(specimen)
        defer { bench.end() }
        let urgency = try Urgency()
        let transport = AskingTransport(inner: bench.transport, urgency: urgency)
        let board = try RelayBoardDrivers.open(driver, on: transport, matching: BoardMatch(path: bench.path))
        defer { board.close() }
        urgency.take()
        _ = bench.apply(.silence(nil))
        let failure = urgency.heeded { () -> RelayFailure? in
            do throws(RelayFailure) {
                _ = try board.readAll()
                return nil
            } catch {
                return error
            }
        }
        #expect(failure?.hasGivenWay == true, "\(failure.map { "\($0)" } ?? "no failure")")
        #expect(board.isOpen)
        bench.recover()
        #expect(try board.setAllOff() == .confirmed)
        #expect(try board.readAll()?.contains(true) == false)
    }

    @Test func onlyWhatHeedsItGivesWay() throws {
        let urgency = try Urgency()
        let (near, far) = try Socket.pair()
        defer { far.close() }
        func soon() -> Instant { MonotonicClock.now() + .milliseconds(30) }
        urgency.ask()
        #expect(!Urgency.isPressing)
        #expect(try !Urgency.waitToRead(near, until: soon()))
        urgency.heeded {
            #expect(Urgency.isPressing)
            #expect(throws: TransportFailure.gaveWay) { try Urgency.waitToRead(near, until: soon()) }
            #expect(throws: TransportFailure.gaveWay) { try Urgency.giveWay() }
        }
        urgency.heeded(after: .milliseconds(20)) {
            let begin = MonotonicClock.now()
            #expect(!Urgency.isPressing)
            #expect(throws: TransportFailure.gaveWay) {
                try Urgency.waitToRead(near, until: begin + .milliseconds(5_000))
            }
            #expect(MonotonicClock.now() - begin >= .milliseconds(19))
        }
        urgency.take()
        #expect(try urgency.heeded { Result { try Urgency.waitToRead(near, until: soon()) } }.get() == false)
        // What is there is read, urgent or not.
        try far.writeAll([1], until: soon())
        urgency.ask()
        #expect(try urgency.heeded { Result { try Urgency.waitToRead(near, until: soon()) } }.get())
    }
}
