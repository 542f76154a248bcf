/// A configuration with all that hangs on it (USB 2.0, 9.6.3–9.6.6), as a device sends it in one piece of wTotalLength octets:
/// 9 octets of its own, then each interface (9 octets), its class descriptors and its endpoints (7 octets each).
public struct ConfigurationDescriptor: Hashable, Sendable {
    /// bConfigurationValue, what SET_CONFIGURATION names.
    public var number: UInt8 = 1
    public var string: UInt8 = 0
    /// bmAttributes: bit 7 always set, bit 6 self powered, bit 5 remote wake-up.
    public var attributes: UInt8 = 0x80
    /// What the device claims to draw from the bus; steps of 2 mA, at most 510.
    public var maximumMilliamperes: Int = 100
    public var interfaces: [InterfaceDescriptor]

    public init(interfaces: [InterfaceDescriptor]) {
        self.interfaces = interfaces
    }

    public var octets: [UInt8] {
        let body = interfaces.flatMap(\.octets)
        let total = UInt16(truncatingIfNeeded: 9 + body.count)
        let count = UInt8(truncatingIfNeeded: Set(interfaces.map(\.number)).count)
        return [9, DescriptorType.configuration.rawValue] + total.littleEndianOctets
            + [count, number, string, attributes, UInt8(clamping: maximumMilliamperes / 2)] + body
    }

    public init(octets: some Collection<UInt8>) throws(DescriptorFailure) {
        let octets = Array(octets)
        func failure(_ reason: String, _ offset: Int) -> DescriptorFailure {
            DescriptorFailure(reading: "configuration", reason: reason, offset: offset)
        }
        guard octets.count >= 9 else { throw failure("it ends before octet 9", octets.count) }
        guard octets[0] == 9 else { throw failure("its length field is \(octets[0]), not 9", 0) }
        guard octets[1] == DescriptorType.configuration.rawValue else {
            throw failure("its type field is \(octets[1]), not 2", 1)
        }
        let total = Int(octets[2]) | Int(octets[3]) << 8
        guard total >= 9, total <= octets.count else {
            throw failure("its total length is \(total), there are \(octets.count) octets", 2)
        }
        number = octets[5]
        string = octets[6]
        attributes = octets[7]
        maximumMilliamperes = Int(octets[8]) * 2
        interfaces = []
        var offset = 9
        while offset < total {
            let length = Int(octets[offset])
            guard length >= 2, offset + length <= total else {
                throw failure("a part has length \(length), \(total - offset) octets are left", offset)
            }
            let part = octets[offset..<offset + length]
            switch DescriptorType(rawValue: octets[offset + 1]) {
            case .interface:
                guard let interface = InterfaceDescriptor(part: part) else {
                    throw failure("an interface has length \(length), not 9", offset)
                }
                interfaces.append(interface)
            case .endpoint:
                guard let endpoint = EndpointDescriptor(part: part) else {
                    throw failure("an endpoint has length \(length), less than 7", offset)
                }
                guard !interfaces.isEmpty else { throw failure("an endpoint stands before any interface", offset) }
                interfaces[interfaces.count - 1].endpoints.append(endpoint)
            default:
                guard !interfaces.isEmpty else { break }
                interfaces[interfaces.count - 1].classDescriptors.append(Array(part))
            }
            offset += length
        }
        guard Set(interfaces.map(\.number)).count == Int(octets[4]) else {
            throw failure("it announces \(octets[4]) interfaces and has \(Set(interfaces.map(\.number)).count)", 4)
        }
    }
}

/// One interface of a configuration (USB 2.0, 9.6.5).
public struct InterfaceDescriptor: Hashable, Sendable {
    public var number: UInt8
    public var alternate: UInt8 = 0
    public var interfaceClass: UInt8
    public var interfaceSubclass: UInt8 = 0
    public var interfaceProtocol: UInt8 = 0
    public var string: UInt8 = 0
    /// Descriptors of its class, whole, as they stand between the interface and its endpoints.
    public var classDescriptors: [[UInt8]] = []
    public var endpoints: [EndpointDescriptor] = []

