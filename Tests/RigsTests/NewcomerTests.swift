import Events
import Glibc
import Platform
import Testing

@testable import Rigs

@Suite struct NewcomerTests {
    @Test func aSilentOneHoldsUpNobodyAndIsSentAwayInTheEnd() throws {
        var newcomers = Newcomers()
        let now = MonotonicClock.now()
        let (silent, keepersEnd) = try Socket.pair()
        newcomers.add(RecordChannel(keepersEnd), process: 1, user: 0, at: now)
        let (speaking, other) = try Socket.pair()
        newcomers.add(RecordChannel(other), process: 2, user: 0, at: now)
        #expect(newcomers.take(at: now).isEmpty)
        #expect(MonotonicClock.now() - now < .seconds(1))
        try RecordChannel(speaking).send(["hello": ["version": 1]])
        let taken = newcomers.take(at: now)
        #expect(taken.map(\.newcomer.process) == [2])
        #expect(taken.first?.hello?["version"]?.integer == 1)
        #expect(newcomers.nextDeadline == now + .seconds(2))
        // The deadline has passed by the argument alone.
        let late = newcomers.take(at: now + .seconds(2))
        #expect(late.map(\.newcomer.process) == [1])
        #expect(late.first?.hello == nil)
        #expect(newcomers.nextDeadline == nil)
        withExtendedLifetime(silent) {}
    }

    @Test(arguments: ["{\"beat\":1}\n", "no JSON\n", "\n", "[]\n", "\u{0}\u{ff}\n"])
    func nonsenseIsAnsweredAsNoHello(text: String) throws {
        var newcomers = Newcomers()
        let (near, far) = try Socket.pair()
        newcomers.add(RecordChannel(far), process: 1, user: 0, at: MonotonicClock.now())
        try near.writeAll(Array(text.utf8))
        let taken = newcomers.take(at: MonotonicClock.now())
        #expect(taken.count == 1)
        #expect(taken.first?.hello == nil)
        #expect(newcomers.waiting.isEmpty)
    }

    @Test func whoGoesAwayIsForgotten() throws {
        var newcomers = Newcomers()
        let (near, far) = try Socket.pair()
        newcomers.add(RecordChannel(far), process: 1, user: 0, at: MonotonicClock.now())
        near.close()
        #expect(newcomers.take(at: MonotonicClock.now()).isEmpty)
        #expect(newcomers.waiting.isEmpty)
    }

    @Test func halfALineIsWaitedFor() throws {
        var newcomers = Newcomers()
        let (near, far) = try Socket.pair()
        newcomers.add(RecordChannel(far), process: 1, user: 0, at: MonotonicClock.now())
        try near.writeAll(Array("{\"hello\":{\"ver".utf8))
        #expect(newcomers.take(at: MonotonicClock.now()).isEmpty)
        try near.writeAll(Array("sion\":1}}\n".utf8))
        #expect(newcomers.take(at: MonotonicClock.now()).first?.hello?["version"]?.integer == 1)
    }

    @Test func aLineWithoutAnEndIsReadPieceByPieceAndSentAway() throws {
        var newcomers = Newcomers()
        let (near, far) = try Socket.pair()
        let now = MonotonicClock.now()
        newcomers.add(RecordChannel(far, longestLine: Newcomers.longestLine), process: 1, user: 0, at: now)
        try near.setNonblocking(true)
        var sent = 0
        while case let count = try near.write([UInt8](repeating: 0x20, count: 1 << 12)), count > 0 { sent += count }
        try #require(sent > 2 * 65_536)
        #expect(newcomers.take(at: now).isEmpty)
        var left: Int32 = 0
        _ = unsafe ioctl(far.number, UInt(FIONREAD), &left)
        #expect(Int(left) == sent - (1 << 16), "it was read more than once")
        let taken = newcomers.take(at: now)
        #expect(taken.count == 1 && taken.first?.hello == nil, "its line is too long already")
    }
}
