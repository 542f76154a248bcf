public import Events
public import USB

/// Deditec's USB-OPT-REL-8: a microcontroller behind an FTDI converter. Frames are found by their `fe … ff`; each has a number, which its answer repeats.
///
/// | command | what the firmware does |
/// |---|---|
/// | `23`, register (4), octets (bits), eight octets | writes those of the octets whose bits are set; answers `1a`, the number, `4f` |
/// | `34`, register (4), octets (bits) | answers `1a`, the number, eight octets, `4f` |
///
/// Registers: `0000` the relays; `0080` and `00a0` turn on and off what is set; `fd00` arms the time-out, `fd01` says 0, 1 (armed) or 2 (it has come),
/// `fd02` and `fd03` are its time in tenths of a second. Nothing sent for that long: all relays fall, and it is armed no more.
///
/// The converter puts two octets of its own before whatever comes in, and sends them alone when there is nothing else.
public struct DeditecBoard: PlainBoardModel {
    public var core = BoardCore(channelCount: 8)
    private let serial: String
    private var timeout = TimeOut()
    private var now = Instant(nanoseconds: 0)

    /// The time-out as the firmware keeps it; gone with the board's power.
    private struct TimeOut: Hashable, Sendable {
        var status: UInt8 = 0
        var tenthsOfSecond: UInt16 = 0
        var lastHeard = Instant(nanoseconds: 0)

        var comes: Instant? {
            status == 1 ? lastHeard + .milliseconds(Int64(tenthsOfSecond) * 100) : nil
        }
    }

    public init(serial: String = "DT0003E8") {
        self.serial = serial
    }

    public static var specimens: [RelayBoardSpecimen] {
        [RelayBoardSpecimen(driver: "deditec", name: "USB-OPT-REL-8") { DeditecBoard() }]
    }
    public static func unwritten() -> DeditecBoard? { DeditecBoard(serial: unwrittenText) }
    public static func another() -> DeditecBoard? { DeditecBoard(serial: "DT0003E9") }

    public var speed: USBIP.Speed { .full }
    public var deviceDescriptor: DeviceDescriptor {
        var descriptor = DeviceDescriptor(vendor: 0x0403, product: 0x6001)
        descriptor.manufacturerString = 1
        descriptor.productString = 2
        descriptor.serialNumberString = 3
        return descriptor
    }
    public var configurationDescriptor: ConfigurationDescriptor {
        var interface = InterfaceDescriptor(number: 0, interfaceClass: 0xFF)
        interface.endpoints = [0x81, 0x02].map {
            EndpointDescriptor(address: $0, attributes: 2, maximumPacketSize: 64, interval: 0)
        }
        return ConfigurationDescriptor(interfaces: [interface])
    }
    public var strings: [String] { ["DEDITEC", "DEDITEC_USB-OPT_REL-8", serial] }

    public var isReadable: Bool { true }
    public var serialNumber: String { serial }
    public var onUnplugging: UnpluggedContacts { .released }

    public mutating func request(_ setup: SetupPacket, _ data: [UInt8]) -> USBReply {
        setup.requestType == 0x40 ? .acknowledged : .stall
    }

    public mutating func take(_ data: [UInt8], endpoint: UInt32) -> USBReply {
        guard endpoint == 2 else { return .stall }
        guard let start = data.firstIndex(of: 0xFF), start >= 1, data[..<start].allSatisfy({ $0 == 0xFE }) else {
            return .acknowledged
        }
        let frame = Array(data[(start + 1)...])
        guard frame.count >= 7, frame[4] == 0, frame[5] == 0 else { return .acknowledged }
        timeout.lastHeard = now
        let register = UInt16(frame[2]) | UInt16(frame[3]) << 8
        switch frame[1] {
        case 0x23 where frame.count >= 15:
            for (place, octet) in frame[7..<15].enumerated() where frame[6] >> place & 1 == 1 {
                write(octet, to: register & ~7 | UInt16(place))
            }
            answer([0x01, 0x60, 0x1A, frame[0], 0x4F], endpoint: 1)
        case 0x34:
            let octets = (0..<8).map { frame[6] >> $0 & 1 == 1 ? read(register & ~7 | UInt16($0)) : 0 }
            answer([0x01, 0x60, 0x1A, frame[0]] + octets + [0x4F], endpoint: 1)
        default: break
        }
        return .acknowledged
    }

    private mutating func write(_ octet: UInt8, to register: UInt16) {
        switch register {
        case 0x80, 0xA0:
            follow { relays in
                for channel in 1...8 where octet >> (channel - 1) & 1 == 1 {
                    relays.drive(channel, register == 0x80)
                }
            }
        case 0xFD00: timeout.status = octet & 1
        case 0xFD02: timeout.tenthsOfSecond = timeout.tenthsOfSecond & 0xFF00 | UInt16(octet)
        case 0xFD03: timeout.tenthsOfSecond = timeout.tenthsOfSecond & 0x00FF | UInt16(octet) << 8
        default: break
        }
    }

    private func read(_ register: UInt16) -> UInt8 {
        switch register {
        case 0: core.relays.pins.enumerated().reduce(UInt8(0)) { $0 | ($1.element ? 1 << $1.offset : 0) }
        case 0xFD01: timeout.status
        default: 0
        }
    }

    public mutating func begin() { timeout = TimeOut() }

    public var nextChange: Instant? { timeout.comes }

    public mutating func pass(until instant: Instant) {
        now = instant
        guard let comes = timeout.comes, comes <= instant else { return }
        timeout.status = 2
        for channel in 1...channelCount { core.relays.drive(channel, false) }
    }

    public mutating func report(endpoint: UInt32) -> USBReply { .data([0x01, 0x60]) }
}
