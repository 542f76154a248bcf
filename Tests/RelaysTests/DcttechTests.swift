import Events
import Relays
import Synchronization
import Testing
import Twin

@Suite struct DcttechTests {
    private func open(
        _ transport: DirectTransport, _ match: BoardMatch = BoardMatch()
    ) throws(RelayFailure) -> any RelayBoard {
        try RelayBoardDrivers.open("dcttech", on: transport, matching: match)
    }

    private static func faults(_ change: (inout BoardFaults) -> Void) -> BoardFaults {
        var faults = BoardFaults()
        change(&faults)
        return faults
    }

    @Test(arguments: [1, 2, 4, 8]) func everyChannelSwitchesAndReadsBack(channelCount: Int) throws {
        let transport = DirectTransport([("1-1", DcttechBoard(channelCount: channelCount, serial: "BITFT"))])
        let board = try open(transport)
        #expect(
            board.identity == BoardIdentity(driver: "dcttech", serial: "BITFT", path: "1-1", transport: "direct"))
        #expect(board.channelCount == channelCount)
        for channel in 1...channelCount {
            #expect(try board.set(channel, energised: true) == .confirmed)
            #expect(try board.readAll() == (1...channelCount).map { $0 <= channel })
            #expect(transport.with { $0.contacts } == (1...channelCount).map { $0 <= channel })
        }
        #expect(try board.set(1, energised: false) == .confirmed)
        #expect(try board.readAll()?.first == false)
        #expect(try board.setAllOff() == .confirmed)
        #expect(transport.with { $0.contacts } == [Bool](repeating: false, count: channelCount))
        #expect(throws: RelayFailure.self) { try board.set(channelCount + 1, energised: true) }
        #expect(throws: RelayFailure.self) { try board.set(0, energised: true) }
    }

    @Test(arguments: [
        faults { $0.answer = .stalling(requests: 2) }, faults { $0.answer = .silent(requests: 2) },
        // Three tries are used up; the board is opened anew.
        faults { $0.answer = .stalling(requests: 4) },
    ]) func aPassingFaultIsTriedAgain(faults: BoardFaults) throws {
        let transport = DirectTransport([("1-1", DcttechBoard())])
        let board = try open(transport)
        transport.with { $0.faults = faults }
        #expect(try board.set(3, energised: true) == .confirmed)
        #expect(transport.with { $0.contacts[2] } == true)
        #expect(transport.openCount == (faults.answer == .stalling(requests: 4) ? 2 : 1))
    }

    @Test(arguments: [
        (faults { $0.answer = .stalling(requests: nil) }, TransportFailure.stall),
        (faults { $0.answer = .silent(requests: nil) }, .timedOut(milliseconds: 100)),
        (faults { $0.answer = .short(octets: 5) }, .shortAnswer(got: 5, wanted: 8)),
        (faults { $0.vanishesAfterCommands = 1 }, .gone),
    ]) func aLastingFaultIsReported(faults: BoardFaults, failure: TransportFailure) throws {
        let transport = DirectTransport([("1-1", DcttechBoard())])
        let board = try open(transport)
        transport.with { $0.faults = faults }
        do {
            _ = try board.set(1, energised: true)
            Issue.record("believed a board that \(failure)")
        } catch RelayFailure.transport(_, let seen) {
            #expect(seen == failure)
        }
        #expect(throws: RelayFailure.self) { try board.setAllOff() }
        #expect(throws: RelayFailure.self) { try board.readAll() }
    }

    @Test func aChannelThatDoesNotFollowIsReported() throws {
        let transport = DirectTransport([("1-1", DcttechBoard())])
        let board = try open(transport)
        transport.with { $0.faults.deafChannels = [2] }
        let wanted = RelayFailure.notFollowed(
            board: "dcttech board PSUIS at 1-1", channel: 2, wanted: true, states: [Bool](repeating: false, count: 8))
        #expect(throws: wanted) { try board.set(2, energised: true) }
        #expect("\(wanted)".contains("reads back 00000000"))
        #expect(try board.set(1, energised: true) == .confirmed)
    }

    /// The limit of any read-back: it tells the coil. A witness on the circuit has to tell the contact.
    @Test func aStuckContactIsNotSeenByTheBoard() throws {
        let transport = DirectTransport([("1-1", DcttechBoard())])
        let board = try open(transport)
        transport.with { $0.faults.stuckContacts = [1] }
        #expect(try board.set(1, energised: true) == .confirmed)
        #expect(transport.with { $0.contacts[0] } == false)
    }

    @Test func aBoardThatIsGoneComesBackAtItsPath() throws {
        let transport = DirectTransport([("1-1", DcttechBoard())])
        let board = try open(transport)
        _ = try board.set(1, energised: true)
        transport.unplug()
        let gone = RelayFailure.transport(board: "dcttech board PSUIS at 1-1", .gone)
        #expect(throws: gone) { try board.set(1, energised: true) }
        #expect(throws: RelayFailure.self) { try board.reopen() }
        transport.plug()
        // Never by itself: whoever commands has to know that all relays fell.
        #expect(throws: gone) { try board.set(1, energised: true) }
        try board.reopen()
        #expect(try board.readAll() == [Bool](repeating: false, count: 8))
        #expect(try board.set(1, energised: true) == .confirmed)
    }

    @Test func anotherBoardAtThePathIsRefused() throws {
        let transport = DirectTransport([("1-1", DcttechBoard(serial: "AAAAA"))])
        let board = try open(transport)
        transport.with { $0 = DcttechBoard(serial: "BBBBB") }
        transport.plug()
        let exchanged = RelayFailure.exchanged(board: "dcttech board AAAAA at 1-1", serial: "BBBBB")
        #expect(throws: exchanged) { try board.reopen() }
        #expect(throws: RelayFailure.self) { try board.set(1, energised: true) }
    }

    @Test func anotherBoardBehindTheSameAddressIsRefused() throws {
        let transport = DirectTransport([("1-1", DcttechBoard(serial: "AAAAA"))])
        let board = try open(transport)
        transport.with { model in
            model = DcttechBoard(serial: "BBBBB")
            model.powerUp(at: Instant(nanoseconds: 0))
        }
        let exchanged = RelayFailure.exchanged(board: "dcttech board AAAAA at 1-1", serial: "BBBBB")
        #expect(throws: exchanged) { try board.set(1, energised: true) }
        #expect(throws: exchanged) { try board.readAll() }
    }

    @Test func boardsAreToldApart() throws {
        let transport = DirectTransport([
            ("1-1", DcttechBoard(serial: "AAAAA")), ("1-2", DcttechBoard(serial: "BBBBB")),
            ("1-3", DcttechBoard(serial: "AAAAA")),
        ])
        #expect(try open(transport, BoardMatch(serial: "BBBBB")).identity.path == "1-2")
        #expect(try open(transport, BoardMatch(path: "1-3")).identity.serial == "AAAAA")
        #expect(throws: RelayFailure.duplicateSerial(serial: "AAAAA", paths: ["1-1", "1-3"])) {
            try open(transport, BoardMatch(serial: "AAAAA"))
        }
        #expect(throws: RelayFailure.ambiguous(driver: "dcttech", paths: ["1-1", "1-2", "1-3"])) {
            try open(transport)
        }
        #expect(throws: RelayFailure.exchanged(board: "the dcttech board at 1-2", serial: "BBBBB")) {
            try open(transport, BoardMatch(serial: "AAAAA", path: "1-2"))
        }
        for match in [BoardMatch(serial: "CCCCC"), BoardMatch(path: "2-1")] {
            #expect {
                try open(transport, match)
            } throws: { error in
                "\(error)".contains("knxrig relay list")
            }
        }
    }

    @Test func anUnknownDriverNamesThoseThereAre() {
        #expect(throws: RelayFailure.noDriver(name: "dctech", known: RelayBoardDrivers.all.map(\.name))) {
            try RelayBoardDrivers.open("dctech", on: DirectTransport([]), matching: BoardMatch())
        }
    }

    @Test(
        arguments: [
            (nil, nil, true), ("www.dcttech.com", "USBRelay8", true), ("www.dcttech.com", "USBRelayX", false),
            ("obdev.at", "USBRelay8", false),
        ] as [(String?, String?, Bool)])
    func theSharedIdsAloneAreNoBoard(manufacturer: String?, product: String?, isBoard: Bool) {
        let device = DeviceInfo(
            path: "1-1", vendor: 0x16C0, product: 0x05DF, deviceVersion: 0x0100, manufacturer: manufacturer,
            productName: product)
        #expect(Dcttech.driver.recognises(device) == isBoard)
    }

    /// Loses the answer to the first command that a board has followed.
    private final class LosingTheFirstAnswer: RelayBoard {
        private let board: any RelayBoard
        private let isLost = Atomic(false)

        init(_ board: any RelayBoard) { self.board = board }

        var identity: BoardIdentity { board.identity }
        var channelCount: Int { board.channelCount }
        var isOpen: Bool { board.isOpen }
        func setAllOff() throws(RelayFailure) -> Readback { try board.setAllOff() }
        func readAll() throws(RelayFailure) -> [Bool]? { try board.readAll() }
        func reopen() throws(RelayFailure) { try board.reopen() }
        func close() { board.close() }
        func set(_ channel: Int, energised: Bool) throws(RelayFailure) -> Readback {
            let readback = try board.set(channel, energised: energised)
            if !isLost.exchange(true, ordering: .relaxed) { throw .system("no answer") }
            return readback
        }
    }

    @Test(arguments: [false, true]) func aCycleTurnsTheCoilBackWhateverFails(before: Bool) throws {
        let transport = DirectTransport([("1-1", DcttechBoard())])
        let board = try open(transport)
        _ = try board.set(2, energised: before)
        var isTurnedOver = false
        #expect(
            try board.cycle(2, from: before) { isTurnedOver = transport.with { $0.contacts[1] } == !before }
                == .confirmed)
        #expect(isTurnedOver)
        #expect(transport.with { $0.contacts[1] } == before)
        #expect(throws: RelayFailure.system("no answer")) {
            _ = try LosingTheFirstAnswer(board).cycle(2, from: before) {}
        }
        #expect(transport.with { $0.contacts[1] } == before)
    }
}
