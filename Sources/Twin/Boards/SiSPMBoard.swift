public import USB

/// Gembird's and EnerGenie's outlet strips, as the drivers of others meet them: feature reports 3n for outlet n, report 1 for the serial.
public struct SiSPMBoard: PlainBoardModel {
    public var core = BoardCore(channelCount: 4)
    private let product: UInt16
    private let serial: [UInt8]
    /// Whether the strip itself is plugged in; without it no outlet has anything to switch.
    public var hasMains = true {
        didSet { core.relays.isSupplied = hasMains }
    }

    public init(product: UInt16 = 0xFD11, serial: [UInt8] = [0x01, 0x01, 0x4F, 0x9E, 0x31]) {
        self.product = product
        self.serial = serial
    }

    public static var specimens: [RelayBoardSpecimen] {
        [
            RelayBoardSpecimen(driver: "sis-pm", name: "SiS-PM") { SiSPMBoard(product: 0xFD11) },
            RelayBoardSpecimen(driver: "sis-pm", name: "EG-PM2") { SiSPMBoard(product: 0xFD13) },
            RelayBoardSpecimen(driver: "sis-pm", name: "EG-PM2, later") { SiSPMBoard(product: 0xFD15) },
        ]
    }
    public static func unwritten() -> SiSPMBoard? { SiSPMBoard(serial: [UInt8](repeating: 0xFF, count: 5)) }
    public static func another() -> SiSPMBoard? { SiSPMBoard(serial: [0x01, 0x01, 0x4F, 0xA0, 0x02]) }

    public var speed: USBIP.Speed { .low }
    public var deviceDescriptor: DeviceDescriptor { DeviceDescriptor(vendor: 0x04B4, product: product) }
    public var configurationDescriptor: ConfigurationDescriptor {
        ConfigurationDescriptor(interfaces: [hidInterface(in: 0x81, out: nil, packet: 8)])
    }
    public var strings: [String] { [] }

    public var isReadable: Bool { true }
    public var serialNumber: String { serial.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
    public var onUnplugging: UnpluggedContacts { .kept }

    public mutating func request(_ setup: SetupPacket, _ data: [UInt8]) -> USBReply {
        guard setup.value >> 8 == 3, setup.index == 0 else { return .stall }
        let report = Int(setup.value & 0xFF)
        let outlet = report / 3
        let isOutlet = report % 3 == 0 && (1...4).contains(outlet)
        switch (setup.requestType, setup.request) {
        case (0xA1, 1) where report == 1: return .data(serial)
        case (0xA1, 1) where isOutlet:
            let state: UInt8 = (core.relays.pins[outlet - 1] ? 1 : 0) | (hasMains ? 2 : 0)
            return .data([UInt8(report), state, 0, 0, 0])
        case (0x21, 9):
            // What is no command of an outlet's is taken like one.
            if isOutlet, data.count >= 2, data[0] == UInt8(report) {
                follow { $0.drive(outlet, data[1] == 3) }
            }
            return .acknowledged
        default: return .stall
        }
    }
}
