public import Events
import Glibc
import Platform
import Relays
import Synchronization

/// What came of commanding one board of a rig to its safe state by hand.
public struct BoardSafety: Hashable, Sendable {
    /// As the rig file calls it.
    public var board: String
    /// Which one it was; nil when it could not be opened.
    public var identity: String?
    public var readback: Event.Actuation.Readback
    /// From the first attempt to open it to the read-back.
    public var nanoseconds: Int64
    /// Why it is not confirmed, and what to do.
    public var reason: String?
    /// What each channel's circuit is in with its coil off.
    public var channels: [(id: String, meaning: String)] {
        wiring.map { ($0.id, $0.meaning(energised: false).rawValue) }
    }
    private let wiring: [ChannelWiring]

    init(_ board: RigBoard) {
        self.board = board.id
        readback = .failed
        nanoseconds = 0
        wiring = board.channels.map(\.channelWiring)
    }

    /// For people: one line.
    public var text: String {
        let took = nanoseconds / 1_000_000
        guard readback != .failed else { return "\(board): not safe: \(reason ?? "it can't be told")" }
        let states = channels.map { "\($0.id) \($0.meaning)" }.joined(separator: ", ")
        return "\(board): all coils off (\(readback.rawValue), \(took) ms): \(states) [\(identity ?? "")]"
    }

    /// For programs.
    public var value: Value {
        [
            "board": .text(board), "identity": identity.map { .text($0) } ?? .null,
            "readback": .text(readback.rawValue),
            "milliseconds": .integer(nanoseconds / 1_000_000), "reason": reason.map { .text($0) } ?? .null,
            "channels": .list(channels.map { ["id": .text($0.id), "is": .text($0.meaning)] }),
        ]
    }
}

extension Rig {
    /// How long a board is tried for.
    private static let patience = Instant.Span.seconds(5)

    /// Commands all boards of this rig to the safe state, without a keeper, all at once: one that does not answer must not keep the others cut. A board that a
    /// keeper has is left to it, since its end is the safe state too.
    ///
    /// - Parameter holder: who is named to others that want a board meanwhile.
    public func commandSafeState(_ access: BoardAccess, holder: String) -> [BoardSafety] {
        let outcomes = Mutex<[Int: BoardSafety]>([:])
        let threads = boards.enumerated().map { index, board in
            NamedThread.start("safe \(board.id)") {
                let outcome = Self.makeSafe(board, access, holder)
                outcomes.withLock { $0[index] = outcome }
            }
        }
        for thread in threads { thread.join() }
        return outcomes.withLock { outcomes in boards.indices.compactMap { outcomes[$0] } }
    }

    private static func makeSafe(_ board: RigBoard, _ access: BoardAccess, _ holder: String) -> BoardSafety {
        var outcome = BoardSafety(board)
        let began = MonotonicClock.now()
        repeat {
            do {
                let opened = try access.open(board)
                defer { opened.close() }
                outcome.identity = "\(opened.identity)"
                let locks = try RigLock.ofBoard(opened.identity, holder: holder)
                outcome.readback = try withExtendedLifetime(locks) { try opened.setAllOff() }
                try? opened.disarmDeadMan()
                outcome.nanoseconds = (MonotonicClock.now() - began).nanoseconds
                outcome.reason = nil
                return outcome
            } catch let refusal as RigLock.Refusal {
                // The same for as long as its run lasts.
                outcome.reason = "\(refusal); the end of that one, by Ctrl-C or by a kill, commands the safe state"
                return outcome
            } catch {
                outcome.reason = "\(error)"
            }
            MonotonicClock.sleep(for: .milliseconds(20))
        } while MonotonicClock.now() - began < patience
        return outcome
    }
}
