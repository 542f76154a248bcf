import Events
import KNX
import Synchronization
import Testing
import USB

@testable import Twin

/// The interface against what knxd 0.14.54 was recorded to say to one.
struct KNXUSBInterfaceTests {
    private static let device = "usb"
    private let sent = Sent()

    private final class Sent: Sendable {
        let frames = Mutex<[[UInt8]]>([])
    }

    private func plugged() -> KNXUSBInterface {
        let parameters = KNXUSBInterface.Parameters(address: IndividualAddress(raw: 0x11C8), device: Self.device)
        var model = KNXUSBInterface(parameters) { [sent] octets in sent.frames.withLock { $0.append(octets) } }
        model.powerUp(at: at(0))
        return model
    }

    private func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    private func report(_ octets: [UInt8]) -> [UInt8] { octets + [UInt8](repeating: 0, count: 64 - octets.count) }

    @Test func `The bus access server answers knxd's first question in its own time`() {
        var model = plugged()
        let question = report([0x01, 0x13, 0x09, 0x00, 0x08, 0x00, 0x01, 0x0F, 0x01, 0x00, 0x00, 0x01])
        #expect(model.interruptOut(endpoint: 2, data: question, at: at(0)) == .acknowledged)
        #expect(model.nextReport == at(20))
        #expect(model.interruptIn(endpoint: 1, length: 64, at: at(19)) == .silence)
        let answer = report([0x01, 0x13, 0x0B, 0x00, 0x08, 0x00, 0x03, 0x0F, 0x02, 0x00, 0x00, 0x01, 0x00, 0x04])
        #expect(model.interruptIn(endpoint: 1, length: 64, at: at(20)) == .data(answer))
        #expect(model.interruptIn(endpoint: 1, length: 64, at: at(20)) == .silence)
        #expect(model.nextReport == nil)
    }

    @Test(arguments: [true, false])
    func `A telegram goes out with the interface's address and is confirmed after the line has`(
        isConfirmed: Bool
    ) {
        var model = plugged()
        let request: [UInt8] = [0x11, 0, 0xBC, 0xE0, 0, 0, 0x09, 0x01, 1, 0x00, 0x81]
        let head: [UInt8] = [0x01, 0x13, 0x13, 0x00, 0x08, 0x00, 0x0B, 0x01, 0x03, 0x00, 0x00]
        _ = model.interruptOut(endpoint: 2, data: report(head + request), at: at(0))
        let frame: [UInt8] = [0xBC, 0x11, 0xC8, 0x09, 0x01, 0xE1, 0x00, 0x81]
        #expect(sent.frames.withLock { $0 } == [frame + [TP1.checkOctet(frame)]])
        #expect(model.nextReport == nil)
        model.take(.confirmation(sender: "another", isConfirmed: true, at: at(15)))
        #expect(model.nextReport == nil)
        model.take(.confirmation(sender: Self.device, isConfirmed: isConfirmed, at: at(20)))
        #expect(model.nextReport == at(40))
        var confirmation = request
        confirmation[0] = 0x2E
        if !isConfirmed { confirmation[2] = 0xBD }
        #expect(model.interruptIn(endpoint: 1, length: 64, at: at(40)) == .data(report(head + confirmation)))
    }

    @Test func `What others send is indicated, what it sent itself is not`() {
        var model = plugged()
        let body: [UInt8] = [0xB0, 0x11, 0x05, 0x09, 0x02, 0xE3, 0x00, 0x80, 0x0C, 0x1A]
        let frame = body + [TP1.checkOctet(body)]
        func record(_ sender: String, truncated: Bool = false) -> LineRecord {
            .frame(
                .init(
                    octets: frame, acknowledge: 0xCC, senders: [sender], began: at(0), ended: at(10),
                    isTruncated: truncated))
        }
        model.take(record(Self.device))
        model.take(record("switch", truncated: true))
        #expect(model.nextReport == nil)
        model.take(record("switch"))
        let message: [UInt8] = [0x29, 0, 0xB0, 0xE0, 0x11, 0x05, 0x09, 0x02, 3, 0x00, 0x80, 0x0C, 0x1A]
        let head: [UInt8] = [0x01, 0x13, 0x15, 0x00, 0x08, 0x00, 0x0D, 0x01, 0x03, 0x00, 0x00]
        #expect(model.interruptIn(endpoint: 1, length: 64, at: at(11)) == .data(report(head + message)))
    }

    @Test func `Pulling the plug forgets all, and nobody who does not read fills its memory`() {
        var model = plugged()
        let body: [UInt8] = [0xBC, 0x11, 0x05, 0x09, 0x02, 0xE1, 0x00, 0x80]
        for _ in 0..<200 {
            model.take(
                .frame(
                    .init(
                        octets: body + [TP1.checkOctet(body)], acknowledge: nil, senders: ["switch"], began: at(0),
                        ended: at(10),
                        isTruncated: false)))
        }
        var count = 0
        while case .data = model.interruptIn(endpoint: 1, length: 64, at: at(1_000)) { count += 1 }
        #expect(count == 64)
        model.take(.confirmation(sender: Self.device, isConfirmed: true, at: at(20)))
        _ = model.interruptOut(
            endpoint: 2, data: report([0x01, 0x13, 0x09, 0x00, 0x08, 0x00, 0x01, 0x0F, 0x01, 0x00, 0x00, 0x01]),
            at: at(0))
        model.powerDown(at: at(21))
        #expect(!model.isPresent && model.nextReport == nil)
    }

    @Test func `Mutated and cut L_Data.req end in a frame or in none`() {
        let sound: [UInt8] = [0x11, 2, 0xAA, 0xBB, 0xBC, 0xE0, 0, 0, 0x09, 0x01, 2, 0x00, 0x80, 0x55]
        let address = IndividualAddress(raw: 0x11C8)
        #expect(
            LinkMessage.frame(of: sound, source: address)?.dropLast()
                == [0xBC, 0x11, 0xC8, 0x09, 0x01, 0xE2, 0x00, 0x80, 0x55])
        for length in sound.indices {
            #expect(LinkMessage.frame(of: Array(sound.prefix(length)), source: address) == nil)
        }
        for index in sound.indices {
            for value in UInt8.min...UInt8.max {
                var message = sound
                message[index] = value
                guard let frame = LinkMessage.frame(of: message, source: address) else { continue }
                #expect(TP1.frameLength(prefix: frame) == frame.count)
                #expect(LinkMessage.message(0x29, of: frame) != nil)
            }
        }
    }
}
