import Events
import Platform
import Testing

@testable import Systems

/// What a link in trouble does to octets, at instants that the test makes up.
@Suite struct LinkValveTests {
    private static func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }
    private static let frame = (0..<200).map { UInt8($0) }

    @Test func aSoundLinkPassesAllAtOnce() {
        var valve = LinkValve()
        valve.take(Self.frame, isSystems: true, at: Self.at(0))
        #expect(valve.release(at: Self.at(0)) == Self.frame)
        #expect(valve.isEmpty && valve.isTaking && !valve.isCut)
    }

    @Test func aHalfOpenLinkTakesNothing() {
        #expect(!LinkValve(.halfOpen).isTaking)
    }

    @Test func whatIsLateComesInItsOrderAndAsLateAsSaid() {
        var valve = LinkValve(.delayed(nanoseconds: 600_000_000))
        valve.take([1], isSystems: true, at: Self.at(0))
        valve.take([2], isSystems: true, at: Self.at(100))
        #expect(valve.release(at: Self.at(599)).isEmpty)
        #expect(valve.nextRelease(after: Self.at(599)) == Self.at(600))
        #expect(valve.release(at: Self.at(650)) == [1])
        #expect(valve.release(at: Self.at(700)) == [2])
        #expect(valve.nextRelease(after: Self.at(700)) == nil)
    }

    /// Whoever asks when it says so, and whoever asks all the time, sees the same rate.
    @Test(arguments: [1, 20, 1_000], [1, 7, 250] as [Int64])
    func aThrottledLinkPassesSoManyOctetsASecond(rate: Int, step: Int64) {
        var valve = LinkValve(.throttled(octetsPerSecond: rate))
        var passed: [UInt8] = []
        let octets = (0..<30_000).map { UInt8(truncatingIfNeeded: $0) }
        valve.take(octets, isSystems: true, at: Self.at(0))
        for milliseconds in stride(from: Int64(0), through: 20_000, by: Int(step)) {
            passed += valve.release(at: Self.at(milliseconds))
        }
        // What is not taken out within a tenth of a second is lost to the rate.
        let least = step > 100 ? rate * 20 * 100 / Int(step) : rate * 20
        #expect(passed.count <= rate * 20 + 1)
        #expect(passed.count >= min(least, 30_000) * 9 / 10 - 1, "\(passed.count)")
        #expect(passed == Array(octets.prefix(passed.count)))
    }

    @Test func aThrottledLinkSaysWhenToAskAgain() throws {
        var valve = LinkValve(.throttled(octetsPerSecond: 20))
        valve.take(Self.frame, isSystems: true, at: Self.at(0))
        var now = Self.at(0)
        var passed = 0
        var asked = 0
        while let next = valve.nextRelease(after: now), next <= Self.at(2_000) {
            now = next
            passed += valve.release(at: now).count
            asked += 1
        }
        #expect((36...40).contains(passed), "\(passed)")
        #expect(asked <= 25, "\(asked)")
    }

    @Test(arguments: [1, 4, 16], [UInt64](1...5))
    func oneBitInSoManyOctetsIsTurnedRound(every: Int, seed: UInt64) {
        var valve = LinkValve(.corrupting(every: every), seed: seed)
        var damaged: [Int] = []
        for (number, octet) in (0..<160).map({ ($0, UInt8($0)) }) {
            valve.take([octet], isSystems: number % 2 == 0, at: Self.at(0))
            let passed = valve.release(at: Self.at(0))
            #expect(passed.count == 1 && (passed[0] ^ octet).nonzeroBitCount <= 1)
            if passed[0] != octet { damaged.append(number) }
        }
        #expect(damaged.count == 160 / every || damaged.count == 160 / every + 1, "seed \(seed): \(damaged)")
        #expect(zip(damaged, damaged.dropFirst()).allSatisfy { $1 - $0 == every })
    }

    @Test func aConnectionIsCutWhenHalfOfAFrameHasPassed() {
        var valve = LinkValve(.cuttingInFrame)
        // What the service says passes whole.
        valve.take([1, 2, 3], isSystems: false, at: Self.at(0))
        #expect(valve.release(at: Self.at(0)) == [1, 2, 3] && !valve.isCut)
        valve.take([1, 2, 3], isSystems: true, at: Self.at(1))
        #expect(valve.isCut && !valve.isTaking)
        #expect(valve.release(at: Self.at(1)) == [1, 2])
    }

    @Test func aConnectionIsCutWhenHalfOfAnAnswerHasPassed() {
        var valve = LinkValve(.cuttingInServiceFrame)
        valve.take([1, 2, 3], isSystems: true, at: Self.at(0))
        #expect(valve.release(at: Self.at(0)) == [1, 2, 3] && !valve.isCut)
        valve.take([1, 2, 3], isSystems: false, at: Self.at(1))
        #expect(valve.isCut && !valve.isTaking)
        #expect(valve.release(at: Self.at(1)) == [1, 2])
    }

    @Test func aLinkThatIsSoundAgainGivesUpWhatItHeld() {
        var valve = LinkValve(.delayed(nanoseconds: 1_000_000_000))
        valve.take([1, 2], isSystems: true, at: Self.at(0))
        valve.take([3], isSystems: true, at: Self.at(1))
        #expect(valve.empty() == [1, 2, 3])
        #expect(valve.isEmpty)
    }

    @Test func moreThanItHoldsIsNotTaken() {
        var valve = LinkValve(.delayed(nanoseconds: 1_000_000_000))
        valve.take([UInt8](repeating: 0, count: LinkValve.most), isSystems: true, at: Self.at(0))
        #expect(!valve.isTaking)
    }
}
