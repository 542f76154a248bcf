/// What a decoder made of one run of octets, for people and as JSON.
public struct DecodingReport: Hashable, Sendable {
    public let octets: [UInt8]
    /// What the octets were read as: `cemi`, `dpt`.
    public let kind: String
    public let faults: [Fault]
    /// Nil when nothing could be decoded.
    public let fields: [Field]?
    /// What is known beyond `fields`.
    public let decoded: [Field]
    /// The value in words; nil when nothing could be decoded.
    public let text: String?

    /// `faults` are given with the worst first.
    public init(
        octets: [UInt8], kind: String, faults: [Fault], fields: [Field]?, decoded: [Field] = [], text: String? = nil
    ) {
        self.octets = octets
        self.kind = kind
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
            octets: octets, kind: "dpt", faults: faults.ranked, fields: fields.isEmpty ? nil : fields,
            decoded: value.map { type.decodedFields(of: $0) } ?? [], text: value.map { type.textWithUnit(of: $0) })
    }

    /// Reads what a telegram carries as a value of a datapoint type.
    public init(_ value: GroupValue, as type: DatapointType) {
        switch value {
        case .small(let bits): self.init([bits], as: type, isSixBit: true)
        case .octets(let octets): self.init(octets, as: type, isSixBit: false)
        }
    }

    /// Appends one object and a line end:
    /// `{"hex":…,"kind":…,"error":…,"error_layer":…,"severity":…,"offset":…,"fields":…,"decoded":{…},"faults":[…]}`.
    /// The error is the worst fault; it is the first of `faults`, too.
    public func writeJSON(into text: inout [UInt8]) {
        let worst = faults.first
        JSONWriter.write(
            [
                Field("hex", .octets(octets)), Field("kind", .text(kind)),
                Field("error", worst.map { .text($0.code.name) } ?? .null),
                Field("error_layer", worst.map { .text($0.layer.name) } ?? .null),
                Field("severity", worst.map { .text($0.severity.name) } ?? .null),
                Field("offset", worst.map { .integer($0.offset) } ?? .null),
                Field("fields", fields.map(Field.Value.object) ?? .null),
                Field("decoded", .object(decoded)), Field("faults", .list(faults.map { .object($0.fields) })),
            ], into: &text)
        text.append(0x0A)
    }

    /// Appends one line: the octets, the value, and each fault in a sentence.
    public func writeText(into line: inout [UInt8]) {
        Hexadecimal.write(octets, into: &line)
        if let text {
            line += "  ".utf8
            line += text.utf8
        }
        for fault in faults {
            line += (text == nil ? "  " : "; ").utf8
            line += fault.description.utf8
        }
        line.append(0x0A)
    }
}

extension Fault {
    /// The fault as reports and JSON show it.
    public var fields: [Field] {
        [
            Field("code", .text(code.name)), Field("layer", .text(layer.name)),
            Field("severity", .text(severity.name)), Field("offset", .integer(offset)),
            Field("sentence", .text(code.sentence)),
        ]
    }
}

extension Sequence<Fault> {
    /// Worst first, equals in the order in which they were found.
    func worstFirst() -> [Fault] {
        enumerated().sorted { left, right in
            left.element.severity == right.element.severity
                ? left.offset < right.offset : left.element.severity > right.element.severity
        }.map(\.element)
    }
}
