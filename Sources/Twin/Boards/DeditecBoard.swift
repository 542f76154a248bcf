public import USB

/// Deditec's USB-OPT-REL-8: a microcontroller behind an FTDI converter. Frames are found by their `fe … ff`; each has a number, which its answer repeats.
///
/// | command | what the firmware does |
/// |---|---|
/// | `23 80`, NULs (4), count, which | sets |
/// | `23 a0`, NULs (4), count, which | clears |
/// | `34`, NULs (4), `0f` | answers `1a`, the number, the states |
///
/// The converter puts two octets of its own before whatever comes in, and sends them alone when there is nothing else.
public struct DeditecBoard: PlainBoardModel {
    public var core = BoardCore(channelCount: 8)
    private let serial: String

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
        guard frame.count >= 7 else { return .acknowledged }
        switch (frame[1], frame[2]) {
        case (0x23, 0x80) where frame.count >= 9, (0x23, 0xA0) where frame.count >= 9:
            follow { relays in
                for channel in 1...8 where frame[8] >> (channel - 1) & 1 == 1 {
                    relays.drive(channel, frame[2] == 0x80)
                }
            }
        case (0x34, _) where frame[6] == 0x0F:
            let states = core.relays.pins.enumerated().reduce(UInt8(0)) { $0 | ($1.element ? 1 << $1.offset : 0) }
            answer([0x01, 0x60, 0x1A, frame[0], states], endpoint: 1)
        default: break
        }
        return .acknowledged
    }

    public mutating func report(endpoint: UInt32) -> USBReply { .data([0x01, 0x60]) }
}
