/// A search request parameter (SRP) of an extended search: `length, mandatory (b7) | type (7), data` (KNX standard 3/8/2, core version 2).
public struct SearchParameter: Hashable, Sendable {
    public enum Selection: Hashable, Sendable {
        /// 01: devices in programming mode.
        case programmingMode
        /// 02: the device with this hardware address, 48 bits.
        case hardwareAddress(UInt64)
        /// 03: devices that have this service family in this version or a later one.
        case family(UInt8, version: UInt8)
        /// 04: not a filter: the types of description blocks that the answer shall hold.
        case descriptions([UInt8])
        case other(type: UInt8, [UInt8])
    }

    /// A device that does not know a mandatory parameter does not answer.
    public var isMandatory: Bool
    public var selection: Selection

    public init(_ selection: Selection, isMandatory: Bool = true) {
        self.selection = selection
        self.isMandatory = isMandatory
    }

    /// Without the mandatory bit.
    public var type: UInt8 {
        switch selection {
        case .programmingMode: 0x01
        case .hardwareAddress: 0x02
        case .family: 0x03
        case .descriptions: 0x04
        case .other(let type, _): type & 0x7F
        }
    }

    var data: [UInt8] {
        switch selection {
        case .programmingMode: return []
        case .hardwareAddress(let address):
            var data: [UInt8] = []
            data.appendBigEndian(address, octetCount: 6)
            return data
        case .family(let family, let version): return [family, version]
        // Structures have even lengths; 00 is no type.
        case .descriptions(let types): return types.count % 2 == 0 ? types : types + [0x00]
        case .other(_, let octets): return octets
        }
    }

    static func isLength(_ length: Int, ofType type: UInt8) -> Bool {
        switch type & 0x7F {
        case 0x01: length == 2
        case 0x02: length == 8
        case 0x03: length == 4
        case 0x04: length >= 3
        default: true
        }
    }

    /// Reads a parameter whose length has been checked.
    init(_ octets: Span<UInt8>, _ entry: StructureList.Entry) {
        isMandatory = entry.type & 0x80 != 0
        let start = entry.data.lowerBound
        switch entry.type & 0x7F {
        case 0x01: selection = .programmingMode
        case 0x02: selection = .hardwareAddress(octets.bigEndian48(at: start))
        case 0x03: selection = .family(octets[start], version: octets[start + 1])
        case 0x04:
            var types = octets.array(entry.data)
            if types.count % 2 == 0, types.last == 0 { types.removeLast() }
            selection = .descriptions(types)
        default: selection = .other(type: entry.type & 0x7F, octets.array(entry.data))
        }
    }
}
