import Events
import Platform
import Synchronization
import Testing
import USB

@testable import Twin

/// The server over a real socket, with the test as its virtual machine.
@Suite(.timeLimit(.minutes(1))) struct USBRedirServerTests {
    private final class Guest {
        private let socket: Descriptor
        private var decoder = USBRedir.Decoder(own: .device, from: .host)

        init(_ path: String?) throws {
            socket = try Socket.connectUnix(path: try #require(path), until: MonotonicClock.now() + .seconds(5))
        }

        func send(_ bodies: USBRedir.Body..., id: UInt64 = 1) throws {
            for body in bodies {
                let agreed: USBRedir.Capabilities = if case .hello = body { [] } else { .device }
                try socket.writeAll(USBRedir.Message(id: id, body).octets(agreed))
            }
        }

        /// The next message; nil when the server has closed.
        func next() throws -> USBRedir.Body? {
            while true {
                if let message = try decoder.next() { return message.body }
                let ready = Poll.wait([(socket, .readable)], until: MonotonicClock.now() + .seconds(10))
                try #require(!ready[0].isEmpty, "nothing came for ten seconds")
                guard let octets = try socket.read(maximum: 4_096), !octets.isEmpty else { return nil }
                decoder.feed(octets)
            }
        }

        func types(_ count: Int) throws -> [UInt32] {
            try (0..<count).compactMap { _ in try next()?.type }
        }

        func close() {
            socket.close()
        }
    }

    private final class Changes: Sendable {
        let list = Mutex<[String]>([])
    }

    @Test func boardsAreSwitchedUnpluggedAndServedToOneHostAtATime() throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-test-")
        defer { directory.remove() }
        let changes = Changes()
        let server = try USBRedirServer(
            directory: directory.path,
            devices: [("here", DcttechBoard(channelCount: 2)), ("away", DcttechBoard(channelCount: 4))],
            unplugged: ["away"]
        ) { board, channel, isEnergised, _ in
            changes.list.withLock { $0.append("\(board) \(channel) \(isEnergised)") }
        }
        defer { server.stop() }
        #expect(server.socket(of: "nowhere") == nil)

        let guest = try Guest(server.socket(of: "here"))
        try guest.send(.hello(version: "test", .device))
        #expect(try guest.types(4) == [0, 4, 5, 1])
        let set = SetupPacket(requestType: 0x21, request: 9, value: 0x0300, index: 0, length: 8)
        try guest.send(.control(set, endpoint: 0, .success, data: [0xFF, 2, 0, 0, 0, 0, 0, 0]))
        #expect(try guest.next() == .control(set, endpoint: 0, .success, data: []))
        #expect(server.contacts(of: "here") == [false, true])

        let second = try Guest(server.socket(of: "here"))
        #expect(try second.next() == nil, "a device has one host")
        server.unplug("here")
        #expect(try guest.next() == .disconnect)
        server.plug("here")
        #expect(try guest.types(3) == [4, 5, 1])
        #expect(changes.list.withLock { $0 } == ["here 2 true", "here 2 false"])

        // A board that drops off by itself comes back with its plug.
        server.withModel(of: "here", as: DcttechBoard.self) { $0.faults.vanishesAfterCommands = 1 }
        try guest.send(.control(set, endpoint: 0, .success, data: [0xFF, 1, 0, 0, 0, 0, 0, 0]))
        #expect(try guest.next() == .disconnect)
        server.plug("here")
        #expect(try guest.types(3) == [4, 5, 1])

        let other = try Guest(server.socket(of: "away"))
        try other.send(.hello(version: "test", .device))
        #expect(try other.types(1) == [0])
        server.plug("away")
        #expect(try other.types(3) == [4, 5, 1])

        // Nonsense ends the connection, and the next host is welcome.
        try guest.send(.hello(version: "again", .device))
        #expect(try guest.next() == nil)
        let third = try Guest(server.socket(of: "here"))
        try third.send(.hello(version: "test", .device))
        #expect(try third.types(4) == [0, 4, 5, 1])
        for guest in [guest, second, third, other] { guest.close() }
    }
}
