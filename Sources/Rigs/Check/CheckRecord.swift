import Events
import Platform

/// What a check leaves beside a board's lock: which channels cut what they are declared to, so that one that stops doing so is told from one that
/// never did. It clears or sets the mark of an unsafe rig too.
public struct CheckRecord: Sendable {
    private let places: BoardPlaces

    /// - Parameter places: where locks, marks and wear counters are.
    public init(_ places: BoardPlaces) {
        self.places = places
    }

    /// Boards of a rig that are marked unsafe, with the reasons.
    public func marks(_ rig: Rig) -> [(board: String, reason: String)] {
        rig.boards.compactMap { board in
            places.mark(board: board.lockName).map { (board.id, $0.reason) }
        }
    }

    /// What each channel of a rig has cut at its last good check, by the channel's id.
    public func followed(_ rig: Rig) -> [String: String] {
        var followed: [String: String] = [:]
        for board in rig.boards {
            guard let octets = try? Files.read(path(board)), let list = try? JSON.parse(octets)["channels"]?.list
            else { continue }
            for channel in list {
                guard let id = channel["id"]?.text, let feeds = channel["feeds"]?.text else { continue }
                followed[id] = feeds
            }
        }
        return followed
    }

    /// What was decided about a board's mark.
    public enum Decision: Sendable, Hashable {
        /// A mark was there, and everything followed.
        case cleared
        /// A contact did not do what it is declared to.
        case marked(reason: String)
        /// A mark stays, since not everything was checked.
        case kept
        /// Everything followed, and a mark stays that is not this user's to take away.
        case foreign(mark: String)
        /// There was none, and none is needed.
        case none
    }

    /// Decides about each board once its keeper is gone: good findings on all its channels clear a mark, a wrong one sets it.
    ///
    /// - Throws: when another program has taken a board meanwhile.
    public func settle(
        _ rig: Rig, _ findings: WiringFindings, holder: String
    ) throws(RigLock.Refusal) -> [(board: String, decision: Decision)] {
        var decisions: [(board: String, decision: Decision)] = []
        for board in rig.boards {
            let lock = try RigLock(
                places, board: board.lockName, holder: holder, waitingForGuardian: true, evenUnsafe: true)
            let own = findings.channels.filter { $0.board == board.id }
            let wasMarked = places.mark(board: board.lockName) != nil
            let good = own.filter { $0.kind == .good }.map(\.channel)
            if let wrong = own.first(where: { $0.kind == .wrong }) {
                lock.markUnsafe(wrong.sentence)
                decisions.append((board.id, .marked(reason: wrong.sentence)))
            } else if Set(good) == Set(board.channels.map(\.id)) {
                let left = wasMarked ? lock.clearMark() : nil
                decisions.append((board.id, left.map(Decision.foreign) ?? (wasMarked ? .cleared : .none)))
            } else {
                decisions.append((board.id, wasMarked ? .kept : .none))
            }
            remember(board, board.channels.filter { good.contains($0.id) })
            withExtendedLifetime(lock) {}
        }
        return decisions
    }

    /// Channels that were not good now keep what is known of them.
    private func remember(_ board: RigBoard, _ channels: [RigChannel]) {
        var known: [(id: String, feeds: String)] = []
        if let octets = try? Files.read(path(board)), let list = try? JSON.parse(octets)["channels"]?.list {
            known = list.compactMap { entry in
                guard let id = entry["id"]?.text, let feeds = entry["feeds"]?.text else { return nil }
                return (id, feeds)
            }
        }
        known.removeAll { entry in channels.contains { $0.id == entry.id } }
        known += channels.map { ($0.id, $0.feeds) }
        let value: Value = [
            "schema": "knxrig/checked/1",
            "channels": .list(known.map { ["id": .text($0.id), "feeds": .text($0.feeds)] }),
        ]
        try? Files.write(Array((JSON.text(value) + "\n").utf8), to: path(board))
    }

    private func path(_ board: RigBoard) -> String { "\(places.directory)/\(RigLock.fileName(board.lockName)).checked" }
}
