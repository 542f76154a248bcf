import Events
import Testing
import Twin
import USB

/// The model against what is known of the firmware, row by row.
@Suite struct DcttechBoardTests {
    private static let now = Instant(nanoseconds: 0)

    private static func board(_ channelCount: Int = 8, _ faults: BoardFaults = .init()) -> DcttechBoard {
        var board = DcttechBoard(channelCount: channelCount, serial: "HW554")
        board.powerUp(at: now)
        board.faults = faults
        return board
    }

    private static func set(
        _ board: inout DcttechBoard, _ octets: [UInt8], type: UInt8 = 0x21, value: UInt16 = 0x0300
    ) -> USBReply {
        let setup = SetupPacket(
            requestType: type, request: 9, value: value, index: 0, length: UInt16(octets.count))
        return board.control(setup, data: octets, at: now)
    }

    private static func get(
        _ board: inout DcttechBoard, length: UInt16 = 8, type: UInt8 = 0xA1, value: UInt16 = 0x0300
    ) -> USBReply {
        board.control(
            SetupPacket(requestType: type, request: 1, value: value, index: 0, length: length), data: [], at: now)
    }

    private static func report(_ state: UInt8, serial: String = "HW554") -> USBReply {
        .data(Array(serial.utf8) + [0, 0, state])
    }

    @Test func itSaysWhatItIs() throws {
        var board = Self.board()
        func ask(_ type: DescriptorType, _ index: UInt8 = 0, _ length: UInt16 = 255) -> [UInt8] {
            let setup = SetupPacket.getDescriptor(type, index: index, language: 0x0409, length: length)
            guard case .data(let octets) = board.control(setup, data: [], at: Self.now) else { return [] }
            return octets
        }
        let device = try DeviceDescriptor(octets: ask(.device))
        #expect(device.usbVersion == 0x0110 && device.vendor == 0x16C0 && device.product == 0x05DF)
        #expect(device.maximumPacketSize == 8 && device.deviceVersion == 0x0100 && device.serialNumberString == 0)
        #expect(ask(.configuration).count == 34)
        #expect(ask(.configuration, 0, 9).count == 9)
        let configuration = try ConfigurationDescriptor(octets: ask(.configuration))
        #expect(configuration.maximumMilliamperes == 20)
        #expect(configuration.interfaces[0].endpoints[0].address == 0x81)
        #expect(try StringDescriptor.text(ask(.string, device.manufacturerString)) == "www.dcttech.com")
        #expect(try StringDescriptor.text(ask(.string, device.productString)) == "USBRelay8")
        let report: [UInt8] = [
            0x06, 0x00, 0xFF, 0x09, 0x01, 0xA1, 0x01, 0x15, 0x00, 0x26, 0xFF, 0x00, 0x75, 0x08, 0x95, 0x08, 0x09, 0x00,
            0xB2, 0x02, 0x01, 0xC0,
        ]
        #expect(ask(.hidReport) == report)
        #expect(board.speed == .low)
    }

