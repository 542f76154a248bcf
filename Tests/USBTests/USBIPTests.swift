import Platform
import Testing

@testable import USB

/// Literal messages, laid out by hand from the tables of the protocol's document.
enum Vector {
    static let listRequest: [UInt8] = [0x01, 0x11, 0x80, 0x05, 0, 0, 0, 0]
    static let importRequest: [UInt8] =
        [0x01, 0x11, 0x80, 0x03, 0, 0, 0, 0] + Array("1-1".utf8) + [UInt8](repeating: 0, count: 29)
    static let device: [UInt8] =
        Array("/sys/devices/twin/usb1/1-1".utf8) + [UInt8](repeating: 0, count: 230)
        + Array("1-1".utf8) + [UInt8](repeating: 0, count: 29)
        + [
            0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0x16, 0xC0, 0x05, 0xDF, 0x01, 0x00, 0, 0, 0, 1, 1, 1,
        ]
    static let listReply: [UInt8] = [0x01, 0x11, 0x00, 0x05, 0, 0, 0, 0, 0, 0, 0, 1] + device + [3, 0, 0, 0]
    static let importReply: [UInt8] = [0x01, 0x11, 0x00, 0x03, 0, 0, 0, 0] + device
    static let importRefusal: [UInt8] = [0x01, 0x11, 0x00, 0x03, 0, 0, 0, 2]
    /// SET_REPORT `ff 01` out of endpoint 0.
    static let submitOut: [UInt8] = [
        0, 0, 0, 1, 0, 0, 0, 7, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0,
        0x21, 0x09, 0x00, 0x03, 0x00, 0x00, 0x08, 0x00, 0xFF, 0x01, 0, 0, 0, 0, 0, 0,
    ]
    /// GET_REPORT, 8 octets.
    static let submitIn: [UInt8] = [
        0, 0, 0, 1, 0, 0, 0, 8, 0, 1, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0,
        0xA1, 0x01, 0x00, 0x03, 0x00, 0x00, 0x08, 0x00,
    ]
    static let interruptIn: [UInt8] = [
        0, 0, 0, 1, 0, 0, 0, 9, 0, 1, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1,
        0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 20,
        0, 0, 0, 0, 0, 0, 0, 0,
    ]
    static let unlink: [UInt8] =
        [0, 0, 0, 2, 0, 0, 0, 10, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9] + [UInt8](repeating: 0, count: 24)
    /// start_frame 0, number_of_packets −1, no errors, padding: what follows actual_length.
    static let notIsochronous: [UInt8] =
        [0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF] + [UInt8](repeating: 0, count: 12)
    static let completedOut: [UInt8] =
        [0, 0, 0, 3, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8]
        + notIsochronous
    static let completedIn: [UInt8] =
        [0, 0, 0, 3, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8]
        + notIsochronous + [0x50, 0x53, 0x55, 0x49, 0x53, 0, 0, 1]
    /// −EPIPE
    static let stalled: [UInt8] =
        [0, 0, 0, 3, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xE0, 0, 0, 0, 0]
        + notIsochronous
    /// −ECONNRESET
    static let unlinked: [UInt8] =
        [0, 0, 0, 4, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0x98]
        + [UInt8](repeating: 0, count: 24)

    static let setReport = SetupPacket(requestType: 0x21, request: 9, value: 0x0300, index: 0, length: 8)
    static let getReport = SetupPacket(requestType: 0xA1, request: 1, value: 0x0300, index: 0, length: 8)
    static let on: [UInt8] = [0xFF, 1, 0, 0, 0, 0, 0, 0]
    static let out = USBIP.Submission(sequence: 7, device: 0x10002, setup: setReport, data: on)
    static let `in` = USBIP.Submission(sequence: 8, device: 0x10002, setup: getReport, data: [])

    static let requests: [([UInt8], USBIP.Request)] = [
        (submitOut, .submit(out)), (submitIn, .submit(`in`)),
        (
            interruptIn,
            .submit(USBIP.Submission(sequence: 9, device: 0x10002, interruptIn: 1, length: 8, interval: 20))
        ),
        (unlink, .unlink(sequence: 10, device: 0x10002, unlinked: 9)),
    ]

