public import USB

/// LCTech's HID board: no text of any kind, and after each report one that tells nothing.
public struct LCUSHIDBoard: PlainBoardModel {
    public var core = BoardCore(channelCount: 8)

    public init() {}

    public static var specimens: [RelayBoardSpecimen] {
        [RelayBoardSpecimen(driver: "lcus-hid", name: "lcus_hid") { LCUSHIDBoard() }]
    }

    public var speed: USBIP.Speed { .full }
    public var deviceDescriptor: DeviceDescriptor { DeviceDescriptor(vendor: 0x5131, product: 0x2007) }
    public var configurationDescriptor: ConfigurationDescriptor {
        ConfigurationDescriptor(interfaces: [hidInterface(in: 0x81, out: 0x01, packet: 64)])
    }
    public var strings: [String] { [] }

    public var isReadable: Bool { false }
    public var serialNumber: String { "" }
    public var onUnplugging: UnpluggedContacts { .released }

    public mutating func take(_ data: [UInt8], endpoint: UInt32) -> USBReply {
        guard endpoint == 1 else { return .stall }
        if data.count >= 4, data[0] == 0xA0, data[3] == data[..<3].reduce(0, &+), data[2] <= 1 {
            follow { $0.drive(Int(data[1]), data[2] == 1) }
        }
        answer([UInt8](repeating: 0, count: 64), endpoint: 1)
        return .acknowledged
    }
}
