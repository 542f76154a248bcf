/// Who goes on when two attachments of a TP1 line begin in the same bit time (KNX standard 3/2/2): each octet goes out lowest bit first, a 0 drives the line and a
/// 1 leaves it alone, and whoever hears a 0 where it sent a 1 falls silent.
public enum Arbitration {
    /// True when octets sent as `left` silence those sent as `right`; false when they are equal or `right` wins.
    public static func wins(_ left: [UInt8], over right: [UInt8]) -> Bool {
        for (left, right) in zip(left, right) where left != right {
            let lowest = (left ^ right).trailingZeroBitCount
            return left >> UInt8(lowest) & 1 == 0
        }
        return false
    }

    /// True when, of two frames with the same control octet, the one from `left` gets the line.
    public static func wins(_ left: IndividualAddress, over right: IndividualAddress) -> Bool {
        wins([UInt8(left.raw >> 8), UInt8(left.raw & 0xFF)], over: [UInt8(right.raw >> 8), UInt8(right.raw & 0xFF)])
    }
}
