import Testing

@testable import USB

/// Literal messages, laid out by hand from the tables of the protocol's document.
struct USBRedirTests {
    private static let hello: [UInt8] =
        [0, 0, 0, 0, 68, 0, 0, 0, 0, 0, 0, 0] + Array("qemu".utf8) + [UInt8](repeating: 0, count: 60) + [0x7A, 0, 0, 0]

    private struct Case: CustomTestStringConvertible, Sendable {
        var name: String
        var side: USBRedir.Side
        var octets: [UInt8]
        var message: USBRedir.Message

        var testDescription: String { name }
    }

    /// After hellos of two sides that both have the 64-bit ids.
    private static let cases: [Case] = [
        Case(
            name: "a guest asks for a descriptor", side: .guest,
            octets: [100, 0, 0, 0, 10, 0, 0, 0, 0x00, 0x20, 0xE3, 0x1F, 0, 0, 0, 0]
                + [0x80, 0x06, 0x80, 0, 0x00, 0x01, 0, 0, 64, 0],
            message: .init(
                id: 0x1FE3_2000,
                .control(
                    SetupPacket(requestType: 0x80, request: 6, value: 0x0100, index: 0, length: 64), endpoint: 0x80,
                    .success, data: []))),
        Case(
            name: "a host answers with two octets", side: .host,
            octets: [100, 0, 0, 0, 12, 0, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0] + [0x80, 0, 0x80, 0, 0, 0, 0, 0, 2, 0, 1, 0],
            message: .init(
                id: 0x1_0000_0007,
                .control(
                    SetupPacket(requestType: 0x80, request: 0, value: 0, index: 0, length: 2), endpoint: 0x80,
                    .success, data: [1, 0]))),
        Case(
            name: "a guest sends a report", side: .guest,
            octets: [100, 0, 0, 0, 12, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0] + [0, 9, 0x21, 0, 0, 3, 0, 0, 2, 0, 0xFF, 1],
            message: .init(
                id: 8,
                .control(
                    SetupPacket(requestType: 0x21, request: 9, value: 0x0300, index: 0, length: 2), endpoint: 0,
                    .success, data: [0xFF, 1]))),
        Case(
            name: "a host stalls", side: .host,
            octets: [100, 0, 0, 0, 10, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0] + [0, 9, 0x21, 4, 0, 3, 0, 0, 0, 0],
            message: .init(
                id: 8,
                .control(
                    SetupPacket(requestType: 0x21, request: 9, value: 0x0300, index: 0, length: 0), endpoint: 0,
                    .stall, data: []))),
        Case(
            name: "an interrupt transfer to the device", side: .guest,
            octets: [103, 0, 0, 0, 6, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0] + [0x02, 0, 2, 0, 0xAA, 0xBB],
            message: .init(id: 9, .interrupt(endpoint: 2, .success, length: 2, data: [0xAA, 0xBB]))),
        Case(
            name: "and its end", side: .host,
            octets: [103, 0, 0, 0, 4, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0] + [0x02, 0, 2, 0],
            message: .init(id: 9, .interrupt(endpoint: 2, .success, length: 2, data: []))),
        Case(
            name: "a bulk transfer to the device", side: .guest,
            octets: [101, 0, 0, 0, 12, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0] + [
                0x02, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0xAA, 0xBB,
            ],
            message: .init(id: 5, .bulk(endpoint: 2, .success, length: 2, data: [0xAA, 0xBB]))),
        Case(
            name: "more than 64 KiB asked of a bulk endpoint", side: .guest,
            octets: [101, 0, 0, 0, 10, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0] + [0x81, 0, 0x40, 0, 0, 0, 0, 0, 1, 0],
            message: .init(id: 6, .bulk(endpoint: 0x81, .success, length: 0x1_0040, data: []))),
        Case(
            name: "and three octets from there", side: .host,
            octets: [101, 0, 0, 0, 13, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0]
                + [0x81, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0x01, 0x60, 0x1A],
            message: .init(id: 6, .bulk(endpoint: 0x81, .success, length: 3, data: [0x01, 0x60, 0x1A]))),
        Case(
            name: "a cancel", side: .guest, octets: [21, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0],
            message: .init(id: 8, .cancel)),
        Case(
            name: "a configuration", side: .guest, octets: [6, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1],
            message: .init(id: 3, .setConfiguration(1))),
        Case(
            name: "a plugging in", side: .host,
            octets: [1, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] + [0, 0, 0, 0, 0xC0, 0x16, 0xDF, 0x05, 0, 1],
            message: .init(.connect(.init(speed: .low, DeviceDescriptor(vendor: 0x16C0, product: 0x05DF))))),
        Case(
            name: "a filter, which nobody here needs", side: .guest,
            octets: [23, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            message: .init(.other(type: 23, [0]))),
    ]

    private func decoder(_ side: USBRedir.Side) throws -> USBRedir.Decoder {
        var decoder = USBRedir.Decoder(own: .device, from: side)
        decoder.feed(Self.hello)
        #expect(try decoder.next() == .init(.hello(version: "qemu", .init(rawValue: 0x7A))))
        #expect(decoder.agreed == .device)
        return decoder
    }

    @Test(arguments: cases.indices) func `A message is read, and written, octet for octet`(_ index: Int) throws {
        let test = Self.cases[index]
        var decoder = try decoder(test.side)
        decoder.feed(test.octets)
        #expect(try decoder.next() == test.message, "\(test.name)")
        #expect(try decoder.next() == nil)
        #expect(test.message.octets(.device) == test.octets, "\(test.name)")
    }

    @Test(arguments: cases.indices) func `Octets may come one by one, and a message that is not whole is none`(
        _ index: Int
    ) throws {
        let test = Self.cases[index]
        var decoder = try decoder(test.side)
        for octet in test.octets.dropLast() {
            decoder.feed([octet])
            #expect(try decoder.next() == nil)
        }
        decoder.feed([test.octets[test.octets.count - 1]])
        #expect(try decoder.next() == test.message)
    }
}

struct USBRedirHardeningTests {
    @Test func `A request's status is whatever QEMU left in memory there, and is not looked at`() throws {
        var decoder = USBRedir.Decoder(own: [], from: .guest)
        decoder.feed([0, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0] + [UInt8](repeating: 0, count: 64))
        _ = try decoder.next()
        decoder.feed([100, 0, 0, 0, 10, 0, 0, 0, 8, 0, 0, 0] + [0x80, 6, 0x80, 0xEE, 0, 1, 0, 0, 18, 0])
        guard case .control(_, 0x80, .success, []) = try decoder.next()?.body else {
            Issue.record("not taken")
            return
        }
    }

