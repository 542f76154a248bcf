import Events
import Glibc
import Platform
import Synchronization
import Testing

@testable import Systems

/// Attempts to connect, as the kernel's segments show them.
@Suite struct ConnectionAttemptTests {
    /// IPv4 without options from 127.0.0.1 to 127.0.0.1, TCP from port 0xC9A2 to 0x0753 (1875).
    private static func packet(flags: UInt8) -> [UInt8] {
        [0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1]
            + [0xC9, 0xA2, 0x07, 0x53, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, flags, 0xFF, 0xFF, 0, 0, 0, 0]
    }

    @Test func aSegmentThatAsksForAConnectionIsOne() {
        let attempt = ConnectionAttempt(packet: Self.packet(flags: 0x02))
        #expect(attempt?.port == 1875 && attempt?.source == "127.0.0.1")
        #expect(ConnectionAttempt(packet: Self.packet(flags: 0xC2)) != nil, "with congestion notification")
    }

    @Test func anythingElseIsNone() {
        for flags: UInt8 in [0x12, 0x10, 0x04, 0x18, 0x00] {
            #expect(ConnectionAttempt(packet: Self.packet(flags: flags)) == nil)
        }
        let good = Self.packet(flags: 0x02)
        for length in 0..<34 { #expect(ConnectionAttempt(packet: Array(good.prefix(length))) == nil) }
        for (index, octet) in [(0, UInt8(0x65)), (0, 0x44), (0, 0x4F), (9, 17)] {
            var wrong = good
            wrong[index] = octet
            #expect(ConnectionAttempt(packet: wrong) == nil)
        }
    }

    /// The options of an IPv4 header move what follows.
    @Test func aLongerHeaderIsReadToo() {
        var packet = Self.packet(flags: 0x02)
        packet[0] = 0x46
        packet.insert(contentsOf: [1, 1, 1, 1], at: 20)
        #expect(ConnectionAttempt(packet: packet)?.port == 1875)
    }

    /// A real connect that the kernel refuses; the rig's own address does not count.
    @Test func whatTheKernelRefusesIsSeen() throws {
        let port = try Socket.listenTCP().port
        let events = Mutex<[Event]>([])
        let witness = try ConnectionWitness(
            gate: "gate", port: port, network: getpid(), sink: { event in events.withLock { $0.append(event) } })
        func readings() -> [String] { events.withLock { $0 }.compactMap(\.said) }
        let deadline = MonotonicClock.now() + .seconds(5)
        while readings().isEmpty, MonotonicClock.now() < deadline { MonotonicClock.sleep(for: .milliseconds(5)) }
        guard readings() == ["seen"] else {
            witness.stop()
            #expect(readings().first?.hasPrefix("not seen: ") == true, "\(readings())")
            return
        }
        for source in ["127.0.0.1", LinkEnd.rigAddress, "127.0.0.1"] {
            _ = try? Socket.connectTCP(
                host: "127.0.0.1", port: port, from: source, until: MonotonicClock.now() + .seconds(1))
        }
        while readings().count < 3, MonotonicClock.now() < deadline { MonotonicClock.sleep(for: .milliseconds(5)) }
        witness.stop()
        #expect(readings() == ["seen", "gate refused", "gate refused"])
    }
}

extension Event {
    fileprivate var said: String? {
        switch payload {
        case .sample(let sample): sample.reading?.text
        case .link(let link): "\(link.link) \(link.change.rawValue)"
        default: nil
        }
    }
}
