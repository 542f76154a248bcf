import Catalogue
import Events
import Platform
import Synchronization
import Systems

/// A fault and its heal replaced by nothing, with their timing: what a null run makes. The witnesses of the fault look all the same, since a
/// witness that sees one now is an alarm.
final class NullFault: Fault {
    private let action: Scenario.Action
    private let clients: Int
    private let duration: Instant.Span
    private let phase: Instant.Span
    private let beginning = Mutex<Instant?>(nil)

    /// - Parameter clients: that the fault would have been made with, where it acts on clients.
    init(action: Scenario.Action, clients: Int, duration: Instant.Span, phase: Instant.Span) {
        self.action = action
        self.clients = clients
        self.duration = duration
        self.phase = phase
    }

    var announcement: String { "null run: doing nothing, where '\(action.rawValue)' would be" }
    var healing: String { "null run: healing nothing" }
    var lineIsAlive: Bool { true }

    func inject(_ bench: Bench) throws(Interruption) {
        switch action {
        case .cutInterface: try bench.watchInterface()
        case .lockDatabase, .startLocked: try bench.watchWrites(.locked)
        case .fillDisk: try bench.watchWrites(.full)
        case .stallResolver: try bench.watchNames()
        case .floodHistory: try bench.watchHistory()
        case .resetClients, .silenceClients, .stopReading:
            try bench.openClients(clients, withSmallBuffer: action == .stopReading)
        default: break
        }
        try bench.sleep(until: MonotonicClock.now() + .milliseconds(100) + phase)
        beginning.withLock { $0 = MonotonicClock.now() }
    }

    func heal(_ bench: Bench) throws(Interruption) {
        try bench.sleep(until: healDue(bench))
        if action.actsOnClients { try bench.clients.close() }
    }

    func began(_ bench: Bench) -> Instant {
        beginning.withLock { beginning in
            let instant = beginning ?? MonotonicClock.now()
            beginning = instant
            return instant
        }
    }

    func healDue(_ bench: Bench) -> Instant { began(bench) + duration }
}
