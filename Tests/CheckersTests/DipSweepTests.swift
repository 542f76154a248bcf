import Checkers
import Events
import Platform
import Testing

/// Which lengths a sweep tries, against devices that answer as they are told: no clock and no line.
@Suite struct DipSweepTests {
    static let grid = DipGrid.lengths(from: 10_000_000, to: 8_000_000_000, count: 12)

    /// Makes a sweep on a device that answers with the probability of a response at a length.
    static func sweep(
        _ sweep: DipSweep, seed: UInt64 = 1, isSeen: Bool = true,
        _ rate: (DipResponse, Int64) -> Double
    ) -> (tallies: [DipTally], order: [Int64]) {
        var random = SeededGenerator(seed: seed)
        var tallies: [DipTally] = []
        var order: [Int64] = []
        while let next = sweep.next(after: tallies) {
            let length = next.lengthNanoseconds
            let responses = DipResponse.allCases.filter {
                Double(random.next() % 1_000_000) < rate($0, length) * 1_000_000
            }
            tallies.count(
                DipOutcome(
                    channel: next.channel, lengthNanoseconds: length, isSeen: isSeen, responses: Set(responses)))
            order.append(length)
            #expect(order.count < 10_000, "it must end")
        }
        return (tallies, order)
    }

    static func single(_ lengths: [Int64] = grid, times: Int = 5, forbidden: [ClosedRange<Int64>] = []) -> DipSweep {
        DipSweep(arms: [DipSweep.Arm(channel: "relay", lengths: lengths)], times: times, forbidden: forbidden)
    }

    // MARK: the grid

    @Test func aGridIsLogarithmicAndHasBothEnds() {
        #expect(Self.grid.count == 12)
        #expect(Self.grid.first == 10_000_000 && Self.grid.last == 8_000_000_000)
        for (shorter, longer) in zip(Self.grid, Self.grid.dropFirst()) {
            // 800 to the power of 1/11.
            #expect(abs(Double(longer) / Double(shorter) - 1.8362) < 0.02)
        }
        #expect(DipGrid.lengths(from: 1_000_000, to: 10_000_000, count: 2) == [1_000_000, 10_000_000])
        // Finer than a switch keeps it there is nothing.
        #expect(DipGrid.lengths(from: 1_000_000, to: 2_000_000, count: 100).count == 11)
        #expect(DipGrid.middle(1_000_000, 4_000_000) == 2_000_000)
        #expect(DipGrid.middle(1_000_000, 1_100_000) == nil)
    }

    @Test func lengthsAreWrittenAsPeopleReadThem() {
        let texts = [10_000_000, 61_900_000, 999_960_000, 1_286_200_000, 8_000_000_000].map(DipLength.text)
        #expect(texts == ["10 ms", "61.9 ms", "1000 ms", "1.29 s", "8 s"])
    }

    // MARK: the intervals

    @Test func fiveOfFiveAndNoneOfFiveDifferAndFewerDoNot() {
        func tally(_ count: Int, _ made: Int) -> DipTally {
            var tally = DipTally(channel: "relay", lengthNanoseconds: 1)
            (tally.made, tally.seen, tally.counts) = (made, made, [.telegramLost: count])
            return tally
        }
        #expect(tally(0, 5).differs(from: tally(5, 5), in: .telegramLost))
        #expect(tally(5, 5).differs(from: tally(0, 5), in: .telegramLost))
        #expect(!tally(1, 5).differs(from: tally(5, 5), in: .telegramLost))
        #expect(!tally(0, 2).differs(from: tally(2, 2), in: .telegramLost))
        #expect(!tally(0, 0).differs(from: tally(5, 5), in: .telegramLost))
        #expect(tally(0, 0).interval(.telegramLost) == nil)
        // 1 − 0.05^(1/5).
        #expect(abs((tally(0, 5).interval(.telegramLost)?.upperBound ?? 0) - 0.4507) < 0.0001)
        #expect(abs((tally(5, 5).interval(.telegramLost)?.lowerBound ?? 0) - 0.5493) < 0.0001)
        for made in 1...12 {
            for count in 0...made {
                let interval = tally(count, made).interval(.telegramLost)
                #expect(interval?.contains(Double(count) / Double(made)) == true, "\(count) of \(made)")
            }
        }
    }

    @Test func aHarmOfADipThatNobodySawIsNobodys() {
        var tallies: [DipTally] = []
        let all = Set(DipResponse.allCases)
        tallies.count(DipOutcome(channel: "relay", lengthNanoseconds: 7, isSeen: false, responses: all))
        tallies.count(DipOutcome(channel: "relay", lengthNanoseconds: 7, isSeen: true, responses: all))
        #expect(tallies.count == 1 && tallies[0].made == 2 && tallies[0].seen == 1)
        #expect(tallies[0].count(.chipsRestarted) == 2 && tallies[0].trials(.chipsRestarted) == 2)
        for harm in DipResponse.allCases where harm.isHarm {
            #expect(tallies[0].count(harm) == 1 && tallies[0].trials(harm) == 1)
        }
    }

