import Catalogue
import Events
import KNX
import Platform
import Rigs
import Systems

extension TestPlan {
    /// What puts the malformed telegrams of this run on the line.
    var injector: Scenario.Injector { variant.fault.injector ?? .client }

    /// Through what it sends frames.
    private var malformedSender: RigLine.Attachment? {
        injector == .chip ? line.longFrames : line.attachments(.stimulus).first
    }

    /// The telegrams of the fault, in an order that differs by seed.
    var malformedPairs: [MalformedTelegrams.Pair] {
        let spares = (system.points.spares?.addresses ?? []).map(GroupAddress.init(raw:))
        guard let source = malformedSender?.address, !spares.isEmpty else { return [] }
        var random = SeededGenerator(seed: UInt64(bitPattern: job.seed) ^ 0xBAD)
        func pair(_ index: Int, _ malformed: (GroupAddress) -> MalformedTelegrams.Malformed) -> MalformedTelegrams.Pair
        {
            let group = spares[index % spares.count]
            // Values that differ, so that each is shown.
            let value: [UInt8] = [0x0C, UInt8(0x20 + index)]
            return MalformedTelegrams.Pair(
                malformed: malformed(group),
                good: TP1Frame(source: source, destination: .group(group), transportUnit: [0x00, 0x80] + value),
                goodValue: value)
        }
        switch injector {
        case .client, .chip:
            let units = injector == .client ? MalformedUnits.short : MalformedUnits.long
            return Self.shuffled(units, &random).enumerated().map { index, unit in
                pair(index) { .frame(TP1Frame(source: source, destination: .group($0), transportUnit: unit)) }
            }
        case .line:
            // The one that the interface daemon makes whole again comes first: it is the first that the system can notice.
            let damages = [LineDamage.hole] + Self.shuffled(LineDamage.afterTheFirst, &random)
            return damages.enumerated().map { index, damage in
                pair(index) { .pieces(damage.pieces(from: source, to: $0, &random)) }
            }
        }
    }

    private static func shuffled<Element>(_ elements: [Element], _ random: inout SeededGenerator) -> [Element] {
        var elements = elements
        for index in elements.indices.reversed() { elements.swapAt(index, Int(random.next() % UInt64(index + 1))) }
        return elements
    }

    func makeMalformedTelegrams(phase: Instant.Span) -> MalformedTelegrams {
        MalformedTelegrams(
            pairs: malformedPairs, sender: injector == .chip ? .longFrames : .stimulus, needsQuiet: injector == .line,
            phase: phase)
    }
}

/// What is wrong with a telegram to a point of two octets, by what follows the addresses: TPCI and APCI with what they carry.
enum MalformedUnits {
    /// In frames that every chip sends.
    static let short: [[UInt8]] = [
        // GroupValueWrite with one octet, with three, with fourteen, and with a value in the APCI octet.
        [0x00, 0x80, 0x0C], [0x00, 0x80, 0x0C, 0x1A, 0x55], [0x00, 0x80] + Array(repeating: 0x41, count: 14),
        [0x00, 0x81],
        // A GroupValueRead that carries a value; services that no group address knows; a numbered telegram, which no group address takes.
        [0x00, 0x00, 0x0C, 0x1A], [0x02, 0xC7, 0x0C, 0x1A], [0x03, 0xD5, 0x10, 0x00], [0x44, 0x80, 0x0C, 0x1A],
    ]

    /// In extended frames, up to the longest that there is: LG 254.
    static let long: [[UInt8]] = [
        // GroupValueWrite with the fewest octets that need an extended frame, with as many as end a frame at 64, with half of the most, and with the most.
        value([0x00, 0x80], 15), value([0x00, 0x80], 53), value([0x00, 0x80], 126), value([0x00, 0x80], 253),
        // A GroupValueRead that carries a value; a service that no group address knows.
        value([0x00, 0x00], 60), value([0x02, 0xC7], 200),
    ]

    private static func value(_ service: [UInt8], _ count: Int) -> [UInt8] {
        service + (0..<count).map { UInt8(0x40 + $0 % 0x30) }
    }
}
