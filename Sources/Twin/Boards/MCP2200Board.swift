public import USB

/// Denkovi's boards: an MCP2200 with a serial line on interfaces 0 and 1, and its eight pins behind a HID on interface 2.
///
/// | OUT, 16 octets | what the chip does |
/// |---|---|
/// | `08` | sets the bits of octet 11, clears those of octet 12 |
/// | `10` | stores a configuration: octet 4 which pins are inputs, octet 6 how outputs are at power-up |
/// | `80` | answers with the configuration, octet 10 the port |
public struct MCP2200Board: PlainBoardModel {
    public var core = BoardCore(channelCount: 8)
    private var inputs: UInt8 = 0
    private var stored: UInt8
    private let serial: String

    /// - Parameter stored: how the outputs are at power-up.
    public init(stored: UInt8 = 0, serial: String = "0000980655") {
        self.stored = stored
        self.serial = serial
    }

    public static var specimens: [RelayBoardSpecimen] {
        [
            RelayBoardSpecimen(driver: "mcp2200", name: "Denkovi 4/8") { MCP2200Board() },
            RelayBoardSpecimen(driver: "mcp2200", name: "Denkovi, stored 05") { MCP2200Board(stored: 0x05) },
        ]
    }
    public static func unwritten() -> MCP2200Board? { MCP2200Board(serial: unwrittenText) }
    public static func another() -> MCP2200Board? { MCP2200Board(serial: "0001201377") }

    public var speed: USBIP.Speed { .full }
    public var deviceDescriptor: DeviceDescriptor {
        var descriptor = DeviceDescriptor(vendor: 0x04D8, product: 0x00DF)
        descriptor.manufacturerString = 1
        descriptor.productString = 2
        descriptor.serialNumberString = 3
        return descriptor
    }
    public var configurationDescriptor: ConfigurationDescriptor {
        var line = InterfaceDescriptor(number: 0, interfaceClass: 2)
        line.endpoints = [EndpointDescriptor(address: 0x82, attributes: 3, maximumPacketSize: 8, interval: 2)]
        var data = InterfaceDescriptor(number: 1, interfaceClass: 10)
        data.endpoints = [0x83, 0x03].map {
            EndpointDescriptor(address: $0, attributes: 2, maximumPacketSize: 16, interval: 0)
        }
        return ConfigurationDescriptor(interfaces: [line, data, hidInterface(2, in: 0x81, out: 0x01, packet: 16)])
    }
    public var strings: [String] { ["Microchip Technology Inc.", "MCP2200 USB Serial Port Emulator", serial] }

    public var isReadable: Bool { true }
    public var serialNumber: String { serial }
    public var onUnplugging: UnpluggedContacts { .released }
    public var contactsAtPowerUp: [Bool] { (0..<8).map { stored >> $0 & 1 == 1 } }

    public mutating func begin() {
        for (index, isOn) in contactsAtPowerUp.enumerated() { core.relays.drive(index + 1, isOn) }
    }

    public mutating func take(_ data: [UInt8], endpoint: UInt32) -> USBReply {
        guard endpoint == 1 else { return .stall }
        let report = data + [UInt8](repeating: 0, count: max(0, 16 - data.count))
        switch report[0] {
        case 0x08:
            let inputs = inputs
            follow { relays in
                for channel in 1...8 where inputs >> (channel - 1) & 1 == 0 {
                    if report[12] >> (channel - 1) & 1 == 1 { relays.drive(channel, false) }
                    if report[11] >> (channel - 1) & 1 == 1 { relays.drive(channel, true) }
                }
            }
        case 0x10:
            inputs = report[4]
            stored = report[6]
        case 0x80:
            let port = core.relays.pins.enumerated().reduce(UInt8(0)) { $0 | ($1.element ? 1 << $1.offset : 0) }
            var all = [UInt8](repeating: 0, count: 16)
            all[0] = 0x80
            all[4] = inputs
            all[6] = stored
            all[10] = port
            answer(all, endpoint: 1)
        default: break
        }
        return .acknowledged
    }
}
