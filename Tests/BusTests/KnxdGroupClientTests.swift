import Bus
import Events
import KNX
import Platform
import Synchronization
import Testing

/// A real knxd without a line, for its socket.
private struct Daemon {
    let process: ChildProcess
    let directory: TemporaryDirectory
    var socket: String { directory.path + "/knxd.sock" }

    init(clients: Int) throws {
        directory = try TemporaryDirectory(prefix: "knxrig-knxd")
        let request = ChildProcess.Request(
            path: try #require(Program.find("knxd")),
            arguments: ["-e", "0.0.1", "-E", "0.0.2:\(clients)", "-u", directory.path + "/knxd.sock", "-b", "dummy:"])
        process = try ChildProcess.spawn(request)
        let path = socket
        guard eventually({ Files.exists(path) }) else { throw SystemFailure("start", "knxd", code: 0) }
    }

    /// A client, as soon as knxd listens: the socket's path is there a moment before.
    func client(
        received: @escaping @Sendable (KnxdGroupClient.Telegram) -> Void = { _ in },
        ended: @escaping @Sendable () -> Void = {}
    ) throws -> KnxdGroupClient {
        var client: KnxdGroupClient?
        _ = eventually {
            client = try? KnxdGroupClient(.unix(path: socket), received: received, ended: ended)
            return client != nil
        }
        return try #require(client)
    }

    func stop() {
        process.send(signal: 9)
        _ = process.wait()
        directory.remove()
    }
}

@Suite(.serialized, .enabled(if: Program.find("knxd") != nil)) struct KnxdGroupClientTests {
    private final class Inbox: Sendable {
        private let state = Mutex<(telegrams: [KnxdGroupClient.Telegram], ends: Int)>(([], 0))
        var telegrams: [KnxdGroupClient.Telegram] { state.withLock { $0.telegrams } }
        var ends: Int { state.withLock { $0.ends } }
        func receive(_ telegram: KnxdGroupClient.Telegram) { state.withLock { $0.telegrams.append(telegram) } }
        func end() { state.withLock { $0.ends += 1 } }
    }

    init() {
        // As every program of the rig does: a knxd that closes while we write is an error of the write, not the end of us.
        Signals.ignorePipe()
    }

    @Test func telegramsGoFromClientToClientUntilTheDaemonEnds() throws {
        let daemon = try Daemon(clients: 8)
        let inboxes = [Inbox(), Inbox()]
        let clients = try inboxes.map { inbox in
            try daemon.client(received: { inbox.receive($0) }, ended: { inbox.end() })
        }
        let services: [GroupService] = (0..<200).map { .write(.octets([0x0C, $0])) }
        for service in services { try clients[0].send(service, to: GroupAddress(raw: 0x0901)) }
        try clients[1].send(.read, to: GroupAddress(raw: 0x0902))
        try clients[1].send(.response(.small(5)), to: GroupAddress(raw: 0x0902))
        #expect(eventually { inboxes[1].telegrams.count == 200 && inboxes[0].telegrams.count == 2 })
        #expect(inboxes[1].telegrams.map(\.service) == services)
        #expect(inboxes[0].telegrams.map(\.service) == [.read, .response(.small(5))])
        #expect(inboxes[0].telegrams.map(\.group.raw) == [0x0902, 0x0902])
        clients[0].close()
        daemon.stop()
        #expect(eventually { inboxes[1].ends == 1 })
        #expect(inboxes[0].ends == 0)
        clients[1].close()
    }

    @Test func aDaemonWithoutClientAddressesIsTold() throws {
        let daemon = try Daemon(clients: 1)
        defer { daemon.stop() }
        let server = KnxdGroupClient.Server.unix(path: daemon.socket)
        let first = try daemon.client()
        #expect {
            _ = try KnxdGroupClient(server, received: { _ in })
        } throws: { error in
            "\(error)".contains("no client address left")
        }
        first.close()
    }

    @Test func whatIsNoKnxdIsTold() throws {
        let (listener, port) = try Socket.listenTCP()
        #expect {
            _ = try KnxdGroupClient(
                .tcp(host: "127.0.0.1", port: port), timeout: .milliseconds(200), received: { _ in })
        } throws: { error in
            "\(error)".contains("did not answer as knxd does")
        }
        listener.close()
        #expect {
            _ = try KnxdGroupClient(.unix(path: "/nonexistent/knxd"), received: { _ in })
        } throws: { error in
            "\(error)".contains("/nonexistent/knxd")
        }
    }
}
