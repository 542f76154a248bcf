import Events
import Platform

/// Those who have connected to the keeper and not said hello yet. Nobody waits for them: what they send is taken when it is there, and who says
/// nothing is sent away.
struct Newcomers {
    struct Newcomer {
        var channel: RecordChannel
        var process: Int32
        var user: UInt32
        var groups: [UInt32] = []
        var patienceEnds: Instant
    }

    /// How long a newcomer may take over its first line.
    static let patience = Instant.Span.seconds(2)
    /// More than that at once is nobody who wants a rig.
    static let most = 16

    /// A hello is short.
    static let longestLine = 1 << 16

    private(set) var waiting: [Newcomer] = []

    var isFull: Bool { waiting.count >= Self.most }

    /// When the first of them is to be sent away.
    var nextDeadline: Instant? { waiting.map(\.patienceEnds).min() }

    mutating func add(
        _ channel: RecordChannel, process: Int32, user: UInt32, groups: [UInt32] = [], at instant: Instant
    ) {
        waiting.append(
            Newcomer(
                channel: channel, process: process, user: user, groups: groups,
                patienceEnds: instant + Self.patience))
    }

    /// Those whose first line is here, with what they said; nil for who said nothing sensible or nothing in time. They are newcomers no more.
    mutating func take(at instant: Instant) -> [(newcomer: Newcomer, hello: Value?)] {
        var taken: [(newcomer: Newcomer, hello: Value?)] = []
        var kept: [Newcomer] = []
        for newcomer in waiting {
            // What is here is taken and nothing waited for, whatever instant the caller names.
            switch try? newcomer.channel.take() {
            case .record(let value): taken.append((newcomer, value["hello"]))
            case .timeout where instant < newcomer.patienceEnds: kept.append(newcomer)
            case .timeout, nil: taken.append((newcomer, nil))
            // It went away by itself: nobody is left to be told anything.
            case .end: break
            }
        }
        waiting = kept
        return taken
    }
}
