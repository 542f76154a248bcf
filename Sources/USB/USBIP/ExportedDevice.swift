/// A device as a USB/IP server lists it: 312 octets, and in a list 4 more for each interface.
///
/// | octet | field | | octet | field |
/// |---|---|---|---|---|
/// | 0–255 | path, NUL padded | | 300–301 | idVendor |
/// | 256–287 | busid, NUL padded | | 302–303 | idProduct |
/// | 288–291 | busnum | | 304–305 | bcdDevice |
/// | 292–295 | devnum | | 306–308 | bDeviceClass, SubClass, Protocol |
/// | 296–299 | speed | | 309–311 | bConfigurationValue, bNumConfigurations, bNumInterfaces |
public struct ExportedDevice: Hashable, Sendable {
    /// The class of an interface as a list shows it.
    public struct Interface: Hashable, Sendable {
        public var interfaceClass: UInt8
        public var interfaceSubclass: UInt8
        public var interfaceProtocol: UInt8

        public init(interfaceClass: UInt8, interfaceSubclass: UInt8, interfaceProtocol: UInt8) {
            self.interfaceClass = interfaceClass
            self.interfaceSubclass = interfaceSubclass
            self.interfaceProtocol = interfaceProtocol
        }
    }

    /// Where the server has it, at most 255 octets.
    public var path: String
    /// What an import names it by, such as `1-1`; at most 31 octets.
    public var busID: String
    public var busNumber: UInt32
    public var deviceNumber: UInt32
    public var speed: USBIP.Speed
    public var vendor: UInt16
    public var product: UInt16
    public var deviceVersion: UInt16
    public var deviceClass: UInt8
    public var deviceSubclass: UInt8
    public var deviceProtocol: UInt8
    public var configurationValue: UInt8
    public var configurationCount: UInt8
    public var interfaceCount: UInt8
    /// Only a list has them; the reply to an import leaves them out.
    public var interfaces: [Interface]

    public init(
        path: String, busID: String, busNumber: UInt32, deviceNumber: UInt32, speed: USBIP.Speed,
        device: DeviceDescriptor, configuration: ConfigurationDescriptor
    ) {
        self.path = path
        self.busID = busID
        self.busNumber = busNumber
        self.deviceNumber = deviceNumber
        self.speed = speed
        vendor = device.vendor
        product = device.product
        deviceVersion = device.deviceVersion
        deviceClass = device.deviceClass
        deviceSubclass = device.deviceSubclass
        deviceProtocol = device.deviceProtocol
        configurationValue = configuration.number
        configurationCount = device.configurationCount
        interfaces = configuration.interfaces.filter { $0.alternate == 0 }.map {
            Interface(
                interfaceClass: $0.interfaceClass, interfaceSubclass: $0.interfaceSubclass,
                interfaceProtocol: $0.interfaceProtocol)
        }
        interfaceCount = UInt8(clamping: interfaces.count)
    }

    /// Bus and device number in one, as each transfer names its device.
    public var id: UInt32 { busNumber << 16 | deviceNumber & 0xFFFF }

    static let length = 312

    var octets: [UInt8] {
        padded(path, to: 256) + padded(busID, to: 32)
            + [busNumber, deviceNumber, speed.rawValue].flatMap(\.bigEndianOctets)
            + [vendor, product, deviceVersion].flatMap(\.bigEndianOctets)
            + [
                deviceClass, deviceSubclass, deviceProtocol, configurationValue, configurationCount, interfaceCount,
            ]
    }

    var interfaceOctets: [UInt8] {
        interfaces.flatMap { [$0.interfaceClass, $0.interfaceSubclass, $0.interfaceProtocol, 0] }
    }

    /// Reads 312 octets; without interfaces.
    init(_ octets: ArraySlice<UInt8>) {
        let start = octets.startIndex
        path = text(octets[start..<start + 256])
        busID = text(octets[start + 256..<start + 288])
        busNumber = octets.bigEndian32(at: 288)
        deviceNumber = octets.bigEndian32(at: 292)
        speed = USBIP.Speed(rawValue: octets.bigEndian32(at: 296)) ?? .unknown
        vendor = octets.bigEndian16(at: 300)
        product = octets.bigEndian16(at: 302)
        deviceVersion = octets.bigEndian16(at: 304)
        deviceClass = octets[start + 306]
        deviceSubclass = octets[start + 307]
        deviceProtocol = octets[start + 308]
        configurationValue = octets[start + 309]
        configurationCount = octets[start + 310]
        interfaceCount = octets[start + 311]
        interfaces = []
    }
}

/// `text` cut so that a NUL follows it, then NULs up to `length`.
func padded(_ text: String, to length: Int) -> [UInt8] {
    let octets = Array(text.utf8.prefix(length - 1))
    return octets + [UInt8](repeating: 0, count: length - octets.count)
}

func text(_ octets: ArraySlice<UInt8>) -> String {
    String(decoding: octets.prefix { $0 != 0 }, as: UTF8.self)
}

extension UInt16 {
    var bigEndianOctets: [UInt8] { [UInt8(truncatingIfNeeded: self >> 8), UInt8(truncatingIfNeeded: self)] }
}

extension UInt32 {
    var bigEndianOctets: [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: self >> UInt32($0)) }
    }
}

extension ArraySlice<UInt8> {
    /// The 16-bit integer `offset` octets behind the start of the slice.
    func bigEndian16(at offset: Int) -> UInt16 {
        UInt16(self[startIndex + offset]) << 8 | UInt16(self[startIndex + offset + 1])
    }

    func bigEndian32(at offset: Int) -> UInt32 {
        UInt32(bigEndian16(at: offset)) << 16 | UInt32(bigEndian16(at: offset + 2))
    }
}
