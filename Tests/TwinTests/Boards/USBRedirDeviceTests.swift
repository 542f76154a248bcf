import Events
import Testing
import USB

@testable import Twin

/// The device's side of a connection, message by message, without a socket.
struct USBRedirDeviceTests {
    private let now = Instant(nanoseconds: 0)

    private final class Guest {
        var device = USBRedirDevice()
        var model: any USBDeviceModel
        var plugging: Int?
        private var decoder = USBRedir.Decoder(own: .device, from: .host)

        init(_ board: any USBDeviceModel) {
            model = board
            model.powerUp(at: Instant(nanoseconds: 0))
            decoder.feed(device.hello)
        }

        /// What the device says to these messages.
        func exchange(_ bodies: USBRedir.Body..., id: UInt64 = 7) throws -> [USBRedir.Message] {
            for body in bodies {
                let agreed: USBRedir.Capabilities = if case .hello = body { [] } else { .device }
                device.feed(USBRedir.Message(id: id, body).octets(agreed))
            }
            decoder.feed(try device.serve(&model, plugging: plugging, at: Instant(nanoseconds: 0)))
            var messages: [USBRedir.Message] = []
            while let message = try decoder.next() { messages.append(message) }
            return messages
        }
    }

    private func plugged(_ board: DcttechBoard = DcttechBoard(channelCount: 2)) throws -> Guest {
        let guest = Guest(board)
        guest.plugging = 1
        let said = try guest.exchange(.hello(version: "guest", .device)).map(\.body)
        #expect(said.count == 4)
        guard case .hello = said[0], case .interfaces(let interfaces) = said[1],
            case .endpoints(let endpoints) = said[2],
            case .connect(let connect) = said[3]
        else {
            Issue.record("announced \(said)")
            return guest
        }
        #expect(interfaces == [.init(number: 0, interfaceClass: 3)])
        #expect(endpoints.map(\.address) == [0x00, 0x80, 0x81])
        #expect(endpoints.last?.maximumPacketSize == 8)
        #expect(connect == .init(speed: .low, guest.model.deviceDescriptor))
        return guest
    }

    private let getReport = SetupPacket(requestType: 0xA1, request: 1, value: 0x0300, index: 0, length: 8)
    private let setReport = SetupPacket(requestType: 0x21, request: 9, value: 0x0300, index: 0, length: 8)

    @Test func `Nothing is announced before the plug is in, and its pulling and putting in is told`() throws {
        let guest = Guest(DcttechBoard())
        #expect(try guest.exchange(.hello(version: "guest", .device)).count == 1)
        guest.plugging = 1
        #expect(try guest.exchange().map(\.body.type) == [4, 5, 1])
        #expect(try guest.exchange().isEmpty)
        guest.plugging = nil
        #expect(try guest.exchange().map(\.body) == [.disconnect])
        guest.plugging = 2
        #expect(try guest.exchange().map(\.body.type) == [4, 5, 1])
        guest.plugging = 3
        #expect(try guest.exchange().map(\.body.type) == [2, 4, 5, 1])
    }

    @Test func `A report is set and read back under the ids of the requests`() throws {
        let guest = try plugged()
        let set = try guest.exchange(
            .control(setReport, endpoint: 0, .success, data: [0xFF, 2, 0, 0, 0, 0, 0, 0]), id: 0x1_0000_0001)
        #expect(set == [.init(id: 0x1_0000_0001, .control(setReport, endpoint: 0, .success, data: []))])
        let get = try guest.exchange(.control(getReport, endpoint: 0x80, .success, data: []))
        let state = Array("PSUIS".utf8) + [0, 0, 2]
        #expect(get == [.init(id: 7, .control(getReport, endpoint: 0x80, .success, data: state))])
    }

