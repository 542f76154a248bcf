import Events
import Platform
import Systems

/// What a run does with WebSocket clients of its own.
extension Bench {
    /// The target of what is done with them.
    static let clientsTarget = "clients:websocket"

    /// Opens clients that read everything.
    ///
    /// - Parameter withSmallBuffer: the kernel keeps as little for them as it can.
    func openClients(_ count: Int, withSmallBuffer: Bool) throws(Interruption) {
        let clients = try clients
        do throws(SystemFault) {
            try clients.open(count, receiveBuffer: withSmallBuffer ? 1 : nil)
        } catch {
            throw .invalid("the rig's own WebSocket clients: \(error)")
        }
    }

    var clients: WebSocketClients {
        get throws(Interruption) {
            guard let clients = system?.clients else { throw .error("the system profile has no view of a WebSocket") }
            return clients
        }
    }

    /// What was done with them, as an actuation; the kernel's table is what proves it.
    func recordClients(_ meaning: String, purpose: String, from: Instant, to: Instant) {
        record(
            Event.Actuation(
                target: Self.clientsTarget, meaning: meaning, purpose: purpose, due: from, commanded: from,
                observed: to, readback: .assumed))
    }
}
