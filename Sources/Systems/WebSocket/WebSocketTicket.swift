import Documents
import Events
import Platform

/// How a client comes by the word that opens a WebSocket once: by a request that bears the token of the session.
struct WebSocketTicket: Sendable {
    let request: ViewSource.WebSocket.Ticket
    /// Of the WebSocket, with `${ticket}` in it.
    let path: Template
    let port: UInt16
    let substitution: Substitution
    let session: Session?

    /// Asks for a ticket, on the thread and in the network of whoever opens the WebSocket.
    ///
    /// - Returns: the path to open, with the ticket in it.
    /// - Throws: in one line why there is no ticket.
    func path(until deadline: Instant) throws -> String {
        var client = HTTPClient(port: port, session: session)
        let answer = try client.request(
            request.method, try request.path.filled(by: substitution),
            body: try request.body.map { body in Array(try body.filled(by: substitution).utf8) }, until: deadline)
        guard request.done.contains(answer.status) else {
            throw WebSocketFailure.refused("the request for a ticket is answered with status \(answer.status)")
        }
        guard let ticket = (try? JSON.parse(answer.body))?.at(pointer: request.at)?.text, !ticket.isEmpty else {
            throw WebSocketFailure.refused("the answer to the request for a ticket has no text at \(request.at)")
        }
        var filled = substitution
        filled["ticket"] = ticket
        return try path.filled(by: filled)
    }
}
