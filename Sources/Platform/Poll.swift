import CPlatform
public import Events
import Glibc

/// What a descriptor is ready for.
public struct Readiness: OptionSet, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    public static let readable = Readiness(rawValue: 1)
    public static let writable = Readiness(rawValue: 2)
    /// The other side is gone, or the descriptor is in error. Reported whether asked for or not.
    public static let hangUp = Readiness(rawValue: 4)
    /// The other side sends no more. Reported when asked for, whatever is still to be read.
    public static let ended = Readiness(rawValue: 8)
}

/// Waiting for several descriptors at once until an absolute instant.
public enum Poll {
    /// Waits until one of `wanted` is ready or `deadline` is there (nil: for ever). Returns what each is ready for, in the same order; all empty
    /// when the time is up.
    public static func wait(_ wanted: [(descriptor: Descriptor, for: Readiness)], until deadline: Instant?)
        -> [Readiness]
    {
        var polls = wanted.map { entry in
            pollfd(
                fd: entry.descriptor.number,
                events: (entry.for.contains(.readable) ? Int16(POLLIN) : 0)
                    | (entry.for.contains(.writable) ? Int16(POLLOUT) : 0)
                    | (entry.for.contains(.ended) ? platform_poll_ended : 0),
                revents: 0)
        }
        while true {
            let result: Int32
            if let deadline {
                var rest = timespec(nanoseconds: deadline.nanoseconds - MonotonicClock.now().nanoseconds)
                result = unsafe platform_ppoll(&polls, UInt(polls.count), &rest)
            } else {
                result = unsafe platform_ppoll(&polls, UInt(polls.count), nil)
            }
            if result < 0 && errno == EINTR { continue }
            return polls.map { poll in
                var readiness: Readiness = []
                if poll.revents & Int16(POLLIN) != 0 { readiness.insert(.readable) }
                if poll.revents & Int16(POLLOUT) != 0 { readiness.insert(.writable) }
                if poll.revents & platform_poll_ended != 0 { readiness.insert(.ended) }
                if poll.revents & Int16(POLLHUP | POLLERR | POLLNVAL) != 0 { readiness.insert(.hangUp) }
                return readiness
            }
        }
    }
}
