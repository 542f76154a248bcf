import KNX
import Platform
import Testing

/// What the recorded decodings leave out: each fault with its place, and what it costs.
@Suite struct KNXnetIPFaultTests {
    @Test(arguments: [
        ("06 10 0205 001A 0801 C0A80A14 0E57 0801 C0A80A14 0E57 0499 0200", FaultCode.connectionTypeUnknown, 23),
        ("06 10 0205 001A 0801 C0A80A14 0E57 0801 C0A80A14 0E57 0404 0500", .unknownEnum, 24),
        ("06 10 0205 001A 0801 C0A80A14 0E57 0801 C0A80A14 0E57 0404 0201", .reservedBits, 25),
        ("06 10 0205 001A 0801 C0A80A14 0E57 0801 C0A80A14 0E57 0604 0200", .criLength, 22),
        ("06 10 0205 001A 0801 C0A80A14 0E57 0801 C0A80A14 0E57 0403 0200", .criLength, 22),
        ("06 10 0205 0016 0801 C0A80A14 0E57 0801 C0A80A14 0E57", .truncated, 22),
        ("06 10 0206 0014 15 00 0801 C0A80A14 0E57 0604 1102", .criLength, 16),
        ("06 10 0206 0008 15 00", .truncated, 8), ("06 10 0201 000C 0801 C0A80A14", .truncated, 12),
        ("06 10 0207 0010 15 01 0801 C0A80A14 0E57", .reservedBits, 7), ("06 10 0207 0007 15", .truncated, 7),
        ("06 10 0208 0009 15 00 00", .trailing, 8), ("06 10 0204 0006", .truncated, 6),
        ("06 10 0204 000A 0402 0201 0103", .trailing, 10), ("06 10 0204 000A 0502 0201", .structLength, 6),
        ("06 10 0204 000E 0402 0201 0304 0000", .structLength, 10), ("06 10 0204 000A 0002 0201", .structLength, 6),
        ("06 10 020B 0010 0801 C0A80A14 0E57 0301", .structLength, 14), ("06 10 0420 000A 04 15 00 00", .truncated, 10),
        ("06 10 0420 000B 04 15 00 01 29", .reservedBits, 9), ("06 10 0421 000B 04 15 00 00 00", .trailing, 10),
        ("06 10 0422 000C 04 15 00 00 09 00", .featureUnknown, 10),
        ("06 10 0422 000C 04 15 00 00 07 01", .reservedBits, 11),
        ("06 10 0424 000C 04 15 00 00 08 00", .featureMissingData, 12),
        ("06 10 0425 000C 04 15 00 00 03 00", .featureMissingData, 12),
        ("06 10 0423 000C 04 15 00 00 03 00", .featureMissingData, 12),
        ("06 10 0422 000B 04 15 00 00 07", .truncated, 11),
        ("06 10 0530 0007 11", .transportUnusual, 6), ("06 10 0530 0006", .truncated, 6),
        ("06 10 0531 000A 05 00 0001", .structLength, 6), ("06 10 0531 000B 04 00 0001 00", .trailing, 10),
        ("06 10 0740 0010 0801 C0A80A14 0E57 0301", .structLength, 14),
        ("06 10 0743 000A 0201 01 01", .reservedBits, 9), ("06 10 0743 0009 0201 01", .truncated, 9),
        ("06 10 0954 0008 00 01", .reservedBits, 7), ("06 10 0954 0009 00 00 00", .structLength, 9),
        ("06 10 0954 0006", .truncated, 6), ("06 20 0420 000A 04 15 00 00", .protocolVersion, 1),
        ("06 10 F080 0007 00", .protocolVersion, 1),
    ]) func faults(_ text: String, _ code: FaultCode, _ offset: Int) {
        let octets = hex(text)
        let frame = KNXnetIPFrame(octets.span)
        let told = Array(frame.faults)
        #expect(told == [Fault(code, .knxnetip, at: offset)])
        let hasMeaning = frame.message != nil
        #expect(hasMeaning == (frame.faults.worst?.severity != .reject))
    }

