extension GroupAddressTable {
    /// The XML export of ETS: `GroupAddress-Export`, in it `GroupRange` in `GroupRange`, in them `GroupAddress` with the attributes `Name`, `Address`
    /// and, where it was planned, `DPTs`. All else is passed over.
    init(xml utf8: [UInt8]) throws(GroupAddressFailure) {
        self.init()
        var reader = MarkupReader(utf8)
        var open: [String] = []
        while let tag = try reader.next() {
            func failure(_ message: String) -> GroupAddressFailure {
                GroupAddressFailure(line: tag.line, column: tag.column, message: message)
            }
            switch tag.kind {
            case .close:
                guard let last = open.popLast(), last == tag.name else {
                    throw failure("</\(tag.name)> closes nothing that is open here")
                }
                if open.isEmpty { return }
            case .open, .empty:
                let local = tag.name.split(separator: ":").last.map(String.init) ?? tag.name
                if open.isEmpty, local != "GroupAddress-Export" {
                    throw failure("this is no export of group addresses: <\(tag.name)> should be <GroupAddress-Export>")
                }
                if local == "GroupAddress" {
                    guard let address = tag.attributes["Address"] else {
                        throw failure("this <GroupAddress> has no attribute 'Address'")
                    }
                    try take(
                        address, name: tag.attributes["Name"] ?? "", type: tag.attributes["DPTs"] ?? "",
                        line: tag.line, column: tag.column)
                }
                guard tag.kind == .open else {
                    if open.isEmpty { return }
                    continue
                }
                guard open.count < Self.deepest else { throw failure("nested more than \(Self.deepest) deep") }
                open.append(tag.name)
            }
        }
        throw reader.failure(
            open.last.map { "the file ends before </\($0)>" } ?? "there is no <GroupAddress-Export> in this file")
    }

    private static let deepest = 64
}

/// The tags of an XML text. Text between them, comments, instructions and sections of characters are passed over; a document type is refused,
/// since no export has one and entities could be declared in it. Total: any octets give tags or a failure.
struct MarkupReader {
    struct Tag {
        enum Kind { case open, close, empty }

        var kind: Kind
        var name: String
        var attributes: [String: String] = [:]
        var line: Int
        var column: Int
    }

    private let octets: [UInt8]
    private var position = 0
    private var line = 1
    private var column = 1

    init(_ utf8: [UInt8]) { octets = utf8 }

    func failure(_ message: String) -> GroupAddressFailure {
        GroupAddressFailure(line: line, column: column, message: message)
    }

    /// The next tag; nil at the end of the text.
    mutating func next() throws(GroupAddressFailure) -> Tag? {
        while position < octets.count {
            guard octets[position] == UInt8(ascii: "<") else {
                advance(1)
                continue
            }
            if starts("<!--") {
                try skip(to: "-->", what: "this comment")
            } else if starts("<![CDATA[") {
                try skip(to: "]]>", what: "this section")
            } else if starts("<?") {
                try skip(to: "?>", what: "this instruction")
            } else if starts("<!") {
                throw failure("an export of group addresses has no document type")
            } else {
                return try tag()
            }
        }
        return nil
    }

    private mutating func tag() throws(GroupAddressFailure) -> Tag {
        var tag = Tag(kind: .open, name: "", line: line, column: column)
        advance(1)
        if current == UInt8(ascii: "/") {
            tag.kind = .close
            advance(1)
        }
        tag.name = name()
        guard !tag.name.isEmpty else { throw failure("a name should follow '<'") }
        while true {
            let hadBlank = skipBlanks()
            switch current {
            case nil: throw failure("the file ends inside <\(tag.name)")
            case UInt8(ascii: ">"):
                advance(1)
                return tag
            case UInt8(ascii: "/") where tag.kind == .open:
                advance(1)
                guard current == UInt8(ascii: ">") else { throw failure("'>' should follow '/' here") }
                advance(1)
                tag.kind = .empty
                return tag
            default:
                guard hadBlank, tag.kind != .close else { throw failure("<\(tag.name) should end here") }
                let begin = (line, column)
                let (key, value) = try attribute()
                guard tag.attributes[key] == nil else {
                    throw GroupAddressFailure(
                        line: begin.0, column: begin.1, message: "the attribute '\(key)' stands here twice")
                }
                tag.attributes[key] = value
            }
        }
    }

    private mutating func attribute() throws(GroupAddressFailure) -> (String, String) {
        let key = name()
        guard !key.isEmpty else { throw failure("an attribute should stand here") }
        _ = skipBlanks()
        guard current == UInt8(ascii: "=") else { throw failure("'=' should follow the attribute '\(key)'") }
        advance(1)
        _ = skipBlanks()
        guard let quote = current, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
            throw failure("the value of '\(key)' should stand in quotation marks")
        }
        advance(1)
        var value: [UInt8] = []
        while let octet = current, octet != quote {
            switch octet {
            case UInt8(ascii: "<"): throw failure("'<' in the value of '\(key)': its quotation mark is missing")
            case UInt8(ascii: "&"): value += try reference()
            default:
                value.append(octet)
                advance(1)
            }
        }
        guard current == quote else { throw failure("the value of '\(key)' is never closed") }
        advance(1)
        return (key, String(decoding: value, as: UTF8.self))
    }

    /// `&amp;`, `&#228;`, `&#xE4;`
    private mutating func reference() throws(GroupAddressFailure) -> [UInt8] {
        let end = octets[position...].prefix(12).firstIndex(of: UInt8(ascii: ";"))
        guard let end else { throw failure("'&' should begin a reference such as '&amp;'") }
        let word = String(decoding: octets[(position + 1)..<end], as: UTF8.self)
        let text: String?
        switch word {
        case "amp": text = "&"
        case "lt": text = "<"
        case "gt": text = ">"
        case "quot": text = "\""
        case "apos": text = "'"
        default:
            let isHexadecimal = word.hasPrefix("#x")
            let digits = word.dropFirst(isHexadecimal ? 2 : 1)
            let number =
                digits.first == "+" || digits.first == "-" ? nil : UInt32(digits, radix: isHexadecimal ? 16 : 10)
            text = word.hasPrefix("#") ? number.flatMap(Unicode.Scalar.init).map { String($0) } : nil
        }
        guard let text else { throw failure("there is no '&\(word);'") }
        advance(end + 1 - position)
        return Array(text.utf8)
    }

    private var current: UInt8? { position < octets.count ? octets[position] : nil }

    private func starts(_ word: String) -> Bool { octets[position...].starts(with: word.utf8) }

    private mutating func advance(_ count: Int) {
        for _ in 0..<count where position < octets.count {
            position += 1
            if octets[position - 1] == 0x0A {
                line += 1
                column = 1
            } else if position == octets.count || octets[position] & 0xC0 != 0x80 {
                // Continuation octets of UTF-8 are no characters of their own.
                column += 1
            }
        }
    }

    private mutating func skip(to end: String, what: String) throws(GroupAddressFailure) {
        let opened = failure("\(what) is never closed")
        while !starts(end) {
            guard position < octets.count else { throw opened }
            advance(1)
        }
        advance(end.utf8.count)
    }

    private mutating func skipBlanks() -> Bool {
        let first = position
        while let octet = current, [0x20, 0x09, 0x0A, 0x0D].contains(octet) { advance(1) }
        return position > first
    }

    private mutating func name() -> String {
        let first = position
        while let octet = current, octet > 0x20, !"<>/=\"'&".utf8.contains(octet) { advance(1) }
        return String(decoding: octets[first..<position], as: UTF8.self)
    }
}
