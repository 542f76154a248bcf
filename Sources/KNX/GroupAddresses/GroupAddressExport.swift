extension GroupAddressTable {
    /// Reads what ETS exports: CSV in each of its layouts, or XML.
    ///
    /// The text may be UTF-8 or UTF-16 with its mark, plain UTF-8, or else the Windows code page of Western Europe, which older versions of ETS
    /// write.
    public init(export octets: [UInt8]) throws(GroupAddressFailure) {
        let text = try Self.utf8(octets)
        if text.first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) == UInt8(ascii: "<") {
            try self.init(xml: text)
        } else {
            try self.init(csv: text)
        }
        if entries.isEmpty {
            throw GroupAddressFailure(line: 1, column: 1, message: "there is no group address in this file")
        }
    }

    /// Takes a row of an export.
    mutating func take(
        _ written: String, name: String, type: String, line: Int, column: Int
    ) throws(GroupAddressFailure) {
        func failure(_ message: String) -> GroupAddressFailure {
            GroupAddressFailure(line: line, column: column, message: message)
        }
        switch WrittenGroupAddress(written) {
        case .range: return
        case nil: throw failure("'\(written)' should be a group address such as 1/2/3")
        case .address(let address, let style):
            if entries.isEmpty { self.style = style }
            guard add(Entry(name: name, type: Self.type(type)), for: address) else {
                throw failure("the group address \(written) stands here twice")
            }
        }
    }

    /// The type that says most among those of a field such as `DPST-1-1` or `DPT-5 DPST-5-1`, as far as they are known here.
    private static func type(_ field: String) -> DatapointType? {
        let words = field.split(whereSeparator: { $0 == "," || $0 == ";" || $0.isWhitespace })
        let types = words.compactMap { DatapointType(parsing: String($0)) }
        return types.first { $0.sub != nil } ?? types.first
    }

    private static func utf8(_ octets: [UInt8]) throws(GroupAddressFailure) -> [UInt8] {
        if octets.starts(with: [0xFF, 0xFE]) || octets.starts(with: [0xFE, 0xFF]) {
            let isLittle = octets[0] == 0xFF
            let units = stride(from: 2, to: octets.count - 1, by: 2).map { place in
                UInt16(octets[place + (isLittle ? 1 : 0)]) << 8 | UInt16(octets[place + (isLittle ? 0 : 1)])
            }
            guard octets.count.isMultiple(of: 2), let text = String(validating: units, as: UTF16.self) else {
                throw GroupAddressFailure(line: 1, column: 1, message: "this begins as UTF-16 and is none")
            }
            return Array(text.utf8)
        }
        let rest = octets.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(octets.dropFirst(3)) : octets
        if String(validating: rest, as: UTF8.self) != nil { return rest }
        var text = String.UnicodeScalarView()
        for octet in rest { text.append(Self.windows1252(octet)) }
        return Array(String(text).utf8)
    }

    /// Windows-1252: Latin-1 but for 80 to 9F.
    private static func windows1252(_ octet: UInt8) -> Unicode.Scalar {
        guard (0x80...0x9F).contains(octet) else { return Unicode.Scalar(octet) }
        let block: [UInt32] = [
            0x20AC, 0xFFFD, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152,
            0xFFFD, 0x017D, 0xFFFD, 0xFFFD, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122,
            0x0161, 0x203A, 0x0153, 0xFFFD, 0x017E, 0x0178,
        ]
        return Unicode.Scalar(block[Int(octet) - 0x80]) ?? "\u{FFFD}"
    }
}

/// The address of a row: one address in any style, or a main or middle group, which exports list too (`1/-/-`, `1/2/-`).
enum WrittenGroupAddress: Hashable {
    case address(GroupAddress, GroupAddressStyle)
    case range

    /// nil for anything else.
    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let numbers = parts.map { part -> Int? in
            part.isEmpty || part.count > 5 || !part.utf8.allSatisfy { (0x30...0x39).contains($0) } ? nil : Int(part)
        }
        let levels = numbers.prefix { $0 != nil }.compactMap { $0 }
        let limits = parts.count == 3 ? [31, 7, 255] : parts.count == 2 ? [31, 2047] : [65_535]
        guard parts.count <= 3, zip(levels, limits).allSatisfy({ $0 <= $1 }) else { return nil }
        if levels.count < parts.count {
            guard !levels.isEmpty, parts[levels.count...].allSatisfy({ $0 == "-" }) else { return nil }
            self = .range
            return
        }
        switch levels.count {
        case 3: self = .address(GroupAddress(raw: UInt16(levels[0] << 11 | levels[1] << 8 | levels[2])), .threeLevel)
        case 2: self = .address(GroupAddress(raw: UInt16(levels[0] << 11 | levels[1])), .twoLevel)
        default: self = .address(GroupAddress(raw: UInt16(levels[0])), .free)
        }
    }
}
