public import Events
public import USB

/// The dcttech "USBRelayN" board (16c0:05df) as its firmware behaves on the wire: a low-speed HID device with one 8-octet feature report
/// (facts from the re-implementation of the original ATtiny/V-USB firmware, and from field reports of the original).
///
/// | transfer | octets | what the firmware does |
/// |---|---|---|
/// | class SET_REPORT | `ff k` / `fd k` | relay k on / off, k from 1 |
/// | | `fe` / `fc` | all on / all off |
/// | | `fa` + 5 characters + NUL | writes the serial into EEPROM |
/// | | anything else | acknowledges and does nothing |
/// | class GET_REPORT | `s0 … s4 00 00 state` | bit k−1 of state is relay k |
///
/// The firmware looks at "class" and the request only: recipient, report type and report id are ignored. Each chunk of 8 octets is a
/// command of its own. GET answers as many octets as are asked. Relays are off at power-up, keep their state over bus resets and lose
/// it with VBUS.
public struct DcttechBoard: RelayBoardModel {
    public let channelCount: Int
    /// Five characters in EEPROM; kept without power.
    public private(set) var serial: [UInt8]
    public var faults = BoardFaults()
    public private(set) var contacts: [Bool]
    public private(set) var isPresent = false
    /// When it was first told to turn all off, obeyed and answered or not; nil until then, and where a test makes it so.
    public var firstToldOff: Instant?
    /// Bit k−1: the driver pin of relay k.
    private var pins: UInt8 = 0
    private var configuration: UInt8 = 0

    /// A board not yet plugged in.
    ///
    /// - Parameters:
    ///   - channelCount: 1 to 8; sold with 1, 2, 4 and 8.
    ///   - serial: five printable characters; whole batches are sold with one and the same.
    public init(channelCount: Int = 8, serial: String = "PSUIS") {
        precondition((1...8).contains(channelCount), "a dcttech board has 1 to 8 relays")
        self.channelCount = channelCount
        self.serial = Array(serial.utf8.prefix(5)) + [UInt8](repeating: 0, count: max(0, 5 - serial.utf8.count))
        contacts = [Bool](repeating: false, count: channelCount)
    }

    public var speed: USBIP.Speed { .low }

    public var deviceDescriptor: DeviceDescriptor {
        var descriptor = DeviceDescriptor(vendor: 0x16C0, product: 0x05DF)
        descriptor.manufacturerString = 1
        descriptor.productString = 2
        return descriptor
    }

    public var configurationDescriptor: ConfigurationDescriptor {
        var interface = InterfaceDescriptor(number: 0, interfaceClass: 3)
        interface.classDescriptors = [
            HIDDescriptor(hidVersion: 0x0101, reportDescriptorLength: UInt16(Self.reportDescriptor.count)).octets
        ]
        interface.endpoints = [EndpointDescriptor(address: 0x81, attributes: 3, maximumPacketSize: 8, interval: 20)]
        var configuration = ConfigurationDescriptor(interfaces: [interface])
        configuration.maximumMilliamperes = 20
        return configuration
    }

    public var strings: [String] { ["www.dcttech.com", "USBRelay\(channelCount)"] }

    /// One feature report of 8 octets on a vendor page.
    private static let reportDescriptor: [UInt8] = [
        0x06, 0x00, 0xFF, 0x09, 0x01, 0xA1, 0x01, 0x15, 0x00, 0x26, 0xFF, 0x00, 0x75, 0x08, 0x95, 0x08, 0x09, 0x00,
        0xB2, 0x02, 0x01, 0xC0,
    ]

    public mutating func powerUp(at instant: Instant) {
        isPresent = true
        drive(0)
    }

    public mutating func powerDown(at instant: Instant) {
        isPresent = false
        configuration = 0
        drive(0)
    }

    public mutating func busReset(at instant: Instant) {
        configuration = 0
    }

    public mutating func interruptIn(endpoint: UInt32, length: Int, at instant: Instant) -> USBReply {
        .silence
    }

