import Events
import Platform

/// Whether a database would take a write: sends one without rows.
enum WriteQuestion {
    static func answer(at end: LinkEnd, method: String, path: String, until deadline: Instant) -> String {
        guard let port = end.port else { return "refused" }
        var client = HTTPClient(port: port, from: LinkEnd.rigAddress)
        do throws(HTTPFailure) {
            let status = try client.request(method, path, body: [], until: deadline).status
            return (200...299).contains(status) ? "accepted" : "refused"
        } catch {
            return error == .noAnswerInTime ? "silent" : "refused"
        }
    }
}
