import Events
import Foundation
import Glibc
import Platform
import Synchronization

@testable import Systems

/// A server that takes one connection after the other, keeps each for as many requests as come, and answers as it is told to.
final class RequestServer: Sendable {
    struct Request: Sendable {
        var method: String
        var path: String
        /// By name in lower case.
        var headers: [String: String]
        var body: String
    }

    let port: UInt16
    private let taken = Mutex<[Request]>([])
    private let isStopping = Atomic(false)
    private let thread = Mutex<NamedThread?>(nil)

    var requests: [Request] { taken.withLock { $0 } }

    /// - Parameter answer: status and body, from the request and those before it.
    init(_ answer: @escaping @Sendable (Request, [Request]) -> (status: Int, body: String)) throws {
        Signals.ignorePipe()
        let (listener, port) = try Socket.listenTCP()
        self.port = port
        let started = NamedThread.start("server") { [self] in
            while !isStopping.load(ordering: .acquiring) {
                guard let client = try? Socket.accept(listener, until: MonotonicClock.now() + .milliseconds(50)) else {
                    continue
                }
                serve(client, answer)
            }
        }
        thread.withLock { $0 = started }
    }

    func stop() {
        isStopping.store(true, ordering: .releasing)
        thread.withLock { $0 }?.join()
    }

    private func serve(_ client: Descriptor, _ answer: (Request, [Request]) -> (status: Int, body: String)) {
        var octets: [UInt8] = []
        while !isStopping.load(ordering: .acquiring) {
            while let (request, length) = Self.request(octets) {
                octets.removeFirst(length)
                let before = requests
                taken.withLock { $0.append(request) }
                let (status, body) = answer(request, before)
                let text = "HTTP/1.1 \(status) X\r\nContent-Length: \(body.utf8.count)\r\n\r\n" + body
                try? client.writeAll(Array(text.utf8), until: MonotonicClock.now() + .seconds(5))
            }
            guard !Poll.wait([(client, .readable)], until: MonotonicClock.now() + .milliseconds(50))[0].isEmpty else {
                continue
            }
            guard let more = try? client.read(maximum: 65_536), !more.isEmpty else { return }
            octets += more
        }
    }

    /// The first whole request, and how long it is.
    private static func request(_ octets: [UInt8]) -> (Request, Int)? {
        let text = String(decoding: octets, as: UTF8.self)
        guard let end = text.range(of: "\r\n\r\n") else { return nil }
        let lines = text[..<end.lowerBound].split(separator: "\r\n")
        let words = lines[0].split(separator: " ")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = parts[1].drop { $0 == " " }.description
        }
        let head = text[..<end.upperBound].utf8.count
        let length = head + (headers["content-length"].flatMap { Int($0) } ?? 0)
        guard octets.count >= length else { return nil }
        let body = String(decoding: octets[head..<length], as: UTF8.self)
        return (Request(method: String(words[0]), path: String(words[1]), headers: headers, body: body), length)
    }
}
