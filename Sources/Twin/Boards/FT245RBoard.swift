public import USB

/// SainSmart's and Denkovi's boards: an FT245R whose eight pins drive relays once the chip was told so.
///
/// | transfer | what the chip does |
/// |---|---|
/// | `40 0b`, value mode, mask | mode 1: pins in the mask are outputs, each octet that comes is their state; any other: they float |
/// | `c0 0c` | one octet: the pins; what floats reads as one |
/// | `40 00` | resets the chip, which keeps its mode |
/// | bulk OUT 02 | octets for the pins, or for a FIFO that leads nowhere |
///
/// The mode goes with the power, and with it what the pins were.
public struct FT245RBoard: PlainBoardModel {
    public var core = BoardCore(channelCount: 8)
    private var outputs: UInt8 = 0
    private let maker: String
    private let serial: String

    public init(maker: String, serial: String) {
        self.maker = maker
        self.serial = serial
    }

    public static var specimens: [RelayBoardSpecimen] {
        [
            RelayBoardSpecimen(driver: "ft245r", name: "SainSmart 8") {
                FT245RBoard(maker: "FTDI", serial: "A600OJ7L")
            },
            RelayBoardSpecimen(driver: "ft245r", name: "Denkovi 8") { FT245RBoard(maker: "FTDI", serial: "DAE00W2N") },
        ]
    }
    public static func unwritten() -> FT245RBoard? { FT245RBoard(maker: "FTDI", serial: unwrittenText) }
    public static func another() -> FT245RBoard? { FT245RBoard(maker: "FTDI", serial: "A7005PLE") }

    public var speed: USBIP.Speed { .full }
    public var deviceDescriptor: DeviceDescriptor {
        var descriptor = DeviceDescriptor(vendor: 0x0403, product: 0x6001)
        descriptor.deviceVersion = 0x0600
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
    public var strings: [String] { [maker, "FT245R USB FIFO", serial] }

    public var isReadable: Bool { true }
    public var serialNumber: String { serial }
    public var onUnplugging: UnpluggedContacts { .released }

    public mutating func begin() { outputs = 0 }

    public mutating func request(_ setup: SetupPacket, _ data: [UInt8]) -> USBReply {
        switch (setup.requestType, setup.request) {
        case (0x40, 0x0B):
            outputs = setup.value >> 8 == 1 ? UInt8(setup.value & 0xFF) : 0
            if outputs == 0 { core.relays.powerDown() }
            return .acknowledged
        case (0xC0, 0x0C):
            let driven = core.relays.pins.enumerated().reduce(UInt8(0)) { $0 | ($1.element ? 1 << $1.offset : 0) }
            return .data([driven & outputs | ~outputs])
        case (0x40, _): return .acknowledged
        default: return .stall
        }
    }

    public mutating func take(_ data: [UInt8], endpoint: UInt32) -> USBReply {
        guard endpoint == 2 else { return .stall }
        guard outputs != 0 else { return .acknowledged }
        for octet in data {
            let outputs = outputs
            follow { relays in
                for channel in 1...8 where outputs >> (channel - 1) & 1 == 1 {
                    relays.drive(channel, octet >> (channel - 1) & 1 == 1)
                }
            }
        }
        return .acknowledged
    }

    public mutating func report(endpoint: UInt32) -> USBReply { .data([0x01, 0x60]) }
}
