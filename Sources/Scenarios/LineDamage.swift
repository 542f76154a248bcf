import KNX
import Platform

/// What a line can do to a telegram and no chip does, in pieces as they are put on it.
enum LineDamage: Sendable {
    /// A frame with a silence in it, as of a sender that falters. On the line that is a frame which ends too early, and octets that are none; an interface
    /// daemon that waits for the rest makes it whole again. What it holds is no good for the point, so that whoever gets it must skip it.
    case hole
    /// A frame with one bit wrong, behind its addresses and its length.
    case wrongBit
    /// A frame that ends too early.
    case truncated
    /// Octets that begin no frame.
    case garbage

    static let afterTheFirst: [LineDamage] = [.hole, .wrongBit, .wrongBit, .truncated, .truncated, .garbage, .garbage]

    func pieces(
        from source: IndividualAddress, to group: GroupAddress, _ random: inout SeededGenerator
    ) -> [MalformedTelegrams.Piece] {
        func drawn(_ range: ClosedRange<Int>) -> Int {
            range.lowerBound + Int(random.next() % UInt64(range.upperBound - range.lowerBound + 1))
        }
        func frame(_ value: [UInt8]) -> [UInt8] {
            TP1Frame(source: source, destination: .group(group), transportUnit: [0x00, 0x80] + value).octets
        }
        switch self {
        case .hole:
            let octets = frame([0x0C, 0x41, 0x55])
            let place = drawn(2...octets.count - 2)
            return [
                MalformedTelegrams.Piece(octets: Array(octets[..<place]), isAbandoned: true),
                MalformedTelegrams.Piece(octets: Array(octets[place...]), isAbandoned: true),
            ]
        case .wrongBit:
            var octets = frame([0x0C, 0x42])
            octets[drawn(6...octets.count - 1)] ^= 1 << UInt8(drawn(0...7))
            return [MalformedTelegrams.Piece(octets: octets, isAbandoned: false)]
        case .truncated:
            let octets = frame([0x0C, 0x43])
            return [MalformedTelegrams.Piece(octets: Array(octets[..<drawn(2...octets.count - 1)]), isAbandoned: true)]
        case .garbage:
            let octets = (0..<drawn(3...20)).map { _ in Self.meaningless[drawn(0...Self.meaningless.count - 1)] }
            return [MalformedTelegrams.Piece(octets: octets, isAbandoned: true)]
        }
    }

    /// Octets that begin no frame, nor are taken for the beginning of one by knxd, which looks at two bits alone (firmware-notes/knxd.md, bogus-frame): what it then
    /// swallows is no controller's to process. Neither are there 03 and 4B, which a witness's own chip says of itself: the one that it was reset, the other how its
    /// supply is.
    static let meaningless = (UInt8.min...UInt8.max).filter {
        !TP1.isDataControl($0) && $0 & 0x50 != 0x10 && $0 != PollData.control && $0 != 0x03 && $0 != 0x4B
    }
}
