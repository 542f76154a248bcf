import Events
import Glibc
import Platform

/// What can be done to a process of the system's own.
public enum ProcessAction: String, Sendable {
    case kill, stop, `continue`

    var signal: Int32 {
        switch self {
        case .kill: SIGKILL
        case .stop: SIGSTOP
        case .continue: SIGCONT
        }
    }

    /// Whether a process whose state /proc shows as `state` (nil: it is gone) has obeyed.
    func isObeyed(_ state: String?) -> Bool {
        switch self {
        case .kill: state == nil || state == "Z" || state == "X"
        case .stop: state == nil || state == "T"
        case .continue: state != "T"
        }
    }
}

/// A signal to a process of the system's own, from outside, with the kernel's word that it has had its effect.
struct ProcessSignal {
    /// How long an effect may take: a signal acts when the process is scheduled next.
    private static let patience = Instant.Span.seconds(2)

    let host: Host
    let role: SystemProfile.ProcessRole

    /// Every process of this role below the host. The kernel keeps 15 octets of a name.
    private var processes: [ProcessEntry] {
        guard let name = role.command.map({ String($0.prefix(15)) }) else { return [] }
        return ProcessTable.descendants(of: host.pid).filter { $0.command == name }
    }

    /// Sends at `due` and waits until all have obeyed.
    func send(_ action: ProcessAction, purpose: String, due: Instant) -> Event.Actuation {
        MonotonicClock.sleep(until: due)
        return Self.send(action, to: processes, named: role.id, purpose: purpose, due: due)
    }

    static func send(
        _ action: ProcessAction, to target: [ProcessEntry], named id: String, purpose: String, due: Instant
    ) -> Event.Actuation {
        MonotonicClock.sleep(until: due)
        let commanded = MonotonicClock.now()
        for process in target { kill(process.pid, action.signal) }
        var observed: Instant?
        let deadline = commanded + Self.patience
        while observed == nil, !target.isEmpty, MonotonicClock.now() < deadline {
            if target.allSatisfy({ action.isObeyed(ProcessTable.state(of: $0.pid)) }) {
                observed = MonotonicClock.now()
            } else {
                MonotonicClock.sleep(for: .microseconds(500))
            }
        }
        return Event.Actuation(
            target: "process:\(id)", meaning: action.rawValue, purpose: purpose, due: due, commanded: commanded,
            observed: observed, readback: observed == nil ? .failed : .confirmed,
            reason: target.isEmpty
                ? "there is no process \(id) on the host"
                : observed == nil ? "\(id) did not obey within 2 s" : nil)
    }
}
