/// Asks points for their values, paced so that the line stays usable, and asks those again that did not answer.
///
/// Pure: instants are arguments, in nanoseconds of one clock.
struct ReadOut {
    private struct Request {
        let group: GroupAddress
        var sent = 0
        var due: Int64
    }

    static let gapNanoseconds: Int64 = 60_000_000
    static let patienceNanoseconds: Int64 = 1_000_000_000
    /// One read and three repetitions.
    static let greatestAttempts = 4

    private var requests: [Request]
    private var nextSend: Int64
    private(set) var answered = 0
    private(set) var unanswered = 0

    /// - Parameter groups: Asked in this order.
    init(_ groups: [GroupAddress], at now: Int64) {
        requests = groups.map { Request(group: $0, due: now) }
        nextSend = now
    }

    var isFinished: Bool { requests.isEmpty }

    /// When `next(at:)` has something to do; nil when it is finished.
    var due: Int64? {
        requests.map(\.due).min().map { max($0, nextSend) }
    }

    /// The group to send a read to now, if any. To be called whenever it is due.
    mutating func next(at now: Int64) -> GroupAddress? {
        let given = requests.count
        requests.removeAll { $0.sent == Self.greatestAttempts && $0.due <= now }
        unanswered += given - requests.count
        guard now >= nextSend,
            let index = requests.indices.filter({ requests[$0].due <= now }).min(by: { earlier($0, $1) })
        else { return nil }
        requests[index].sent += 1
        requests[index].due = now + Self.patienceNanoseconds
        nextSend = now + Self.gapNanoseconds
        return requests[index].group
    }

    private func earlier(_ left: Int, _ right: Int) -> Bool {
        requests[left].due < requests[right].due
    }

    /// A value arrived, as an answer or by itself: either tells the present state.
    mutating func received(_ group: GroupAddress) {
        guard let index = requests.firstIndex(where: { $0.group == group }) else { return }
        requests.remove(at: index)
        answered += 1
    }
}
