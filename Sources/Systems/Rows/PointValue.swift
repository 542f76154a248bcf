/// A number of a time-series database as the octets that a telegram has for it (datapoint types: KNX Standard 03_07_02).
enum PointValue {
    /// nil for a type whose numbers the rig does not know, and for a number that the type cannot say.
    static func octets(of number: Double, type: String) -> [UInt8]? {
        let parts = type.split(separator: ".").compactMap { Int($0) }
        guard parts.count == 2, number.isFinite else { return nil }
        switch (parts[0], parts[1]) {
        case (1, _): return number == 0 ? [0] : number == 1 ? [1] : nil
        case (5, 1): return integer(number * 255 / 100, UInt8.self)
        case (5, 3): return integer(number * 255 / 360, UInt8.self)
        case (5, _): return integer(number, UInt8.self)
        case (7, _): return integer(number, UInt16.self)
        case (9, _): return float16(number)
        case (12, _): return integer(number, UInt32.self)
        case (13, _): return integer(number, Int32.self)
        case (14, _): return octets(Float(number).bitPattern)
        default: return nil
        }
    }

    private static func integer<Number: FixedWidthInteger>(_ number: Double, _: Number.Type) -> [UInt8]? {
        Number(exactly: number.rounded()).map { octets($0) }
    }

    private static func octets(_ number: some FixedWidthInteger) -> [UInt8] {
        unsafe withUnsafeBytes(of: number.bigEndian) { unsafe Array($0) }
    }

    /// 0.01 · mantissa · 2^exponent, with the smallest exponent: exact in steps of 0.01 from −20.48 to 20.47, which is where tracers are.
    private static func float16(_ number: Double) -> [UInt8]? {
        var hundredths = (number * 100).rounded()
        var exponent: UInt16 = 0
        while !(-2048.0...2047.0).contains(hundredths) {
            hundredths = (hundredths / 2).rounded()
            exponent += 1
            guard exponent < 16 else { return nil }
        }
        let mantissa = Int16(hundredths)
        return octets((mantissa < 0 ? 0x8000 : 0) | exponent << 11 | UInt16(bitPattern: mantissa) & 0x7FF)
    }
}
