import Events
import KNX
import Testing

@testable import Twin

@Suite struct BitClockTests {
    let clock = BitClock(anchor: Instant(nanoseconds: 1_000_000_007))

    @Test func bitsSurviveTheWayThroughInstants() {
        for bit in Int64(1)..<10_000 {
            let instant = clock.instant(of: bit)
            #expect(clock.bit(at: instant) == bit)
            #expect(clock.bit(atOrAfter: instant) == bit)
            #expect(clock.bit(at: Instant(nanoseconds: instant.nanoseconds - 1)) == bit - 1)
        }
    }

    @Test func oneSecondIs9600BitsAndNothingDrifts() {
        #expect(clock.instant(of: 9_600 * 86_400) - clock.anchor == .seconds(86_400))
    }
}
