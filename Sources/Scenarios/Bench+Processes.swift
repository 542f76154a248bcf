import Events
import Platform
import Synchronization
import Systems

/// What is done to processes and services of the system's, each with its actuation in the evidence.
extension Bench {
    /// Does something to a process of the system's and puts the actuation into the evidence.
    func act(
        _ action: ProcessAction, onProcess id: String, purpose: String, due: Instant
    ) throws(Interruption) -> Event.Actuation {
        let actuation = try withSystem { system throws(SystemFault) in
            try system.act(action, onProcess: id, purpose: purpose, due: due)
        }
        recorder.append(Event(at: actuation.commanded, source: "rig", .actuation(actuation)))
        guard actuation.readback != .failed else {
            throw .invalid(
                "\(actuation.target) did not follow '\(actuation.meaning)': \(actuation.reason ?? "no reason given")")
        }
        return actuation
    }

    var system: SystemUnderTest? { parts.withLock { $0.system } }

    /// Stops a service of the system's or lets it go on, and puts the actuation into the evidence.
    func act(
        _ action: ProcessAction, onService id: String, purpose: String, due: Instant
    ) throws(Interruption) -> Event.Actuation {
        let actuation = try withSystem { system throws(SystemFault) in
            system.watchClosely(true)
            return try system.act(action, onService: id, purpose: purpose, due: due)
        }
        recorder.append(Event(at: actuation.commanded, source: "rig", .actuation(actuation)))
        guard actuation.readback != .failed else {
            throw .invalid("\(id) did not follow '\(actuation.meaning)': \(actuation.reason ?? "no reason given")")
        }
        return actuation
    }

    /// Ends the system in order and starts it again, without waiting for it.
    func restartSystem(purpose: String) throws(Interruption) {
        let restart = try withSystem { system throws(SystemFault) in try system.restartSystem(purpose: purpose) }
        recorder.append(Event(at: restart.commanded, source: "rig", .actuation(restart)))
    }
}
