import Events
import Glibc
import KNX
import Platform
import Testing

@testable import Twin

/// Device reads by a client of the real knxd, which does its transport itself: knxd's own management is compiled out in Debian (its knxtool says so).
@Suite(.serialized, .enabled(if: KnxdProcess.isInstalled), .timeLimit(.minutes(2))) struct ManagementThroughKnxdTests {
    /// TPDUs of one device through knxd's T_TPDU socket: type 0024 opens it, 0025 carries an address and a TPDU.
    private final class Client {
        private let descriptor: Descriptor
        private let address: UInt16
        private var received: [UInt8] = []

        init(_ knxd: KnxdProcess, to address: UInt16, until deadline: Instant) throws {
            self.address = address
            while true {
                if let connected = try? Socket.connectUnix(path: knxd.socket, until: deadline) {
                    descriptor = connected
                    break
                }
                guard MonotonicClock.now() < deadline else {
                    throw SystemFailure("reach", knxd.socket, code: ETIMEDOUT)
                }
                MonotonicClock.sleep(for: .milliseconds(20))
            }
            try write([0x00, 0x24, 0x00, 0x00, 0x00])
            guard try message(until: deadline)?.starts(with: [0x00, 0x24]) == true else {
                throw SystemFailure("open", "a TPDU socket of knxd", code: EPROTO)
            }
        }

        private func write(_ body: [UInt8]) throws {
            try descriptor.writeAll([0, UInt8(body.count)] + body, until: MonotonicClock.now() + .seconds(2))
        }

        func send(_ tpdu: [UInt8]) throws {
            try write([0x00, 0x25, UInt8(address >> 8), UInt8(address & 255)] + tpdu)
        }

        /// The device's next TPDU; nil at the deadline.
        func next(_ seconds: Int64 = 5) throws -> [UInt8]? {
            let deadline = MonotonicClock.now() + .seconds(seconds)
            while let message = try message(until: deadline) {
                guard message.count > 4, message[1] == 0x25 else { continue }
                if UInt16(message[2]) << 8 | UInt16(message[3]) == address { return Array(message[4...]) }
            }
            return nil
        }

        private func message(until deadline: Instant) throws -> [UInt8]? {
            while true {
                if received.count >= 2, received.count >= 2 + Int(received[1]) {
                    let length = Int(received[1])
                    defer { received.removeFirst(2 + length) }
                    return Array(received[2..<2 + length])
                }
                if Poll.wait([(descriptor, .readable)], until: deadline)[0].isEmpty { return nil }
                guard let octets = try descriptor.read(maximum: 4_096) else { continue }
                guard !octets.isEmpty else { throw SystemFailure("read from", "knxd", code: ECONNRESET) }
                received += octets
            }
        }
    }

    @Test func maskPropertiesMemoryAndRestart() throws {
        let twin = try TwinFixture()
        defer { twin.end() }
        let knxd = try KnxdProcess(device: twin.path())
        defer { knxd.end() }
        let client = try Client(knxd, to: 0x110A, until: MonotonicClock.now() + .seconds(10))
        // Its socket is there before its serial line is up.
        var answer: [UInt8]?
        for _ in 0..<20 where answer == nil {
            try client.send([0x03, 0x00])
            answer = try client.next(1)
        }
        #expect(answer == [0x03, 0x40, 0x07, 0xB0])
        while try client.next(1) != nil {}
        try client.send([0x80])
        var number: UInt8 = 0
        func ask(_ service: ApplicationService) throws -> ApplicationService? {
            try client.send(service.tpdu(.dataConnected, sequence: number))
            #expect(try client.next() == [0xC2 | number << 2])
            guard let tpdu = try client.next() else { return nil }
            #expect(tpdu[0] & 0xFC == 0x40 | number << 2)
            try client.send([0xC2 | number << 2])
            number += 1
            return try? ApplicationService(tpdu: tpdu)
        }
        let mask = try ask(.deviceDescriptorRead(DeviceDescriptorRequest(type: 0)))
        #expect(mask == .deviceDescriptorResponse(DeviceDescriptorResponse(mask: 0x07B0)))
        let serial = PropertyRange(objectIndex: 0, property: 11, count: 1, start: 1)
        #expect(
            try ask(.propertyValueRead(serial))
                == .propertyValueResponse(
                    PropertyData(
                        objectIndex: 0, property: 11, count: 1, start: 1, data: [0x00, 0xFA, 0, 0, 0x11, 0x0A])))
        try client.send(
            ApplicationService.memoryWrite(MemoryBlock(address: 0x4000, data: [1, 2, 3])).tpdu(
                .dataConnected, sequence: number))
        #expect(try client.next() == [0xC2 | number << 2])
        number += 1
        // The device has sent one answer less than it has received data.
        try client.send(
            ApplicationService.memoryRead(MemoryRange(count: 4, address: 0x4000)).tpdu(.dataConnected, sequence: number)
        )
        #expect(try client.next() == [0xC2 | number << 2])
        #expect(try client.next() == [0x42 | (number - 1) << 2, 0x44, 0x40, 0x00, 1, 2, 3, 0])
        try client.send([0xC2 | (number - 1) << 2])
        number += 1
        try client.send(ApplicationService.restart.tpdu(.dataConnected, sequence: number))
        #expect(try client.next() == [0xC2 | number << 2])
        let isBack = twin.wait {
            twin.records.contains { if case .line(_, .power("lamp", .running, _)) = $0 { true } else { false } }
        }
        #expect(isBack)
        // It knows nothing of a connection any more.
        try client.send([0x43, 0x00])
        #expect(try client.next() == [0x81])
    }
}
