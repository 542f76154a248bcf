/// Gives the device with a serial number its domain: the ASDU of A_DomainAddressSerialNumber_Write (KNX standard 3/3/7).
public struct DomainAssignment: Hashable, Sendable {
    /// What an IP device needs besides its multicast address to take part in a secured backbone.
    public struct Backbone: Hashable, Sendable {
        public let version: UInt8
        /// 16 octets.
        public let key: [UInt8]

        /// A key of another length is an error of the caller.
        public init(version: UInt8, key: [UInt8]) {
            precondition(key.count == 16, "a backbone key has 16 octets")
            self.version = version
            self.key = key
        }
    }

    /// Manufacturer (2 octets) and number (4).
    public let serialNumber: [UInt8]
    /// 2 octets on power line, 6 on radio, 4 (the multicast address) on IP.
    public let domain: [UInt8]
    /// Only with a domain of four octets.
    public let backbone: Backbone?

    /// Octets of other lengths are errors of the caller.
    public init(serialNumber: [UInt8], domain: [UInt8], backbone: Backbone? = nil) {
        precondition(serialNumber.count == 6, "a serial number has 6 octets")
        precondition([2, 4, 6].contains(domain.count), "a domain address has 2, 4 or 6 octets")
        precondition(backbone == nil || domain.count == 4, "a backbone key goes with a multicast address")
        self.serialNumber = serialNumber
        self.domain = domain
        self.backbone = backbone
    }
}

extension DomainAssignment: ASDU {
    init(_ reader: inout ASDUReader) {
        serialNumber = reader.take(6)
        if reader.left == 21 {
            domain = reader.take(4)
            backbone = Backbone(version: UInt8(truncatingIfNeeded: reader.word(octets: 1)), key: reader.rest())
        } else {
            domain = reader.rest()
            backbone = nil
        }
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(serialNumber)
        writer.put(domain)
        if let backbone {
            writer.put(UInt32(backbone.version), octets: 1)
            writer.put(backbone.key)
        }
    }

    var fields: [Field] {
        var fields = [
            Field("serial_number", .octets(serialNumber)),
            Field("domain_address", .octets(domain)),
        ]
        if let backbone {
            fields.append(Field("security_version", .integer(Int(backbone.version))))
            fields.append(Field("backbone_key", .octets(backbone.key)))
        }
        return fields
    }
}
