import Events
import Platform
import Testing
import Twin

@testable import Relays

/// A serial board as its driver, its model and its plug have it.
struct SerialSpecimen: CustomTestStringConvertible, Sendable {
    var name: String
    var driver: String
    var channelCount: Int
    var canBeRead = true
    var plug: SerialBench.Plug
    var model: @Sendable () -> any SerialBoardModel

    var testDescription: String { name }

    static let all: [SerialSpecimen] = [
        SerialSpecimen(
            name: "LCUS-8", driver: "lcus-serial", channelCount: 8, canBeRead: false,
            plug: .init(vendor: 0x1A86, product: 0x7523, productName: "USB Serial", isConverter: true),
            model: { LCUSBoard(channelCount: 8) }),
        SerialSpecimen(
            name: "KMtronic", driver: "kmtronic", channelCount: 1,
            plug: .init(
                vendor: 0x0403, product: 0x6001, productName: "FT232R USB UART", serial: "A600OJ7L", isConverter: true),
            model: { KMtronicBoard() }),
        SerialSpecimen(
            name: "USB-RLY16", driver: "devantech", channelCount: 8,
            plug: .init(vendor: 0x04D8, product: 0xFFEE, productName: "USB-RLY16", serial: "00016277"),
            model: { DevantechBoard(.rly16) }),
        SerialSpecimen(
            name: "USB-RLY02", driver: "devantech", channelCount: 2,
            plug: .init(vendor: 0x04D8, product: 0xFFEE, productName: "USB-RLY02", serial: "00002123"),
            model: { DevantechBoard(.rly02) }),
        SerialSpecimen(
            name: "Numato, named", driver: "numato", channelCount: 8,
            plug: .init(
                vendor: 0x2A19, product: 0x0C01, productName: "Numato Lab 8 Channel USB Relay Module", serial: "NLRM8"),
            model: { NumatoBoard(channelCount: 8) }),
        SerialSpecimen(
            name: "Numato, counted", driver: "numato", channelCount: 32,
            plug: .init(vendor: 0x2A19, product: 0x0C05, serial: "NLRM32"),
            model: { NumatoBoard(channelCount: 32) }),
    ]

    static var readable: [SerialSpecimen] { all.filter(\.canBeRead) }
    /// Without the one whose 32 channels take long to fail.
    static var quick: [SerialSpecimen] { all.filter { $0.channelCount <= 8 } }

    func bench() throws -> SerialBench { try SerialBench([(plug, model())]) }

    func open(_ bench: SerialBench) throws -> any RelayBoard {
        try SerialBoardDrivers.open(driver, on: bench.transport, matching: BoardMatch(path: "1-1.4"))
    }
}

