import KNX
import Platform
import Testing

@testable import Scenarios

/// What is put on a line that is no telegram.
@Suite struct LineDamageTests {
    /// Neither the standard nor knxd, which looks at bits 6 and 4 alone, takes an octet of garbage for the beginning of a frame.
    @Test func garbageBeginsNoFrame() throws {
        var random = SeededGenerator(seed: 20_261_128)
        let group = try #require(GroupAddress("1/1/40"))
        let source = try #require(IndividualAddress("1.1.10"))
        for round in 0..<500 {
            let pieces = LineDamage.garbage.pieces(from: source, to: group, &random)
            let octets = pieces.flatMap(\.octets)
            #expect((3...20).contains(octets.count) && pieces.allSatisfy(\.isAbandoned))
            for octet in octets {
                #expect(
                    octet & 0x50 != 0x10 && !TP1.isDataControl(octet) && octet != 0xF0, "seed 20261128, round \(round)")
            }
        }
        #expect(LineDamage.meaningless.count > 150)
    }
}
