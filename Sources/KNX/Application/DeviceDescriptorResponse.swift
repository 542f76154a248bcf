/// What a device says that it is: the ASDU of A_DeviceDescriptor_Response (KNX standard 3/3/7).
public struct DeviceDescriptorResponse: Hashable, Sendable {
    /// 0 the mask version (2 octets), 2 the descriptor of fourteen octets; 63 says that the type asked for is not supported.
    public let type: UInt8
    public let octets: [UInt8]

    /// The mask version, type 0.
    public init(mask: UInt16) {
        type = 0
        octets = [UInt8(truncatingIfNeeded: mask >> 8), UInt8(truncatingIfNeeded: mask)]
    }

    /// Octets of another length than the type has are errors of the caller.
    public init(type: UInt8, octets: [UInt8]) {
        precondition(type < 64, "the type has six bits")
        precondition(
            type == 0 ? octets.count == 2 : type == 2 ? octets.count == 14 : !octets.isEmpty,
            "the type has another length")
        self.type = type
        self.octets = octets
    }

    /// Nil in other types than 0.
    public var mask: UInt16? {
        type == 0 && octets.count == 2 ? UInt16(octets[0]) << 8 | UInt16(octets[1]) : nil
    }

    /// The medium that a mask version is made for; nil when its digit is not assigned.
    public static func medium(ofMask mask: UInt16) -> String? {
        switch mask >> 12 {
        case 0: "TP1"
        case 1: "PL110"
        case 2: "RF"
        case 5: "IP"
        default: nil
        }
    }
}

extension DeviceDescriptorResponse: ASDU {
    init(_ reader: inout ASDUReader) {
        type = reader.dataBits
        octets = reader.rest()
    }

    func write(_ writer: inout ASDUWriter) {
        writer.dataBits = type
        writer.put(octets)
    }

    var fields: [Field] {
        var fields = [Field("descriptor_type", .integer(Int(type)))]
        if let mask {
            fields.append(Field("mask_version", .text(hexadecimal(mask, digits: 4).uppercased())))
            fields.append(Field("medium", Self.medium(ofMask: mask).map { .text($0) } ?? .null))
        } else if type == 2, octets.count == 14 {
            fields.append(Field("application_manufacturer", .integer(Int(octets[0]) << 8 | Int(octets[1]))))
            fields.append(
                Field("device_type", .text("0x" + hexadecimal(Int(octets[2]) << 8 | Int(octets[3]), digits: 4))))
            fields.append(Field("version", .integer(Int(octets[4]))))
            fields.append(Field("link_management", .octets(Array(octets[5...]))))
        } else {
            fields.append(Field("descriptor", .octets(octets)))
        }
        return fields
    }
}
