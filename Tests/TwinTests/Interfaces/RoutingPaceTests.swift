import Events
import Testing

@testable import Twin

/// The pauses of a router, as the standard counts them (KNX standard 3/8/5, 2.3.5).
@Suite struct RoutingPaceTests {
    private func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    /// Busy messages, each with a pause long enough to extend the one before: instant and wait, milliseconds.
    private static let cries: [(Int64, UInt16)] = [(0, 1_000), (10, 1_300), (20, 1_600), (30, 1_900), (40, 2_200)]

    /// For 200 seeds, how much later than asked for the next message may go, in milliseconds.
    private func extra(_ messages: [(Int64, UInt16)]) -> [Double] {
        (UInt64(0)..<200).map { seed in
            var pace = RoutingPace(spacing: .zero, seed: seed)
            for (instant, wait) in messages { pace.busy(milliseconds: wait, at: at(instant)) }
            guard let (last, wait) = messages.last else { return 0 }
            return (pace.earliest(at: at(last)) - at(last + Int64(wait))).seconds * 1_000
        }
    }

    @Test func thePauseGrowsByARandomPartForEachMessageThatCounts() {
        let one = extra([Self.cries[0]])
        #expect(one.allSatisfy { (0..<50).contains($0) } && Set(one).count > 150)
        #expect(one.contains { $0 < 10 } && one.contains { $0 > 40 })
        let five = extra(Self.cries)
        #expect(five.allSatisfy { (0..<250).contains($0) } && five.contains { $0 > 200 })
        // Closer together than 10 ms they count as one.
        #expect(extra([(0, 1_000), (9, 1_300)]).allSatisfy { (0..<50).contains($0) })
        #expect(extra([(0, 1_000), (10, 1_300)]).contains { $0 > 50 })
    }

    @Test func onlyALongerPauseExtendsThePresentOne() {
        var pace = RoutingPace(spacing: .zero, seed: 1)
        pace.busy(milliseconds: 1_000, at: at(0))
        let end = pace.earliest(at: at(0))
        pace.busy(milliseconds: 100, at: at(500))
        #expect(pace.earliest(at: at(500)) == end)
        pace.busy(milliseconds: 2_000, at: at(600))
        #expect(pace.earliest(at: at(600)) >= at(2_600))
    }

    @Test func afterAPauseItIsSlowerForAWhile() {
        var pace = RoutingPace(spacing: .zero, seed: 1)
        pace.busy(milliseconds: 100, at: at(0))
        let end = pace.earliest(at: at(0))
        pace.sent(at: end)
        #expect(pace.earliest(at: end) == end + .milliseconds(5))
        // 100 ms for the one message.
        let late = end + .milliseconds(99)
        pace.sent(at: late)
        #expect(pace.earliest(at: late) == late + .milliseconds(5))
        let over = end + .milliseconds(100)
        pace.sent(at: over)
        #expect(pace.earliest(at: over) == over)
    }

    /// Five messages are forgotten within 25 ms after the slow time, one by one.
    @Test func messagesAreForgotten() {
        let longest = { (later: Int64) in
            (UInt64(0)..<200).map { seed -> Double in
                var pace = RoutingPace(spacing: .zero, seed: seed)
                for (instant, wait) in Self.cries { pace.busy(milliseconds: wait, at: at(instant)) }
                // The longest pause and the 500 ms of slow time that follow it.
                let end = at(2_240 + 250 + 500 + later)
                pace.busy(milliseconds: 0, at: end)
                return (pace.earliest(at: end) - end).seconds * 1_000
            }.max() ?? 0
        }
        #expect(longest(0) > 50)
        #expect(longest(30) < 50)
    }
}