    @Test func `STALL, silence and a short answer look as they do on the wire`() throws {
        let guest = try plugged()
        func fault(_ answer: BoardFaults.Answer) {
            guard var board = guest.model as? DcttechBoard else { return }
            board.faults.answer = answer
            guest.model = board
        }
        fault(.stalling(requests: nil))
        var empty = getReport
        empty.length = 0
        #expect(
            try guest.exchange(.control(getReport, endpoint: 0x80, .success, data: [])).map(\.body)
                == [.control(empty, endpoint: 0x80, .stall, data: [])])
        fault(.silent(requests: nil))
        #expect(try guest.exchange(.control(getReport, endpoint: 0x80, .success, data: [])).isEmpty)
        #expect(try guest.exchange(.cancel, id: 8).isEmpty, "nothing waits under this id")
        #expect(
            try guest.exchange(.cancel).map(\.body) == [.control(empty, endpoint: 0x80, .cancelled, data: [])])
        fault(.short(octets: 5))
        var short = getReport
        short.length = 5
        #expect(
            try guest.exchange(.control(getReport, endpoint: 0x80, .success, data: [])).map(\.body)
                == [.control(short, endpoint: 0x80, .success, data: Array("PSUIS".utf8))])
    }

    @Test func `Bulk endpoints take and bring octets, stall, and wait until they are cancelled`() throws {
        let guest = Guest(DeditecBoard())
        guest.plugging = 1
        _ = try guest.exchange(.hello(version: "guest", .device))
        let head = [UInt8](repeating: 0xFE, count: 8) + [0xFF]
        let set = head + [1, 0x23, 0x80, 0, 0, 0, 1, 0b100, 0, 0, 0, 0, 0, 0, 0]
        let sent = UInt32(set.count)
        #expect(
            try guest.exchange(.bulk(endpoint: 2, .success, length: sent, data: set)).map(\.body)
                == [.bulk(endpoint: 2, .success, length: sent, data: [])])
        #expect((guest.model as? DeditecBoard)?.contacts[2] == true)
        _ = try guest.exchange(.bulk(endpoint: 2, .success, length: 16, data: head + [2, 0x34, 0, 0, 0, 0, 0x0F]))
        let ask = USBRedir.Body.bulk(endpoint: 0x81, .success, length: 64, data: [])
        #expect(
            try guest.exchange(ask).map(\.body)
                == [.bulk(endpoint: 0x81, .success, length: 5, data: [0x01, 0x60, 0x1A, 1, 0x4F])])
        #expect(
            try guest.exchange(ask).map(\.body) == [
                .bulk(
                    endpoint: 0x81, .success, length: 13,
                    data: [0x01, 0x60, 0x1A, 2, 0b100, 0, 0, 0, 0, 0, 0, 0, 0x4F])
            ])
        func fault(_ answer: BoardFaults.Answer) {
            guard var board = guest.model as? DeditecBoard else { return }
            board.faults.answer = answer
            guest.model = board
        }
        fault(.stalling(requests: 1))
        for _ in 1...2 {
            #expect(try guest.exchange(ask).map(\.body) == [.bulk(endpoint: 0x81, .stall, length: 0, data: [])])
        }
        // It refuses until it is told to forget it.
        let clear = SetupPacket(requestType: 0x02, request: 1, value: 0, index: 0x81, length: 0)
        _ = try guest.exchange(.control(clear, endpoint: 0, .success, data: []))
        #expect(
            try guest.exchange(ask).map(\.body) == [.bulk(endpoint: 0x81, .success, length: 2, data: [0x01, 0x60])])
        fault(.silent(requests: 1))
        #expect(try guest.exchange(ask).isEmpty)
        #expect(
            try guest.exchange(.cancel).map(\.body) == [.bulk(endpoint: 0x81, .cancelled, length: 0, data: [])])
    }

    @Test func `A device that always has something to say does not keep its server`() throws {
        let guest = Guest(ClewareBoard(.switches(1), version: 29))
        guest.plugging = 1
        _ = try guest.exchange(.hello(version: "guest", .device))
        let said = try guest.exchange(.startInterruptReceiving(endpoint: 0x81))
        #expect(said.count == 65)
    }

    @Test func `What is sent to a device that has gone reaches nobody`() throws {
        let guest = try plugged()
        guest.plugging = nil
        let said = try guest.exchange(.control(setReport, endpoint: 0, .success, data: [0xFF, 1, 0, 0, 0, 0, 0, 0]))
        #expect(said.map(\.body) == [.disconnect])
        #expect((guest.model as? DcttechBoard)?.contacts == [false, false])
    }
}
