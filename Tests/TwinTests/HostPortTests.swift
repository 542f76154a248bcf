import Events
import Platform
import Testing

@testable import Twin

@Suite struct HostPortTests {
    private static func terminal(_ symlink: String) throws -> HostPort {
        let place = HostConnection.Place.terminal(symlink: symlink)
        return HostPort(line: 0, chip: 0, place: place, connection: try HostConnection.open(place))
    }

    /// What the host finds after it wrote `octets`, with two octets that it had not read yet.
    private func unreadAfter(_ octets: [UInt8]) throws -> [UInt8] {
        let directory = try TemporaryDirectory(prefix: "knxrig-test-")
        defer { directory.remove() }
        let symlink = directory.path + "/tty"
        let port = try Self.terminal(symlink)
        defer { port.unplug() }
        let host = try SerialLine.open(path: symlink, baudRate: 19_200, evenParity: true)
        let now = MonotonicClock.now()
        for octet in [0xBC, 0x11] as [UInt8] { port.queue(octet, due: now) }
        var punctuality = Punctuality()
        port.write(at: now, &punctuality)
        _ = Poll.wait([(host.descriptor, .readable)], until: now + .seconds(5))
        try host.descriptor.writeAll(octets)
        let primary = try #require(port.watched.first)
        _ = Poll.wait([(primary, .readable)], until: now + .seconds(5))
        #expect(port.read() == octets)
        return try host.descriptor.read(maximum: 16) ?? []
    }

    @Test func aDataOctetThatLooksLikeAResetThrowsNothingAway() throws {
        #expect(try unreadAfter([0x80, 0xBC, 0x81, 0x01, 0x82, 0x01]) == [0xBC, 0x11])
    }

    @Test func aResetThrowsAwayWhatNobodyHasRead() throws {
        #expect(try unreadAfter([0x01]) == [])
    }

    @Test func aHostThatNeverReadsLosesOctetsAndHoldsNothingUp() throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-test-")
        defer { directory.remove() }
        let symlink = directory.path + "/tty"
        let port = try Self.terminal(symlink)
        defer { port.unplug() }
        let host = try SerialLine.open(path: symlink, baudRate: 19_200, evenParity: true)
        let began = MonotonicClock.now()
        var punctuality = Punctuality()
        // A quarter of a million octets: ten times what a terminal of Linux holds, and more than two minutes of a full serial line.
        let count = 250_000
        for number in 0..<count {
            port.queue(UInt8(number & 0xFF), due: began)
            if number % 100 == 99 { port.write(at: began, &punctuality) }
        }
        #expect(MonotonicClock.now() - began < .seconds(30), "the port waited for a host that does not read")
        #expect(port.nextDue == nil)
        #expect(punctuality.droppedOctets > count / 2 && punctuality.octets > 1_000)
        #expect(punctuality.octets + punctuality.droppedOctets == count)
        // What it has is what came first, to the last octet; an overrun loses what comes.
        var held: [UInt8] = []
        while held.count < punctuality.octets,
            !Poll.wait([(host.descriptor, .readable)], until: MonotonicClock.now() + .seconds(5))[0].isEmpty
        {
            held += try host.descriptor.read(maximum: 65_536) ?? []
        }
        #expect(held == (0..<punctuality.octets).map { UInt8($0 & 0xFF) })
        // And it reads again: nothing of the past stands in the way.
        port.queue(0xA5, due: began)
        port.write(at: began, &punctuality)
        _ = Poll.wait([(host.descriptor, .readable)], until: MonotonicClock.now() + .seconds(5))
        #expect(try host.descriptor.read(maximum: 16) == [0xA5])
    }
}
