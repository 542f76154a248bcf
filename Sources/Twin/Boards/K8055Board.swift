public import USB

/// Velleman's K8055: eight digital outputs that nothing reads back, and inputs that it sends all the time.
///
/// | OUT, 8 octets | what the firmware does |
/// |---|---|
/// | `00` | resets: all outputs off |
/// | `05`, digital, analogue (2) | sets all outputs at once |
/// | anything else | nothing that moves an output |
public struct K8055Board: PlainBoardModel {
    public var core = BoardCore(channelCount: 8)
    /// By its jumpers, 0 to 3.
    private let address: UInt8

    public init(address: UInt8) {
        precondition(address < 4, "two jumpers have four settings")
        self.address = address
    }

    public static var specimens: [RelayBoardSpecimen] {
        [
            RelayBoardSpecimen(driver: "k8055", name: "K8055, address 0") { K8055Board(address: 0) },
            RelayBoardSpecimen(driver: "k8055", name: "K8055, address 3") { K8055Board(address: 3) },
        ]
    }

    public var speed: USBIP.Speed { .low }
    public var deviceDescriptor: DeviceDescriptor {
        var descriptor = DeviceDescriptor(vendor: 0x10CF, product: 0x5500 + UInt16(address))
        descriptor.manufacturerString = 1
        descriptor.productString = 2
        return descriptor
    }
    public var configurationDescriptor: ConfigurationDescriptor {
        ConfigurationDescriptor(interfaces: [hidInterface(in: 0x81, out: 0x01, packet: 8)])
    }
    public var strings: [String] { ["Velleman", "USB K8055"] }

    public var isReadable: Bool { false }
    public var serialNumber: String { "" }
    public var onUnplugging: UnpluggedContacts { .released }

    public mutating func take(_ data: [UInt8], endpoint: UInt32) -> USBReply {
        guard endpoint == 1, data.count == 8 else { return .stall }
        switch data[0] {
        case 0x00: follow { relays in for channel in 1...8 { relays.drive(channel, false) } }
        case 0x05:
            follow { relays in
                for channel in 1...8 { relays.drive(channel, data[1] & 1 << UInt8(channel - 1) != 0) }
            }
        default: break
        }
        return .acknowledged
    }

    public mutating func report(endpoint: UInt32) -> USBReply { .data([0, address + 1, 0, 0, 0, 0, 0, 0]) }
}