    public mutating func control(_ setup: SetupPacket, data: [UInt8], at instant: Instant) -> USBReply {
        switch setup.kind {
        case .standard: return standard(setup)
        case .class:
            if setup.request == Self.setReport, data.first == 0xFC, firstToldOff == nil { firstToldOff = instant }
            return report(setup, data)
        // V-USB answers what it doesn't know with no data rather than with a stall.
        case .vendor, .reserved: return setup.direction == .in ? .data([]) : .acknowledged
        }
    }

    private mutating func standard(_ setup: SetupPacket) -> USBReply {
        switch StandardRequest(rawValue: setup.request) {
        case .getDescriptor:
            let isReport = UInt8(setup.value >> 8) == DescriptorType.hidReport.rawValue
            let octets = isReport ? Self.reportDescriptor : standardDescriptor(setup) ?? []
            return .data(Array(octets.prefix(Int(setup.length))))
        case .getConfiguration: return .data(Array([configuration].prefix(Int(setup.length))))
        case .setConfiguration:
            configuration = UInt8(truncatingIfNeeded: setup.value)
            return .acknowledged
        case .getStatus: return .data(Array([0, 0].prefix(Int(setup.length))))
        case .getInterface: return .data(Array([0].prefix(Int(setup.length))))
        default: return setup.direction == .in ? .data([]) : .acknowledged
        }
    }

    private mutating func report(_ setup: SetupPacket, _ data: [UInt8]) -> USBReply {
        if let fault = faults.meet() { return fault }
        switch setup.request {
        case Self.getReport where setup.direction == .in: return faults.cut(.data(state(asked: Int(setup.length))))
        case Self.setReport where setup.direction == .out:
            for start in stride(from: 0, to: data.count, by: 8) {
                command(Array(data[start..<min(start + 8, data.count)]))
            }
            if faults.vanishes() { isPresent = false }
            return .acknowledged
        default: return setup.direction == .in ? .data([]) : .acknowledged
        }
    }

    private static let getReport: UInt8 = 1
    private static let setReport: UInt8 = 9

    /// What follows the report in the firmware's memory is sent too when more is asked.
    private func state(asked: Int) -> [UInt8] {
        let report = serial + [0, 0, pins]
        let answer = report + [UInt8](repeating: 0xA5, count: max(0, asked - report.count))
        return Array(answer.prefix(asked))
    }

    private mutating func command(_ chunk: [UInt8]) {
        guard faults.takesCommand() else { return }
        let relay = chunk.count > 1 ? Int(chunk[1]) : 0
        let isRelay = (1...channelCount).contains(relay)
        switch chunk[0] {
        case 0xFF where isRelay: drive(pins | 1 << UInt8(relay - 1))
        case 0xFD where isRelay: drive(pins & ~(1 << UInt8(relay - 1)))
        case 0xFE: drive(UInt8.max >> UInt8(8 - channelCount))
        case 0xFC: drive(0)
        case 0xFA where chunk.count >= 6: serial = Array(chunk[1...5])
        default: break
        }
    }

    private mutating func drive(_ wanted: UInt8) {
        for channel in 1...channelCount {
            let bit = UInt8(1) << UInt8(channel - 1)
            // Without power no pin holds anything, deaf or not.
            if !isPresent || !faults.deafChannels.contains(channel) { pins = pins & ~bit | wanted & bit }
            if !faults.stuckContacts.contains(channel) { contacts[channel - 1] = pins & bit != 0 }
        }
    }
}

extension DcttechBoard {
    public static var specimens: [RelayBoardSpecimen] {
        [1, 2, 4, 8].map { count in
            RelayBoardSpecimen(driver: "dcttech", name: "USBRelay\(count)") { DcttechBoard(channelCount: count) }
        }
    }

    public static func unwritten() -> DcttechBoard? {
        var board = DcttechBoard()
        board.serial = [UInt8](repeating: 0xFF, count: 5)
        return board
    }

    public static func another() -> DcttechBoard? { DcttechBoard(serial: "HW554") }

    public var isReadable: Bool { true }
    public var serialNumber: String { String(decoding: serial, as: UTF8.self) }
    public var onUnplugging: UnpluggedContacts { .released }

    public mutating func turn(_ channel: Int, energised: Bool) {
        let bit = UInt8(1) << UInt8(channel - 1)
        drive(energised ? pins | bit : pins & ~bit)
    }

    public mutating func loseState(at instant: Instant) { drive(0) }
}
