import Events
import Platform
import Synchronization

/// Polls a time-series database for the newest value of each point with an instant query.
final class PromQLProbe: Probe {
    private let view: String
    private let port: UInt16
    private let path: String
    private let answer: PromQLAnswer
    private let interval: Instant.Span
    private let sink: EventSink
    private let thread = Mutex<ProbeThread?>(nil)

    /// - Parameter path: where instant queries are answered; may hold a query of its own already (`/api/v1/query?nocache=1`).
    init(
        view: String, port: UInt16, path: String, query: String, answer: PromQLAnswer, interval: Instant.Span,
        sink: @escaping EventSink
    ) {
        self.view = view
        self.port = port
        self.path = path + (path.contains("?") ? "&" : "?") + "query=" + Self.escaped(query)
        self.answer = answer
        self.interval = interval
        self.sink = sink
    }

    func start(network: Int32?) throws(SystemFailure) {
        let started = try ProbeThread("probe \(view)", network: network) { [self] thread in
            thread.pollState(of: view, port: port, every: interval, sink: sink) { client, deadline in
                read(&client, until: deadline)
            }
        }
        thread.withLock { $0 = started }
    }

    func stop() {
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        running?.stop()
    }

    private func read(_ client: inout HTTPClient, until deadline: Instant) -> Result<[String: [UInt8]], SystemFault> {
        do throws(HTTPFailure) {
            return answer.values(try client.request("GET", path, until: deadline))
        } catch {
            return .failure(SystemFault(error.description))
        }
    }

    /// As it may stand in the query of a URI (RFC 3986, 2.3: everything but the unreserved characters is escaped).
    static func escaped(_ text: String) -> String {
        var octets: [UInt8] = []
        for octet in text.utf8 {
            switch octet {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                octets.append(octet)
            default: octets += [UInt8(ascii: "%")] + Hex.text([octet]).utf8
            }
        }
        return String(decoding: octets, as: UTF8.self)
    }
}
