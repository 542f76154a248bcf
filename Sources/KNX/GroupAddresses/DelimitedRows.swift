/// Rows of a text with separated fields (RFC 4180, with the separator found in the first row). Total: any octets give rows or a failure.
struct DelimitedRows {
    struct Field: Hashable {
        var text: String
        /// Where it begins, in characters from 1.
        var column: Int
    }

    struct Row: Hashable {
        /// Where it begins, from 1; a quoted field may hold line ends.
        var line: Int
        var fields: [Field]
    }

    private let octets: [UInt8]
    private let separator: UInt8
    private var position = 0
    private var line = 1
    private var column = 1

    private static let quote = UInt8(ascii: "\"")

    init(_ utf8: [UInt8]) {
        octets = utf8
        separator = Self.separator(utf8)
    }

    /// The next row; nil behind the last.
    mutating func next() throws(GroupAddressFailure) -> Row? {
        guard position < octets.count else { return nil }
        var row = Row(line: line, fields: [])
        while true {
            row.fields.append(try field())
            guard position < octets.count else { return row }
            if octets[position] == separator {
                advance()
                continue
            }
            // The field stopped at a line end.
            if octets[position] == 0x0D { advance() }
            if position < octets.count, octets[position] == 0x0A { advance() }
            line += 1
            column = 1
            return row
        }
    }

    private mutating func field() throws(GroupAddressFailure) -> Field {
        let begin = column
        guard position < octets.count, octets[position] == Self.quote else {
            let first = position
            while position < octets.count, octets[position] != separator, !isLineEnd { advance() }
            return Field(text: Self.text(octets[first..<position]), column: begin)
        }
        let opened = (line, column)
        var content: [UInt8] = []
        advance()
        while true {
            guard position < octets.count else {
                throw GroupAddressFailure(
                    line: opened.0, column: opened.1, message: "the quotation mark that stands here is never closed")
            }
            let octet = octets[position]
            if octet == Self.quote {
                advance()
                guard position < octets.count, octets[position] == Self.quote else { break }
            }
            content.append(octet)
            if octet == 0x0A {
                line += 1
                column = 0
            }
            advance()
        }
        guard position == octets.count || octets[position] == separator || isLineEnd else {
            throw GroupAddressFailure(
                line: line, column: column, message: "a separator should follow the quotation mark before this")
        }
        return Field(text: Self.text(content[...]), column: begin)
    }

    private var isLineEnd: Bool { octets[position] == 0x0A || octets[position] == 0x0D }

    private mutating func advance() {
        // Continuation octets of UTF-8 are no characters of their own.
        position += 1
        if position >= octets.count || octets[position] & 0xC0 != 0x80 { column += 1 }
    }

    private static func text(_ octets: ArraySlice<UInt8>) -> String {
        var rest = octets
        while let first = rest.first, first == 0x20 || first == 0x09 { rest.removeFirst() }
        while let last = rest.last, last == 0x20 || last == 0x09 { rest.removeLast() }
        return String(decoding: rest, as: UTF8.self)
    }

    /// The one of tab, semicolon and comma that the first row has most of, outside of quotation marks.
    private static func separator(_ octets: [UInt8]) -> UInt8 {
        var counts: [UInt8: Int] = [:]
        var isQuoted = false
        for octet in octets {
            if octet == quote { isQuoted.toggle() }
            if isQuoted { continue }
            if octet == 0x0A || octet == 0x0D, !counts.isEmpty { break }
            if [0x09, 0x2C, 0x3B].contains(octet) { counts[octet, default: 0] += 1 }
        }
        let candidates: [UInt8] = [0x09, 0x3B, 0x2C]
        return candidates.max { (counts[$0] ?? 0) < (counts[$1] ?? 0) } ?? 0x3B
    }
}