/// What holds of each serial board. A claim of an interface, STALL and short packets have no meaning on a terminal.
@Suite struct SerialBoardTests {
    @Test(arguments: SerialSpecimen.all) func everyChannelSwitchesAndReadsBack(_ specimen: SerialSpecimen) throws {
        let bench = try specimen.bench()
        defer { bench.end() }
        let board = try specimen.open(bench)
        defer { board.close() }
        #expect(board.channelCount == specimen.channelCount)
        #expect(
            board.identity
                == BoardIdentity(
                    driver: specimen.driver, serial: specimen.plug.serial ?? "", path: "1-1.4:1.0", transport: "serial")
        )
        let expected = specimen.canBeRead ? Event.Actuation.Readback.confirmed : .assumed
        for channel in 1...specimen.channelCount {
            #expect(try board.set(channel, energised: true) == expected)
            let states = (1...specimen.channelCount).map { $0 <= channel }
            #expect(try board.readAll() == (specimen.canBeRead ? states : nil))
            try bench.expect(contacts: states)
        }
        #expect(try board.set(1, energised: false) == expected)
        try bench.expect(contacts: (1...specimen.channelCount).map { $0 > 1 })
        #expect(try board.setAllOff() == expected)
        try bench.expect(contacts: [Bool](repeating: false, count: specimen.channelCount))
        for channel in [0, -1, specimen.channelCount + 1, Int.max] {
            #expect(throws: RelayFailure.self) { try board.set(channel, energised: true) }
        }
    }

    @Test(
        arguments: SerialSpecimen.readable,
        [
            SerialFaults.Answer.silent(times: 1), .loop(times: 1), .behind(times: 2), .garbage(times: 2),
            .half(times: 2), .echo(times: 2),
            .late(times: 1, by: .milliseconds(230)), .late(times: 2, by: .milliseconds(1)),
        ])
    func aPassingFaultIsGotOver(_ specimen: SerialSpecimen, _ fault: SerialFaults.Answer) throws {
        let bench = try specimen.bench()
        defer { bench.end() }
        let board = try specimen.open(bench)
        defer { board.close() }
        bench.server.setFaults { $0.answer = fault }
        #expect(try board.set(1, energised: true) == .confirmed)
        #expect(bench.server.contacts[0])
    }

    @Test(
        arguments: SerialSpecimen.quick.filter(\.canBeRead),
        [
            SerialFaults.Answer.silent(times: nil), .loop(times: nil), .garbage(times: nil), .half(times: nil),
            .echo(times: nil),
            .late(times: nil, by: .milliseconds(500)),
        ])
    func aLastingFaultIsNeverBelieved(_ specimen: SerialSpecimen, _ fault: SerialFaults.Answer) throws {
        let bench = try specimen.bench()
        defer { bench.end() }
        let board = try specimen.open(bench)
        defer { board.close() }
        bench.server.setFaults { $0.answer = fault }
        // Whatever the line brings, what is confirmed must be so.
        let began = MonotonicClock.now()
        let readback = try? board.set(1, energised: true)
        #expect(MonotonicClock.now() - began < .seconds(20), "every wait ends")
        if readback == .confirmed { #expect(bench.server.contacts[0]) }
        // An echo is part of some languages, and the answer to the first try may pass for the third's: it came after the command all the same.
        switch fault {
        case .echo, .late: break
        default: #expect(readback == nil)
        }
        bench.server.setFaults { $0.answer = .sound }
        MonotonicClock.sleep(for: .milliseconds(550))
        #expect(try board.set(1, energised: true) == .confirmed)
        #expect(try board.readAll()?[0] == true)
    }

    /// The answer to a look that was given up comes while a channel is commanded that doesn't follow: it must not prove the command.
    @Test(arguments: SerialSpecimen.readable) func aLateAnswerProvesNoLaterCommand(_ specimen: SerialSpecimen) throws {
        let bench = try specimen.bench()
        defer { bench.end() }
        let board = try specimen.open(bench)
        defer { board.close() }
        #expect(try board.set(1, energised: true) == .confirmed)
        bench.server.setFaults { $0.answer = .late(times: 1, by: .milliseconds(300)) }
        #expect(try board.readAll()?[0] == true)
        #expect(try board.set(1, energised: false) == .confirmed)
        bench.server.withRelays { $0.deafChannels = [1] }
        let until = MonotonicClock.now() + .milliseconds(400)
        while MonotonicClock.now() < until {
            #expect(throws: RelayFailure.self) { try board.set(1, energised: true) }
        }
        #expect(!bench.server.contacts[0])
    }

    /// The answer before, ahead of the present one, tells what is no longer so.
    @Test(arguments: SerialSpecimen.readable) func anAnswerOutOfStepIsNotBelieved(_ specimen: SerialSpecimen) throws {
        let bench = try specimen.bench()
        defer { bench.end() }
        let board = try specimen.open(bench)
        defer { board.close() }
        #expect(try board.readAll()?[0] == false)
        bench.server.withRelays { relays in
            relays.drive(1, true)
            relays.deafChannels = [1]
        }
        bench.server.setFaults { $0.answer = .behind(times: nil) }
        #expect(throws: RelayFailure.self) { try board.set(1, energised: false) }
        #expect(bench.server.contacts[0])
    }

    /// What comes back of itself is no state.
    @Test(arguments: SerialSpecimen.readable) func aLineThatOnlyEchoesHasNoState(_ specimen: SerialSpecimen) throws {
        let bench = try specimen.bench()
        defer { bench.end() }
        let board = try specimen.open(bench)
        defer { board.close() }
        bench.server.setFaults { $0.answer = .loop(times: nil) }
        #expect(throws: RelayFailure.self) { try board.readAll() }
        #expect(throws: RelayFailure.self) { try board.setAllOff() }
        #expect(throws: RelayFailure.self) { try board.set(1, energised: false) }
        board.close()
        #expect(throws: RelayFailure.self) { try specimen.open(bench) }
    }

    @Test(arguments: SerialSpecimen.readable) func aChannelThatDoesNotFollowIsReported(_ specimen: SerialSpecimen)
        throws
    {
        let bench = try specimen.bench()
        defer { bench.end() }
        let board = try specimen.open(bench)
        defer { board.close() }
        bench.server.withRelays { $0.deafChannels = [1] }
        #expect {
            try board.set(1, energised: true)
        } throws: { error in
            guard case RelayFailure.notFollowed(_, 1, true, _) = error else { return false }
            return true
        }
        bench.server.withRelays { $0.deafChannels = [] }
        #expect(try board.set(1, energised: true) == .confirmed)
        bench.server.withRelays { $0.deafChannels = [1] }
        #expect(throws: RelayFailure.self) { try board.setAllOff() }
    }

    /// The limit of any read-back: a witness on the circuit has to tell the contact.
    @Test(arguments: SerialSpecimen.readable) func aStuckContactIsNotSeenByTheBoard(_ specimen: SerialSpecimen) throws {
        let bench = try specimen.bench()
        defer { bench.end() }
        let board = try specimen.open(bench)
        defer { board.close() }
        bench.server.withRelays { $0.stuckContacts = [1] }
        #expect(try board.set(1, energised: true) == .confirmed)
        #expect(!bench.server.contacts[0])
    }

    @Test(arguments: SerialSpecimen.all) func aBoardThatIsPulledIsLostAndComesBack(_ specimen: SerialSpecimen) throws {
        let bench = try specimen.bench()
        defer { bench.end() }
        let board = try specimen.open(bench)
        defer { board.close() }
        _ = try board.set(1, energised: true)
        bench.server.unplug()
        let gone = RelayFailure.transport(board: "\(board.identity)", .gone)
        #expect(throws: gone) { try board.set(1, energised: true) }
        #expect(gone.isLoss)
        #expect(throws: RelayFailure.self) { try board.reopen() }
        try bench.server.plug()
        // Never by itself: whoever commands has to know that all relays fell.
        #expect(throws: gone) { try board.set(1, energised: true) }
        try board.reopen()
        try bench.expect(contacts: [Bool](repeating: false, count: specimen.channelCount))
        if specimen.canBeRead { #expect(try board.readAll()?.contains(true) == false) }
        _ = try board.set(1, energised: true)
        try bench.expect(contacts: (1...specimen.channelCount).map { $0 == 1 })
    }

    @Test(arguments: SerialSpecimen.readable) func aBoardThatVanishesUnderACommandIsNoSuccess(
        _ specimen: SerialSpecimen
    )
        throws
    {
        let bench = try specimen.bench()
        defer { bench.end() }
        let board = try specimen.open(bench)
        defer { board.close() }
        bench.server.setFaults { $0.vanishesAfterBursts = 1 }
        #expect(throws: RelayFailure.transport(board: "\(board.identity)", .gone)) { try board.set(1, energised: true) }
    }

    @Test(arguments: SerialSpecimen.all) func anotherDeviceAtThePathIsRefused(_ specimen: SerialSpecimen) throws {
        let bench = try specimen.bench()
        defer { bench.end() }
        let board = try specimen.open(bench)
        defer { board.close() }
        try bench.change("serial", to: "ANOTHER")
        #expect(throws: RelayFailure.exchanged(board: "\(board.identity)", serial: "ANOTHER")) { try board.reopen() }
        try bench.change("idVendor", to: "1d6b")
        try bench.change("product", to: "something")
        #expect {
            try specimen.open(bench)
        } throws: { error in
            guard case RelayFailure.noBoard = error else { return false }
            return true
        }
    }

    @Test(arguments: SerialSpecimen.all) func aLineIsHeldAlone(_ specimen: SerialSpecimen) throws {
        let bench = try specimen.bench()
        defer { bench.end() }
        let board = try specimen.open(bench)
        #expect(throws: RelayFailure.transport(board: "\(board.identity)", .busy)) { try specimen.open(bench) }
        #expect(throws: SystemFailure.self) {
            try SerialLine.open(path: bench.server.path, baudRate: 9600, evenParity: false, isExclusive: true)
        }
        board.close()
        try specimen.open(bench).close()
    }
}

extension SerialBench {
    /// A board that answers nothing is a moment behind its driver.
    func expect(contacts: [Bool]) throws {
        let deadline = MonotonicClock.now() + .seconds(10)
        while server.contacts != contacts, MonotonicClock.now() < deadline {
            MonotonicClock.sleep(for: .milliseconds(1))
        }
        guard server.contacts == contacts else {
            throw SystemFailure("see \(contacts) in", "\(server.contacts)", code: 0)
        }
    }
}
