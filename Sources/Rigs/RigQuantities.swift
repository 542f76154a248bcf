import Documents

extension Node {
    /// A number with its unit; `example` shows one.
    private func quantity(
        _ units: [Substring: Double], _ range: ClosedRange<Int64>, example: String
    ) throws(DocumentFailure) -> Int64 {
        let text = try text()
        let digits = text.prefix { $0.isNumber || $0 == "." }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }
        guard let number = Double(digits), let factor = units[unit], number * factor < 9e15 else {
            throw failure("'\(text)' should be a number with its unit such as '\(example)'")
        }
        let value = Int64((number * factor).rounded())
        guard range.contains(value) else { throw failure("'\(text)' is out of range") }
        return value
    }

    func millivolts(_ range: ClosedRange<Int64>) throws(DocumentFailure) -> Int64 {
        try quantity(["V": 1_000, "mV": 1], range, example: "20 V")
    }

    func milliamperes(_ range: ClosedRange<Int64>) throws(DocumentFailure) -> Int64 {
        try quantity(["mA": 1, "A": 1_000], range, example: "640 mA")
    }

    func microfarads(_ range: ClosedRange<Int64>) throws(DocumentFailure) -> Int64 {
        try quantity(["uF": 1, "µF": 1, "mF": 1_000], range, example: "64 uF")
    }

    func positiveNanoseconds() throws(DocumentFailure) -> Int64 {
        let nanoseconds = try nanoseconds()
        guard nanoseconds > 0 else { throw failure("'\(try text())' should be longer than nothing") }
        return nanoseconds
    }

    /// A decimal number with at most two places, as hundredths.
    func hundredths(
        _ range: ClosedRange<Int> = -1_000_000_000_000...1_000_000_000_000
    ) throws(DocumentFailure) -> Int {
        let text = try text()
        guard let number = Double(text), number.magnitude < 1e13 else { throw failure("'\(text)' should be a number") }
        let hundredths = Int((number * 100).rounded())
        guard range.contains(hundredths) else { throw failure("'\(text)' is out of range") }
        return hundredths
    }

    /// A list of two numbers, the lower first, as hundredths.
    func hundredthsRange() throws(DocumentFailure) -> ClosedRange<Int> {
        let nodes = try elements()
        guard nodes.count == 2 else { throw failure("two numbers were expected here, such as [-0.1, 0.1]") }
        let (lower, upper) = (try nodes[0].hundredths(), try nodes[1].hundredths())
        guard lower <= upper else { throw failure("the lower number comes first") }
        return lower...upper
    }

    func hexadecimal(digits: Int) throws(DocumentFailure) -> UInt32 {
        let text = try text()
        guard text.count == digits, let number = UInt32(text, radix: 16) else {
            throw failure("'\(text)' should be \(digits) hexadecimal digits")
        }
        return number
    }

    func seed() throws(DocumentFailure) -> UInt64 { UInt64(try integer(0...Int.max)) }
}
