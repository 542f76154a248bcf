public import Events
import Glibc

/// The one clock: CLOCK_MONOTONIC. (Swift's own ContinuousClock is CLOCK_BOOTTIME on Linux.)
public enum MonotonicClock {
    public static func now() -> Instant {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Instant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    /// Returns at `instant` or as soon after as the scheduler allows; at once when it is past.
    public static func sleep(until instant: Instant) {
        var time = timespec(nanoseconds: instant.nanoseconds)
        while unsafe clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil) == EINTR {}
    }

    public static func sleep(for span: Instant.Span) {
        sleep(until: now() + span)
    }

    /// Nanoseconds since 1970 in UTC, for the one anchor of a run and for names of directories.
    public static func unixNanoseconds() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

extension timespec {
    init(nanoseconds: Int64) {
        let positive = max(0, nanoseconds)
        self.init(tv_sec: Int(positive / 1_000_000_000), tv_nsec: Int(positive % 1_000_000_000))
    }
}
