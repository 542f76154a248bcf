import Documents

/// A pattern for lines of output: a plain text that the line must contain, where `*` stands for any run of characters, none included.
public struct TextPattern: Hashable, Sendable, CustomStringConvertible {
    public let description: String
    private let pieces: [[UInt8]]

    public init(_ text: String) {
        description = text
        pieces = text.utf8.split(separator: UInt8(ascii: "*")).map(Array.init)
    }

    /// Reads a pattern that says something.
    init(notEmpty node: Node) throws(DocumentFailure) {
        let text = try node.text()
        guard text.contains(where: { $0 != "*" }) else {
            throw node.failure("a pattern that every line matches means nothing")
        }
        self.init(text)
    }

    /// True when the pieces between the stars occur in `line`, in order and without overlap.
    public func matches(_ line: String) -> Bool {
        let octets = Array(line.utf8)
        var from = 0
        for piece in pieces {
            guard let end = Self.end(of: piece, in: octets, from: from) else { return false }
            from = end
        }
        return true
    }

    private static func end(of piece: [UInt8], in octets: [UInt8], from: Int) -> Int? {
        guard octets.count - from >= piece.count else { return nil }
        for start in from...(octets.count - piece.count)
        where octets[start] == piece[0] && octets[start..<start + piece.count].elementsEqual(piece) {
            return start + piece.count
        }
        return nil
    }
}
