import KNX
import Testing

@Suite struct ArbitrationTests {
    /// Lowest bit first, 0 wins.
    @Test(arguments: [
        ("1.1.16", "1.1.14", true), ("1.1.14", "1.1.16", false), ("1.1.16", "1.1.15", true),
        ("1.1.16", "1.1.17", true),
        ("1.1.201", "1.1.255", true), ("1.1.255", "1.1.201", false), ("1.1.215", "1.1.127", true),
        ("1.1.10", "1.1.202", true), ("1.1.5", "1.1.5", false), ("2.1.255", "1.1.0", true),
    ]) func whoeverHasTheFirstZero(_ left: String, _ right: String, _ wins: Bool) throws {
        let (left, right) = (try #require(IndividualAddress(left)), try #require(IndividualAddress(right)))
        #expect(Arbitration.wins(left, over: right) == wins)
        if left != right { #expect(Arbitration.wins(right, over: left) != wins) }
    }

    /// Precedence of the four priorities is that of their control octets: system, urgent, normal, low.
    @Test func prioritiesArbitrateByTheirControlOctet() {
        let controls: [UInt8] = [0xB0, 0xB8, 0xB4, 0xBC]
        for (first, second) in zip(controls, controls.dropFirst()) {
            #expect(Arbitration.wins([first], over: [second]))
            #expect(!Arbitration.wins([second], over: [first]))
        }
    }

    /// Any two that differ: exactly one wins, and nobody against itself.
    @Test func exactlyOneWins() {
        for left in stride(from: UInt16(0), to: 4096, by: 37) {
            for right in stride(from: UInt16(0), to: 4096, by: 41) {
                let one = Arbitration.wins(IndividualAddress(raw: left), over: IndividualAddress(raw: right))
                let other = Arbitration.wins(IndividualAddress(raw: right), over: IndividualAddress(raw: left))
                #expect(left == right ? !one && !other : one != other)
            }
        }
    }
}