    @Test(
        arguments: [
            ([[0xFF, 1, 0, 0, 0, 0, 0, 0]], 0x01), ([[0xFF, 8, 0, 0, 0, 0, 0, 0]], 0x80),
            ([[0xFE, 0, 0, 0, 0, 0, 0, 0]], 0xFF),
            ([[0xFE, 0, 0, 0, 0, 0, 0, 0], [0xFD, 3, 0, 0, 0, 0, 0, 0]], 0xFB),
            ([[0xFE, 0, 0, 0, 0, 0, 0, 0], [0xFC, 0, 0, 0, 0, 0, 0, 0]], 0x00), ([[0xFF, 2]], 0x02),
            // A relay that it hasn't, and a command that it doesn't know.
            ([[0xFF, 9, 0, 0, 0, 0, 0, 0]], 0x00), ([[0xFF, 0, 0, 0, 0, 0, 0, 0]], 0x00),
            ([[0x42, 1, 0, 0, 0, 0, 0, 0]], 0x00),
            // A report id of 0 in front shifts the command away; the ninth octet is a command of its own, without a relay.
            ([[0x00, 0xFF, 1, 0, 0, 0, 0, 0, 0]], 0x00),
            // Each 8 octets are a command.
            ([[0xFF, 1, 0, 0, 0, 0, 0, 0, 0xFF, 4, 0, 0, 0, 0, 0, 0]], 0x09),
        ] as [([[UInt8]], UInt8)]) func commandsAreTaken(commands: [[UInt8]], state: UInt8)
    {
        var board = Self.board()
        for command in commands { #expect(Self.set(&board, command) == .acknowledged) }
        #expect(Self.get(&board) == Self.report(state))
        #expect(board.contacts == (0..<8).map { state >> $0 & 1 == 1 })
    }

    @Test func aSmallBoardSwitchesItsOwnRelaysOnly() {
        var board = Self.board(2)
        #expect(board.strings[1] == "USBRelay2")
        _ = Self.set(&board, [0xFE, 0, 0, 0, 0, 0, 0, 0])
        _ = Self.set(&board, [0xFF, 3, 0, 0, 0, 0, 0, 0])
        #expect(Self.get(&board) == Self.report(0x03))
    }

    /// What other programs send: usbrelay as an output report, labgrid to the device.
    @Test(arguments: [(0x21, 0x0200, 8), (0x20, 0x0300, 2), (0x21, 0x0301, 8)] as [(UInt8, UInt16, Int)])
    func recipientTypeAndIdAreIgnored(type: UInt8, value: UInt16, length: Int) {
        var board = Self.board()
        _ = Self.set(&board, Array([0xFF, 5, 0, 0, 0, 0, 0, 0].prefix(length)), type: type, value: value)
        #expect(Self.get(&board, type: type | 0x80, value: value) == Self.report(0x10))
    }

    @Test func anyLengthIsAnswered() {
        var board = Self.board()
        guard case .data(let nine) = Self.get(&board, length: 9) else { return }
        #expect(nine.count == 9)
        #expect(Array(nine.prefix(8)) == Array("HW554".utf8) + [0, 0, 0])
        #expect(Self.get(&board, length: 3) == .data(Array("HW5".utf8)))
    }

    @Test func theSerialIsWrittenForGood() {
        var board = Self.board()
        _ = Self.set(&board, [0xFA] + Array("RIG01".utf8) + [0, 0])
        #expect(Self.get(&board) == Self.report(0, serial: "RIG01"))
        board.powerDown(at: Self.now)
        board.powerUp(at: Self.now)
        #expect(Self.get(&board) == Self.report(0, serial: "RIG01"))
    }

    @Test func aResetKeepsTheRelaysAndLostPowerDropsThem() {
        var board = Self.board()
        _ = Self.set(&board, [0xFF, 1, 0, 0, 0, 0, 0, 0])
        board.busReset(at: Self.now)
        #expect(Self.get(&board) == Self.report(1))
        board.powerDown(at: Self.now)
        #expect(board.contacts == [Bool](repeating: false, count: 8))
        board.powerUp(at: Self.now)
        #expect(Self.get(&board) == Self.report(0))
    }

    @Test func otherRequestsAreAnsweredWithNothing() {
        var board = Self.board()
        let vendor = SetupPacket(requestType: 0xC0, request: 1, value: 0, index: 0, length: 8)
        #expect(board.control(vendor, data: [], at: Self.now) == .data([]))
        #expect(board.interruptIn(endpoint: 1, length: 8, at: Self.now) == .silence)
    }

    @Test func faultsAreAsTheySay() {
        let on: [UInt8] = [0xFF, 1, 0, 0, 0, 0, 0, 0]
        var board = Self.board()
        board.faults.answer = .silent(requests: 1)
        #expect(Self.set(&board, on) == .silence)
        #expect(Self.get(&board) == Self.report(0))
        board.faults.answer = .stalling(requests: nil)
        #expect(Self.set(&board, on) == .stall)
        #expect(Self.get(&board) == .stall)
        board.faults = .init()
        board.faults.answer = .short(octets: 5)
        #expect(Self.get(&board) == .data(Array("HW554".utf8)))
        board.faults = .init()
        board.faults.deafChannels = [1]
        #expect(Self.set(&board, on) == .acknowledged)
        #expect(Self.get(&board) == Self.report(0))
        board.faults = .init()
        board.faults.stuckContacts = [1]
        #expect(Self.set(&board, on) == .acknowledged)
        #expect(Self.get(&board) == Self.report(1))
        #expect(board.contacts[0] == false)
        board.faults = .init()
        board.faults.vanishesAfterCommands = 2
        _ = Self.set(&board, on)
        #expect(board.isPresent)
        _ = Self.set(&board, on)
        #expect(!board.isPresent)
    }
}
