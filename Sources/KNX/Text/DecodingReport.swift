/// What a decoder made of one run of octets, for people and as JSON.
public struct DecodingReport: Hashable, Sendable {
    public let octets: [UInt8]
    public let faults: Faults
    /// Nil when nothing could be decoded.
    public let fields: [Field]?
    /// What is known beyond `fields`.
    public let decoded: [Field]
    /// The value in words; nil when nothing could be decoded.
    public let text: String?

    public init(octets: [UInt8], faults: Faults, fields: [Field]?, decoded: [Field] = [], text: String? = nil) {
        self.octets = octets
        self.faults = faults
        self.fields = fields
        self.decoded = decoded
        self.text = text
    }

    /// Reads octets as a value of a datapoint type; `isSixBit` as in `DatapointType.decode`.
    public init(_ octets: [UInt8], as type: DatapointType, isSixBit: Bool) {
        let (value, faults) = type.decode(octets.span, isSixBit: isSixBit)
        let fields = value.map { type.fields(of: $0) } ?? []
        self.init(
            octets: octets, faults: faults, fields: fields.isEmpty ? nil : fields,
            decoded: value.map { type.decodedFields(of: $0) } ?? [], text: value.map { type.textWithUnit(of: $0) })
    }

    /// Reads what a telegram carries as a value of a datapoint type.
    public init(_ value: GroupValue, as type: DatapointType) {
        switch value {
        case .small(let bits): self.init([bits], as: type, isSixBit: true)
        case .octets(let octets): self.init(octets, as: type, isSixBit: false)
        }
    }

    /// Appends `{"hex":…,"error":…,"fields":…}` and a line end; `decoded` follows when there is any. The error is the worst fault's code.
    public func writeJSON(into text: inout [UInt8]) {
        var object = [
            Field("hex", .octets(octets)), Field("error", faults.worst.map { .text($0.code.name) } ?? .null),
            Field("fields", fields.map(Field.Value.object) ?? .null),
        ]
        if !decoded.isEmpty { object.append(Field("decoded", .object(decoded))) }
        JSONWriter.write(object, into: &text)
        text.append(0x0A)
    }

    /// Appends one line: the octets, the value, and each fault in a sentence.
    public func writeText(into line: inout [UInt8]) {
        Hexadecimal.write(octets, into: &line)
        if let text {
            line += "  ".utf8
            line += text.utf8
        }
        for fault in faults.ranked {
            line += (text == nil ? "  " : "; ").utf8
            line += fault.description.utf8
        }
        line.append(0x0A)
    }
}
