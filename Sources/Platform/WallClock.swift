import Glibc

/// The time on the wall, for what a person reads.
public enum WallClock {
    /// How much later than UTC the clocks of this machine's zone are at that Unix time, seconds.
    public static func utcOffsetSeconds(atUnixNanoseconds nanoseconds: Int64) -> Int64 {
        var seconds = time_t(nanoseconds / 1_000_000_000)
        var parts = unsafe tm()
        unsafe localtime_r(&seconds, &parts)
        return unsafe Int64(parts.tm_gmtoff)
    }
}
