import Events
import KNX

/// When which tracer is due and what it carries. Tracer number k goes to address k modulo n and carries that address's count in a code of
/// datapoint type 9 that is exact, from an offset that differs by address: loss, repetition, reorder and staleness show in the values alone.
struct TracerSchedule: Sendable {
    enum Step: Hashable, Sendable {
        case wait(until: Instant)
        case send(Tracer)
        /// Tracers that were due so long ago that they are skipped.
        case slipped(Instant.Span)
    }

    struct Tracer: Hashable, Sendable {
        /// Index of the address.
        var address: Int
        var value: GroupValue
        var due: Instant
    }

    /// How late a tracer may be sent.
    static let longestDelay = Instant.Span.milliseconds(100)
    private static let codes = 4096
    /// Apart from each other for any number of addresses up to 4096, since it has no factor in common with that.
    private static let offset = 1517

    let addressCount: Int
    let millihertz: Int
    /// Tracers since `origin`, and the number of the one that is due at `origin`.
    private var ticks: Int64 = 0
    private var number = 0
    /// Tracers of each lane of a closed loop.
    private var laneNumbers: [Int: Int] = [:]
    private var counts: [Int]
    private var origin: Instant

    init(addressCount: Int, millihertz: Int, from origin: Instant) {
        precondition(addressCount > 0 && millihertz > 0, "a tracer load has addresses and a rate")
        self.addressCount = addressCount
        self.millihertz = millihertz
        self.origin = origin
        counts = [Int](repeating: 0, count: addressCount)
    }

    private var due: Instant { origin + .nanoseconds(ticks, perSecond: millihertz) }

    mutating func next(at now: Instant) -> Step {
        if due > now { return .wait(until: due) }
        let late = now - due
        if late > Self.longestDelay {
            // The skipped ones take no counts: what was never due cannot be lost.
            origin = now
            ticks = 0
            return .slipped(late)
        }
        let tracer = count(number % addressCount, due: due)
        number += 1
        ticks += 1
        return .send(tracer)
    }

    /// The next tracer of one of several senders that each send as fast as the line takes them: `burst` to one of its addresses, then as many to
    /// the next. What comes in a burst is what workers in parallel bring out of order.
    mutating func next(ofLane lane: Int, of lanes: Int, burst: Int, at now: Instant) -> Tracer? {
        let addresses = (addressCount - lane + lanes - 1) / lanes
        guard addresses > 0 else { return nil }
        let number = laneNumbers[lane, default: 0]
        laneNumbers[lane] = number + 1
        return count(lane + number / burst % addresses * lanes, due: now)
    }

    private mutating func count(_ address: Int, due: Instant) -> Tracer {
        let code = (address * Self.offset + counts[address]) % Self.codes + DPT9.exactHundredths.lowerBound
        let raw = DPT9.raw(hundredths: code)
        counts[address] += 1
        return Tracer(address: address, value: .octets([UInt8(raw >> 8), UInt8(raw & 0xFF)]), due: due)
    }

    /// Starts anew at `now` with the counts as they are.
    mutating func resume(at now: Instant) {
        origin = now
        ticks = 0
    }
}

extension Instant.Span {
    /// `count` periods of `millihertz` events in 1000 s, without drift.
    fileprivate static func nanoseconds(_ count: Int64, perSecond millihertz: Int) -> Instant.Span {
        let rate = Int64(millihertz)
        let whole = count / rate * 1_000_000_000_000
        return Instant.Span(nanoseconds: whole + count % rate * 1_000_000_000_000 / rate)
    }
}
