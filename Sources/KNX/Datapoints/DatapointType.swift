/// A datapoint type such as 9.001: how octets become a value, and in which unit.
public struct DatapointType: Hashable, Sendable, CustomStringConvertible {
    public let main: UInt16
    /// Nil for a whole main type, such as "9".
    public let sub: UInt16?
    /// Nil when the type has no unit, or the subtype is not known.
    public let unit: String?
    let coding: DatapointCoding

    /// Nil for a main number that is not known. An unknown subtype takes the coding of its main type, without a unit.
    public init?(main: UInt16, sub: UInt16? = nil) {
        let table = DatapointRow.byNumber
        guard let row = table[DatapointRow.key(main, sub)] ?? table[DatapointRow.key(main, nil)] else { return nil }
        self.main = main
        self.sub = sub
        unit = row.unit
        coding = row.coding
    }

    /// Reads `9.001`, `9`, `DPT9.001`, `DPT 9`, `DPT-9`, `DPST-9-1`, in any case. Nil for anything else and for unknown main types.
    public init?(parsing text: String) {
        var rest = Substring(text.lowercased())
        for prefix in ["dpst", "dpt"] where rest.hasPrefix(prefix) {
            rest = rest.dropFirst(prefix.count)
            if let first = rest.first, first == "-" || first == " " { rest = rest.dropFirst() }
            break
        }
        let separator: Character = rest.contains("-") ? "-" : "."
        let parts = rest.split(separator: separator, omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
            let main = UInt16(parts[0])
        else { return nil }
        guard parts.count == 2 else {
            self.init(main: main)
            return
        }
        guard let sub = UInt16(parts[1]) else { return nil }
        self.init(main: main, sub: sub)
    }

    /// Every type of the table that has a subtype, in order.
    public static let all: [DatapointType] = DatapointRow.all.filter { $0.sub != nil }
        .compactMap { DatapointType(main: $0.main, sub: $0.sub) }
        .sorted { ($0.main, $0.sub ?? 0) < ($1.main, $1.sub ?? 0) }

    /// `9.001`; three digits at least behind the point.
    public var description: String {
        guard let sub else { return String(main) }
        let digits = String(sub)
        return "\(main)." + String(repeating: "0", count: max(0, 3 - digits.count)) + digits
    }

    /// Whether values ride in the low six bits of the APCI octet.
    public var isSixBit: Bool { coding.isSixBit }

    /// Octets of a value, one for a six-bit value; nil when it varies.
    public var octetCount: Int? { coding.octetCount }

    public static func == (left: DatapointType, right: DatapointType) -> Bool {
        left.main == right.main && left.sub == right.sub
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(main)
        hasher.combine(sub)
    }
}
