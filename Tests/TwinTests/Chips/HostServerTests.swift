import Events
import Glibc
import KNX
import Platform
import Testing

@testable import Twin

/// A chip behind a TCP server instead of a terminal.
@Suite(.serialized, .timeLimit(.minutes(1))) struct HostServerTests {
    private func connect(_ twin: TwinFixture) throws -> Descriptor {
        try Socket.connectTCP(host: "127.0.0.1", port: twin.port(), until: MonotonicClock.now() + .seconds(5))
    }

    /// Whether the other side has closed the connection.
    private func isEnded(_ connection: Descriptor) -> Bool {
        guard !Poll.wait([(connection, .readable)], until: MonotonicClock.now() + .seconds(5))[0].isEmpty else {
            return false
        }
        let octets = Result { () throws(SystemFailure) in try connection.read(maximum: 1) }
        if case .success(let octets) = octets { return octets == [] }
        return true
    }

    @Test func aHostIsAnsweredAndNoSecondOneGetsIn() throws {
        let twin = try TwinFixture(overTCP: true)
        defer { twin.end() }
        #expect(twin.shell.attachments.isEmpty && !Files.exists(twin.path()))
        let host = try connect(twin)
        try host.writeAll([0x01])
        #expect(try read(1, from: host) == [0x03])
        let second = try connect(twin)
        #expect(isEnded(second))
        try host.writeAll(hostFrame(frame()))
        #expect(try read(10, from: host) == frame() + [0x8B])
    }

    @Test func aHostLeavesInTheMiddleOfAServiceAndTheNextBeginsAnew() throws {
        let twin = try TwinFixture(overTCP: true)
        defer { twin.end() }
        for _ in 0..<3 {
            let host = try connect(twin)
            try host.writeAll([0x01])
            #expect(try read(1, from: host) == [0x03])
            // A frame that is never finished: with its rest in the decoder the next reset would be one of its octets.
            try host.writeAll([0x80, 0xBC, 0x81])
            host.close()
            MonotonicClock.sleep(for: .milliseconds(20))
        }
    }

    @Test func unpluggedItRefusesAndPluggedInItIsAtTheSamePort() throws {
        let twin = try TwinFixture(overTCP: true)
        defer { twin.end() }
        let port = twin.port()
        let feed = TwinConfiguration.Feed.interface(line: "main", chip: "sut")
        let host = try connect(twin)
        twin.shell.connect(feed, false)
        #expect(isEnded(host))
        #expect(throws: SystemFailure.self) { try connect(twin) }
        twin.shell.connect(feed, true)
        var again: Descriptor?
        #expect(
            twin.wait {
                again = try? connect(twin)
                return again != nil
            })
        let found = try #require(again)
        try found.writeAll([0x01])
        #expect(try read(1, from: found) == [0x03])
        #expect(twin.port() == port)
    }
}
