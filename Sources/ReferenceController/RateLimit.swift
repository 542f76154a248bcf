/// So many in a second, with as many saved up: a bucket that fills by the clock. Used by one thread.
struct RateLimit {
    private let perSecond: Int64
    private var tokens: Int64
    private var filledAt: Int64

    /// - Parameter now: On the monotonic clock, nanoseconds, as in `take`.
    init(perSecond: Int64, at now: Int64) {
        self.perSecond = perSecond
        tokens = perSecond
        filledAt = now
    }

    /// Takes one; false when there is none.
    mutating func take(at now: Int64) -> Bool {
        let gained = (now - filledAt) * perSecond / 1_000_000_000
        if gained > 0 {
            tokens = min(perSecond, tokens + gained)
            filledAt = tokens == perSecond ? now : filledAt + gained * 1_000_000_000 / perSecond
        }
        guard tokens > 0 else { return false }
        tokens -= 1
        return true
    }
}
