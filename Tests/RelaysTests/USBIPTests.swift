import Events
import Platform
import Testing
import Twin
import USB

@testable import Relays

/// Driver, transport, server and model together, over real TCP.
@Suite struct USBIPTests {
    private struct Change: Equatable, Sendable {
        var board: String
        var channel: Int
        var energised: Bool
        var instant: Instant
    }

    private struct Bench {
        let changes = Notes<Change>()
        let server: USBIPServer
        let transport: USBIPTransport

        init(_ models: [DcttechBoard] = [DcttechBoard()]) throws {
            let changes = changes
            let boards = models.enumerated().map { (id: "board\($0 + 1)", model: $1 as any USBDeviceModel) }
            server = try USBIPServer(boards: boards) { board, channel, energised, instant in
                changes.add(Change(board: board, channel: channel, energised: energised, instant: instant))
            }
            transport = USBIPTransport(host: "127.0.0.1", port: server.port)
        }

        func open(_ match: BoardMatch = BoardMatch()) throws -> any RelayBoard {
            try RelayBoardDrivers.open("dcttech", on: transport, matching: match)
        }

        func comes(_ condition: () -> Bool) -> Bool {
            let deadline = MonotonicClock.now() + .seconds(10)
            while MonotonicClock.now() < deadline {
                if condition() { return true }
                MonotonicClock.sleep(for: .milliseconds(1))
            }
            return false
        }
    }

    @Test func aServerListsItsBoards() throws {
        let bench = try Bench([DcttechBoard(), DcttechBoard(channelCount: 2)])
        defer { bench.server.stop() }
        let devices = try bench.transport.devices()
        #expect(devices.map(\.path) == ["1-1", "1-2"])
        #expect(devices.allSatisfy { $0.vendor == 0x16C0 && $0.product == 0x05DF && $0.deviceVersion == 0x0100 })
        bench.server.unplug("board1")
        #expect(try bench.transport.devices().map(\.path) == ["1-2"])
    }

    @Test func everyChangeIsReportedBetweenCommandAndReadback() throws {
        let bench = try Bench()
        defer { bench.server.stop() }
        let board = try bench.open()
        for channel in 1...8 {
            let before = MonotonicClock.now()
            #expect(try board.set(channel, energised: true) == .confirmed)
            let after = MonotonicClock.now()
            let change = try #require(bench.changes.all.last)
            #expect(change.channel == channel && change.energised && change.board == "board1")
            #expect(before <= change.instant && change.instant <= after)
        }
        #expect(bench.server.contacts(of: "board1") == [Bool](repeating: true, count: 8))
        #expect(try board.setAllOff() == .confirmed)
        #expect(bench.changes.all.count == 16)
        #expect(bench.changes.all.suffix(8).allSatisfy { !$0.energised })
        board.close()
        #expect(bench.comes { bench.server.connectedClients == 0 })
    }

    @Test func aBoardHasOneClientAtATime() throws {
        let bench = try Bench()
        defer { bench.server.stop() }
        let board = try bench.open()
        #expect(bench.server.connectedClients >= 1)
        #expect(throws: TransportFailure.busy) { try bench.transport.open("1-1") }
        board.close()
        // Closed and opened anew at once.
        try bench.open().close()
        #expect(throws: TransportFailure.notFound(path: "1-9")) { try bench.transport.open("1-9") }
    }

