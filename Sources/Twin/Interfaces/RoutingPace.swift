import Events
import Platform

/// How fast a router may speak on the multicast address, pure: never faster than so many in a second, and slower or not at all after others have said
/// that they are busy (KNX standard 3/8/5, 2.3.5).
struct RoutingPace: Sendable {
    /// For each busy message that counts, the pause grows by a random part of this …
    private static let randomPause = Int64(50_000_000)
    /// … and what follows the pause in slower steps by this.
    private static let slowTime = Instant.Span.milliseconds(100)
    private static let slowSpacing = Instant.Span.milliseconds(5)
    /// When all is over, one busy message is forgotten per so long.
    private static let forgettingTime = Instant.Span.milliseconds(5)
    /// Messages that come closer together are one cry of several routers.
    private static let countingTime = Instant.Span.milliseconds(10)

    private let spacing: Instant.Span
    private var generator: SeededGenerator
    private var lastSent: Instant?
    private var pausedUntil: Instant?
    private var slowUntil: Instant?
    private var lastCounted: Instant?
    private var busyCount = 0

    init(spacing: Instant.Span, seed: UInt64) {
        self.spacing = spacing
        generator = SeededGenerator(seed: seed)
    }

    /// Somebody asks all to pause.
    mutating func busy(milliseconds: UInt16, at instant: Instant) {
        forget(at: instant)
        if lastCounted.map({ instant - $0 >= Self.countingTime }) ?? true {
            busyCount += 1
            lastCounted = instant
        }
        let wanted = instant + .milliseconds(Int64(milliseconds))
        if let pausedUntil, instant < pausedUntil, wanted <= pausedUntil { return }
        let longest = Int64(busyCount) * Self.randomPause
        let extra = longest == 0 ? 0 : Int64(generator.next() % UInt64(longest))
        let end = wanted + Instant.Span(nanoseconds: extra)
        pausedUntil = end
        slowUntil = end + Instant.Span(nanoseconds: Int64(busyCount) * Self.slowTime.nanoseconds)
    }

    /// The earliest instant of the next message.
    func earliest(at instant: Instant) -> Instant {
        var earliest = instant
        if let pausedUntil { earliest = max(earliest, pausedUntil) }
        guard let lastSent else { return earliest }
        let isSlow = slowUntil.map { earliest < $0 } ?? false
        return max(earliest, lastSent + (isSlow ? max(spacing, Self.slowSpacing) : spacing))
    }

    mutating func sent(at instant: Instant) {
        lastSent = instant
    }

    private mutating func forget(at instant: Instant) {
        guard let slowUntil, instant > slowUntil else { return }
        let steps = (instant - slowUntil).nanoseconds / Self.forgettingTime.nanoseconds
        busyCount -= Int(min(steps, Int64(busyCount)))
        // What has been forgotten is not forgotten twice.
        if steps > 0 { self.slowUntil = instant }
    }
}
