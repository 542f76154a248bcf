import Glibc

/// Nanoseconds of CLOCK_MONOTONIC: for intervals and deadlines.
func monotonicNanoseconds() -> Int64 {
    nanoseconds(CLOCK_MONOTONIC)
}

/// Milliseconds since 1970 in UTC: for stamps that people and databases read.
func wallMilliseconds() -> Int64 {
    nanoseconds(CLOCK_REALTIME) / 1_000_000
}

/// Nanoseconds since 1970 in UTC.
func wallNanoseconds() -> Int64 {
    nanoseconds(CLOCK_REALTIME)
}

private func nanoseconds(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    unsafe clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

/// `2025-01-31T12:00:00.123Z`.
func wallTimestamp() -> String {
    let milliseconds = wallMilliseconds()
    let date = CivilDate(daysSince1970: milliseconds / 86_400_000)
    let seconds = milliseconds / 1000 % 86_400
    func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    return "\(date.year)-\(padded(date.month, 2))-\(padded(date.day, 2))"
        + "T\(padded(seconds / 3600, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))"
        + ".\(padded(milliseconds % 1000, 3))Z"
}

/// A day of the Gregorian calendar.
private struct CivilDate {
    let year: Int64
    let month: Int64
    let day: Int64

    /// Counts in years that begin in March, so that the leap day is the last one (H. Hinnant, "chrono-Compatible
    /// Low-Level Date Algorithms", civil_from_days), for days from 1970 on.
    init(daysSince1970 days: Int64) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }
}
