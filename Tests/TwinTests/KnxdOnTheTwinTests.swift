import Events
import Glibc
import KNX
import Platform
import Testing

@testable import Twin

/// The real daemon on the simulated chip: what the models are for.
@Suite(.serialized, .enabled(if: KnxdProcess.isInstalled), .timeLimit(.minutes(2))) struct KnxdOnTheTwinTests {
    private func soon(_ seconds: Int64 = 10) -> Instant { MonotonicClock.now() + .seconds(seconds) }

    /// A client of a knxd that has been heard to pass telegrams: its socket is there before its serial line is up.
    func clientOf(_ knxd: KnxdProcess, on twin: TwinFixture) throws -> KnxdGroupSocket {
        let client = try knxd.groupClient(until: soon())
        let deadline = soon()
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

    /// A telegram from the line reaches the client, and one of the client reaches the line.
    func exchange(_ twin: TwinFixture, _ client: KnxdGroupSocket, value: UInt8) throws {
        let before = twin.frames.count
        twin.shell.send(frame(source: 0x110A, data: [0x80, value], group: 0x3001), line: "main", device: "lamp")
        let telegram = try client.telegram(until: soon())
        #expect(telegram?.group == 0x3001)
        #expect(telegram?.data == [0x80, value])
        try client.write(0x3002, [0x80, value])
        let isThere = twin.wait {
            twin.frames.dropFirst(before).contains {
                $0.senders == ["sut"] && $0.octets[3...4] == [0x30, 0x02] && $0.octets.dropLast().last == value
                    && $0.acknowledge == 0xCC
            }
        }
        #expect(isThere, "the client's telegram \(value) is not on the line")
    }

    @Test(arguments: [false, true])
    func telegramsPassBothWays(single: Bool) throws {
        let twin = try TwinFixture()
        defer { twin.end() }
        let knxd = try KnxdProcess(device: twin.path(), single: single)
        defer { knxd.end() }
        let client = try clientOf(knxd, on: twin)
        for value in UInt8(1)...5 { try exchange(twin, client, value: value) }
        // A switching command comes back as the device's status.
        try client.write(0x0901, [0x81])
        let status = try client.telegram(until: soon())
        #expect(status?.group == 0x0902)
        #expect(status?.data == [0x81])
        // In no case was anything repeated, and everything from the line was acknowledged by somebody.
        #expect(twin.frames.allSatisfy { $0.octets[0] == 0xBC && $0.acknowledge == 0xCC })
        if single {
            // Only the chip itself can acknowledge a group that no device has.
            twin.shell.send(frame(source: 0x110A, data: [0x80, 9], group: 0x7001), line: "main", device: "lamp")
            #expect(twin.wait { twin.frames.last?.octets.starts(with: [0xBC, 0x11, 0x0A, 0x70]) == true })
            #expect(twin.frames.last?.acknowledge == 0xCC)
        }
    }

    @Test func aSecondKnxdStartsOnTheSameTerminal() throws {
        let twin = try TwinFixture()
        defer { twin.end() }
        for value in UInt8(1)...3 {
            let knxd = try KnxdProcess(device: twin.path())
            defer { knxd.end() }
            let client = try clientOf(knxd, on: twin)
            try exchange(twin, client, value: value)
        }
    }

    @Test func unpluggingEndsKnxd() throws {
        let twin = try TwinFixture()
        defer { twin.end() }
        let knxd = try KnxdProcess(device: twin.path())
        defer { knxd.end() }
        try exchange(twin, try clientOf(knxd, on: twin), value: 1)
        twin.shell.connect(.interface(line: "main", chip: "sut"), false)
        #expect(knxd.child.wait(until: soon()) == .status(1))
    }

    @Test func knxdSurvivesACutOfThreeSecondsAndLosesNothing() throws {
        let twin = try TwinFixture()
        defer { twin.end() }
        let knxd = try KnxdProcess(device: twin.path())
        defer { knxd.end() }
        let client = try clientOf(knxd, on: twin)
        try exchange(twin, client, value: 100)
        twin.shell.connect(.supply(line: "main"), false)
        MonotonicClock.sleep(for: .milliseconds(100))
        let cutFrames = twin.frames.count
        // Two telegrams per second while the line is dead.
        for value in UInt8(1)...6 {
            try client.write(0x3002, [0x80, value])
            MonotonicClock.sleep(for: .milliseconds(483))
        }
        #expect(twin.frames.count == cutFrames)
        twin.shell.connect(.supply(line: "main"), true)
        let values = { twin.frames.dropFirst(cutFrames).filter { $0.senders == ["sut"] }.map { $0.octets[8] } }
        #expect(twin.wait(seconds: 15) { values().count >= 6 })
        #expect(Array(values()) == Array(1...6))
        try exchange(twin, client, value: 101)
        #expect(knxd.child.wait(until: MonotonicClock.now()) == nil)
    }
}
