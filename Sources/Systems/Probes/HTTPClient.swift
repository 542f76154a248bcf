import Events
import Glibc
import Platform

/// A small HTTP/1.1 client for 127.0.0.1 in the network of its thread: one request at a time, every one with a deadline. Its own, because
/// a rig must know refused from silent from cut off, and must not wait a moment longer than it says.
///
/// Used by one thread.
struct HTTPClient {
    let port: UInt16
    /// Keeps the connection for the next request; one that turns out stale is made anew once, for requests that change nothing.
    let keepsAlive: Bool
    /// The address that requests come from; nil for any.
    let source: String?
    /// Where the system wants to know who asks.
    let session: Session?
    private var kept: Descriptor?

    init(port: UInt16, keepsAlive: Bool = false, from source: String? = nil, session: Session? = nil) {
        self.port = port
        self.keepsAlive = keepsAlive
        self.source = source
        self.session = session
    }

    /// Sends a request and returns the answer.
    mutating func request(
        _ method: String, _ path: String, body: [UInt8]? = nil, until deadline: Instant
    ) throws(HTTPFailure) -> HTTPResponse {
        let octets = message(method, path, body)
        let idle = kept
        kept = nil
        if let idle, isQuiet(idle) {
            var hasBegun = false
            do throws(HTTPFailure) {
                return try exchange(octets, on: idle, until: deadline, &hasBegun)
            } catch {
                guard !hasBegun, method == "GET", error != .noAnswerInTime else { throw error }
            }
        }
        idle?.close()
        let connection: Descriptor
        do throws(SystemFailure) {
            connection = try Socket.connectTCP(host: "127.0.0.1", port: port, from: source, until: deadline)
        } catch {
            throw .noConnection(error.description)
        }
        var hasBegun = false
        return try exchange(octets, on: connection, until: deadline, &hasBegun)
    }

    /// False when the server has ended the connection since, or said something that nobody asked for (a 408, before it closes): that must not
    /// pass for the answer to the next request.
    private func isQuiet(_ connection: Descriptor) -> Bool {
        Poll.wait([(connection, .readable)], until: MonotonicClock.now())[0].isEmpty
    }

    private func message(_ method: String, _ path: String, _ body: [UInt8]?) -> [UInt8] {
        var head = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nAccept: application/json\r\n"
        if let token = session?.token { head += "Authorization: Bearer \(token)\r\n" }
        head += "Connection: \(keepsAlive ? "keep-alive" : "close")\r\n"
        if let body { head += "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n" }
        // One write: a head and a body sent apart meet the peer's delayed acknowledgement.
        return Array((head + "\r\n").utf8) + (body ?? [])
    }

    private mutating func exchange(
        _ octets: [UInt8], on connection: Descriptor, until deadline: Instant, _ hasBegun: inout Bool
    ) throws(HTTPFailure) -> HTTPResponse {
        do throws(SystemFailure) { try connection.writeAll(octets, until: deadline) } catch {
            throw error.code == ETIMEDOUT ? .noAnswerInTime : .cutOff
        }
        var parser = HTTPResponseParser()
        while true {
            let received: [UInt8]?
            do throws(SystemFailure) { received = try connection.read(maximum: 65_536) } catch { throw .cutOff }
            guard let received else {
                if Poll.wait([(connection, .readable)], until: deadline)[0].isEmpty { throw .noAnswerInTime }
                continue
            }
            if received.isEmpty { return try parser.end() }
            hasBegun = true
            guard let response = try parser.feed(received) else {
                // A server that drips octets for ever is no answer either.
                if MonotonicClock.now() > deadline { throw .noAnswerInTime }
                continue
            }
            if keepsAlive, response.headers["connection"]?.lowercased() != "close" { kept = connection }
            return response
        }
    }
}
