public import USB

/// Yepkit's switched hubs, as far as their HID goes. A channel is energised while its port is down.
///
/// | first octet | what the firmware does | answer |
/// |---|---|---|
/// | `1n`, `0n` | port n up, down | `01`, the same |
/// | `1a`, `0a` | all three USB ports up, down | `01`, the same |
/// | `2n` | tells | `01`, `1n` up or `0n` down |
/// | `41 n v` | YKUSH3 stores how port n is at power-up: 0 down, 1 up, 2 as it was | `01`, `41` |
///
/// What it doesn't know it takes and doesn't answer.
public struct YepkitBoard: PlainBoardModel {
    public enum Kind: UInt16, Sendable {
        case ykush = 0xF2F7
        case ykush3 = 0xF11B
        case ykushXS = 0xF0CD
    }

    public var core: BoardCore
    private let kind: Kind
    private let serial: String
    private var stored: [Bool]

    public init(_ kind: Kind, serial: String) {
        self.kind = kind
        self.serial = serial
        let count =
            switch kind {
            case .ykush: 3
            case .ykush3: 4
            case .ykushXS: 1
            }
        core = BoardCore(channelCount: count)
        stored = [Bool](repeating: true, count: count)
    }

    public static var specimens: [RelayBoardSpecimen] {
        [
            RelayBoardSpecimen(driver: "yepkit", name: "YKUSH") { YepkitBoard(.ykush, serial: "YK20078") },
            RelayBoardSpecimen(driver: "yepkit", name: "YKUSH3") { YepkitBoard(.ykush3, serial: "Y3004047") },
            RelayBoardSpecimen(driver: "yepkit", name: "YKUSH XS") { YepkitBoard(.ykushXS, serial: "YKX0112") },
        ]
    }
    public static func unwritten() -> YepkitBoard? { YepkitBoard(.ykush, serial: unwrittenText) }
    public static func another() -> YepkitBoard? { YepkitBoard(.ykush, serial: "YK20079") }

    public var speed: USBIP.Speed { .full }
    public var deviceDescriptor: DeviceDescriptor {
        var descriptor = DeviceDescriptor(vendor: 0x04D8, product: kind.rawValue)
        descriptor.manufacturerString = 1
        descriptor.productString = 2
        descriptor.serialNumberString = 3
        return descriptor
    }
    public var configurationDescriptor: ConfigurationDescriptor {
        ConfigurationDescriptor(interfaces: [hidInterface(in: 0x81, out: 0x01, packet: 64)])
    }
    public var strings: [String] { ["Yepkit Lda.", "YKUSH", serial] }

    public var isReadable: Bool { true }
    public var serialNumber: String { serial }
    public var onUnplugging: UnpluggedContacts { .cut }
    public var contactsAtPowerUp: [Bool] { stored.map { !$0 } }

    public mutating func begin() {
        for (index, isUp) in stored.enumerated() { core.relays.drive(index + 1, !isUp) }
    }

    public mutating func take(_ data: [UInt8], endpoint: UInt32) -> USBReply {
        guard endpoint == 1, let first = data.first else { return .stall }
        let port = Int(first & 0x0F)
        let isPort = (1...channelCount).contains(port)
        let isAll = port == 10 && kind != .ykushXS
        switch first >> 4 {
        case 0x0...0x1 where isPort || isAll:
            let isDown = first >> 4 == 0
            follow { relays in
                for number in isAll ? 1...3 : port...port { relays.drive(number, isDown) }
            }
            say(first)
        case 2 where isPort: say(UInt8(port) | (core.relays.pins[port - 1] ? 0x00 : 0x10))
        case 4 where first == 0x41 && kind == .ykush3 && data.count >= 3 && (1...4).contains(data[1]):
            if data[2] <= 1 { stored[Int(data[1]) - 1] = data[2] == 1 }
            say(first)
        default: break
        }
        return .acknowledged
    }

    private mutating func say(_ second: UInt8) {
        answer([0x01, second] + [UInt8](repeating: 0, count: 62), endpoint: 1)
    }
}
