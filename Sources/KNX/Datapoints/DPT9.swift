/// Datapoint type 9, a 16-bit float `M EEEE mmmmmmmmmmm`: 0.01 · m · 2^E with m the two's complement of M and the eleven bits below.
///
/// Range −671 088.64 (F800) to 670 433.28 (7FFE); 7FFF says "invalid data" in every subtype. Writers use the smallest exponent, readers take
/// any. Everything here is whole hundredths, so that a value read back compares equal; at exponent 0 the 4096 codes −20.48…20.47 are exact.
public struct DPT9: Hashable, Sendable {
    /// Hundredths that exponent 0 carries exactly.
    public static let exactHundredths = -2048...2047
    private static let invalid: UInt16 = 0x7FFF

    public let raw: UInt16

    /// Throws `invalidValue` for 7FFF.
    public init(raw: UInt16) throws(DatapointFlaw) {
        guard raw != Self.invalid else { throw .invalidValue }
        self.raw = raw
    }

    public init(_ value: GroupValue) throws(DatapointFlaw) {
        guard case .octets(let octets) = value, octets.count == 2 else { throw .length }
        try self.init(raw: UInt16(octets[0]) << 8 | UInt16(octets[1]))
    }

    /// The nearest code; a tie between two codes goes to the even mantissa. Throws `outOfRange` beyond the type.
    public init(hundredths: Int) throws(DatapointFlaw) {
        var exponent = 0
        var mantissa = hundredths
        while !Self.exactHundredths.contains(mantissa) {
            guard exponent < 15 else { throw .outOfRange }
            exponent += 1
            mantissa = Self.quotient(hundredths, shift: exponent)
        }
        try self.init(raw: Self.code(exponent: exponent, mantissa: mantissa))
    }

    /// As `init(hundredths:)`, after rounding to hundredths. Throws `outOfRange` for what is no number.
    public init(_ number: Double) throws(DatapointFlaw) {
        let scaled = number * 100
        guard (-1e9...1e9).contains(scaled) else { throw .outOfRange }
        // Conversion cuts towards zero, so half a unit outwards makes it round.
        try self.init(hundredths: Int(scaled + (scaled < 0 ? -0.5 : 0.5)))
    }

    /// The code at exponent 0. A number outside `exactHundredths` is an error of the caller.
    public static func raw(hundredths: Int) -> UInt16 {
        precondition(exactHundredths.contains(hundredths), "exponent 0 carries -2048 to 2047 hundredths")
        return code(exponent: 0, mantissa: hundredths)
    }

    public var hundredths: Int {
        let mantissa = Int(raw & 0x7FF) - (raw & 0x8000 != 0 ? 0x800 : 0)
        return mantissa << Int(raw >> 11 & 15)
    }

    public var value: GroupValue { .octets([UInt8(raw >> 8), UInt8(raw & 0xFF)]) }

    private static func code(exponent: Int, mantissa: Int) -> UInt16 {
        (mantissa < 0 ? 0x8000 : 0) | UInt16(exponent) << 11 | UInt16(mantissa & 0x7FF)
    }

    /// `number` / 2^shift, ties to even.
    private static func quotient(_ number: Int, shift: Int) -> Int {
        let floor = number >> shift
        let remainder = number & ((1 << shift) - 1)
        let half = 1 << (shift - 1)
        return remainder > half || (remainder == half && !floor.isMultiple(of: 2)) ? floor + 1 : floor
    }
}
