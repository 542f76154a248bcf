public import USB

/// Ucreate's "HIDRelay" with a CH551G, as users of several programs describe it: one output report, and no way to ask anything.
///
/// | first octet | what the firmware does |
/// |---|---|
/// | `f0+n`, `0n` | relay n on, off, n from 1 |
/// | `f9`, `09` | all on, all off |
/// | anything else | nothing |
public struct UcreateBoard: PlainBoardModel {
    public var core = BoardCore(channelCount: 8)
    /// Whether its interface has an OUT endpoint beside SET_REPORT; reports of its descriptors differ.
    let hasOutEndpoint: Bool

    public init(hasOutEndpoint: Bool) {
        self.hasOutEndpoint = hasOutEndpoint
    }

    public static var specimens: [RelayBoardSpecimen] {
        [
            RelayBoardSpecimen(driver: "ucreate", name: "HIDRelay") { UcreateBoard(hasOutEndpoint: true) },
            RelayBoardSpecimen(driver: "ucreate", name: "HIDRelay, SET_REPORT") { UcreateBoard(hasOutEndpoint: false) },
        ]
    }

    public var speed: USBIP.Speed { .full }
    public var deviceDescriptor: DeviceDescriptor {
        var descriptor = DeviceDescriptor(vendor: 0x0519, product: 0x2018)
        descriptor.manufacturerString = 1
        descriptor.productString = 2
        descriptor.serialNumberString = 3
        // It claims eight and has one.
        descriptor.configurationCount = 8
        return descriptor
    }
    public var configurationDescriptor: ConfigurationDescriptor {
        ConfigurationDescriptor(interfaces: [hidInterface(in: 0x81, out: hasOutEndpoint ? 0x02 : nil, packet: 8)])
    }
    public var strings: [String] { ["Ucreatefun.com", "HIDRelay", "A0001"] }

    public var isReadable: Bool { false }
    /// All of them say A0001.
    public var serialNumber: String { "" }
    public var onUnplugging: UnpluggedContacts { .released }

    public mutating func request(_ setup: SetupPacket, _ data: [UInt8]) -> USBReply {
        guard setup.requestType == 0x21, setup.request == 9 else { return .stall }
        return obey(data)
    }

    public mutating func take(_ data: [UInt8], endpoint: UInt32) -> USBReply {
        hasOutEndpoint && endpoint == 2 ? obey(data) : .stall
    }

    private mutating func obey(_ report: [UInt8]) -> USBReply {
        guard let first = report.first else { return .acknowledged }
        follow { relays in
            let isOn = first >> 4 == 0xF
            switch (first >> 4, Int(first & 0x0F)) {
            case (0xF, 9), (0x0, 9): for channel in 1...8 { relays.drive(channel, isOn) }
            case (0xF, let channel), (0x0, let channel): relays.drive(channel, isOn)
            default: break
            }
        }
        return .acknowledged
    }
}