    public init(number: UInt8, interfaceClass: UInt8) {
        self.number = number
        self.interfaceClass = interfaceClass
    }

    fileprivate init?(part: ArraySlice<UInt8>) {
        guard part.count == 9 else { return nil }
        let part = Array(part)
        number = part[2]
        alternate = part[3]
        interfaceClass = part[5]
        interfaceSubclass = part[6]
        interfaceProtocol = part[7]
        string = part[8]
    }

    fileprivate var octets: [UInt8] {
        [
            9, DescriptorType.interface.rawValue, number, alternate, UInt8(truncatingIfNeeded: endpoints.count),
            interfaceClass, interfaceSubclass, interfaceProtocol, string,
        ] + classDescriptors.joined() + endpoints.flatMap(\.octets)
    }
}

/// One endpoint of an interface (USB 2.0, 9.6.6).
public struct EndpointDescriptor: Hashable, Sendable {
    /// Bit 7 set is IN; bits 3–0 its number.
    public var address: UInt8
    /// Bits 1–0: 0 control, 1 isochronous, 2 bulk, 3 interrupt.
    public var attributes: UInt8
    public var maximumPacketSize: UInt16
    /// bInterval; milliseconds for an interrupt endpoint of a low- or full-speed device.
    public var interval: UInt8

    public init(address: UInt8, attributes: UInt8, maximumPacketSize: UInt16, interval: UInt8) {
        self.address = address
        self.attributes = attributes
        self.maximumPacketSize = maximumPacketSize
        self.interval = interval
    }

    fileprivate init?(part: ArraySlice<UInt8>) {
        guard part.count >= 7 else { return nil }
        let part = Array(part)
        self.init(
            address: part[2], attributes: part[3], maximumPacketSize: UInt16(part[4]) | UInt16(part[5]) << 8,
            interval: part[6])
    }

    fileprivate var octets: [UInt8] {
        [7, DescriptorType.endpoint.rawValue, address, attributes] + maximumPacketSize.littleEndianOctets + [interval]
    }
}

/// The class descriptor of a HID interface with one report descriptor (HID 1.11, 6.2.1): 9 octets.
public struct HIDDescriptor: Hashable, Sendable {
    /// Version of the HID specification in binary-coded decimal.
    public var hidVersion: UInt16
    public var country: UInt8
    /// Length in octets of the report descriptor.
    public var reportDescriptorLength: UInt16

    public init(hidVersion: UInt16, country: UInt8 = 0, reportDescriptorLength: UInt16) {
        self.hidVersion = hidVersion
        self.country = country
        self.reportDescriptorLength = reportDescriptorLength
    }

    public init(octets: some Collection<UInt8>) throws(DescriptorFailure) {
        let octets = Array(octets)
        guard octets.count >= 9 else {
            throw DescriptorFailure(reading: "HID", reason: "it ends before octet 9", offset: octets.count)
        }
        guard octets[0] >= 9 else {
            throw DescriptorFailure(reading: "HID", reason: "its length field is \(octets[0])", offset: 0)
        }
        guard octets[1] == DescriptorType.hid.rawValue else {
            throw DescriptorFailure(reading: "HID", reason: "its type field is \(octets[1]), not 33", offset: 1)
        }
        guard octets[5] >= 1, octets[6] == DescriptorType.hidReport.rawValue else {
            throw DescriptorFailure(reading: "HID", reason: "it names no report descriptor", offset: 5)
        }
        self.init(
            hidVersion: UInt16(octets[2]) | UInt16(octets[3]) << 8, country: octets[4],
            reportDescriptorLength: UInt16(octets[7]) | UInt16(octets[8]) << 8)
    }

    public var octets: [UInt8] {
        [9, DescriptorType.hid.rawValue] + hidVersion.littleEndianOctets
            + [country, 1, DescriptorType.hidReport.rawValue] + reportDescriptorLength.littleEndianOctets
    }
}
