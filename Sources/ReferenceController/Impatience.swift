import Synchronization

/// What a controller does that takes the time-out of a read for the end of the connection: once telegrams have come in a steady stream, the first silence ends its
/// reading, and it does not notice.
final class Impatience: Sendable {
    private struct Stream {
        var latest: Int64?
        var steady = 0
        var isOver = false
    }

    private static let silence: Int64 = 600_000_000
    /// A stream is steady after so many telegrams, each within half of that time.
    private static let enough = 20

    private let stream = Mutex(Stream())

    /// Takes the instant of a telegram, in nanoseconds.
    /// - Returns: Whether nobody reads any more.
    func isOver(at now: Int64) -> Bool {
        stream.withLock { stream in
            if let latest = stream.latest {
                if stream.steady >= Self.enough, now - latest > Self.silence { stream.isOver = true }
                stream.steady = now - latest > Self.silence / 2 ? 0 : stream.steady + 1
            }
            stream.latest = now
            return stream.isOver
        }
    }
}