    @Test func duplicateSerialsAreRefusedAndReleased() throws {
        let bench = try Bench([DcttechBoard(), DcttechBoard()])
        defer { bench.server.stop() }
        #expect(throws: RelayFailure.duplicateSerial(serial: "PSUIS", paths: ["1-1", "1-2"])) {
            try bench.open(BoardMatch(serial: "PSUIS"))
        }
        let second = try bench.open(BoardMatch(path: "1-2"))
        _ = try second.set(1, energised: true)
        #expect(bench.changes.all.map(\.board) == ["board2"])
    }

    @Test func faultsOnTheWireAreReported() throws {
        let bench = try Bench()
        defer { bench.server.stop() }
        let board = try bench.open()
        let faults: [(BoardFaults.Answer, TransportFailure)] = [
            (.stalling(requests: nil), .stall), (.silent(requests: nil), .timedOut(milliseconds: 100)),
            (.short(octets: 5), .shortAnswer(got: 5, wanted: 8)),
        ]
        for (answer, failure) in faults {
            bench.server.withModel(of: "board1", as: DcttechBoard.self) { $0.faults.answer = answer }
            do {
                _ = try board.set(1, energised: true)
                Issue.record("believed a board that is \(answer)")
            } catch RelayFailure.transport(_, let seen) {
                #expect(seen == failure)
            }
            bench.server.withModel(of: "board1", as: DcttechBoard.self) { $0.faults = .init() }
            // A last try to open it anew may have failed: then it is opened as the actuator's watch would.
            try board.reopen()
            #expect(try board.set(1, energised: true) == .confirmed)
        }
        for requests in [1, 2] {
            bench.server.withModel(of: "board1", as: DcttechBoard.self) {
                $0.faults.answer = .silent(requests: requests)
            }
            #expect(try board.set(2, energised: requests == 1) == .confirmed)
        }
    }

    @Test func unpluggingDropsTheRelaysAndTheConnection() throws {
        let bench = try Bench()
        defer { bench.server.stop() }
        let board = try bench.open()
        _ = try board.set(1, energised: true)
        _ = try board.set(2, energised: true)
        bench.server.unplug("board1")
        #expect(bench.changes.all.suffix(2).map(\.energised) == [false, false])
        #expect(throws: RelayFailure.transport(board: "\(board.identity)", .gone)) {
            try board.set(1, energised: true)
        }
        #expect(throws: RelayFailure.self) { try board.reopen() }
        bench.server.plug("board1")
        try board.reopen()
        #expect(try board.readAll() == [Bool](repeating: false, count: 8))
        #expect(try board.set(1, energised: true) == .confirmed)
    }

    @Test func aBoardThatVanishesIsGoneWithItsRelaysAsTheyWere() throws {
        let bench = try Bench()
        defer { bench.server.stop() }
        let board = try bench.open()
        bench.server.withModel(of: "board1", as: DcttechBoard.self) { $0.faults.vanishesAfterCommands = 2 }
        #expect(try board.set(1, energised: true) == .confirmed)
        #expect(throws: RelayFailure.transport(board: "\(board.identity)", .gone)) {
            try board.set(2, energised: true)
        }
        #expect(bench.server.contacts(of: "board1").prefix(3) == [true, true, false])
        bench.server.plug("board1")
        #expect(bench.server.contacts(of: "board1") == [Bool](repeating: false, count: 8))
        try board.reopen()
        #expect(try board.set(2, energised: true) == .confirmed)
    }

    @Test func anActuatorOutlivesAnUnplugging() throws {
        let bench = try Bench()
        defer { bench.server.stop() }
        let notices = Notes<RelayActuator.Notice>()
        let actuator = try RelayActuator(
            board: try bench.open(), channels: [ChannelWiring(id: "bus", number: 1, settleMilliseconds: 1)],
            pollMilliseconds: 20
        ) { notices.add($0) }
        defer { actuator.stop() }
        #expect(try actuator.set("bus", .cut, due: MonotonicClock.now()).readback == .confirmed)
        bench.server.unplug("board1")
        #expect(bench.comes { notices.all.count == 1 })
        bench.server.plug("board1")
        #expect(bench.comes { notices.all.count == 2 })
        #expect(notices.all.last == .back(["bus": .powered]))
        #expect(try actuator.set("bus", .cut, due: MonotonicClock.now()).readback == .confirmed)
    }

    @Test func nobodyThereIsSaid() throws {
        let (listener, port) = try Socket.listenTCP()
        listener.close()
        let nobody = USBIPTransport(host: "127.0.0.1", port: port)
        #expect {
            try nobody.devices()
        } throws: { error in
            "\(error)".contains("check that the server runs")
        }
        // Somebody who never answers.
        let (deaf, deafPort) = try Socket.listenTCP()
        defer { deaf.close() }
        let patient = USBIPTransport(host: "127.0.0.1", port: deafPort, timeoutMilliseconds: 50)
        #expect(throws: TransportFailure.timedOut(milliseconds: 50)) { try patient.devices() }
    }

    @Test func aServerSurvivesNonsense() throws {
        let bench = try Bench()
        defer { bench.server.stop() }
        let board = try bench.open()
        for octets in [
            Array("GET / HTTP/1.1\r\n\r\n".utf8), [0x01, 0x11], [UInt8](repeating: 0xFF, count: 3_000),
        ] {
            let deadline = MonotonicClock.now() + .seconds(5)
            let socket = try Socket.connectTCP(host: "127.0.0.1", port: bench.server.port, until: deadline)
            try socket.writeAll(octets, until: deadline)
            socket.close()
        }
        #expect(try board.set(1, energised: true) == .confirmed)
        #expect(bench.comes { bench.server.connectedClients == 1 })
    }

    @Test func settingAndReadingBackIsQuick() throws {
        let bench = try Bench()
        defer { bench.server.stop() }
        let board = try bench.open()
        var spans: [Instant.Span] = []
        for round in 0..<200 {
            let before = MonotonicClock.now()
            _ = try board.set(1, energised: round.isMultiple(of: 2))
            spans.append(MonotonicClock.now() - before)
        }
        spans.sort()
        print(
            "set and read back over USB/IP: median \(spans[100].nanoseconds / 1_000) µs, "
                + "99 % \(spans[198].nanoseconds / 1_000) µs")
        // A few hundred microseconds when nothing else runs; a low-speed board itself takes milliseconds.
        #expect(spans[100] < .milliseconds(20))
    }

    @Test func commandsAreOnTimeAndTheSafeStateIsAtOnce() throws {
        let bench = try Bench()
        defer { bench.server.stop() }
        let actuator = try RelayActuator(
            board: try bench.open(), channels: [ChannelWiring(id: "bus", number: 1, settleMilliseconds: 1)],
            pollMilliseconds: 20
        ) { _ in }
        defer { actuator.stop() }
        var late: [Instant.Span] = []
        var safe: [Instant.Span] = []
        for _ in 0..<40 {
            let due = MonotonicClock.now() + .milliseconds(3)
            let cut = try actuator.set("bus", .cut, due: due)
            late.append(cut.commanded - due)
            actuator.request("bus", .powered, due: due + .seconds(3_600)) { _ in }
            let asked = MonotonicClock.now()
            #expect(try actuator.allSafe().readback == .confirmed)
            let change = try #require(bench.changes.all.last)
            #expect(!change.energised)
            safe.append(change.instant - asked)
        }
        late.sort()
        safe.sort()
        print(
            "commanded after due: median \(late[20].nanoseconds / 1_000) µs, worst \(late[39].nanoseconds / 1_000) µs; "
                + "safe state at the contact: median \(safe[20].nanoseconds / 1_000) µs, "
                + "worst \(safe[39].nanoseconds / 1_000) µs")
        #expect(late[20] < .milliseconds(20))
        #expect(safe[20] < .milliseconds(50))
    }

    @Test func everyCallerGetsItsAnswer() throws {
        let bench = try Bench()
        defer { bench.server.stop() }
        let actuator = try RelayActuator(
            board: try bench.open(),
            channels: (1...4).map { ChannelWiring(id: "c\($0)", number: $0, settleMilliseconds: 0) },
            pollMilliseconds: 5
        ) { _ in }
        let answers = Notes<Bool>()
        let threads = (1...4).map { number in
            NamedThread.start("caller \(number)") {
                for round in 0..<50 {
                    if round.isMultiple(of: 10) {
                        answers.add((try? actuator.allSafe())?.readback == .confirmed)
                    } else {
                        let meaning = round.isMultiple(of: 2) ? Meaning.cut : .powered
                        do {
                            let due = MonotonicClock.now()
                            answers.add(try actuator.set("c\(number)", meaning, due: due).readback == .confirmed)
                        } catch RelayFailure.overtakenBySafeState {
                            answers.add(true)
                        } catch {
                            answers.add(false)
                        }
                    }
                }
            }
        }
        for thread in threads { thread.join() }
        actuator.stop()
        #expect(answers.all.count == 200)
        #expect(!answers.all.contains(false))
        #expect(bench.comes { bench.server.connectedClients == 0 })
    }
}
