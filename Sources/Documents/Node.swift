/// Where something stands in a file, both counted from 1.
public struct Position: Hashable, Sendable, CustomStringConvertible {
    public var line: Int
    public var column: Int

    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    public var description: String { "\(line):\(column)" }
}

/// What is wrong with a file that a person wrote: one line that names file, line, column, what was expected, and the nearest valid name
/// where there is one.
public struct DocumentFailure: Error, Hashable, Sendable, CustomStringConvertible {
    public var file: String
    public var position: Position?
    public var message: String

    public init(file: String, position: Position?, message: String) {
        self.file = file
        self.position = position
        self.message = message
    }

    public var description: String {
        position.map { "\(file):\($0): \(message)" } ?? "\(file): \(message)"
    }
}

/// A node of a YAML document with its place in the file, read with typed accessors that say what they wanted.
///
/// Use: `let rig = try Node.parse(text, file: "rigs/twin.yaml")`, then `try rig.mapping("a rig", keys: ["name", …])` refuses unknown
/// keys, and `try rig.required("name").text()` reads one.
public struct Node: Sendable {
    public enum Content: Sendable {
        /// A scalar; `isQuoted` when it can only be text.
        case scalar(String, isQuoted: Bool)
        case sequence([Node])
        /// Keys in the order of the file; a key occurs once.
        case mapping([(key: String, keyPosition: Position, value: Node)])
    }

    public let file: String
    public let position: Position
    public let content: Content

    public init(file: String, position: Position, content: Content) {
        self.file = file
        self.position = position
        self.content = content
    }

    /// A failure that points at this node.
    public func failure(_ message: String) -> DocumentFailure {
        DocumentFailure(file: file, position: position, message: message)
    }

    // MARK: mappings

    /// The entries of a mapping.
    ///
    /// - Parameter what: what the mapping describes, for the message: `a rig`, `a channel`.
    /// - Parameter keys: the keys allowed; any other is refused with the nearest of these. nil allows every key.
    public func entries(
        of what: String, keys: [String]? = nil
    ) throws(DocumentFailure) -> [(key: String, keyPosition: Position, value: Node)] {
        guard case .mapping(let entries) = content else {
            throw failure("\(what) should be a mapping of keys to values")
        }
        if let keys {
            for entry in entries where !keys.contains(entry.key) {
                throw DocumentFailure(
                    file: file, position: entry.keyPosition,
                    message: "\(what) has no key '\(entry.key)'" + Nearest.suggestion(for: entry.key, among: keys))
            }
        }
        return entries
    }

    /// The value under `key` of a mapping; nil when there is none or it is empty (`key:`).
    public subscript(key: String) -> Node? {
        guard case .mapping(let entries) = content, let value = entries.first(where: { $0.key == key })?.value,
            !value.isNull
        else { return nil }
        return value
    }

    /// The value under `key`, which must be there.
    public func required(_ key: String) throws(DocumentFailure) -> Node {
        guard let value = self[key] else { throw failure("'\(key)' is missing here") }
        return value
    }

    // MARK: scalars and lists

    /// True for an empty value and for a bare `null` or `~`.
    public var isNull: Bool {
        if case .scalar(let text, false) = content { text.isEmpty || text == "null" || text == "~" } else { false }
    }

    public func text() throws(DocumentFailure) -> String {
        guard case .scalar(let text, _) = content else { throw failure("a text was expected here") }
        return text
    }

    /// A whole number within `range`.
    public func integer(_ range: ClosedRange<Int> = Int.min...Int.max) throws(DocumentFailure) -> Int {
        let text = try text()
        guard let number = Int(text) else { throw failure("'\(text)' should be a whole number") }
        guard range.contains(number) else {
            throw failure("\(number) is outside \(range.lowerBound)…\(range.upperBound)")
        }
        return number
    }

    public func bool() throws(DocumentFailure) -> Bool {
        switch try text() {
        case "true", "yes", "on": return true
        case "false", "no", "off": return false
        case let other: throw failure("'\(other)' should be true or false")
        }
    }

    /// One of an enumeration's raw texts.
    public func choice<Choice: RawRepresentable & CaseIterable>(
        _ what: String, as type: Choice.Type = Choice.self
    ) throws(DocumentFailure) -> Choice where Choice.RawValue == String {
        let text = try text()
        if let choice = Choice(rawValue: text) { return choice }
        let names = Choice.allCases.map(\.rawValue)
        throw failure(
            "'\(text)' is no \(what): expected \(names.joined(separator: ", "))"
                + Nearest.suggestion(for: text, among: names))
    }

    /// 30 days: longer than anything on a bench, and short enough that sums and small multiples fit 64 bits.
    private static let longestNanoseconds = 30 * 86_400e9

    /// A length of time such as `20 s`, `250 ms`, `2 min`, `1 h`, in nanoseconds. A bare number is refused: its unit would be a guess.
    public func nanoseconds() throws(DocumentFailure) -> Int64 {
        let text = try text()
        let digits = text.prefix { $0.isNumber || $0 == "." }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }
        let units: [Substring: Double] = ["us": 1e3, "ms": 1e6, "s": 1e9, "min": 60e9, "h": 3600e9]
        guard let number = Double(digits), let factor = units[unit] else {
            throw failure("'\(text)' should be a length of time such as '20 s' or '250 ms'")
        }
        guard number * factor <= Self.longestNanoseconds else {
            throw failure("'\(text)' is longer than \(Int(Self.longestNanoseconds / 86_400e9)) days")
        }
        return Int64((number * factor).rounded())
    }

    /// The elements of a list; a single value that is no list is refused.
    public func elements() throws(DocumentFailure) -> [Node] {
        guard case .sequence(let nodes) = content else { throw failure("a list was expected here") }
        return nodes
    }
}
