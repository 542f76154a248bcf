import Events

/// What the kernel's own table said of the rig's WebSocket clients, look by look.
struct ClientLooks {
    /// One look at both ends of every connection.
    struct Look {
        var instant: Instant
        /// Sockets of ours that nobody has closed.
        var open: Int64
        /// The system's ends that it has not closed.
        var held: Int64
        /// Octets that we have received and not read.
        var unread: Int64
        /// Octets that the system's ends have sent, and nobody has taken.
        var sendQueue: Int64
    }

    static let view = "clients"
    let all: [Look]

    init(_ timeline: Timeline) {
        let samples = timeline.samples[Self.view] ?? [:]
        var byInstant: [Instant: Look] = [:]
        for (point, key) in [
            ("open", \Look.open), ("held", \Look.held), ("unread", \Look.unread), ("send_queue", \Look.sendQueue),
        ] as [(String, WritableKeyPath<Look, Int64>)] {
            for sample in samples[point] ?? [] {
                let empty = Look(instant: sample.instant, open: 0, held: 0, unread: 0, sendQueue: 0)
                byInstant[sample.instant, default: empty][keyPath: key] = sample.content.reading?.integer ?? 0
            }
        }
        all = byInstant.values.sorted { $0.instant < $1.instant }
    }

    /// Those after `from`, up to `to`.
    func between(_ from: Instant, _ to: Instant) -> [Look] { all.filter { $0.instant > from && $0.instant <= to } }

    func last(before instant: Instant) -> Look? { all.last { $0.instant <= instant } }

    /// The longest time in which something waited in the send queue, and the queue never shrank; nil when there was none.
    static func standstill(_ looks: [Look]) -> (from: Instant, to: Instant)? {
        var longest: (from: Instant, to: Instant)?
        var since: Instant?
        var previous: Int64 = 0
        for look in looks {
            if look.sendQueue == 0 {
                since = nil
            } else if since == nil || look.sendQueue < previous {
                since = look.instant
            }
            previous = look.sendQueue
            guard let since else { continue }
            if longest.map({ look.instant - since > $0.to - $0.from }) ?? true { longest = (since, look.instant) }
        }
        return longest
    }
}