    @Test func fieldsBeforeAFaultAreKept() {
        let octets = hex("06 10 0205 001A 0801 C0A80A14 0E57 0801 C0A80A15 0E58 0499 0200")
        let frame = KNXnetIPFrame(octets.span)
        #expect(frame.controlEndpoint?.description == "udp 192.168.10.20:3671")
        #expect(frame.dataEndpoint?.description == "udp 192.168.10.21:3672")
        let blocks = hex("06 10 0204 0010 0402 0201 0406 0902 0107")
        let described = KNXnetIPFrame(blocks.span)
        #expect(described.faults.worst == Fault(.structLength, .knxnetip, at: 14))
        #expect(
            described.descriptionBlocks == [
                .supportedFamilies([.init(family: 2, version: 1)]), .securedFamilies([.init(family: 9, version: 2)]),
            ])
        let cut = hex("06 10 0420 0015 04 15 07 00 29 00 BC")
        let tunnelled = KNXnetIPFrame(cut.span)
        #expect(tunnelled.faults.worst == Fault(.truncated, .knxnetip, at: 13))
        #expect(tunnelled.connectionHeader == ConnectionHeader(channel: 21, sequence: 7))
        #expect(tunnelled.payloadRange == 10..<13)
    }

    @Test func theContainedFrameIsHandedOn() {
        for vector in KNXnetIPVector.all {
            let octets = vector.octets
            let frame = KNXnetIPFrame(octets.span)
            var handed: [UInt8]?
            if let cemi = frame.cemi { handed = cemi.indices.map { cemi[$0] } }
            var expected: [UInt8]?
            if case .text(let text) = vector.expect["cemi"] { expected = hex(text) }
            #expect(handed == expected, "\(vector.id)")
        }
    }

    /// One octet more than the service has, and the total length says so too.
    @Test func everyOctetTooManyIsTold() {
        let open: Set<KNXnetIPService> = [
            .deviceConfigurationRequest, .tunnellingRequest, .tunnellingFeatureResponse, .tunnellingFeatureSet,
            .tunnellingFeatureInfo, .routingIndication, .routingSystemBroadcast, .secureWrapper, .objectServerRequest,
            .objectServerAcknowledge,
        ]
        for good in KNXnetIPMessage.frames {
            var octets = good + [0x00]
            octets[5] += 1
            let frame = KNXnetIPFrame(octets.span)
            guard let service = frame.service, !open.contains(service) else { continue }
            let isRefusal = service == .connectResponse && frame.status != .noError
            #expect(frame.faults.isRejected != isRefusal, "\(octets)")
        }
    }

    @Test func descriptionOfADevice() throws {
        let vector = try #require(KNXnetIPVector.all.first { $0.id == "knxnetip-0407" })
        let octets = vector.octets
        let frame = KNXnetIPFrame(octets.span)
        let blocks = frame.descriptionBlocks
        #expect(blocks.map(\.type) == [0x01, 0x02, 0x06, 0x07, 0x08])
        guard case .deviceInformation(let device) = blocks.first, case .tunnelling(let tunnels) = blocks[3] else {
            Issue.record("\(blocks)")
            return
        }
        #expect(device.medium == 0x02 && !device.isInProgrammingMode && device.address.description == "1.1.1")
        #expect(device.project == 0x11 >> 4 && device.installation == 1)
        #expect(device.serialNumber == 0x00FA_0102_0304 && device.routingMulticast == .systemSetupMulticast)
        #expect(device.hardwareAddress == 0x0050_C2AA_BBCC && device.name == "KNX IP R")
        #expect(tunnels.longestApdu == 254 && tunnels.slots.map(\.address.description) == ["1.1.2", "1.1.3"])
        #expect(tunnels.slots.map(\.isFree) == [false, true] && tunnels.slots.map(\.isUsable) == [true, true])
        #expect(tunnels.slots.map(\.isAuthorised) == [true, false])
        #expect(
            blocks[4]
                == .extendedDeviceInformation(
                    ExtendedDeviceInformation(mediumStatus: 1, longestApdu: 254, mask: 0x07B0)))
    }

    @Test func longOrForeignNamesTrap() async {
        func name(_ text: String) -> DeviceInformation {
            DeviceInformation(
                medium: 2, isInProgrammingMode: false, address: IndividualAddress(raw: 1), serialNumber: 1,
                hardwareAddress: 1,
                name: text)
        }
        #expect(name("Küche").nameOctets == [0x4B, 0xFC, 0x63, 0x68, 0x65])
        #expect(name("Küche").name == "Küche")
        await #expect(processExitsWith: .failure) {
            _ = DeviceInformation(
                medium: 2, isInProgrammingMode: false, address: IndividualAddress(raw: 1), serialNumber: 1,
                hardwareAddress: 1,
                name: "€")
        }
        await #expect(processExitsWith: .failure) {
            _ = DeviceInformation(
                medium: 2, isInProgrammingMode: false, address: IndividualAddress(raw: 1), serialNumber: 1,
                hardwareAddress: 1,
                name: String(repeating: "x", count: 31))
        }
    }

    @Test func unknownNumbersHaveWords() {
        #expect(KNXnetIPStatus(0x77).description == "status(77)")
        #expect(KNXnetIPStatus.noMoreConnections.description == "no more connections")
        #expect(
            TunnellingLayer(0x05).description == "layer(05)" && TunnellingLayer.busmonitor.description == "busmonitor")
        #expect(EMIType(9).description == "EMI(09)")
        #expect(KNXnetIPFamily.name(0x09) == "security" && KNXnetIPFamily.name(0x0A) == nil)
        #expect(Set(KNXnetIPService.allCases.map(\.name)).count == KNXnetIPService.allCases.count)
    }
}

