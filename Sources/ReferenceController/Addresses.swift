/// A group address in three levels: main 0–31, middle 0–7, sub 0–255.
struct GroupAddress: Hashable, Comparable, Sendable, CustomStringConvertible {
    let bits: UInt16

    init(bits: UInt16) {
        self.bits = bits
    }

    /// Reads `1/2/3`; nil for anything else and for 0/0/0, which is the broadcast address.
    init?(_ text: some StringProtocol) {
        let levels = text.split(separator: "/", omittingEmptySubsequences: false)
        guard levels.count == 3, levels.allSatisfy({ $0.first?.isNumber == true }), let main = UInt16(levels[0]),
            let middle = UInt16(levels[1]), let sub = UInt16(levels[2]), main <= 31, middle <= 7, sub <= 255
        else { return nil }
        bits = main << 11 | middle << 8 | sub
        guard bits != 0 else { return nil }
    }

    var description: String { "\(bits >> 11)/\(bits >> 8 & 7)/\(bits & 0xFF)" }

    static func < (left: Self, right: Self) -> Bool { left.bits < right.bits }
}

/// The address of a device: area 0–15, line 0–15, device 0–255.
struct IndividualAddress: Hashable, Sendable, CustomStringConvertible {
    let bits: UInt16

    init(bits: UInt16) {
        self.bits = bits
    }

    /// Reads `1.1.200`; nil for anything else.
    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, parts.allSatisfy({ $0.first?.isNumber == true }), let area = UInt16(parts[0]),
            let line = UInt16(parts[1]), let device = UInt16(parts[2]), area <= 15, line <= 15, device <= 255
        else { return nil }
        bits = area << 12 | line << 8 | device
    }

    var description: String { "\(bits >> 12).\(bits >> 8 & 15).\(bits & 0xFF)" }
}
