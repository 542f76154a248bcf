public import USB

/// The 16-channel HID controllers: SainSmart's, whose answers have the relays interleaved, and Nuvoton's, whose answers have them in order.
///
/// A message is command, `0e`, ten octets, `HIDC` and the sum of those fourteen octets; one whose sum is wrong is skipped. `c3` writes all sixteen relays,
/// low octet first; `d2` is answered with a message that has them in its third and fourth octet.
public struct Nuvoton16Board: PlainBoardModel {
    public var core = BoardCore(channelCount: 16)
    private let isNuvoton: Bool

    public init(isNuvoton: Bool) {
        self.isNuvoton = isNuvoton
    }

    public static var specimens: [RelayBoardSpecimen] {
        [
            RelayBoardSpecimen(driver: "nuvoton-16", name: "SainSmart 16") { Nuvoton16Board(isNuvoton: false) },
            RelayBoardSpecimen(driver: "nuvoton-16", name: "Nuvoton 16") { Nuvoton16Board(isNuvoton: true) },
        ]
    }

    public var speed: USBIP.Speed { .full }
    public var deviceDescriptor: DeviceDescriptor {
        var descriptor = DeviceDescriptor(vendor: 0x0416, product: 0x5020)
        descriptor.manufacturerString = isNuvoton ? 2 : 0
        descriptor.productString = 1
        return descriptor
    }
    public var configurationDescriptor: ConfigurationDescriptor {
        ConfigurationDescriptor(interfaces: [hidInterface(in: 0x81, out: 0x02, packet: 64)])
    }
    public var strings: [String] { ["HID Transfer", "Nuvoton"] }

    public var isReadable: Bool { true }
    public var serialNumber: String { "" }
    public var onUnplugging: UnpluggedContacts { .released }

    public mutating func take(_ data: [UInt8], endpoint: UInt32) -> USBReply {
        guard endpoint == 2 else { return .stall }
        guard data.count >= 16, data[1] == 14, Array(data[10..<14]) == Array("HIDC".utf8),
            Int(data[14]) + Int(data[15]) << 8 == data[..<14].reduce(0, { $0 + Int($1) })
        else { return .acknowledged }
        switch data[0] {
        case 0xC3:
            follow { relays in
                for relay in 0..<16 { relays.drive(relay + 1, data[2 + relay / 8] & 1 << UInt8(relay % 8) != 0) }
            }
        case 0xD2:
            let message = [0xD2, 14] + states + [UInt8](repeating: 0, count: 6) + Array("HIDC".utf8)
            let sum = message.reduce(0) { $0 + Int($1) }
            answer(message + [UInt8(sum & 0xFF), UInt8(sum >> 8)], endpoint: 1)
        default: break
        }
        return .acknowledged
    }

    private var states: [UInt8] {
        var word = 0
        if isNuvoton {
            for (index, isOn) in core.relays.pins.enumerated() where isOn { word |= 1 << index }
            return [UInt8(word >> 8), UInt8(word & 0xFF)]
        }
        // From relay 16 down: bits 15, 0, 14, 1, 13, 2, …
        var high = 15
        var low = 0
        for relay in stride(from: 16, to: 0, by: -1) {
            let bit = relay % 2 == 0 ? high : low
            if relay % 2 == 0 { high -= 1 } else { low += 1 }
            if core.relays.pins[relay - 1] { word |= 1 << bit }
        }
        return [UInt8(word & 0xFF), UInt8(word >> 8)]
    }
}