@Suite struct KNXnetIPStreamTests {
    private static let frames = KNXnetIPMessage.frames

    @Test(arguments: [1, 2, 3, 5, 6, 7, 13, 64, 1000, 100_000]) func everySplitGivesTheSame(_ size: Int) {
        let all = Self.frames.flatMap { $0 }
        var stream = KNXnetIPStream()
        let cut = stride(from: 0, to: all.count, by: size).flatMap { stream.feed(all[$0..<min($0 + size, all.count)]) }
        #expect(cut == Self.frames)
        #expect(!stream.isInsideFrame && stream.fault == nil)
    }

    @Test func everyPlaceOfOneSplit() {
        let all = Self.frames.prefix(4).flatMap { $0 }
        for place in 0...all.count {
            var stream = KNXnetIPStream()
            let cut = stream.feed(all[..<place]) + stream.feed(all[place...])
            #expect(cut == Array(Self.frames.prefix(4)))
        }
    }

    @Test(arguments: [
        ("05", FaultCode.headerLength, 0), ("06 11", .protocolVersion, 1), ("06 10 0420 0005", .structLength, 4),
        ("06 10 0420 0000", .structLength, 4),
    ]) func whatCannotBeAHeaderEndsIt(_ text: String, _ code: FaultCode, _ offset: Int) {
        let good = Self.frames[0]
        var stream = KNXnetIPStream()
        #expect(stream.feed(good + hex(text) + good) == [good])
        #expect(stream.fault == Fault(code, .knxnetip, at: offset))
        #expect(stream.feed(good) == [])
        #expect(!stream.isInsideFrame)
    }

    @Test(arguments: [UInt64(1), 2, UInt64.random(in: 0...UInt64.max)]) func anyOctetsEnd(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<2000 {
            var stream = KNXnetIPStream()
            var told = 0
            var fed = 0
            while stream.fault == nil, fed < 300 {
                let header: [UInt8] = [0x06, 0x10, 0x04, UInt8.random(in: 0...255, using: &random), 0x00]
                let piece =
                    header + [UInt8.random(in: 5...12, using: &random)]
                    + (0..<Int.random(in: 0...6, using: &random)).map { _ in 0x06 }
                fed += piece.count
                told += stream.feed(piece).reduce(0) { $0 + $1.count }
            }
            #expect(told <= fed, "seed \(seed)")
        }
    }
}
