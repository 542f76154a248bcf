/// Where a configuration was damaged, and whether a line of a program's output says so.
public struct ConfigurationPlace: Hashable, Sendable {
    /// Of the first octet that differs, counted from 1.
    public var line: Int
    /// The last key before it; nil where there is none.
    public var key: String?
    private var keys: Set<String>
    private var isSyntax: Bool

    /// nil for damage that has no place: what is binary, empty or missing is so as a whole.
    ///
    /// - Parameter text: the configuration as it was.
    public init?(of damage: ConfigurationDamage, in text: String, damaged: [UInt8]?) {
        guard [.truncated, .wrongType, .badSyntax].contains(damage), let damaged else { return nil }
        let own = Array(text.utf8)
        let first = zip(own, damaged).enumerated().first { $1.0 != $1.1 }?.offset ?? min(own.count, damaged.count)
        line = 1 + own.prefix(first).count { $0 == UInt8(ascii: "\n") }
        let before = Self.keys(of: own.prefix(first))
        key = before.last
        keys = Set(Self.keys(of: own[...]))
        isSyntax = damage != .wrongType
    }

    /// A line number, or a key in the form that keys have: quoted, in a path, or before a colon. A value of a wrong type has its own line and key; what is no
    /// document any more may be noticed later than where it begins, so that any line does there.
    public func isNamed(in said: String, of file: String) -> Bool {
        var words = Array(said.utf8)[...]
        // What stands in the path of the file says nothing of its content.
        if let range = Self.last(Array(file.utf8), in: words) { words = words[range.upperBound...] }
        let rest = Array(words)
        let numbers = Self.numbers(in: rest)
        if isSyntax ? !numbers.isEmpty : numbers.contains(line) { return true }
        let wanted = isSyntax ? keys : Set([key].compactMap(\.self))
        return wanted.contains { Self.isKey(Array($0.utf8), in: rest) }
    }

    /// Names before a colon, in their order: `port:` and `"port":`.
    private static func keys(of octets: ArraySlice<UInt8>) -> [String] {
        octets.indices.filter { octets[$0] == UInt8(ascii: ":") }.compactMap { colon in
            var end = colon
            if end > octets.startIndex, octets[end - 1] == UInt8(ascii: "\"") { end -= 1 }
            var start = end
            while start > octets.startIndex, isOfAName(octets[start - 1]) { start -= 1 }
            let name = String(decoding: octets[start..<end], as: UTF8.self)
            return name.isEmpty || name.allSatisfy(\.isNumber) ? nil : name
        }
    }

    private static func isOfAName(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    /// Numbers that stand for a line: right after the file's name (`:3:7`), or after the word.
    private static func numbers(in octets: [UInt8]) -> [Int] {
        func number(at start: Int) -> Int? {
            let digits = octets[min(start, octets.count)...].prefix { (0x30...0x39).contains($0) }
            return Int(String(decoding: digits, as: UTF8.self))
        }
        var numbers = octets.first == UInt8(ascii: ":") ? [number(at: 1)].compactMap(\.self) : []
        for word in ["line ", "line: "] {
            let word = Array(word.utf8)
            for start in octets.indices where octets[start...].starts(with: word) {
                if let number = number(at: start + word.count) { numbers.append(number) }
            }
        }
        return numbers
    }

    private static func isKey(_ name: [UInt8], in octets: [UInt8]) -> Bool {
        let signs = Array("\"'`.:=[]".utf8)
        return octets.indices.contains { start in
            guard octets[start...].starts(with: name) else { return false }
            let before = start > 0 ? octets[start - 1] : UInt8(ascii: " ")
            let end = start + name.count
            let after = end < octets.count ? octets[end] : UInt8(ascii: " ")
            return !isOfAName(before) && !isOfAName(after) && (signs.contains(before) || signs.contains(after))
        }
    }

    private static func last(_ part: [UInt8], in octets: ArraySlice<UInt8>) -> Range<Int>? {
        octets.indices.last { octets[$0...].starts(with: part) }.map { $0..<($0 + part.count) }
    }
}