    // MARK: which length is next

    @Test func everyLengthOfTheGridIsMadeAsOftenShortestFirst() {
        let (tallies, order) = Self.sweep(Self.single()) { _, _ in 0 }
        #expect(order == Self.grid.flatMap { Array(repeating: $0, count: 5) })
        #expect(tallies.allSatisfy { $0.made == 5 && $0.counts.isEmpty })
    }

    @Test(arguments: [0.0, 1.0]) func aResponseThatNeverChangesIsNotBisected(rate: Double) {
        let (tallies, _) = Self.sweep(Self.single()) { _, _ in rate }
        #expect(tallies.count == Self.grid.count)
        let curve = DipCurve(tallies: tallies)
        for response in DipResponse.allCases { #expect(curve.threshold(response, channel: "relay") == nil) }
        #expect(!curve.finds(102_400_000, tolerance: 5_000_000, of: .chipsRestarted, channel: "relay"))
    }

    /// The self-check: a device with a known threshold, wherever it lies, is found within the resolution.
    @Test(arguments: [11_000_000, 30_000_000, 102_400_000, 333_000_000, 1_000_000_000, 7_900_000_000] as [Int64])
    func aKnownThresholdIsFound(known: Int64) throws {
        let (tallies, order) = Self.sweep(Self.single()) { response, length in
            response == .chipsRestarted && length >= known ? 1 : 0
        }
        let curve = DipCurve(tallies: tallies)
        let found = try #require(curve.threshold(.chipsRestarted, channel: "relay"))
        #expect(found.never < known && known <= found.always)
        #expect(Double(found.always) / Double(found.never) <= 1.1501)
        #expect(curve.finds(known, tolerance: 0, of: .chipsRestarted, channel: "relay"))
        // A sweep that says another threshold is told so.
        #expect(!curve.finds(known * 2, tolerance: 5_000_000, of: .chipsRestarted, channel: "relay"))
        #expect(!curve.finds(known / 2, tolerance: 5_000, of: .chipsRestarted, channel: "relay"))
        #expect(order.count <= 12 * 5 + 5 * 5, "bisection halves: \(order.count)")
    }

    /// A device whose threshold is blurred: the rate rises from 0 to 1 over 20 % of the length.
    @Test(arguments: 1...20 as ClosedRange<UInt64>) func aBlurredThresholdIsBracketed(seed: UInt64) {
        let (tallies, order) = Self.sweep(Self.single(), seed: seed) { response, length in
            guard response == .telegramLost else { return 0 }
            return max(0, min(1, (Double(length) / 100_000_000 - 0.9) / 0.2))
        }
        let curve = DipCurve(tallies: tallies)
        #expect(order.count <= 12 * 5 + 60)
        for tally in curve.tallies where tally.lengthNanoseconds <= 90_000_000 {
            #expect(tally.count(.telegramLost) == 0)
        }
        for tally in curve.tallies where tally.lengthNanoseconds >= 110_000_000 {
            #expect(tally.count(.telegramLost) == tally.made)
        }
        // It looked where the rate changes, and nowhere else.
        let added = Set(order).subtracting(Self.grid)
        #expect(!added.isEmpty && added.allSatisfy { $0 > 61_000_000 && $0 < 114_000_000 }, "\(added)")
    }

    /// A window: only dips of 100 to 400 ms do harm. Both edges are looked at, and nobody says that there is one threshold.
    @Test func aResponseThatComesAndGoesIsBisectedAtBothEdgesAndHasNoThreshold() {
        let (tallies, order) = Self.sweep(Self.single()) { response, length in
            response == .telegramLost && (100_000_000...400_000_000).contains(length) ? 1 : 0
        }
        let added = Set(order).subtracting(Self.grid)
        #expect(added.contains { $0 < 114_000_000 } && added.contains { $0 > 380_000_000 }, "\(added)")
        #expect(added.allSatisfy { ($0 > 61_000_000 && $0 < 114_000_000) || ($0 > 380_000_000 && $0 < 704_000_000) })
        let curve = DipCurve(tallies: tallies)
        #expect(curve.threshold(.telegramLost, channel: "relay") == nil)
        #expect(!curve.finds(100_000_000, tolerance: 5_000_000, of: .telegramLost, channel: "relay"))
    }

    @Test func whatNoWitnessSawIsNoReasonToBisect() {
        let (tallies, _) = Self.sweep(Self.single(), isSeen: false) { response, length in
            response.isHarm && length > 100_000_000 ? 1 : 0
        }
        #expect(tallies.count == Self.grid.count)
    }

    @Test func switchesAreNotNeighboursOfEachOther() {
        let sweep = DipSweep(
            arms: [
                DipSweep.Arm(channel: "switch", lengths: [10_000_000, 40_000_000]),
                DipSweep.Arm(channel: "relay", lengths: [60_000_000, 90_000_000]),
            ], times: 5)
        // Past the supply's hold-up every dip is felt, and on its mains side none of these is.
        let (tallies, _) = Self.sweep(sweep) { _, length in length <= 40_000_000 ? 1 : 0 }
        #expect(tallies.map(\.lengthNanoseconds).sorted() == [10_000_000, 40_000_000, 60_000_000, 90_000_000])
    }

    @Test func lengthsWhoseOutcomeWouldBeChanceAreLeftAlone() {
        let forbidden: ClosedRange<Int64> = 3_500_000_001...6_499_999_999
        let lengths: [Int64] = [1_000_000_000, 3_000_000_000, 8_000_000_000]
        let (_, order) = Self.sweep(Self.single(lengths, forbidden: [forbidden])) { response, length in
            response == .interfaceRestarted && length >= 5_000_000_000 ? 1 : 0
        }
        #expect(order.allSatisfy { !forbidden.contains($0) })
    }

    @Test(arguments: 1...6) func tooFewRepetitionsTellNothingApart(times: Int) {
        #expect(Self.single(times: times).canTellApart == (times >= 5))
    }

    @Test func theBisectionKeepsToWhatTheContactsMayCost() {
        var sweep = Self.single()
        sweep.mostMore = 12
        let (_, order) = Self.sweep(sweep) { response, length in
            response == .telegramLost && length > 100_000_000 ? 1 : 0
        }
        #expect(order.count == 12 * 5 + 10)
        #expect(sweep.atLeast == 60)
    }

    /// Whatever a device does, a sweep ends, makes every length of the grid as often as it says, and none more often.
    @Test(arguments: 1...40 as ClosedRange<UInt64>) func aSweepOfAnyDeviceEnds(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let times = 1 + Int(random.next() % 6)
        let sweep = Self.single(times: times)
        let (tallies, order) = Self.sweep(sweep, seed: seed &+ 99) { _, _ in Double(random.next() % 1000) / 999 }
        #expect(tallies.allSatisfy { $0.made == times })
        #expect(Set(tallies.map(\.lengthNanoseconds)).isSuperset(of: Self.grid))
        #expect(order.count <= sweep.atLeast + sweep.mostMore)
        #expect(order.allSatisfy { (10_000_000...8_000_000_000).contains($0) })
    }

    @Test func curvesOfSeveralRunsAddUp() {
        let one = DipCurve(tallies: Self.sweep(Self.single()) { _, _ in 1 }.tallies)
        let other = DipCurve(tallies: Self.sweep(Self.single([10_000_000, 20_000_000])) { _, _ in 0 }.tallies)
        let sum = DipCurve.sum([one, other])
        #expect(sum.tallies.count == 13)
        let shortest = sum.tallies.first { $0.lengthNanoseconds == 10_000_000 }
        #expect(shortest?.made == 10 && shortest?.count(.telegramLost) == 5)
        #expect(DipCurve.sum([one]) == one)
    }

    @Test func aCurveSurvivesItsRecord() throws {
        let curve = DipCurve(tallies: Self.sweep(Self.single()) { _, length in length > 100_000_000 ? 0.5 : 0 }.tallies)
        var verdict = RunVerdict(outcome: .pass, sentence: "x")
        verdict.dips = curve
        #expect(try RunVerdict(verdict.value) == verdict)
        #expect(try RunVerdict(RunVerdict(outcome: .pass, sentence: "x").value).dips == nil)
    }

    /// A verdict that came from elsewhere may hold any number, and the curves of several runs are added up.
    @Test func aCurveOfMoreDipsThanAreMadeIsNone() throws {
        var verdict = RunVerdict(outcome: .pass, sentence: "x")
        var tally = DipTally(channel: "relay", lengthNanoseconds: 10_000_000)
        tally.made = 5
        verdict.dips = DipCurve(tallies: [tally])
        let text = JSON.text(verdict.value)
        #expect(try RunVerdict(try JSON.parse(text)) == verdict)
        for made in ["9223372036854775807", "1000000001", "-1"] {
            let value = try JSON.parse(text.replacing("\"made\":5", with: "\"made\":\(made)"))
            #expect(throws: RecordFailure.self) { try RunVerdict(value) }
        }
    }
}
