import Events
import Glibc
import Platform

/// As much of a USB/IP client as switches a relay of the first board, octet by octet from the protocol (version 1.1.1).
final class USBIPClient {
    private let socket: Descriptor
    private var sequence: UInt32 = 0

    /// Imports bus id 1-1.
    init(port: UInt16) throws {
        let deadline = MonotonicClock.now() + .seconds(5)
        socket = try Socket.connectTCP(host: "127.0.0.1", port: port, until: deadline)
        let busID = Array("1-1".utf8) + [UInt8](repeating: 0, count: 29)
        try socket.writeAll([0x01, 0x11, 0x80, 0x03, 0, 0, 0, 0] + busID, until: deadline)
        let reply = try read(320, from: socket)
        guard reply.count == 320, reply[4..<8] == [0, 0, 0, 0] else {
            throw SystemFailure("import", "bus id 1-1", code: ENODEV)
        }
    }

    /// SET_REPORT with `ff` or `fd` and the channel.
    func set(channel: UInt8, energised: Bool) throws {
        sequence += 1
        let words: [UInt32] = [1, sequence, 0x0001_0002, 0, 0, 0, 8, 0, 0xFFFF_FFFF, 0]
        let header = words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * $0)) } }
        let setup: [UInt8] = [0x21, 0x09, 0x00, 0x03, 0x00, 0x00, 0x08, 0x00]
        let report: [UInt8] = [energised ? 0xFF : 0xFD, channel, 0, 0, 0, 0, 0, 0]
        try socket.writeAll(header + setup + report, until: MonotonicClock.now() + .seconds(5))
        let reply = try read(48, from: socket)
        guard reply.count == 48, reply[20..<24] == [0, 0, 0, 0] else {
            throw SystemFailure("switch", "channel \(channel)", code: EPIPE)
        }
    }

    func close() { socket.close() }
}
