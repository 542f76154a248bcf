import Events
import Glibc
public import Platform
import Relays
import Synchronization

/// The keeper's keeper: a tiny process that does nothing until the keeper dies, and then commands the safe state in its place.
public enum Guardian {
    /// How long it tries to reach a board: the dead keeper's connection has to be noticed first.
    private static let patience = Instant.Span.seconds(5)

    /// - Parameter lifeline: to the keeper, which says `{"armed":HOLDER}`, its name in the locks, once its boards are its own, and `{"farewell":true}` when it ends in order. Answered with `{"armed":true}`.
    /// - Returns: 0 when the keeper said farewell or the safe state was confirmed, 3 when it could not be.
    public static func run(_ options: KeeperOptions, lifeline: RecordChannel) -> Int32 {
        guard let rig = try? Rig(path: options.rigFile), let journal = try? KeeperJournal(path: options.journal) else {
            return 2
        }
        var armedBy: String?
        while case .record(let value)? = try? lifeline.receive() {
            if value["farewell"]?.bool == true { return 0 }
            guard let holder = value["armed"]?.text else { continue }
            armedBy = holder
            // The keeper offers nothing and cuts nothing before it hears this.
            try? lifeline.send(["armed": true])
        }
        guard let keeper = armedBy else { return 0 }
        journal.write("keeper_died", by: "guardian")
        // All boards at once: one that does not answer must not keep the others cut.
        let isSafe = Atomic(true)
        let threads = rig.boards.map { board in
            NamedThread.start("guard \(board.id)") {
                if !makeSafe(board, after: keeper, options, journal) { isSafe.store(false, ordering: .releasing) }
            }
        }
        for thread in threads { thread.join() }
        return isSafe.load(ordering: .acquiring) ? 0 : 3
    }

    private enum Claim {
        case taken(RigLock)
        /// There is no having the lock, which is no reason to leave something cut.
        case without
        /// Another keeper has the board, and commands the safe state before anything else.
        case leftTo(String)
    }

    /// Takes the lock of the dead keeper's board, so that no new keeper and this guardian disturb each other. In doubt it does without.
    private static func claim(_ board: RigBoard, after keeper: String, _ options: KeeperOptions) -> Claim {
        let began = MonotonicClock.now()
        while true {
            do {
                return .taken(
                    try RigLock(
                        options.places(of: board), board: board.lockName,
                        holder: "\(RigLock.guardian), process \(getpid())", evenUnsafe: true))
            } catch .held(_, let holder) {
                let waited = MonotonicClock.now() - began
                // The system may take back a dead keeper's lock a moment after its lifeline.
                let isAnotherKeeper = holder.hasPrefix(RigLock.keeper) && holder != keeper
                if !isAnotherKeeper, waited > .milliseconds(50) { return .without }
                // A keeper that cannot open the board lets go of it again without having made it safe.
                if waited > patience { return .leftTo(holder) }
                MonotonicClock.sleep(for: .milliseconds(2))
            } catch {
                return .without
            }
        }
    }

    private static func makeSafe(
        _ board: RigBoard, after keeper: String, _ options: KeeperOptions, _ journal: KeeperJournal
    ) -> Bool {
        let claim = claim(board, after: keeper, options)
        if case .leftTo(let holder) = claim {
            journal.write("left_to", by: "guardian", ("board", .text(board.id)), ("holder", .text(holder)))
            return true
        }
        defer { withExtendedLifetime(claim) {} }
        let deadline = MonotonicClock.now() + patience
        var last = "no attempt was made"
        while MonotonicClock.now() < deadline {
            do {
                let opened = try options.access.open(board)
                defer { opened.close() }
                let commanded = MonotonicClock.now()
                let readback = try opened.setAllOff()
                // The dead keeper's: who comes next may want the relays to stay.
                try? opened.disarmDeadMan()
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
        options.places(of: board).setMark(
            "the keeper died and its guardian could not confirm the safe state: \(last)", board: board.lockName)
        return false
    }
}
