/// Why a text is no hexadecimal, and where.
public struct HexadecimalFailure: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Reason: Hashable, Sendable {
        case noDigit(UInt8)
        /// An octet takes two digits.
        case lonelyDigit
        case tooLong
    }

    public let reason: Reason
    /// From 1.
    public let line: Int
    /// In octets of the line, from 1.
    public let column: Int

    public init(_ reason: Reason, line: Int, column: Int) {
        self.reason = reason
        self.line = line
        self.column = column
    }

    /// `line 2, column 7: 'g' is no hexadecimal digit`.
    public var description: String { "line \(line), column \(column): \(sentence)" }

    private var sentence: String {
        switch reason {
        case .noDigit(let octet) where (0x21...0x7E).contains(octet):
            "'\(Unicode.Scalar(octet))' is no hexadecimal digit"
        case .noDigit(let octet): "the octet \(Hexadecimal.text([octet])) is no hexadecimal digit"
        case .lonelyDigit: "this digit has no second one; an octet takes two"
        case .tooLong: "this line has more than \(HexadecimalReader.longest) octets"
        }
    }
}

/// Octets as hexadecimal digits.
public enum Hexadecimal {
    private static let digits: InlineArray<16, UInt8> = [
        0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66,
    ]

    /// Lower case, without separators.
    public static func text(_ octets: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(octets.count * 2)
        write(octets, into: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends the digits of the octets, lower case, without separators.
    public static func write(_ octets: [UInt8], into text: inout [UInt8]) {
        for octet in octets {
            text.append(digits[Int(octet >> 4)])
            text.append(digits[Int(octet & 15)])
        }
    }

    /// The octets of one text, in the spelling that `HexadecimalReader` reads; none for an empty one. Lines count as one text.
    public static func octets(_ text: String) throws(HexadecimalFailure) -> [UInt8] {
        var reader = HexadecimalReader()
        reader.append(Array(text.utf8))
        reader.finish()
        var octets: [UInt8] = []
        while let line = try reader.next() { octets += line }
        return octets
    }

    static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x41...0x46: digit - 0x37
        case 0x61...0x66: digit - 0x57
        default: nil
        }
    }
}

/// Reads lines of hexadecimal digits from octets that come bit by bit, one frame a line.
///
/// Octets are two digits, in either case. Between octets may stand blanks, `:`, `-`, `,` or `.`; before them `0x`. A line without digits is
/// skipped, and `#` ends one.
public struct HexadecimalReader: Sendable {
    /// Octets that a line may have: more than any frame of KNX.
    public static let longest = 65_535

    private var pending: [UInt8] = []
    private var position = 0
    private var isFinished = false

    private var frame: [UInt8] = []
    private var high: UInt8?
    private var isComment = false
    private var column = 0

    /// The line, from 1, in which the frame that `next` returned stood.
    public private(set) var line = 0
    private var current = 1

    public init() {}

    /// More of the text.
    public mutating func append(_ octets: [UInt8]) {
        if position > 0 {
            pending.removeFirst(position)
            position = 0
        }
        pending += octets
    }

    /// No more text comes: the last line may lack its end.
    public mutating func finish() { isFinished = true }

    /// The next frame; nil when the text so far holds none that is complete. After a failure the reader goes on behind that line.
    public mutating func next() throws(HexadecimalFailure) -> [UInt8]? {
        while position < pending.count {
            let octet = pending[position]
            position += 1
            if octet == 0x0A {
                if let frame = try endLine() { return frame }
                continue
            }
            column += 1
            if !isComment { try read(octet) }
        }
        return isFinished ? try endLine() : nil
    }

    private mutating func read(_ octet: UInt8) throws(HexadecimalFailure) {
        if let digit = Hexadecimal.value(octet) {
            guard let first = high else {
                high = digit
                return
            }
            high = nil
            guard frame.count < Self.longest else { throw failure(.tooLong, at: column) }
            frame.append(first << 4 | digit)
            return
        }
        switch octet {
        case 0x78 where high == 0, 0x58 where high == 0: high = nil
        case 0x20, 0x09, 0x0D, 0x3A, 0x2D, 0x2C, 0x2E, 0x23:
            guard high == nil else { throw failure(.lonelyDigit, at: column - 1) }
            isComment = octet == 0x23
        default: throw failure(.noDigit(octet), at: column)
        }
    }

    private mutating func endLine() throws(HexadecimalFailure) -> [UInt8]? {
        guard high == nil else {
            let failure = HexadecimalFailure(.lonelyDigit, line: current, column: column)
            startLine()
            throw failure
        }
        let complete = frame
        line = current
        startLine()
        return complete.isEmpty ? nil : complete
    }

    private mutating func startLine() {
        frame = []
        high = nil
        isComment = false
        column = 0
        current += 1
    }

    /// The rest of the line is read as a comment, so that its octets make no frame.
    private mutating func failure(_ reason: HexadecimalFailure.Reason, at column: Int) -> HexadecimalFailure {
        let failure = HexadecimalFailure(reason, line: current, column: column)
        frame = []
        high = nil
        isComment = true
        return failure
    }
}
