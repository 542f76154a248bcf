import Platform
import Relays
import Synchronization

/// Hands what boards answer from their threads to the keeper's, in the order in which each board gave it: a cut that was under way when the safe
/// state overtook it is told before the safe state.
final class BoardAnswers: Sendable {
    enum Answer: Sendable {
        case command(token: Int64, Result<Actuation, RelayFailure>)
        /// `board` is its place among the keeper's.
        case safe(request: Int64, board: Int, SafeState)
    }

    private let waiting = Mutex<[Answer]>([])
    private let wakeup: Wakeup

    init(_ wakeup: Wakeup) {
        self.wakeup = wakeup
    }

    func post(_ answer: Answer) {
        waiting.withLock { $0.append(answer) }
        wakeup.signal()
    }

    func take() -> [Answer] {
        waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
    }
}
