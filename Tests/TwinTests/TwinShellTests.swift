import Events
import Glibc
import KNX
import Platform
import Testing

@testable import Twin

@Suite(.serialized) struct TwinShellTests {
    @Test func aHostOnTheTerminalIsAnswered() throws {
        let twin = try TwinFixture()
        defer { twin.end() }
        let serial = try SerialLine.open(path: twin.path(), baudRate: 19_200, evenParity: true)
        try serial.descriptor.writeAll([0x01])
        #expect(try read(1, from: serial.descriptor) == [0x03])
        try serial.descriptor.writeAll(hostFrame(frame()))
        #expect(try read(10, from: serial.descriptor) == frame() + [0x8B])
        #expect(twin.frames.first?.acknowledge == 0xCC)
        #expect(twin.shell.punctuality.octets >= 11)
    }

    @Test func theLineKeepsItsPaceInRealTime() throws {
        let twin = try TwinFixture()
        defer { twin.end() }
        let octets = frame(source: 0x110A, data: [0x80, 0x0C, 0x1A], group: 0x3001)
        for _ in 0..<40 { twin.shell.send(octets, line: "main", device: "lamp") }
        #expect(twin.wait { twin.frames.count == 40 })
        let frames = twin.frames
        #expect(frames.allSatisfy { $0.octets == octets && $0.acknowledge == 0xCC })
        // Starts may be late on a busy machine, never early.
        let cycle = BusTiming.nanoseconds(bits: 220)
        for (before, after) in zip(frames, frames.dropFirst()) {
            #expect((after.began - before.began).nanoseconds >= cycle - 1)
            let span = BusTiming.nanoseconds(bits: Int64(BusTiming.frameBits(octets: 11)))
            #expect(abs((after.ended - after.began).nanoseconds - span) <= 1)
        }
    }

    @Test func unpluggingHangsUpAndPluggingInIsANewTerminalUnderTheSamePath() throws {
        let twin = try TwinFixture()
        defer { twin.end() }
        let feed = TwinConfiguration.Feed.interface(line: "main", chip: "sut")
        let serial = try SerialLine.open(path: twin.path(), baudRate: 19_200, evenParity: true)
        twin.shell.connect(feed, false)
        #expect(twin.wait { !Files.exists(twin.path()) })
        let readiness = Poll.wait([(serial.descriptor, .readable)], until: MonotonicClock.now() + .seconds(5))
        #expect(readiness[0].contains(.hangUp))
        let after = Result { () throws(SystemFailure) in try serial.descriptor.read(maximum: 1) }
        switch after {
        case .success(let octets): #expect(octets == [])
        case .failure(let failure): #expect(failure.code == EIO)
        }
        twin.shell.connect(feed, true)
        #expect(twin.wait { Files.exists(twin.path()) })
        let again = try SerialLine.open(path: twin.path(), baudRate: 19_200, evenParity: true)
        try again.descriptor.writeAll([0x01])
        #expect(try read(1, from: again.descriptor) == [0x03])
        let plugs = twin.records.compactMap { if case .plug(_, _, let isPlugged, _) = $0 { isPlugged } else { nil } }
        #expect(plugs == [false, true])
    }

    @Test func aHostThatDoesNotReadLosesOctetsAndNeverBlocks() throws {
        let directory = try TemporaryDirectory(prefix: "twin-")
        defer { directory.remove() }
        let path = directory.path + "/port"
        let place = HostConnection.Place.terminal(symlink: path)
        let port = HostPort(line: 0, chip: 0, place: place, connection: try HostConnection.open(place))
        defer { port.unplug() }
        var punctuality = Punctuality()
        // More than a terminal takes: some 64 KB.
        let now = MonotonicClock.now()
        for _ in 0..<100_000 { port.queue(0x55, due: now) }
        port.write(at: now, &punctuality)
        #expect(punctuality.droppedOctets > 0)
        #expect(punctuality.octets + punctuality.droppedOctets == 100_000)
        #expect(port.nextDue == nil)
    }

    @Test func whatNobodyReadIsNotThereForTheNextHost() throws {
        let twin = try TwinFixture()
        defer { twin.end() }
        for value in UInt8(0)..<5 {
            twin.shell.send(frame(source: 0x110A, data: [0x80, value], group: 0x3000), line: "main", device: "lamp")
        }
        #expect(twin.wait { twin.frames.count == 5 })
        // Not through a serial line's set-up, which throws away what it finds.
        let serial = unsafe Descriptor(owning: open(twin.path(), O_RDWR | O_NOCTTY | O_NONBLOCK))
        try serial.writeAll([0x01])
        MonotonicClock.sleep(for: .milliseconds(50))
        #expect(try read(2, from: serial, seconds: 1) == [0x03])
    }

    @Test func contactsCutAndConnectWhatTheyFeed() throws {
        let board = TwinConfiguration.Board(
            id: "relays", serial: "TWIN1", channels: 8,
            wiring: [
                .init(number: 1, feed: .supply(line: "main"), energisedMeansCut: true),
                .init(number: 2, feed: .interface(line: "main", chip: "sut"), energisedMeansCut: true),
                .init(number: 3, feed: .interface(line: "main", chip: "open"), energisedMeansCut: false),
            ])
        let twin = try TwinFixture(chips: ["sut", "open"], boards: [board])
        defer { twin.end() }
        #expect(Files.exists(twin.path("sut")))
        #expect(!Files.exists(twin.path("open")))
        let now = { MonotonicClock.now() }
        twin.shell.boardChanged(board: "relays", channel: 3, energised: true, at: now())
        #expect(twin.wait { Files.exists(twin.path("open")) })
        twin.shell.boardChanged(board: "relays", channel: 2, energised: true, at: now())
        #expect(twin.wait { !Files.exists(twin.path("sut")) })
        let cut = now()
        twin.shell.boardChanged(board: "relays", channel: 1, energised: true, at: cut)
        let falls = { (state: BusPower.State) in
            twin.records.contains { if case .line(_, .power("open", state, _)) = $0 { true } else { false } }
        }
        #expect(twin.wait { falls(.off) })
        twin.shell.boardChanged(board: "relays", channel: 1, energised: false, at: now())
        #expect(twin.wait { falls(.running) })
        #expect(twin.records.contains(.board("relays", channel: 1, isEnergised: true, at: cut)))
        // 0.9 ms of fall and 1.5 ms of debounce after the contact, however late the thread took the message.
        let saved = twin.records.compactMap { record -> Instant? in
            if case .line(_, .power("open", .saving, let instant)) = record { instant } else { nil }
        }
        #expect(saved.count == 1)
        #expect(saved.first.map { ($0 - cut).nanoseconds >= 2_400_000 } == true)
    }
}
