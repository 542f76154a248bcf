public import KNX
import Platform

/// Random telegrams of several senders, seeded: values of 1 bit to 14 octets at every priority. Where a value has two octets or more, the first two
/// carry how many telegrams its sender has sent before, modulo 65536, so that whoever hears the line can tell what it has not heard.
public struct RandomTraffic: Sendable {
    /// Senders are 1.1.10 and on, their groups 6/0/0 and on.
    public static let firstSource = IndividualAddress(raw: 0x110A)
    public static let firstGroup = GroupAddress(raw: 0x3000)
    public static let countModulus = 65_536
    /// Data octets and how often of 20: the shortest telegrams have nine octets, the longest 23.
    private static let lengths: [Int] = [0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 4, 4, 4, 4, 14, 14]

    public let senders: Int
    private var generator: SeededGenerator
    private var counts: [Int]

    /// - Parameter senders: 1…64.
    public init(senders: Int, seed: UInt64) {
        precondition((1...64).contains(senders), "random traffic has 1 to 64 senders")
        self.senders = senders
        generator = SeededGenerator(seed: seed)
        counts = Array(repeating: 0, count: senders)
    }

    /// The next telegram of a sender.
    public mutating func next(sender: Int) -> Transmission {
        let drawn = generator.next()
        let length = Self.lengths[Int(drawn >> 32 % 20)]
        // Of 64: 4 system, 4 urgent, 8 normal, the rest low.
        let priority: Priority =
            switch drawn & 63 {
            case 0..<4: .system
            case 4..<8: .urgent
            case 8..<16: .normal
            default: .low
            }
        let source = Self.firstSource.raw + UInt16(sender)
        let group = Self.firstGroup.raw + UInt16(sender)
        let count = counts[sender]
        counts[sender] = (count + 1) % Self.countModulus
        var octets: [UInt8] = []
        octets.reserveCapacity(9 + length)
        octets.append(0xB0 | priority.rawValue << 2)
        octets.append(UInt8(source >> 8))
        octets.append(UInt8(source & 0xFF))
        octets.append(UInt8(group >> 8))
        octets.append(UInt8(group & 0xFF))
        octets.append(0xE0 | UInt8(1 + length))
        octets.append(0x00)
        octets.append(length == 0 ? 0x80 | UInt8(drawn >> 8 & 0x3F) : 0x80)
        for index in 0..<length {
            switch index {
            case 0 where length > 1: octets.append(UInt8(count >> 8))
            case 1: octets.append(UInt8(count & 0xFF))
            default: octets.append(UInt8(truncatingIfNeeded: drawn >> UInt64(index * 4)))
            }
        }
        octets.append(TP1.checkOctet(octets))
        return Transmission(number: count, octets: octets)
    }

    /// Of a telegram of such traffic, which sender's it is and the count that it carries; nil of any other.
    public static func count(of octets: [UInt8]) -> (sender: Int, count: Int?)? {
        guard octets.count >= 9, octets[0] & 0x90 == 0x90 else { return nil }
        let source = Int(octets[1]) << 8 | Int(octets[2])
        let sender = source - Int(firstSource.raw)
        let group = Int(octets[3]) << 8 | Int(octets[4])
        guard (0..<64).contains(sender), group == Int(firstGroup.raw) + sender else { return nil }
        return (sender, octets.count >= 11 ? Int(octets[8]) << 8 | Int(octets[9]) : nil)
    }
}
