import Events
import Testing

@testable import Bus

@Suite struct LineTimeEstimateTests {
    private func at(_ microseconds: Int64) -> Instant { Instant(nanoseconds: microseconds * 1_000) }

    @Test func theFastestDatagramSetsTheClock() {
        var estimate = LineTimeEstimate()
        #expect(estimate.instant(stamp: 1_000, arrival: at(9_000)) == at(9_000))
        // 2 ms faster than the first: so much late was that one at least.
        #expect(estimate.instant(stamp: 5_000, arrival: at(11_000)) == at(11_000))
        // Held up for half a second, and stamped all the same.
        #expect(estimate.instant(stamp: 9_000, arrival: at(515_000)) == at(15_000))
    }

    @Test func theCounterRunsOver() {
        var estimate = LineTimeEstimate()
        _ = estimate.instant(stamp: .max - 999, arrival: at(1_000))
        #expect(estimate.instant(stamp: 1_000, arrival: at(9_000)) == at(3_000))
        // A little back is a little back, and not 71 minutes on.
        #expect(estimate.instant(stamp: 500, arrival: at(10_000)) == at(2_500))
    }

    /// On a line that is silent at night the counter goes half round, or more than once.
    @Test(arguments: [Int64(2_000), 2_400, 4_200, 4_400, 30_000]) func aLongSilenceIsAsLongAsItWas(seconds: Int64) {
        var estimate = LineTimeEstimate()
        _ = estimate.instant(stamp: .max - 999, arrival: at(1_000))
        let later = seconds * 1_000_000
        let stamp = (UInt32.max - 999) &+ UInt32(truncatingIfNeeded: later)
        #expect(estimate.instant(stamp: stamp, arrival: at(1_000 + later + 30_000)) == at(1_000 + later))
    }

    @Test func whatIsOldIsForgottenSinceClocksDrift() {
        var estimate = LineTimeEstimate()
        _ = estimate.instant(stamp: 0, arrival: at(0))
        // A clock that runs slow by 100 ppm: after 90 s its stamps are 9 ms behind, which two windows of 30 s hold to 6 ms and a datagram.
        var worst: Int64 = 0
        for step in 1...900 as ClosedRange<Int64> {
            let real = step * 100_000
            let told = estimate.instant(stamp: UInt32(real - real / 10_000), arrival: at(real))
            worst = max(worst, real - told.nanoseconds / 1_000)
        }
        #expect(worst > 2_000 && worst <= 6_100, "\(worst) µs")
    }
}
