import KNX
import Platform
import Rigs
import Systems

extension TestPlan {
    /// What is wrong with a telegram to a point of two octets, by what follows the addresses: TPCI and APCI with what they carry.
    private static let malformedUnits: [[UInt8]] = [
        // GroupValueWrite with one octet, with three, with fourteen, and with a value in the APCI octet.
        [0x00, 0x80, 0x0C], [0x00, 0x80, 0x0C, 0x1A, 0x55], [0x00, 0x80] + Array(repeating: 0x41, count: 14),
        [0x00, 0x81],
        // A GroupValueRead that carries a value; services that no group address knows; a numbered telegram, which no group address takes.
        [0x00, 0x00, 0x0C, 0x1A], [0x02, 0xC7, 0x0C, 0x1A], [0x03, 0xD5, 0x10, 0x00], [0x44, 0x80, 0x0C, 0x1A],
    ]

    /// The telegrams of the fault, in an order that differs by seed.
    var malformedPairs: [MalformedTelegrams.Pair] {
        let spares = (system.points.spares?.addresses ?? []).map(GroupAddress.init(raw:))
        guard let source = line.attachments(.stimulus).first?.address, !spares.isEmpty else { return [] }
        var random = SeededGenerator(seed: UInt64(bitPattern: job.seed) ^ 0xBAD)
        var units = Self.malformedUnits
        for index in units.indices.reversed() { units.swapAt(index, Int(random.next() % UInt64(index + 1))) }
        return units.enumerated().map { index, unit in
            let group = spares[index % spares.count]
            // Values that differ, so that each is shown.
            let value: [UInt8] = [0x0C, UInt8(0x20 + index)]
            return MalformedTelegrams.Pair(
                malformed: TP1Frame(source: source, destination: .group(group), transportUnit: unit),
                good: TP1Frame(source: source, destination: .group(group), transportUnit: [0x00, 0x80] + value),
                goodValue: value)
        }
    }
}
