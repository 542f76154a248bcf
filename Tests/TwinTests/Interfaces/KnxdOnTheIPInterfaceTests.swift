import Events
import Glibc
import KNX
import Platform
import Testing

@testable import Twin

/// The real daemon on a tunnel of the simulated interface.
@Suite(.serialized, .enabled(if: KnxdProcess.isInstalled), .timeLimit(.minutes(3))) struct KnxdOnTheIPInterfaceTests {
    private func soon(_ seconds: Int64 = 10) -> Instant { MonotonicClock.now() + .seconds(seconds) }

    /// A client of a knxd that has been heard to pass telegrams: its socket is there before its tunnel is.
    private func clientOf(_ knxd: KnxdProcess, on twin: TwinFixture) throws -> KnxdGroupSocket {
        let client = try knxd.groupClient(until: soon())
        let deadline = soon(20)
        var isUp = false
        while !isUp, MonotonicClock.now() < deadline {
            twin.shell.send(frame(source: 0x110A, group: 0x3003), line: "main", device: "lamp")
            isUp = try client.telegram(until: MonotonicClock.now() + .milliseconds(300)) != nil
        }
        #expect(isUp, "knxd passes nothing from the line")
        // Probes that came late.
        while try client.telegram(until: MonotonicClock.now() + .milliseconds(100)) != nil {}
        return client
    }

    /// A telegram from the line reaches the client, and one of the client reaches the line and is acknowledged there.
    private func exchange(_ twin: TwinFixture, _ client: KnxdGroupSocket, value: UInt8, seconds: Int64 = 10) throws {
        twin.shell.send(frame(source: 0x110A, data: [0x80, value], group: 0x3001), line: "main", device: "lamp")
        var isHeard = false
        let deadline = soon(seconds)
        while !isHeard, let telegram = try client.telegram(until: deadline) {
            isHeard = telegram.group == 0x3001 && telegram.data == [0x80, value]
        }
        #expect(isHeard, "the line's telegram \(value) does not reach the client")
        try client.write(0x3002, [0x80, value])
        let isThere = twin.wait(seconds: seconds) {
            twin.frames.contains {
                $0.senders == ["ip"] && $0.octets[3...4] == [0x30, 0x02] && $0.octets.dropLast().last == value
                    && $0.acknowledge == 0xCC
            }
        }
        #expect(isThere, "the client's telegram \(value) is not on the line")
    }

    @Test func telegramsPassBothWaysAndReadsAreAnswered() throws {
        let twin = try TwinFixture { _ in }
        defer { twin.end() }
        let knxd = try KnxdProcess(tunnel: twin.port)
        defer { knxd.end() }
        let client = try clientOf(knxd, on: twin)
        for value in UInt8(1)...5 { try exchange(twin, client, value: value) }
        // A switching command comes back as the device's status, and a read as its response.
        try client.write(0x0901, [0x81])
        var status = try client.telegram(until: soon())
        #expect(status?.group == 0x0902 && status?.data == [0x81])
        try client.write(0x0902, [0x00])
        status = try client.telegram(until: soon())
        #expect(status?.group == 0x0902 && status?.data == [0x41])
        // Nothing was repeated, and everything was acknowledged, by the interface too.
        #expect(twin.frames.allSatisfy { $0.octets[0] == 0xBC && $0.acknowledge == 0xCC })
        twin.shell.send(frame(source: 0x110A, data: [0x80, 9], group: 0x7001), line: "main", device: "lamp")
        #expect(twin.wait { twin.frames.last?.octets.starts(with: [0xBC, 0x11, 0x0A, 0x70]) == true })
        #expect(twin.frames.last?.acknowledge == 0xCC)
    }

    /// As through a router that translates addresses: `iptn:`.
    @Test func itIsServedThroughAddressTranslation() throws {
        let twin = try TwinFixture { _ in }
        defer { twin.end() }
        let knxd = try KnxdProcess(backend: "iptn:127.0.0.1:\(twin.port)")
        defer { knxd.end() }
        try exchange(twin, try clientOf(knxd, on: twin), value: 1)
    }

    /// knxd 0.14.54 sends a telegram again after 1 s and ends, with status 1, when that is not acknowledged either (measured: 2.1 s after the first
    /// telegram, 5.0 s when more follow): a service manager must start it again, and then it finds a tunnel.
    @Test func aSilentInterfaceEndsKnxdAndTheNextOneWorks() throws {
        let twin = try TwinFixture { _ in }
        defer { twin.end() }
        let first = try KnxdProcess(tunnel: twin.port)
        defer { first.end() }
        let client = try clientOf(first, on: twin)
        try exchange(twin, client, value: 100)
        twin.disturb { $0.isSilent = true }
        let begin = MonotonicClock.now()
        try client.write(0x3002, [0x80, 1])
        #expect(first.child.wait(until: soon(15)) == .status(1))
        #expect(MonotonicClock.now() - begin > .milliseconds(1_900))
        twin.disturb { _ in }
        // The interface still holds the tunnel of the dead one, and has others.
        let second = try KnxdProcess(tunnel: twin.port)
        defer { second.end() }
        try exchange(twin, try clientOf(second, on: twin), value: 101)
        #expect(twin.ofInterface.map(\.value) == [100, 101])
    }

    /// Telegrams for a dead line are confirmed with an error. knxd 0.14.54 takes that for an end and sends none of them again.
    @Test func knxdSurvivesALineWithoutVoltageAndItsTelegramsDoNot() throws {
        let twin = try TwinFixture { _ in }
        defer { twin.end() }
        let knxd = try KnxdProcess(tunnel: twin.port)
        defer { knxd.end() }
        let client = try clientOf(knxd, on: twin)
        try exchange(twin, client, value: 100)
        twin.shell.connect(.supply(line: "main"), false)
        MonotonicClock.sleep(for: .milliseconds(100))
        for value in UInt8(1)...4 {
            try client.write(0x3002, [0x80, value])
            MonotonicClock.sleep(for: .milliseconds(500))
        }
        twin.shell.connect(.supply(line: "main"), true)
        MonotonicClock.sleep(for: .milliseconds(1_000))
        #expect(twin.ofInterface.map(\.value) == [100])
        try exchange(twin, client, value: 101)
        #expect(knxd.child.wait(until: MonotonicClock.now()) == nil)
    }
}
