public import USB

/// Conrad's board: four relays on the pins of a CP2104, on while their pin is low. Vendor requests to the device, without data.
public struct ConradBoard: PlainBoardModel {
    public var core = BoardCore(channelCount: 4)
    private let serial: String

    public init(serial: String = "00D6E3A1") {
        self.serial = serial
    }

    public static var specimens: [RelayBoardSpecimen] {
        [RelayBoardSpecimen(driver: "conrad", name: "Conrad 4") { ConradBoard() }]
    }
    public static func unwritten() -> ConradBoard? { ConradBoard(serial: unwrittenText) }
    public static func another() -> ConradBoard? { ConradBoard(serial: "00D6E3B7") }

    public var speed: USBIP.Speed { .full }
    public var deviceDescriptor: DeviceDescriptor {
        var descriptor = DeviceDescriptor(vendor: 0x10C4, product: 0xEA60)
        descriptor.manufacturerString = 1
        descriptor.productString = 2
        descriptor.serialNumberString = 3
        return descriptor
    }
    public var configurationDescriptor: ConfigurationDescriptor {
        var interface = InterfaceDescriptor(number: 0, interfaceClass: 0xFF)
        interface.endpoints = [0x81, 0x01].map {
            EndpointDescriptor(address: $0, attributes: 2, maximumPacketSize: 64, interval: 0)
        }
        return ConfigurationDescriptor(interfaces: [interface])
    }
    public var strings: [String] { ["Silicon Labs", "CP2104 USB to UART Bridge Controller", serial] }

    public var isReadable: Bool { true }
    public var serialNumber: String { serial }
    public var onUnplugging: UnpluggedContacts { .released }

    public mutating func request(_ setup: SetupPacket, _ data: [UInt8]) -> USBReply {
        switch (setup.requestType, setup.request, setup.value) {
        case (0x40, 0xFF, 0x37E1):
            let index = setup.index
            follow { relays in
                for channel in 1...4 where index >> UInt16(channel - 1) & 1 == 1 {
                    relays.drive(channel, index >> UInt16(channel + 7) & 1 == 0)
                }
            }
            return .acknowledged
        case (0xC0, 0xFF, 0x00C2):
            // The upper half of the port has no pins and reads as ones.
            return .data([core.relays.pins.enumerated().reduce(0xFF) { $0 & ~($1.element ? 1 << $1.offset : 0) }])
        default: return .stall
        }
    }
}
