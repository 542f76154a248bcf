/// The octets behind the APCI, with the six data bits in it, as one kind of service lays them out.
///
/// Reading happens only after the length was checked (`ApplicationServiceCode.check`) and keeps every bit, reserved ones too, so that
/// writing gives back the very octets that were read.
protocol ASDU: Sendable {
    init(_ reader: inout ASDUReader)
    func write(_ writer: inout ASDUWriter)
    var fields: [Field] { get }
}

/// Takes an ASDU apart, most significant octet first. Octets that are missing read 0, so that no input can trap.
struct ASDUReader {
    let apci: UInt16
    private let octets: [UInt8]
    private var place = 0

    init(apci: UInt16, octets: [UInt8]) {
        self.apci = apci
        self.octets = octets
    }

    var dataBits: UInt8 { UInt8(truncatingIfNeeded: apci) & 0x3F }
    var left: Int { octets.count - place }

    /// At most four octets.
    mutating func word(octets count: Int) -> UInt32 {
        var word: UInt32 = 0
        for _ in 0..<count {
            word <<= 8
            guard place < octets.count else { continue }
            word |= UInt32(octets[place])
            place += 1
        }
        return word
    }

    mutating func take(_ count: Int) -> [UInt8] {
        let taken = Array(octets[place..<min(place + count, octets.count)])
        place += taken.count
        return taken
    }

    mutating func rest() -> [UInt8] { take(left) }
}

/// Puts an ASDU together, most significant octet first.
struct ASDUWriter {
    /// The low six bits of the APCI.
    var dataBits: UInt8 = 0
    private(set) var octets: [UInt8] = []

    /// The low `count` octets of `word`.
    mutating func put(_ word: UInt32, octets count: Int) {
        for place in (0..<count).reversed() { octets.append(UInt8(truncatingIfNeeded: word >> (8 * place))) }
    }

    mutating func put(_ more: [UInt8]) { octets += more }
}

extension GroupValue: ASDU {
    init(_ reader: inout ASDUReader) {
        self = reader.left == 0 ? .small(reader.dataBits) : .octets(reader.rest())
    }

    func write(_ writer: inout ASDUWriter) {
        switch self {
        case .small(let bits):
            precondition(bits < 64, "a small group value has six bits")
            writer.dataBits = bits
        case .octets(let octets):
            precondition((1...253).contains(octets.count), "a group value has 1 to 253 octets")
            writer.put(octets)
        }
    }

    var fields: [Field] {
        switch self {
        case .small(let bits): [Field("value", .integer(Int(bits)))]
        case .octets(let octets): [Field("value", .octets(octets))]
        }
    }
}
