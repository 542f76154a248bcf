/// A piece of Go with gaps, as a claim file writes it: `$q <- $row`, `for ... { ... $link.Connect(...) ... }`.
///
/// - `$name` is an expression: a chain of names, a literal, a call, a function literal. The same name must stand for the same thing
///   everywhere in a chain of links; of `w.rows` and `b.rows` only the last name counts.
/// - `...` is any number of tokens that do not leave the brackets it stands in; it may look into nested ones.
///   Before a `{` it ends at the first one: `for ... {` is a loop's own body.
/// - `...!return|continue` is the same without any of these words.
/// - Everything else is itself. A pattern may begin with a dot: `.SetAutoReconnect(true)` fits whatever stands before it.
/// - A `$name` whose values are listed under `named` must fit one of those globs: with its whole chain where the glob has a dot, with the
///   chain's last name otherwise.
struct Pattern {
    indirect enum Element {
        case exact(String)
        case expression(String)
        case gap(excluding: [String])
        case group(open: String, [Element], close: String)
    }

    var text: String
    var elements: [Element]

    /// Reads the pattern's text; nil with the reason when it is none.
    init(_ text: String) throws(PatternFailure) {
        self.text = text
        var words = try Pattern.words(text)[...]
        elements = try Pattern.sequence(&words, until: nil)
        let hasAnchor = elements.prefix(2).contains { element in
            switch element {
            case .exact, .group: true
            case .expression, .gap: false
            }
        }
        guard hasAnchor else {
            throw PatternFailure("'\(text)' should have a word or a mark first, or right after one leading $name")
        }
        if case .gap = elements[0] { throw PatternFailure("'\(text)' should not begin with '...'") }
    }

    private static func words(_ text: String) throws(PatternFailure) -> [String] {
        // Patterns are read by the lexer that reads sources; `$` and gaps are joined again afterwards.
        let symbols = Symbols()
        let source = Lexer.lex(Array(text.utf8), family: .go, symbols: symbols)
        if let fault = source.fault { throw PatternFailure("'\(text)' is no pattern: \(fault.reason)") }
        var words: [String] = []
        var index = 0
        while index < source.tokens.count {
            let word = symbols.text(source.tokens[index].symbol)
            let next = index + 1 < source.tokens.count ? symbols.text(source.tokens[index + 1].symbol) : ""
            if word == "$" {
                words.append("$" + next)
                index += 2
            } else if word == "...", next == "!", index + 2 < source.tokens.count {
                var excluded = symbols.text(source.tokens[index + 2].symbol)
                index += 3
                while index + 1 < source.tokens.count, symbols.text(source.tokens[index].symbol) == "|" {
                    excluded += "|" + symbols.text(source.tokens[index + 1].symbol)
                    index += 2
                }
                words.append("...!" + excluded)
            } else {
                words.append(word)
                index += 1
            }
        }
        guard !words.isEmpty else { throw PatternFailure("a pattern is empty") }
        return words
    }

    private static let closing = ["(": ")", "[": "]", "{": "}"]

    private static func sequence(
        _ words: inout ArraySlice<String>, until close: String?
    ) throws(PatternFailure) -> [Element] {
        var elements: [Element] = []
        while let word = words.popFirst() {
            if word == close { return elements }
            if let close = closing[word] {
                elements.append(.group(open: word, try sequence(&words, until: close), close: close))
            } else if word.hasPrefix("$"), word.count > 1 {
                elements.append(.expression(String(word.dropFirst())))
            } else if word == "..." {
                elements.append(.gap(excluding: []))
            } else if word.hasPrefix("...!") {
                elements.append(.gap(excluding: word.dropFirst(4).split(separator: "|").map(String.init)))
            } else {
                elements.append(.exact(word))
            }
        }
        if let close { throw PatternFailure("'\(close)' is missing in a pattern") }
        return elements
    }
}

/// What is wrong with a pattern.
struct PatternFailure: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Shell-like matching of text: `*` is anything, `#` a whole number (which is reported), upper and lower case are the same.
struct Glob {
    let text: String
    private let parts: [UInt8]

    init(_ text: String) {
        self.text = text
        parts = Array(text.lowercased().utf8)
    }

    func matches(_ text: some StringProtocol) -> Bool { match(text).matches }

    /// Whether it fits, and the number that stood for `#`. A verb such as `%d` stands for a number that is only known at run time.
    func match(_ text: some StringProtocol) -> (matches: Bool, number: String?) {
        var octets = Array(text.utf8)
        for index in octets.indices where octets[index] >= 0x41 && octets[index] <= 0x5A { octets[index] |= 0x20 }
        var steps = 0
        var number: Range<Int>?
        let matches = fits(0, 0, octets, &steps, &number)
        return (matches, number.map { String(decoding: octets[$0], as: UTF8.self) })
    }

    private func fits(
        _ part: Int, _ octet: Int, _ octets: [UInt8], _ steps: inout Int, _ number: inout Range<Int>?
    ) -> Bool {
        steps += 1
        guard steps < 20_000 else { return false }
        if part == parts.count { return octet == octets.count }
        switch parts[part] {
        case UInt8(ascii: "*"):
            if part + 1 == parts.count { return true }
            let first = parts[part + 1]
            let isLiteral = first != UInt8(ascii: "*") && first != UInt8(ascii: "#")
            var next = octet
            while next <= octets.count {
                if !isLiteral || (next < octets.count && octets[next] == first) {
                    if fits(part + 1, next, octets, &steps, &number) { return true }
                }
                next += 1
            }
            return false
        case UInt8(ascii: "#"):
            var end = octet
            if end + 1 < octets.count, octets[end] == UInt8(ascii: "%") {
                end += 2
            } else {
                while end < octets.count, octets[end] >= 0x30, octets[end] <= 0x39 { end += 1 }
            }
            guard end > octet, fits(part + 1, end, octets, &steps, &number) else { return false }
            number = octet..<end
            return true
        default:
            return octet < octets.count && octets[octet] == parts[part]
                && fits(part + 1, octet + 1, octets, &steps, &number)
        }
    }
}
