/// How a language is read. Go is read whole; the others share a family, which is enough for tokens, strings and comments and is said in
/// the report wherever a claim rests on it.
enum Family: String, CaseIterable {
    case go = "Go"
    case cLike = "C-like, by family"
    case python = "Python, by family"
    case shell = "shell, by family"
    /// SQL, YAML, compose and systemd files: lines of text.
    case lines = "lines of text"

    /// The family of a file name; nil for one that is not read.
    init?(name: String) {
        let lower = name.lowercased()
        let ending = lower.split(separator: ".").count > 1 ? String(lower.split(separator: ".").last ?? "") : ""
        switch ending {
        case "go": self = .go
        case "c", "h", "cc", "cpp", "hpp", "cxx", "java", "js", "mjs", "ts", "tsx", "rs", "cs", "kt", "swift", "dart":
            self = .cLike
        case "py": self = .python
        case "sh", "bash": self = .shell
        case "sql", "yaml", "yml", "service", "timer", "socket", "conf", "toml", "env": self = .lines
        default:
            guard lower == "dockerfile" || lower == "makefile" || lower == "go.mod" else { return nil }
            self = .lines
        }
    }
}

/// A source file as tokens and comments.
struct LexedSource {
    var tokens: [Token] = []
    var comments: [Comment] = []
    var lines = 0
    /// Why the text cannot be what its name says, and on which line. Only Go is held to it.
    var fault: (line: Int, reason: String)?
}

/// Reads octets into tokens; total over all inputs, and linear in them.
struct Lexer {
    private let octets: [UInt8]
    private let family: Family
    private let symbols: Symbols
    private var position = 0
    private var line = 1
    private var result = LexedSource()
    private var open: [Int32] = []

    static func lex(_ octets: [UInt8], family: Family, symbols: Symbols) -> LexedSource {
        var lexer = Lexer(octets: octets, family: family, symbols: symbols)
        lexer.result.tokens.reserveCapacity(octets.count / 5)
        lexer.run()
        return lexer.result
    }

    private init(octets: [UInt8], family: Family, symbols: Symbols) {
        self.octets = octets
        self.family = family
        self.symbols = symbols
    }

    private func at(_ index: Int) -> UInt8 { index < octets.count ? octets[index] : 0 }

    private mutating func run() {
        if at(0) == 0xEF, at(1) == 0xBB, at(2) == 0xBF { position = 3 }
        while position < octets.count {
            let octet = octets[position]
            switch octet {
            case UInt8(ascii: "\n"):
                line += 1
                position += 1
            case 0x20, 0x09, 0x0D, 0x0C: position += 1
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"),
                0x80...0xFF:
                word()
            case UInt8(ascii: "0")...UInt8(ascii: "9"): number()
            case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"): quoted(octet)
            case UInt8(ascii: "/") where at(position + 1) == UInt8(ascii: "/") && isCLike: comment(marks: 2)
            case UInt8(ascii: "/") where at(position + 1) == UInt8(ascii: "*") && isCLike: blockComment()
            case UInt8(ascii: "#") where family == .python || family == .shell: comment(marks: 1)
            default: mark(octet)
            }
        }
        result.lines = octets.last == UInt8(ascii: "\n") ? line - 1 : line
        if let bracket = open.last {
            fault(Int(result.tokens[Int(bracket)].line), "the bracket that opens here is never closed")
        }
    }

    private var isCLike: Bool { family == .go || family == .cLike }

    private mutating func fault(_ line: Int, _ reason: String) {
        if result.fault == nil { result.fault = (line, reason) }
    }

    private mutating func append(_ kind: TokenKind, _ range: Range<Int>, line: Int) {
        let symbol = symbols.symbol(octets, range)
        let kind = kind == .identifier && symbols.isKeyword(symbol) ? .keyword : kind
        result.tokens.append(
            Token(symbol: symbol, line: Int32(truncatingIfNeeded: line), enclosing: open.last ?? -1, kind: kind))
    }

