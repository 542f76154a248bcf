import Platform
import Testing

@testable import Checkers

@Suite("The rank slope")
struct RankSlopeTests {
    /// Kendall's critical values of the tables at two-sided 5 %, as slopes that may be left out at either end: (pairs − S) / 2.
    @Test(
        "leaves out what the tables say",
        arguments: [(4, nil), (5, 0), (6, 1), (7, 3), (8, 5), (9, 8), (10, 11)] as [(Int, Int?)])
    func tables(count: Int, excluded: Int?) {
        #expect(RankSlope.excluded(count) == excluded)
    }

    @Test("is exact where nothing scatters, and says nothing of too few points")
    func exact() throws {
        let points = (2...8).map { (step: Double($0), value: 1_000 + 131 * Double($0)) }
        let slope = try #require(RankSlope(points))
        #expect((slope.slope, slope.lower, slope.upper) == (131, 131, 131))
        #expect(slope.outcome(allowed: 131) == .pass && slope.outcome(allowed: 130.9) == .fail)
        #expect(RankSlope(Array(points.prefix(4))) == nil)
    }

    /// An allocator takes a block once: that is no growth per cycle, and not none for certain.
    @Test("calls one step neither a growth nor none")
    func oneStep() throws {
        let points = (2...8).map { (step: Double($0), value: $0 < 5 ? 10_000.0 : 11_024) }
        let slope = try #require(RankSlope(points))
        #expect(slope.lower == 0)
        #expect(slope.outcome(allowed: 64) == .inconclusive)
        // One odd value is nothing.
        let odd = (2...8).map { (step: Double($0), value: $0 == 5 ? 11_024.0 : 10_000) }
        #expect(try #require(RankSlope(odd)).outcome(allowed: 64) == .pass)
    }

    /// The scatter of values that are taken from `seed` on: uniform within ± `most`.
    private static func outcome(drift: Double, most: Double, cycles: Int, seed: UInt64) throws -> Outcome {
        var random = SeededGenerator(seed: seed)
        let points = (2...cycles).map { cycle in
            let scatter = most * (Double(random.next() % 2_001) / 1_000 - 1)
            return (step: Double(cycle), value: 20_000 + drift * Double(cycle) + scatter)
        }
        return try #require(RankSlope(points)).outcome(allowed: 64)
    }

    @Test("never fails without a drift, always with one well above, and is open in between", arguments: 6...10)
    func seeds(cycles: Int) throws {
        var open = 0
        for seed in 1...300 as ClosedRange<UInt64> {
            #expect(try Self.outcome(drift: 0, most: 60, cycles: cycles, seed: seed) != .fail, "seed \(seed)")
            #expect(try Self.outcome(drift: 0, most: 15, cycles: cycles, seed: seed) == .pass, "seed \(seed)")
            #expect(try Self.outcome(drift: 260, most: 60, cycles: cycles, seed: seed) == .fail, "seed \(seed)")
            if try Self.outcome(drift: 64, most: 60, cycles: cycles, seed: seed) == .inconclusive { open += 1 }
        }
        // The interval holds the true slope in 95 of 100 cases at least: 285 ± 4 of 300.
        #expect(open >= 275, "\(open) of 300")
    }
}
