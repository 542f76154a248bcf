import Events
import Platform

/// Something that is asked of the system over HTTP, told twice: when it is asked, and what came of it.
struct HTTPOperation {
    var method: String
    var path: String
    var body: [UInt8]?
    var withinNanoseconds: Int64
    /// Statuses that say that it was done.
    var success: [Int]
    /// Its name, id and object; the outcome is filled in.
    var told: Event.Operation
    /// The source of both events.
    var source: String

    /// Asks, waits for the answer and tells both. A request that never left is `failed`; one whose answer is missing is `unknown`: it may have been done.
    func perform(port: UInt16, session: Session?, sink: EventSink) {
        var operation = told
        sink(Event(at: MonotonicClock.now(), source: source, .operation(operation)))
        var client = HTTPClient(port: port, session: session)
        do throws(HTTPFailure) {
            let deadline = MonotonicClock.now() + Instant.Span(nanoseconds: withinNanoseconds)
            let response = try client.request(method, path, body: body, until: deadline)
            operation.status = Int64(response.status)
            operation.action = success.contains(response.status) ? .ok : .failed
            if operation.action == .failed {
                operation.detail = String(decoding: response.body.prefix(200), as: UTF8.self)
            }
        } catch {
            if case .noConnection = error { operation.action = .failed } else { operation.action = .unknown }
            operation.detail = error.description
        }
        sink(Event(at: MonotonicClock.now(), source: source, .operation(operation)))
    }
}