    private static func isWord(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...0xFF:
            true
        default: false
        }
    }

    private mutating func word() {
        let start = position
        while position < octets.count, Lexer.isWord(octets[position]) { position += 1 }
        append(.identifier, start..<position, line: line)
    }

    private mutating func number() {
        let start = position
        while position < octets.count {
            let octet = octets[position]
            let isExponentSign =
                (octet == UInt8(ascii: "+") || octet == UInt8(ascii: "-"))
                && [UInt8(ascii: "e"), UInt8(ascii: "E"), UInt8(ascii: "p")].contains(octets[position - 1])
                && !(at(start) == UInt8(ascii: "0") && (at(start + 1) | 0x20) == UInt8(ascii: "x")
                    && octets[position - 1] != UInt8(ascii: "p"))
            guard Lexer.isWord(octet) || octet == UInt8(ascii: ".") || (isExponentSign && position > start) else {
                break
            }
            position += 1
        }
        append(.number, start..<position, line: line)
    }

    private mutating func quoted(_ quote: UInt8) {
        let start = position
        let startLine = line
        let isTriple = family == .python && at(position + 1) == quote && at(position + 2) == quote
        let isRaw = quote == UInt8(ascii: "`") && family != .shell && family != .python
        position += isTriple ? 3 : 1
        while position < octets.count {
            let octet = octets[position]
            if octet == UInt8(ascii: "\n") {
                guard isTriple || isRaw || family == .shell else {
                    fault(startLine, "the quote that opens here has no end on its line")
                    break
                }
                line += 1
            } else if octet == UInt8(ascii: "\\"), !(isRaw && family == .go) {
                // An escaped line end is the caller's to count.
                position += at(position + 1) == UInt8(ascii: "\n") ? 1 : 2
                continue
            } else if octet == quote, !isTriple || (at(position + 1) == quote && at(position + 2) == quote) {
                position += isTriple ? 3 : 1
                append(quote == UInt8(ascii: "'") && isCLike ? .rune : .string, start..<position, line: startLine)
                return
            }
            position += 1
        }
        position = min(position, octets.count)
        if isRaw || isTriple { fault(startLine, "the quote that opens here is never closed") }
        append(.string, start..<position, line: startLine)
    }

    private mutating func comment(marks: Int) {
        let start = position + marks
        while position < octets.count, octets[position] != UInt8(ascii: "\n") { position += 1 }
        let text = String(decoding: octets[min(start, position)..<position], as: UTF8.self)
        result.comments.append(Comment(line: line, lastLine: line, text: text))
    }

    private mutating func blockComment() {
        let start = position + 2
        let startLine = line
        position += 2
        while position < octets.count {
            if octets[position] == UInt8(ascii: "*"), at(position + 1) == UInt8(ascii: "/") {
                let text = String(decoding: octets[start..<position], as: UTF8.self)
                result.comments.append(Comment(line: startLine, lastLine: line, text: text))
                position += 2
                return
            }
            if octets[position] == UInt8(ascii: "\n") { line += 1 }
            position += 1
        }
        fault(startLine, "the comment that opens here is never closed")
    }

    private static let threes: Set<String> = ["<<=", ">>=", "&^=", "...", "===", "!==", "**="]
    private static let twos: Set<String> = [
        "<<", ">>", "&^", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "&&", "||", "<-", "++", "--", "==", "!=",
        "<=", ">=", ":=", "->", "=>", "::",
    ]
    private static let threeOctets = Set(threes.map { Array($0.utf8) })
    private static let twoOctets = Set(twos.map { UInt16($0.utf8.first!) << 8 | UInt16($0.utf8.last!) })

    private mutating func mark(_ octet: UInt8) {
        var length = 1
        switch octet {
        case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"):
            append(.mark, position..<(position + 1), line: line)
            open.append(Int32(result.tokens.count - 1))
            position += 1
            return
        case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"):
            close(octet)
            return
        case UInt8(ascii: ","), UInt8(ascii: ";"): break
        default:
            if Lexer.twoOctets.contains(UInt16(octet) << 8 | UInt16(at(position + 1))) { length = 2 }
            if at(position + 1) > 0x20, at(position + 2) > 0x20,
                Lexer.threeOctets.contains([octet, at(position + 1), at(position + 2)])
            {
                length = 3
            }
        }
        append(.mark, position..<(position + length), line: line)
        position += length
    }

    private mutating func close(_ octet: UInt8) {
        let opens: UInt8 =
            switch octet {
            case UInt8(ascii: ")"): UInt8(ascii: "(")
            case UInt8(ascii: "]"): UInt8(ascii: "[")
            default: UInt8(ascii: "{")
            }
        let matches = open.last.map { symbols.text(result.tokens[Int($0)].symbol).utf8.first == opens } ?? false
        if matches, let bracket = open.popLast() {
            append(.mark, position..<(position + 1), line: line)
            result.tokens[Int(bracket)].partner = Int32(result.tokens.count - 1)
            result.tokens[result.tokens.count - 1].partner = bracket
        } else {
            fault(line, "this closing bracket closes nothing")
            append(.mark, position..<(position + 1), line: line)
        }
        position += 1
    }
}