    @Test(
        arguments: [
            (octets: [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], why: "before the hello"),
            (
                octets: [0, 0, 0, 0, 63, 0, 0, 0, 0, 0, 0, 0] + [UInt8](repeating: 0, count: 63),
                why: "64 are due at least"
            ),
            (octets: [0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, 0], why: "at most 65552 are taken"),
        ] as [(octets: [UInt8], why: String)]) func `What is no usb-redir is told with its place`(
            _ test: (octets: [UInt8], why: String)
        )
    {
        var decoder = USBRedir.Decoder(own: .device, from: .guest)
        decoder.feed(test.octets)
        let failure = #expect(throws: USBRedirFailure.self) { try decoder.next() }
        #expect(failure?.description.contains(test.why) == true)
        #expect(failure?.offset == 0)
    }

    @Test(arguments: [USBRedir.Side.guest, .host]) func `Mutated streams end in messages or failures, never in a trap`(
        _ side: USBRedir.Side
    ) {
        let all: [USBRedir.Body] = [
            .connect(.init(speed: .low, DeviceDescriptor(vendor: 1, product: 2))), .disconnect, .reset,
            .interfaces([.init(number: 0, interfaceClass: 3)]),
            .endpoints([.init(address: 0x81, kind: 3, interval: 1, interface: 0, maximumPacketSize: 8)]),
            .setConfiguration(1), .getConfiguration, .configurationStatus(.success, configuration: 1),
            .setAlternate(interface: 0, alternate: 0), .getAlternate(interface: 0),
            .alternateStatus(.success, interface: 0, alternate: 0), .startInterruptReceiving(endpoint: 0x81),
            .stopInterruptReceiving(endpoint: 0x81), .interruptReceivingStatus(.success, endpoint: 0x81), .cancel,
            .control(
                SetupPacket(requestType: 0xA1, request: 1, value: 0, index: 0, length: side == .host ? 2 : 0),
                endpoint: 0x80,
                .success, data: side == .host ? [1, 2] : []),
            .interrupt(endpoint: 0x81, .success, length: side == .host ? 1 : 0, data: side == .host ? [1] : []),
            .bulk(endpoint: 0x81, .success, length: side == .host ? 1 : 0, data: side == .host ? [1] : []),
        ]
        let sound =
            USBRedir.Message(.hello(version: "x", .device)).octets([])
            + all.enumerated().flatMap { USBRedir.Message(id: UInt64($0.offset), $0.element).octets(.device) }
        var decoder = USBRedir.Decoder(own: .device, from: side)
        decoder.feed(sound)
        var read: [USBRedir.Body] = []
        while let message = try? decoder.next() { read.append(message.body) }
        #expect(Array(read.dropFirst()) == all)
        for index in sound.indices {
            for value: UInt8 in [0, 1, 0x7F, 0x80, 0xFF] {
                var octets = sound
                octets[index] = value
                var decoder = USBRedir.Decoder(own: .device, from: side)
                decoder.feed(octets)
                while let message = try? decoder.next() { _ = message.octets(.device) }
            }
        }
        for length in sound.indices {
            var decoder = USBRedir.Decoder(own: .device, from: side)
            decoder.feed(Array(sound.prefix(length)))
            while let message = try? decoder.next() { _ = message.octets(.device) }
        }
    }
}
