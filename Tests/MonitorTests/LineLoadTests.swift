import Events
import KNX
import Testing

@testable import Monitor

@Suite struct LineLoadTests {
    private static let begun = Instant(nanoseconds: 7_000_000_000)
    /// Nine octets, first transmission at priority low: 13·9 + 24 + 53 = 194 bit times.
    private static let frame: [UInt8] = [0xBC, 0x11, 0x0A, 0x0A, 0x00, 0xE1, 0x00, 0x81, 0x32]

    private static func load(_ perSecond: Int, seconds: Range<Int>, into load: inout LineLoad) {
        for second in seconds {
            for number in 1...max(perSecond, 1) where perSecond > 0 {
                let offset = Int64(second) * 1_000_000_000 + Int64(number) * 1_000_000_000 / Int64(perSecond)
                load.observe(frame, isAcknowledged: true, at: begun + Instant.Span(nanoseconds: offset))
            }
        }
    }

    /// 20 such telegrams a second occupy 3880 of 9600 bit times: 40.4 %.
    @Test func againstArithmetic() {
        var load = LineLoad(from: Self.begun)
        Self.load(20, seconds: 0..<10, into: &load)
        let after10 = load.reading(at: Self.begun + .seconds(10))
        #expect(after10 == LineLoad.Reading(now: 404, minute: 404, peak: 404))
        // 40 a second for five seconds: 80.8 % now, and 400 telegrams in 15 s are 53.8 %.
        Self.load(40, seconds: 10..<15, into: &load)
        let after15 = load.reading(at: Self.begun + .seconds(15))
        #expect(after15.now == 808 && after15.peak == 808)
        #expect(after15.minute == 538)
        // Silence: nothing now, a peak for 60 s more, and 400 telegrams in 60 s are 13.4 %.
        let after60 = load.reading(at: Self.begun + .seconds(60))
        #expect(after60.now == 0 && after60.peak == 808 && after60.minute == 134)
        let after74 = load.reading(at: Self.begun + .milliseconds(74_990))
        #expect(after74.peak == 808)
        let after75 = load.reading(at: Self.begun + .milliseconds(75_001))
        #expect(after75 == LineLoad.Reading(now: 0, minute: 0, peak: 0))
    }

    /// What is told late counts, and turns no time back.
    @Test func anEarlierInstantAfterALaterOne() {
        var load = LineLoad(from: Self.begun)
        load.observe(Self.frame, isAcknowledged: true, at: Self.begun + .seconds(2))
        load.observe(Self.frame, isAcknowledged: false, at: Self.begun + .seconds(1))
        // 194 bit times, and 168 without an acknowledge.
        #expect(load.reading(at: Self.begun + .seconds(2)).now == (194 + 168) * 1000 / 9600)
    }
}
