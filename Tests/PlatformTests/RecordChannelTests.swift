import Events
import Glibc
import Platform
import Testing

@Suite struct RecordChannelTests {
    @Test func recordsArriveWholeAndInOrderAndTheEndIsSeen() throws {
        let (near, far) = try Socket.pair()
        let sender = RecordChannel(near)
        let receiver = RecordChannel(far)
        let writer = NamedThread.start("sender") {
            for number in 0..<200 {
                try? sender.send(["n": .integer(Int64(number)), "filler": .text(String(repeating: "x", count: 5000))])
            }
            near.close()
        }
        for number in 0..<200 {
            guard case .record(let value) = try receiver.receive(until: MonotonicClock.now() + .seconds(20)) else {
                Issue.record("record \(number) is missing")
                return
            }
            #expect(value["n"] == .integer(Int64(number)))
        }
        guard case .end = try receiver.receive() else {
            Issue.record("the end is missing")
            return
        }
        writer.join()
    }

    @Test func aDeadlineAndALineThatIsNoRecordAreToldApart() throws {
        let (near, far) = try Socket.pair()
        let receiver = RecordChannel(far)
        guard case .timeout = try receiver.receive(until: MonotonicClock.now() + .milliseconds(10)) else {
            Issue.record("a time-out was expected")
            return
        }
        try near.writeAll(Array("nonsense\n".utf8))
        #expect(throws: SystemFailure.self) { try receiver.receive() }
    }

    @Test func aLineThatDoesNotEndIsRefusedAtItsLimit() throws {
        let (near, far) = try Socket.pair()
        let receiver = RecordChannel(far, longestLine: 10)
        try near.writeAll(Array("[1,2,3,45]\n[1,2,3,45".utf8))
        #expect(try Self.record(receiver.take())?.list?.count == 4, "as long as it may be")
        #expect(try Self.record(receiver.take()) == nil)
        try near.writeAll(Array(",6".utf8))
        #expect(throws: SystemFailure("take", "so long a line from descriptor \(far.number)", code: EMSGSIZE)) {
            try receiver.take()
        }
        receiver.allow(longestLine: 20)
        try near.writeAll(Array("]\n".utf8))
        #expect(try Self.record(receiver.take())?.list?.count == 5)
    }

    @Test func takingReadsOnceAndWaitsForNothing() throws {
        let (near, far) = try Socket.pair()
        let receiver = RecordChannel(far)
        guard case .timeout = try receiver.take() else {
            Issue.record("nothing is here")
            return
        }
        try near.writeAll(Array("1\n2\n3".utf8))
        guard case .timeout = try receiver.take(reading: false) else {
            Issue.record("it was not to be read")
            return
        }
        #expect(!receiver.holdsRecord)
        #expect(try Self.record(receiver.take()) == 1)
        #expect(receiver.holdsRecord)
        #expect(try Self.record(receiver.take(reading: false)) == 2)
        #expect(!receiver.holdsRecord)
        guard case .timeout = try receiver.take(reading: false) else {
            Issue.record("half a line is none")
            return
        }
        try near.writeAll(Array("4\n".utf8))
        near.close()
        #expect(try Self.record(receiver.take()) == 34)
        guard case .end = try receiver.take() else {
            Issue.record("the end is missing")
            return
        }
    }

    private static func record(_ received: RecordChannel.Received) -> Value? {
        if case .record(let value) = received { value } else { nil }
    }

    @Test func aPublishedTerminalCarriesOctetsBothWaysAndHangsUpWhenUnplugged() throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-test-")
        defer { directory.remove() }
        let terminal = try PseudoTerminal()
        try terminal.publish(as: directory.path + "/tty")
        let line = try SerialLine.open(path: directory.path + "/tty", baudRate: 19_200, evenParity: true)
        try terminal.primary.writeAll([1, 2, 3])
        _ = Poll.wait([(line.descriptor, .readable)], until: MonotonicClock.now() + .seconds(5))
        #expect(try line.descriptor.read(maximum: 10) == [1, 2, 3])
        try line.descriptor.writeAll([0x80, 0x0A])
        _ = Poll.wait([(terminal.primary, .readable)], until: MonotonicClock.now() + .seconds(5))
        #expect(try terminal.primary.read(maximum: 10) == [0x80, 0x0A])
        terminal.unplug()
        let ready = Poll.wait([(line.descriptor, .readable)], until: MonotonicClock.now() + .seconds(5))
        #expect(ready[0].contains(.hangUp))
        #expect(!Files.exists(directory.path + "/tty"))
    }
}
