import Events
import Platform
import Testing

@testable import Twin

@Suite struct HostPortTests {
    /// What the host finds after it wrote `octets`, with two octets that it had not read yet.
    private func unreadAfter(_ octets: [UInt8]) throws -> [UInt8] {
        let directory = try TemporaryDirectory(prefix: "knxrig-test-")
        defer { directory.remove() }
        let symlink = directory.path + "/tty"
        let port = HostPort(line: 0, chip: 0, symlink: symlink, connection: try HostTerminal(symlink: symlink))
        defer { port.unplug() }
        let host = try SerialLine.open(path: symlink, baudRate: 19_200, evenParity: true)
        let now = MonotonicClock.now()
        for octet in [0xBC, 0x11] as [UInt8] { port.queue(octet, due: now) }
        var punctuality = Punctuality()
        port.write(at: now, &punctuality)
        _ = Poll.wait([(host.descriptor, .readable)], until: now + .seconds(5))
        try host.descriptor.writeAll(octets)
        let primary = try #require(port.descriptor)
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
}
