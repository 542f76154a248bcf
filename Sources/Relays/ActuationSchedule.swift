import Events

/// Which command is next, and when: commands wait for their due instant and for the channel's dwell, keep their order on one channel, and don't
/// hold up another channel while one settles. Owns no clock and no board.
struct ActuationSchedule {
    struct Request: Equatable {
        var id: Int
        var wiring: ChannelWiring
        var meaning: Meaning
        var due: Instant
    }

    enum Step: Equatable {
        /// Command it now. `heldBack` is how long its dwell kept it after its due instant.
        case command(Request, heldBack: Instant.Span)
        /// The contact has settled: the request is done.
        case settled(Int)
        /// Nothing to do until then; nil is until something is submitted.
        case wait(until: Instant?)
    }

    private var waiting: [Request] = []
    private var settling: [(id: Int, until: Instant)] = []
    /// What each channel is known to be in, and since when.
    private var known: [String: (meaning: Meaning, since: Instant)] = [:]

    /// Requests that are not done yet, oldest first.
    var open: [Int] { (settling.map(\.id) + waiting.map(\.id)).sorted() }

    mutating func submit(_ request: Request) {
        waiting.append(request)
    }

    /// Forgets all that is not done.
    mutating func clear() {
        waiting = []
        settling = []
    }

    /// Says what a channel was seen in. Only a change starts its dwell.
    mutating func saw(_ channel: String, in meaning: Meaning, at instant: Instant) {
        if known[channel]?.meaning != meaning { known[channel] = (meaning, instant) }
    }

    /// Says that the channels' states are not known any more.
    mutating func forgetStates() {
        known = [:]
    }

    /// Says that a request was commanded and read back: it settles from now on.
    mutating func commanded(_ request: Request, at instant: Instant) {
        settling.append((request.id, instant + .milliseconds(Int64(request.wiring.settleMilliseconds))))
    }

    mutating func next(at now: Instant) -> Step {
        if let index = settling.firstIndex(where: { $0.until <= now }) {
            return .settled(settling.remove(at: index).id)
        }
        var seen: Set<String> = []
        let firsts = waiting.indices.filter { seen.insert(waiting[$0].wiring.id).inserted }
        let settled = settling.map(\.until).min()
        guard let index = firsts.min(by: { start(of: waiting[$0]) < start(of: waiting[$1]) }) else {
            return .wait(until: settled)
        }
        let begin = start(of: waiting[index])
        guard begin <= now else { return .wait(until: min(begin, settled ?? begin)) }
        let request = waiting.remove(at: index)
        return .command(request, heldBack: begin - request.due)
    }

    /// The first instant at which its channel may be commanded.
    private func start(of request: Request) -> Instant {
        guard let known = known[request.wiring.id], known.meaning != request.meaning else { return request.due }
        let minimum = Instant.Span.milliseconds(Int64(request.wiring.minimumMilliseconds(in: known.meaning)))
        return max(request.due, known.since + minimum)
    }
}
