/// What a token is. Comments are no tokens: they are kept beside the stream, so that no pattern sees them.
enum TokenKind: UInt8 {
    case identifier
    case keyword
    case number
    case string
    case rune
    case mark
}

/// One token of a source file, its text interned, so that comparing two is comparing two numbers.
struct Token {
    /// Of the text as written; a string with its quotes.
    var symbol: Int32
    /// From 1.
    var line: Int32
    /// The other bracket of a bracket; −1 for every other token and for a bracket without its other.
    var partner: Int32 = -1
    /// The nearest opening bracket around this token; −1 at the top of the file.
    var enclosing: Int32 = -1
    var kind: TokenKind
}

/// A comment with its text, without the marks around it.
struct Comment {
    var line: Int
    var lastLine: Int
    var text: String
}

/// Texts seen so far, each with a number. Go's keywords come first.
final class Symbols {
    static let keywords = [
        "break", "case", "chan", "const", "continue", "default", "defer", "else", "fallthrough", "for", "func", "go",
        "goto", "if", "import", "interface", "map", "package", "range", "return", "select", "struct", "switch", "type",
        "var",
    ]

    private var texts: [String] = []
    private var storage: [UInt8] = []
    private var starts: [Int32] = [0]
    private var hashes: [UInt32] = []
    private var table = [Int32](repeating: -1, count: 1 << 14)

    init() {
        for keyword in Symbols.keywords { _ = symbol(keyword) }
    }

    var count: Int { texts.count }

    func isKeyword(_ symbol: Int32) -> Bool { symbol < Int32(Symbols.keywords.count) }

    func text(_ symbol: Int32) -> String { texts[Int(symbol)] }

    func symbol(_ text: String) -> Int32 {
        let octets = Array(text.utf8)
        return symbol(octets, 0..<octets.count)
    }

    /// The number of a text that has one; nil for a text that no file read so far contains.
    func known(_ text: String) -> Int32? {
        let octets = Array(text.utf8)
        let place = place(octets, 0..<octets.count, hash: Symbols.hash(octets, 0..<octets.count))
        return table[place] < 0 ? nil : table[place]
    }

    func symbol(_ octets: [UInt8], _ range: Range<Int>) -> Int32 {
        let hash = Symbols.hash(octets, range)
        let place = place(octets, range, hash: hash)
        if table[place] >= 0 { return table[place] }
        let number = Int32(texts.count)
        table[place] = number
        texts.append(String(decoding: octets[range], as: UTF8.self))
        storage += octets[range]
        starts.append(Int32(storage.count))
        hashes.append(hash)
        if texts.count * 2 > table.count { grow() }
        return number
    }

    private func place(_ octets: [UInt8], _ range: Range<Int>, hash: UInt32) -> Int {
        let mask = table.count - 1
        var place = Int(hash) & mask
        while table[place] >= 0, !isEqual(Int(table[place]), octets, range, hash) { place = (place + 1) & mask }
        return place
    }

    private func isEqual(_ number: Int, _ octets: [UInt8], _ range: Range<Int>, _ hash: UInt32) -> Bool {
        guard hashes[number] == hash else { return false }
        let start = Int(starts[number])
        guard Int(starts[number + 1]) - start == range.count else { return false }
        for offset in 0..<range.count where storage[start + offset] != octets[range.lowerBound + offset] {
            return false
        }
        return true
    }

    private func grow() {
        table = [Int32](repeating: -1, count: table.count * 4)
        let mask = table.count - 1
        for (number, hash) in hashes.enumerated() {
            var place = Int(hash) & mask
            while table[place] >= 0 { place = (place + 1) & mask }
            table[place] = Int32(number)
        }
    }

    /// FNV-1a, 32 bits.
    private static func hash(_ octets: [UInt8], _ range: Range<Int>) -> UInt32 {
        var hash: UInt32 = 2_166_136_261
        for index in range { hash = (hash ^ UInt32(octets[index])) &* 16_777_619 }
        return hash
    }
}

/// Symbols that the matching of patterns asks for again and again.
struct Marks {
    let parenthesis, closeParenthesis, bracket, closeBracket, brace, dot, star, function: Int32
    private let prefixes: [Int32]
    private let arithmetic: [Int32]
    private let headers: [Int32]

    init(_ symbols: Symbols) {
        parenthesis = symbols.symbol("(")
        closeParenthesis = symbols.symbol(")")
        bracket = symbols.symbol("[")
        closeBracket = symbols.symbol("]")
        brace = symbols.symbol("{")
        dot = symbols.symbol(".")
        star = symbols.symbol("*")
        function = symbols.symbol("func")
        prefixes = ["&", "*", "-", "!", "<-"].map { symbols.symbol($0) }
        arithmetic = ["+", "-", "*", "/", "<<", "%"].map { symbols.symbol($0) }
        headers = ["if", "for", "switch", "select", "else"].map { symbols.symbol($0) }
    }

    /// May stand before an operand.
    func isPrefix(_ symbol: Int32) -> Bool { prefixes.contains(symbol) }
    /// May stand between operands of one expression.
    func isArithmetic(_ symbol: Int32) -> Bool { arithmetic.contains(symbol) }
    /// Begins a header whose brace opens a block.
    func isHeader(_ symbol: Int32) -> Bool { headers.contains(symbol) }
    /// A mark with which an expression may begin.
    func begins(_ symbol: Int32) -> Bool { symbol == parenthesis || symbol == bracket || isPrefix(symbol) }
}