    static let replies: [([UInt8], USBIP.Reply)] = [
        (completedOut, .completed(USBIP.Completion(sequence: 7, sent: 8))),
        (
            completedIn,
            .completed(USBIP.Completion(sequence: 8, data: [0x50, 0x53, 0x55, 0x49, 0x53, 0, 0, 1]))
        ),
        (unlinked, .unlinked(sequence: 10, status: .reset)),
    ]

    static func exported() throws -> ExportedDevice {
        ExportedDevice(
            path: "/sys/devices/twin/usb1/1-1", busID: "1-1", busNumber: 1, deviceNumber: 2, speed: .low,
            device: try DeviceDescriptor(octets: DescriptorTests.device),
            configuration: try ConfigurationDescriptor(octets: DescriptorTests.configuration))
    }

    /// A client's ear behind an import, with both transfers under way.
    static func importedEar() throws -> USBIP.ReplyDecoder {
        var ear = USBIP.ReplyDecoder()
        ear.feed(importReply)
        _ = try ear.next()
        ear.expect(out)
        ear.expect(`in`)
        return ear
    }
}

@Suite struct USBIPTests {
    @Test func operationsAreAsked() throws {
        #expect(USBIP.Request.listDevices.octets == Vector.listRequest)
        #expect(USBIP.Request.importDevice(busID: "1-1").octets == Vector.importRequest)
        var ear = USBIP.RequestDecoder()
        ear.feed(Vector.listRequest + Vector.importRequest)
        #expect(try ear.next() == .listDevices)
        #expect(try ear.next() == .importDevice(busID: "1-1"))
        #expect(try ear.next() == nil)
    }

    @Test func operationsAreAnswered() throws {
        let device = try Vector.exported()
        #expect(device.id == 0x10002)
        #expect(USBIP.Reply.devices([device]).octets == Vector.listReply)
        #expect(USBIP.Reply.imported(device).octets == Vector.importReply)
        #expect(USBIP.Reply.refused(status: 2).octets == Vector.importRefusal)
        var withoutInterfaces = device
        withoutInterfaces.interfaces = []
        for (octets, reply) in [
            (Vector.listReply, USBIP.Reply.devices([device])), (Vector.importReply, .imported(withoutInterfaces)),
            (Vector.importRefusal, .refused(status: 2)),
        ] {
            var ear = USBIP.ReplyDecoder()
            ear.feed(octets)
            #expect(try ear.next() == reply)
        }
    }

    @Test(arguments: Vector.requests) func transfersAreAsked(octets: [UInt8], request: USBIP.Request) throws {
        #expect(request.octets == octets)
        var ear = USBIP.RequestDecoder()
        ear.beginTransfers()
        // Octet by octet, as a network may bring them.
        for octet in octets.dropLast() {
            ear.feed([octet])
            #expect(try ear.next() == nil)
        }
        ear.feed([octets[octets.count - 1]])
        #expect(try ear.next() == request)
        #expect(try ear.next() == nil)
    }

    @Test(arguments: Vector.replies) func transfersAreAnswered(octets: [UInt8], reply: USBIP.Reply) throws {
        #expect(reply.octets == octets)
        var ear = try Vector.importedEar()
        for octet in octets.dropLast() {
            ear.feed([octet])
            #expect(try ear.next() == nil)
        }
        ear.feed([octets[octets.count - 1]])
        #expect(try ear.next() == reply)
        #expect(try ear.next() == nil)
    }

    @Test func aStallIsEPIPE() throws {
        let stall = USBIP.Completion(sequence: 8, status: .stall, data: [])
        #expect(USBIP.Reply.completed(stall).octets == Vector.stalled)
        var ear = try Vector.importedEar()
        ear.feed(Vector.stalled)
        #expect(try ear.next() == .completed(stall))
    }

    @Test func aConnectionGoesFromImportToTransfers() throws {
        var ear = USBIP.RequestDecoder()
        ear.feed(Vector.importRequest + Vector.submitOut + Vector.submitIn + Vector.unlink)
        #expect(try ear.next() == .importDevice(busID: "1-1"))
        ear.beginTransfers()
        #expect(try ear.next() == .submit(Vector.out))
        #expect(try ear.next() == .submit(Vector.in))
        #expect(try ear.next() == .unlink(sequence: 10, device: 0x10002, unlinked: 9))
    }

