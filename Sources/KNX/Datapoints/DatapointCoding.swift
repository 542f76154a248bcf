/// How the octets of a datapoint type become a value.
enum DatapointCoding: Sendable {
    /// One bit with a name for each state, in the low bit of a six-bit value.
    case bit(Enumeration)
    /// Direction and step code, in the low four bits of a six-bit value.
    case step(Enumeration)
    /// Two bits that are one of four codes, in a six-bit value.
    case twoBits(Enumeration)
    /// Unsigned, `octets` long: value = (raw + offset) · multiplier for raw values in `range`.
    case unsigned(octets: Int, range: ClosedRange<Int>, offset: Int = 0, multiplier: Int = 1)
    /// Two's complement, `octets` long: value = raw · multiplier.
    case signed(octets: Int, multiplier: Int = 1)
    /// One octet whose 255 stands for `full`.
    case proportion(full: Int)
    /// Two octets in hundredths; 7FFF says that there is no valid value (8.010).
    case hundredths
    /// The 16-bit float of type 9, not below `minimum` hundredths.
    case float16(minimum: Int = .min)
    case single
    case enumeration(Enumeration)
    case time
    case date
    case dateAndTime
    case character(isASCII: Bool)
    /// 14 octets, filled with 00.
    case paddedText(isASCII: Bool)
    /// Two ASCII letters.
    case letters
    /// Ended by 00.
    case terminatedLatin1
    case terminatedUTF8
    case layout(DatapointLayout)
    /// Octets that are carried and shown as they are.
    case opaque

    var isSixBit: Bool {
        switch self {
        case .bit, .step, .twoBits: true
        case .layout(let layout): layout.bits < 8
        default: false
        }
    }

    /// The octets of a value; one for a six-bit value. Nil when it varies.
    var octetCount: Int? {
        switch self {
        case .bit, .step, .twoBits, .proportion, .enumeration, .character: 1
        case .unsigned(let octets, _, _, _), .signed(let octets, _): octets
        case .hundredths, .float16, .letters: 2
        case .time, .date: 3
        case .single: 4
        case .dateAndTime: 8
        case .paddedText: 14
        case .layout(let layout): max(1, layout.bits / 8)
        case .terminatedLatin1, .terminatedUTF8, .opaque: nil
        }
    }
}

/// One row of the table of datapoint types.
struct DatapointRow: Sendable {
    let main: UInt16
    /// Nil: the coding of every subtype that the table does not list.
    let sub: UInt16?
    let unit: String?
    let coding: DatapointCoding

    init(_ main: UInt16, _ sub: UInt16?, _ coding: DatapointCoding, _ unit: String? = nil) {
        self.main = main
        self.sub = sub
        self.unit = unit
        self.coding = coding
    }

    static let all = binary + integers + floats + texts + times + enumerations + bitSets + composites + colours

    /// Rows by main and sub number; a sub number of -1 is the row without one.
    static let byNumber: [Int: DatapointRow] = Dictionary(
        all.map { (key($0.main, $0.sub), $0) }, uniquingKeysWith: { first, _ in first })

    static func key(_ main: UInt16, _ sub: UInt16?) -> Int { Int(main) << 17 | (sub.map(Int.init) ?? 0x10000) }
}
