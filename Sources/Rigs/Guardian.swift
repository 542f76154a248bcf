import Events
public import Platform
import Relays

/// The keeper's keeper: a tiny process that does nothing until the keeper dies, and then commands the safe state in its place.
public enum Guardian {
    /// How long it tries to reach a board: the dead keeper's connection has to be noticed first.
    private static let patience = Instant.Span.seconds(5)

    /// - Parameter lifeline: to the keeper, which says `{"armed":true}` once its boards are its own, and `{"farewell":true}` when it ends in order.
    /// - Returns: 0 when the keeper said farewell or the safe state was confirmed, 3 when it could not be.
    public static func run(_ options: KeeperOptions, lifeline: RecordChannel) -> Int32 {
        guard let rig = try? Rig(path: options.rigFile), let journal = try? KeeperJournal(path: options.journal) else {
            return 2
        }
        var isArmed = false
        while case .record(let value)? = try? lifeline.receive() {
            if value["farewell"]?.bool == true { return 0 }
            isArmed = value["armed"]?.bool ?? isArmed
        }
        guard isArmed else { return 0 }
        journal.write("keeper_died", by: "guardian")
        var isSafe = true
        for board in rig.boards { isSafe = makeSafe(board, options, journal) && isSafe }
        return isSafe ? 0 : 3
    }

    private static func makeSafe(_ board: RigBoard, _ options: KeeperOptions, _ journal: KeeperJournal) -> Bool {
        let deadline = MonotonicClock.now() + patience
        var last = "no attempt was made"
        while MonotonicClock.now() < deadline {
            do {
                let opened = try options.access.open(board)
                defer { opened.close() }
                let commanded = MonotonicClock.now()
                let readback = try opened.setAllOff()
                journal.write(
                    "safe", by: "guardian", ("board", .text(board.id)), ("commanded", .integer(commanded.nanoseconds)),
                    ("observed", .integer(MonotonicClock.now().nanoseconds)), ("readback", .text(readback.rawValue)))
                if readback != .failed { return true }
                last = "the read-back failed"
            } catch {
                last = "\(error)"
            }
            MonotonicClock.sleep(for: .milliseconds(20))
        }
        journal.write("unsafe", by: "guardian", ("board", .text(board.id)), ("reason", .text(last)))
        RigLock.markUnsafe(
            "the keeper died and its guardian could not confirm the safe state: \(last)", board: board.lockName,
            directory: options.directory)
        return false
    }
}
