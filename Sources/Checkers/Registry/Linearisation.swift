import Events

/// What something is that answers requests one after the other: the state between two of them.
protocol SequentialModel: Hashable, Sendable {
    /// A request with its answer.
    associatedtype Act: Sendable

    /// The states that this one may become by a request that was answered so; none when it could not have been.
    func after(_ act: Act) -> [Self]
}

/// Requests to one thing by several clients, and whether some order explains what they were answered: each took effect at one moment between its being asked and
/// its being answered. One that was never answered may have taken effect at any moment since it was asked, or never.
///
/// Requests are taken as they were asked and answered (Lowe, Testing for linearizability, 2017). At each answer the states are kept that an order can have come to
/// in which the answered one has taken effect; those that are still open are put before it only where that is needed. The cost grows with what is asked at once,
/// and not with the length of the history.
struct Linearisation<Model: SequentialModel> {
    struct Request: Sendable {
        var act: Model.Act
        var asked: Instant
        /// nil: never.
        var answered: Instant?
    }

    enum Result {
        /// What it can have come to.
        case explained(Set<Model>)
        /// No order explains the answer to this one; before it was asked or at its answer it can have been any of these.
        case unexplained(request: Int, before: Set<Model>)
        /// Too much was asked at once.
        case undecided
    }

    private struct Path: Hashable {
        var state: Model
        /// Of the open requests, those that have taken effect.
        var done: Set<Int>
    }

    /// More ways than these at one moment are not followed.
    static var greatestWays: Int { 20_000 }

    static func explain(_ requests: [Request], from state: Model) -> Result {
        // At one instant what is asked comes before what is answered: which was first nobody can know.
        let moments = requests.indices.flatMap { index in
            [(instant: requests[index].asked, isAnswer: false, index: index)]
                + (requests[index].answered.map { [(instant: $0, isAnswer: true, index: index)] } ?? [])
        }.sorted { ($0.instant, $0.isAnswer ? 1 : 0, $0.index) < ($1.instant, $1.isAnswer ? 1 : 0, $1.index) }
        var paths: Set<Path> = [Path(state: state, done: [])]
        var open: [Int] = []
        for moment in moments {
            guard moment.isAnswer else {
                open.append(moment.index)
                continue
            }
            guard let reached = reach(moment.index, open, requests, from: paths) else { return .undecided }
            guard !reached.isEmpty else {
                return .unexplained(request: moment.index, before: Set(paths.map(\.state)))
            }
            open.removeAll { $0 == moment.index }
            paths = reached
        }
        guard let ends = reach(nil, open, requests, from: paths) else { return .undecided }
        return .explained(Set(ends.map(\.state)))
    }

    /// The paths on which a request has taken effect, forgotten as an open one; with nil all that can be reached. Nil when they are too many.
    private static func reach(_ wanted: Int?, _ open: [Int], _ requests: [Request], from paths: Set<Path>) -> Set<Path>?
    {
        var reached: Set<Path> = []
        var seen = paths
        var pending = Array(paths)
        while let path = pending.popLast() {
            if let wanted, path.done.contains(wanted) {
                reached.insert(Path(state: path.state, done: path.done.subtracting([wanted])))
                continue
            }
            if wanted == nil { reached.insert(path) }
            for index in open where !path.done.contains(index) {
                for state in path.state.after(requests[index].act) {
                    let next = Path(state: state, done: path.done.union([index]))
                    if seen.insert(next).inserted { pending.append(next) }
                }
            }
            guard seen.count <= greatestWays else { return nil }
        }
        return reached
    }
}
