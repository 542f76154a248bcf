import Events
import Evidence
import Synchronization

/// Where everything that observes hands its events: into the evidence of the run that is being made. Observers stay from run to run of a chain, evidence
/// does not; what is seen between two runs is kept for the next.
final class Recorder: Sendable {
    private struct State {
        var journal: Journal?
        var waiting: [Event] = []
    }

    private let state = Mutex(State())

    /// From now on events go there; with nil they wait.
    func record(into journal: Journal?) {
        state.withLock { state in
            state.journal = journal
            guard let journal else { return }
            for event in state.waiting { journal.append(event) }
            state.waiting = []
        }
    }

    func append(_ event: Event) {
        state.withLock { state in
            if let journal = state.journal {
                journal.append(event)
            } else {
                state.waiting.append(event)
            }
        }
    }

    var sink: EventSink { { [self] in append($0) } }
}
