import Events
import Glibc
import Platform

/// Whether a client would get through to an MQTT broker: connects, sends CONNECT (MQTT 3.1.1), waits for CONNACK.
enum BrokerQuestion {
    /// Fixed header, `MQTT` level 4, clean session, keep-alive 10 s, client id `knxrig-gate`.
    private static let connect: [UInt8] =
        [0x10, 23, 0, 4] + Array("MQTT".utf8) + [4, 2, 0, 10, 0, 11] + Array("knxrig-gate".utf8)
    private static let disconnect: [UInt8] = [0xE0, 0]

    static func answer(at end: LinkEnd, until deadline: Instant) -> String {
        do throws(SystemFailure) {
            let socket = try end.connect(asRig: true, until: deadline)
            try socket.writeAll(connect, until: deadline)
            var received: [UInt8] = []
            while received.count < 4 {
                guard let octets = try socket.read(maximum: 64) else {
                    if Poll.wait([(socket, .readable)], until: deadline)[0].isEmpty { return "silent" }
                    continue
                }
                if octets.isEmpty { return "refused" }
                received += octets
            }
            guard received.starts(with: [0x20, 2]), received[3] == 0 else { return "refused" }
            try? socket.writeAll(disconnect, until: deadline)
            return "accepted"
        } catch {
            return error.code == ETIMEDOUT ? "silent" : "refused"
        }
    }
}
