/// The descriptor types (USB 2.0, table 9-5; HID 1.11, 7.1).
public enum DescriptorType: UInt8, Sendable {
    case device = 1
    case configuration = 2
    case string = 3
    case interface = 4
    case endpoint = 5
    case hid = 0x21
    case hidReport = 0x22
}

/// Why octets are no descriptor, and at which of them.
public struct DescriptorFailure: Error, Hashable, Sendable, CustomStringConvertible {
    public var reading: String
    public var reason: String
    public var offset: Int

    public var description: String { "not a \(reading) descriptor at octet \(offset): \(reason)" }
}

/// What a device says of itself first (USB 2.0, 9.6.1): 18 octets.
///
/// | octet | field | | octet | field |
/// |---|---|---|---|---|
/// | 0 | bLength 18 | | 8–9 | idVendor |
/// | 1 | bDescriptorType 1 | | 10–11 | idProduct |
/// | 2–3 | bcdUSB | | 12–13 | bcdDevice |
/// | 4–6 | bDeviceClass, SubClass, Protocol | | 14–16 | iManufacturer, iProduct, iSerialNumber |
/// | 7 | bMaxPacketSize0 | | 17 | bNumConfigurations |
public struct DeviceDescriptor: Hashable, Sendable {
    /// Version of USB in binary-coded decimal: 0x0110 is USB 1.1.
    public var usbVersion: UInt16 = 0x0110
    public var deviceClass: UInt8 = 0
    public var deviceSubclass: UInt8 = 0
    public var deviceProtocol: UInt8 = 0
    public var maximumPacketSize: UInt8 = 8
    public var vendor: UInt16
    public var product: UInt16
    /// Version of the device in binary-coded decimal.
    public var deviceVersion: UInt16 = 0x0100
    /// Indices of string descriptors; 0 is "has none".
    public var manufacturerString: UInt8 = 0
    public var productString: UInt8 = 0
    public var serialNumberString: UInt8 = 0
    public var configurationCount: UInt8 = 1

    public init(vendor: UInt16, product: UInt16) {
        self.vendor = vendor
        self.product = product
    }

    public static let length = 18

    public init(octets: some Collection<UInt8>) throws(DescriptorFailure) {
        let octets = Array(octets)
        guard octets.count >= Self.length else {
            throw DescriptorFailure(
                reading: "device", reason: "18 octets were expected, there are \(octets.count)", offset: octets.count)
        }
        guard octets[0] == 18 else {
            throw DescriptorFailure(reading: "device", reason: "its length field is \(octets[0]), not 18", offset: 0)
        }
        guard octets[1] == DescriptorType.device.rawValue else {
            throw DescriptorFailure(reading: "device", reason: "its type field is \(octets[1]), not 1", offset: 1)
        }
        func word(_ offset: Int) -> UInt16 { UInt16(octets[offset]) | UInt16(octets[offset + 1]) << 8 }
        usbVersion = word(2)
        deviceClass = octets[4]
        deviceSubclass = octets[5]
        deviceProtocol = octets[6]
        maximumPacketSize = octets[7]
        vendor = word(8)
        product = word(10)
        deviceVersion = word(12)
        manufacturerString = octets[14]
        productString = octets[15]
        serialNumberString = octets[16]
        configurationCount = octets[17]
    }

    public var octets: [UInt8] {
        [18, DescriptorType.device.rawValue] + usbVersion.littleEndianOctets
            + [deviceClass, deviceSubclass, deviceProtocol, maximumPacketSize]
            + vendor.littleEndianOctets + product.littleEndianOctets + deviceVersion.littleEndianOctets
            + [manufacturerString, productString, serialNumberString, configurationCount]
    }
}

/// A text in a string descriptor (USB 2.0, 9.6.7): bLength, type 3, then UTF-16 in little endian. Index 0 holds language ids instead.
public enum StringDescriptor {
    /// US English, the one language that every device with strings has.
    public static let englishUS: UInt16 = 0x0409

    /// The descriptor of `text`; what is beyond 126 UTF-16 units does not fit and is left off.
    public static func octets(_ text: String) -> [UInt8] {
        octets(words: Array(text.utf16.prefix(126)))
    }

    /// The descriptor at index 0.
    public static func octets(languages: [UInt16]) -> [UInt8] {
        octets(words: Array(languages.prefix(126)))
    }

    private static func octets(words: [UInt16]) -> [UInt8] {
        [UInt8(2 + 2 * words.count), DescriptorType.string.rawValue] + words.flatMap(\.littleEndianOctets)
    }

    public static func text(_ octets: some Collection<UInt8>) throws(DescriptorFailure) -> String {
        String(decoding: try words(octets), as: UTF16.self)
    }

    public static func languages(_ octets: some Collection<UInt8>) throws(DescriptorFailure) -> [UInt16] {
        try words(octets)
    }

    private static func words(_ octets: some Collection<UInt8>) throws(DescriptorFailure) -> [UInt16] {
        let octets = Array(octets)
        guard octets.count >= 2 else {
            throw DescriptorFailure(reading: "string", reason: "it ends before its type", offset: octets.count)
        }
        guard octets[1] == DescriptorType.string.rawValue else {
            throw DescriptorFailure(reading: "string", reason: "its type field is \(octets[1]), not 3", offset: 1)
        }
        let length = Int(octets[0])
        guard length >= 2, length.isMultiple(of: 2) else {
            throw DescriptorFailure(reading: "string", reason: "its length field is \(length)", offset: 0)
        }
        guard length <= octets.count else {
            throw DescriptorFailure(
                reading: "string", reason: "its length field is \(length), there are \(octets.count) octets",
                offset: octets.count)
        }
        return stride(from: 2, to: length, by: 2).map { UInt16(octets[$0]) | UInt16(octets[$0 + 1]) << 8 }
    }
}