    @Test(
        arguments: [
            ([0x01, 0x06, 0x80, 0x05, 0, 0, 0, 0], "version 262 is not 273 (1.1.1)"),
            ([0x01, 0x11, 0x80, 0x04, 0, 0, 0, 0], "code 32772 is none that a server knows"),
        ] as [([UInt8], String)]) func aWrongOperationIsNamed(octets: [UInt8], reason: String)
    {
        var ear = USBIP.RequestDecoder()
        ear.feed(octets)
        for _ in 0..<2 {
            #expect(throws: USBIPFailure(reading: "an operation", reason: reason, offset: 0)) { try ear.next() }
        }
    }

    @Test func aLengthIsNotBelievedBeyondReason() {
        var ear = USBIP.RequestDecoder()
        ear.beginTransfers()
        var octets = Vector.submitOut
        octets[24] = 0x7F
        ear.feed(Vector.submitIn + octets)
        _ = try? ear.next()
        let failure = USBIPFailure(
            reading: "CMD_SUBMIT", reason: "a transfer of 2130706440 octets is too long", offset: 48)
        #expect(throws: failure) { try ear.next() }
    }

    @Test func isochronousTransfersAreRefused() throws {
        var ear = USBIP.RequestDecoder()
        ear.beginTransfers()
        var octets = Vector.submitIn
        octets.replaceSubrange(32..<36, with: [0, 0, 0, 1])
        ear.feed(octets)
        #expect(throws: USBIPFailure.self) { try ear.next() }
        // Older kernels write the −1 into start_frame and no packets.
        octets.replaceSubrange(28..<36, with: [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0])
        var second = USBIP.RequestDecoder()
        second.beginTransfers()
        second.feed(octets)
        #expect(try second.next() == .submit(Vector.in))
    }

    @Test func anAnswerToNothingIsRefused() throws {
        var ear = try Vector.importedEar()
        ear.feed(Vector.completedIn + Vector.completedIn)
        _ = try ear.next()
        #expect(throws: USBIPFailure.self) { try ear.next() }
        var forgetful = try Vector.importedEar()
        forgetful.forget(8)
        forgetful.feed(Vector.completedIn)
        #expect(throws: USBIPFailure.self) { try forgetful.next() }
    }

    @Test func moreThanWasAskedIsRefused() throws {
        var ear = try Vector.importedEar()
        var octets = Vector.completedIn
        octets[27] = 9
        ear.feed(octets + [0])
        #expect(throws: USBIPFailure.self) { try ear.next() }
    }

    @Test func everyPrefixWaitsForMore() throws {
        for octets in [Vector.listReply, Vector.importReply] {
            for count in 0..<octets.count {
                var ear = USBIP.ReplyDecoder()
                ear.feed(Array(octets.prefix(count)))
                #expect(try ear.next() == nil, "\(count) octets")
            }
        }
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64]) func noOctetsTrapADecoder(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<5_000 {
            var stream: [UInt8] = []
            var requests = USBIP.RequestDecoder()
            if Bool.random(using: &generator) { requests.beginTransfers() }
            var replies = Bool.random(using: &generator) ? USBIP.ReplyDecoder() : try Vector.importedEar()
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let messages =
                    Vector.requests.map(\.0) + Vector.replies.map(\.0) + [Vector.listReply, Vector.importRequest]
                stream += messages[Int.random(in: messages.indices, using: &generator)]
            }
            for _ in 0..<Int.random(in: 0...6, using: &generator) {
                let position = Int.random(in: stream.indices, using: &generator)
                stream[position] = UInt8.random(in: 0...255, using: &generator)
            }
            while !stream.isEmpty {
                let piece = Array(stream.prefix(Int.random(in: 1...100, using: &generator)))
                stream.removeFirst(piece.count)
                requests.feed(piece)
                replies.feed(piece)
                while let request = try? requests.next() {
                    if case .importDevice = request { requests.beginTransfers() }
                }
                while (try? replies.next()) != nil {}
            }
        }
    }
}
