import Events
import Platform
import Testing
import Twin

@testable import Relays

@Suite struct SerialTransportTests {
    private static func numato(_ interface: String, serial: String?) -> SerialBench.Plug {
        .init(interface: interface, vendor: 0x2A19, product: 0x0C02, productName: "4 Channel", serial: serial)
    }

    private static func converter(_ interface: String) -> SerialBench.Plug {
        .init(interface: interface, vendor: 0x1A86, product: 0x7523, productName: "USB Serial", isConverter: true)
    }

    private func open(_ name: String, _ bench: SerialBench, _ match: BoardMatch = BoardMatch()) throws -> any RelayBoard
    {
        try SerialBoardDrivers.open(name, on: bench.transport, matching: match)
    }

    @Test func linesAreFoundWithoutBeingOpened() throws {
        let bench = try SerialBench([
            (Self.numato("1-1.4:1.0", serial: "A"), NumatoBoard(channelCount: 4)),
            (Self.converter("1-1.2:1.0"), LCUSBoard(channelCount: 1)),
        ])
        defer { bench.end() }
        // A line that is no USB device's, as a machine has many, and a node that would hang who opens it.
        try Files.makeDirectories(bench.directory.path + "/sys/class/tty/ttyS0")
        let ports = bench.transport.ports()
        #expect(ports.map(\.path) == ["1-1.2:1.0", "1-1.4:1.0"])
        #expect(ports[0].node == bench.directory.path + "/dev/tty1")
        #expect(
            ports[1].device
                == DeviceInfo(
                    path: "1-1.4:1.0", vendor: 0x2A19, product: 0x0C02, deviceVersion: 0x0100,
                    productName: "4 Channel", serialNumber: "A"))
        #expect(bench.servers.allSatisfy { $0.received.isEmpty })
        for server in bench.servers { server.unplug() }
        #expect(bench.transport.ports() == ports, "nothing is opened, so it does not matter what answers")
        #expect(bench.transport.ports(at: "1-1").isEmpty, "1-1.4 is not on the path 1-1")
        #expect(SerialTransport(system: "/nonexistent").ports().isEmpty)
    }

    /// This machine may have serial lines or none.
    @Test func thisMachineIsListed() {
        #expect(SerialTransport().ports().allSatisfy { $0.device != nil && $0.path.contains(":") })
    }

    @Test func boardsAreToldApart() throws {
        let bench = try SerialBench([
            (Self.numato("1-1:1.0", serial: "A"), NumatoBoard(channelCount: 4)),
            (Self.numato("1-2:1.0", serial: "B"), NumatoBoard(channelCount: 4)),
            (Self.numato("1-3:1.0", serial: "A"), NumatoBoard(channelCount: 4)),
        ])
        defer { bench.end() }
        let second = try open("numato", bench, BoardMatch(serial: "B"))
        #expect(second.identity.path == "1-2:1.0")
        second.close()
        #expect(bench.servers[0].received.isEmpty && bench.servers[2].received.isEmpty, "no other line was opened")
        #expect(try open("numato", bench, BoardMatch(serial: "A", path: "1-3")).identity.path == "1-3:1.0")
        #expect(throws: RelayFailure.duplicateSerial(serial: "A", paths: ["1-1:1.0", "1-3:1.0"])) {
            try open("numato", bench, BoardMatch(serial: "A"))
        }
        #expect(throws: RelayFailure.ambiguous(driver: "numato", paths: ["1-1:1.0", "1-2:1.0", "1-3:1.0"])) {
            try open("numato", bench)
        }
        #expect(throws: RelayFailure.exchanged(board: "the numato board at 1-2:1.0", serial: "B")) {
            try open("numato", bench, BoardMatch(serial: "A", path: "1-2"))
        }
        for match in [BoardMatch(serial: "C"), BoardMatch(path: "2-1"), BoardMatch(path: "/dev/nonexistent")] {
            #expect {
                try open("numato", bench, match)
            } throws: { error in
                "\(error)".contains("relay list") && "\(error)".contains("1-1:1.0")
            }
        }
        #expect(throws: RelayFailure.noDriver(name: "numatoo", known: SerialBoardDrivers.all.map(\.name))) {
            try open("numatoo", bench)
        }
    }

    @Test(arguments: ["lcus-serial", "kmtronic"]) func aCommonConverterIsBoundByPathAlone(_ driver: String) throws {
        let ids: (UInt16, UInt16) = driver == "kmtronic" ? (0x0403, 0x6001) : (0x1A86, 0x7523)
        let plug = SerialBench.Plug(vendor: ids.0, product: ids.1, serial: "X", isConverter: true)
        let model: any SerialBoardModel = driver == "kmtronic" ? KMtronicBoard() : LCUSBoard(channelCount: 4)
        let bench = try SerialBench([(plug, model)])
        defer { bench.end() }
        for match in [BoardMatch(), BoardMatch(serial: "X")] {
            #expect(throws: RelayFailure.needsPath(driver: driver, paths: ["1-1.4:1.0"])) {
                try open(driver, bench, match)
            }
        }
        #expect(bench.server.received.isEmpty)
        #expect(try open(driver, bench, BoardMatch(path: bench.server.path)).identity.path == bench.server.path)
    }

    @Test func aSupplyThatIsMissingIsSaid() throws {
        let plug = SerialBench.Plug(vendor: 0x04D8, product: 0xFFEE, productName: "USB-RLY16", serial: "1")
        let bench = try SerialBench([(plug, DevantechBoard(.rly16))])
        defer { bench.end() }
        bench.server.withModel(as: DevantechBoard.self) { $0.supply = 3 }
        let board = try open("devantech", bench)
        defer { board.close() }
        let missing = RelayFailure.supplyMissing(
            board: "devantech board 1 at 1-1.4:1.0", "its 12 V supply measures 0.3 V")
        #expect(throws: missing) { try board.set(3, energised: true) }
        #expect(try board.readAll()?[2] == true, "the coil's pin follows all the same")
        #expect(!bench.server.contacts[2])
        bench.server.withModel(as: DevantechBoard.self) { $0.supply = 118 }
        #expect(try board.set(3, energised: true) == .confirmed)
        #expect(bench.server.contacts[2])
    }

    @Test func whatSellersSayOfTheOctetsIsWhatIsSent() throws {
        let bench = try SerialBench([(Self.converter("1-1.4:1.0"), LCUSBoard(channelCount: 4))])
        defer { bench.end() }
        let board = try open("lcus-serial", bench, BoardMatch(path: "1-1.4"))
        defer { board.close() }
        _ = try board.set(1, energised: true)
        _ = try board.set(4, energised: true)
        try bench.expect(contacts: [true, false, false, true])
        #expect(bench.server.received == [0xA0, 0x01, 0x01, 0xA2, 0xA0, 0x04, 0x01, 0xA5])
        _ = try board.set(1, energised: false)
        try bench.expect(contacts: [false, false, false, true])
        #expect(bench.server.received.suffix(4) == [0xA0, 0x01, 0x00, 0xA1])
    }

    @Test func halfACommandOfAnotherProgramIsEndedFirst() throws {
        let bench = try SerialBench([(Self.numato("1-1.4:1.0", serial: "A"), NumatoBoard(channelCount: 4))])
        defer { bench.end() }
        let other = try SerialLine.open(path: bench.server.path, baudRate: 9600, evenParity: false)
        try other.descriptor.writeAll(Array("relay on 2 and so".utf8))
        other.close()
        let board = try open("numato", bench)
        defer { board.close() }
        #expect(try board.set(4, energised: true) == .confirmed)
        #expect(bench.server.contacts == [false, false, false, true])
    }

    @Test func aListingOpensNoLine() throws {
        let bench = try SerialBench([
            (Self.numato("1-1:1.0", serial: "A"), NumatoBoard(channelCount: 4)),
            (Self.converter("1-2:1.0"), LCUSBoard(channelCount: 1)),
            (.init(interface: "1-3:1.0", vendor: 0x1D6B, product: 1), LCUSBoard(channelCount: 1)),
        ])
        defer { bench.end() }
        let listing = RelayListing([], serial: bench.transport)
        #expect(listing.rows.map(\.driver) == ["numato", nil])
        #expect(listing.rows.map(\.path) == ["1-1:1.0", "1-2:1.0"])
        #expect(listing.rows.map(\.serial) == ["A", ""])
        #expect(listing.rows.allSatisfy { $0.states == nil && $0.note != nil })
        #expect(listing.rows[1].note?.contains("may be a lcus-serial board") == true)
        #expect(bench.servers.allSatisfy { $0.received.isEmpty })
    }
}
