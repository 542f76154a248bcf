import KNX
import Platform
import Testing

extension KNXnetIPMessage {
    fileprivate static let endpoint = HostProtocolAddress(.udp, InternetAddress(192, 168, 10, 20), port: 3671)
    fileprivate static let key = [UInt8](1...32)
    fileprivate static let code = [UInt8](0xA0...0xAF)

    /// One of each service that the vectors leave out, or of a variant; with the octets that the standard's tables give.
    fileprivate static let samples: [(KNXnetIPMessage, String)] = [
        (.descriptionRequest(.routeBack(.tcp)), "0610 0203 000E 0802 00000000 0000"),
        (
            .searchResponse(endpoint, [.supportedFamilies([.init(family: 2, version: 1)])]),
            "0610 0202 0012 0801 C0A80A14 0E57 0402 0201"
        ),
        (
            .searchResponseExtended(
                endpoint,
                [
                    .extendedDeviceInformation(
                        ExtendedDeviceInformation(mediumStatus: 1, longestApdu: 254, mask: 0x07B0)),
                    .manufacturer(0x00FA, [0xAB, 0xCD]), .other(type: 0x44, [1, 2]),
                ]), "0610 020C 0020 0801 C0A80A14 0E57 0808 01 00 00FE 07B0 06FE 00FA ABCD 0444 0102"
        ),
        (
            .searchRequestExtended(
                endpoint,
                [
                    SearchParameter(.programmingMode), SearchParameter(.family(4, version: 2), isMandatory: false),
                    SearchParameter(.descriptions([1, 2])), SearchParameter(.other(type: 0x55, [9, 8])),
                ]), "0610 020B 001C 0801 C0A80A14 0E57 0281 0403 0402 0484 0102 04D5 0908"
        ),
        (
            .connectAccepted(channel: 7, data: endpoint, .deviceManagement),
            "0610 0206 0012 07 00 0801 C0A80A14 0E57 0203"
        ),
        (.connectRefused(.noMoreConnections), "0610 0206 0008 00 24"),
        (
            .connectRequest(control: endpoint, data: endpoint, .tunnelling(.busmonitor)),
            "0610 0205 001A 0801 C0A80A14 0E57 0801 C0A80A14 0E57 0404 8000"
        ),
        (
            .connectRequest(control: endpoint, data: endpoint, .remoteConfiguration),
            "0610 0205 0018 0801 C0A80A14 0E57 0801 C0A80A14 0E57 0207"
        ),
        (
            .featureResponse(channel: 21, sequence: 3, .deviceDescriptor, returnCode: 0, value: [0x07, 0xB0]),
            "0610 0423 000E 04 15 03 00 02 00 07B0"
        ),
        (
            .featureSet(channel: 21, sequence: 3, .informationServiceEnable, value: [1]),
            "0610 0424 000D 04 15 03 00 08 00 01"
        ),
        (.routingLostMessage(RoutingLostMessage(deviceState: 1, lostCount: 300)), "0610 0531 000A 04 01 012C"),
        (
            .routingBusy(RoutingBusy(waitMilliseconds: 100, control: 0x1234)), "0610 0532 000C 06 00 0064 1234"
        ),
        (
            .remoteDiagnosticRequest(endpoint, .hardwareAddress(0x0050_C2AA_BBCC)),
            "0610 0740 0016 0801 C0A80A14 0E57 0802 0050C2AABBCC"
        ),
        (
            .remoteDiagnosticResponse(
                .programmingMode, [.addresses(IndividualAddress(raw: 0x1102), additional: [])]),
            "0610 0741 000C 0201 0405 1102"
        ),
        (
            .remoteBasicConfigurationRequest(
                endpoint, .programmingMode,
                [
                    .internetConfiguration(
                        InternetConfiguration(
                            address: InternetAddress(10, 0, 0, 2), subnetMask: InternetAddress(255, 255, 255, 0),
                            gateway: InternetAddress(10, 0, 0, 1), capabilities: 7, assignment: 4))
                ]), "0610 0742 0020 0801 C0A80A14 0E57 0201 1003 0A000002 FFFFFF00 0A000001 07 04"
        ),
        (.remoteResetRequest(.programmingMode, .masterReset), "0610 0743 000A 0201 02 00"),
        (
            .sessionRequest(.routeBack(.tcp), publicKey: key),
            "0610 0951 002E 0802 00000000 0000 0102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F20"
        ),
        (
            .sessionResponse(session: 5, publicKey: key, code: code),
            """
            0610 0952 0038 0005 0102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F20 \
            A0A1A2A3A4A5A6A7A8A9AAABACADAEAF
            """
        ),
        (.sessionAuthenticate(user: 1, code: code), "0610 0953 0018 00 01 A0A1A2A3A4A5A6A7A8A9AAABACADAEAF"),
        (.objectServerRequest([0xF0, 0x05, 0, 1, 0, 1, 0]), "0620 F080 000D F0050001000100"),
        (.objectServerAcknowledge([0x04, 0, 0, 0]), "0620 F081 000A 04000000"),
    ]

    /// A good frame of every kind there is.
    static let frames: [[UInt8]] =
        samples.map { hex($0.1) } + KNXnetIPVector.all.filter { $0.error == nil }.map(\.octets)
}

@Suite struct KNXnetIPMessageTests {
    @Test(arguments: KNXnetIPMessage.samples.indices) func samples(_ index: Int) throws {
        let (message, text) = KNXnetIPMessage.samples[index]
        let octets = hex(text)
        #expect(try message.octets == octets)
        let frame = KNXnetIPFrame(octets.span)
        #expect(frame.faults.isEmpty)
        #expect(frame.message == message)
        #expect(frame.service == message.service)
        let isDescribed = frame.fields.count + frame.decoded.count > 4
        #expect(isDescribed)
    }

    @Test func everyServiceIsTried() {
        let services = Set(KNXnetIPMessage.frames.map { KNXnetIPFrame($0.span).service })
        #expect(KNXnetIPService.allCases.filter { !services.contains($0) } == [])
    }

    @Test(arguments: KNXnetIPVector.all.filter { $0.error == nil }) func vectorsRoundTrip(_ vector: KNXnetIPVector)
        throws
    {
        let octets = vector.octets
        let meaning = KNXnetIPFrame(octets.span).message
        let message = try #require(meaning)
        #expect(try message.octets == octets)
    }

    @Test func rejectedFramesHaveNoMeaning() {
        for vector in KNXnetIPVector.all where vector.error != nil {
            let octets = vector.octets
            let message = KNXnetIPFrame(octets.span).message
            #expect(message == nil, "\(vector.id)")
        }
    }

    @Test func everyTruncationIsTold() {
        for octets in KNXnetIPMessage.frames {
            for count in 0..<octets.count {
                let cut = Array(octets.prefix(count))
                let frame = KNXnetIPFrame(cut.span)
                #expect(frame.faults.worst?.code == (count == 0 ? .empty : .truncated), "\(octets), \(count)")
                #expect(frame.faults.worst?.offset == count)
                _ = frame.fields + frame.decoded
                // The same octets under a total length that fits them: the body is what is too short now.
                guard count >= 6 else { continue }
                var fitted = cut
                fitted[4] = UInt8(count >> 8)
                fitted[5] = UInt8(count & 255)
                let short = KNXnetIPFrame(fitted.span)
                if !short.faults.isRejected, let message = short.message {
                    #expect((try? message.octets)?.count == count, "\(fitted)")
                }
            }
            let extended = octets + [0]
            let long = KNXnetIPFrame(extended.span)
            #expect(long.faults.worst == Fault(.trailing, .knxnetip, at: octets.count))
        }
    }

    /// Every octet set to every value: a frame that is not rejected is encoded as it was, but for what the standard reserves.
    @Test func everyMutationEnds() {
        var accepted = 0
        var tried: Set<[UInt8]> = []
        // Of frames that differ in values only, one is enough.
        for octets in KNXnetIPMessage.frames where tried.insert(Array(octets.prefix(6))).inserted {
            var mutated = octets
            for index in octets.indices {
                for octet in UInt8.min...255 {
                    mutated[index] = octet
                    let frame = KNXnetIPFrame(mutated.span)
                    if octet % 16 < 4 { _ = frame.fields.count + frame.decoded.count }
                    guard let message = frame.message else {
                        if !frame.faults.isRejected { Issue.record("\(mutated) has no meaning") }
                        continue
                    }
                    accepted += 1
                    let isExact = (try? message.octets) == mutated
                    if !isExact, !frame.faults.contains(where: { $0.code == .reservedBits }),
                        !Self.isLossy(frame, mutated)
                    {
                        Issue.record("\(mutated) comes back otherwise")
                    }
                }
                mutated[index] = octets[index]
            }
        }
        #expect(accepted > 100_000)
    }

    /// Octets that carry no meaning: those behind the end of a friendly name, and a refused connection's endpoint.
    private static func isLossy(_ frame: borrowing KNXnetIPFrame, _ octets: [UInt8]) -> Bool {
        let namesDevice = frame.descriptionBlocks.contains { $0.type == 0x01 }
        return namesDevice && octets.count > 60 || frame.status != .noError && frame.service == .connectResponse
    }

    @Test(arguments: [UInt64(1), 2, UInt64.random(in: 0...UInt64.max)]) func anyOctetsEnd(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<20_000 {
            let service = KNXnetIPService.allCases.randomElement(using: &random) ?? .searchRequest
            let count = Int.random(in: 0...80, using: &random)
            var octets: [UInt8] = [
                6, service.protocolVersion, UInt8(service.rawValue >> 8), UInt8(service.rawValue & 255),
            ]
            octets += [0, UInt8(count + 6)]
            for _ in 0..<count {
                let small = UInt8.random(in: 0...8, using: &random)
                octets.append(Bool.random(using: &random) ? small : UInt8.random(in: 0...255, using: &random))
            }
            let frame = KNXnetIPFrame(octets.span)
            _ = frame.fields.count + frame.decoded.count
            #expect((frame.message == nil) == frame.faults.isRejected, "seed \(seed): \(octets)")
            #expect(frame.faults.allSatisfy { $0.offset <= octets.count }, "seed \(seed): \(octets)")
        }
    }

    @Test func whatCannotBeSaidIsRefused() {
        func expect(_ message: KNXnetIPMessage, _ refusal: KNXnetIPMessage.Refusal) {
            #expect(throws: refusal) { try message.octets }
        }
        let endpoint = KNXnetIPMessage.endpoint
        expect(.routingIndication(cemi: []), .payloadMissing)
        expect(.routingIndication(cemi: [UInt8](repeating: 0x29, count: 65_530)), .frameTooLong(65_536))
        expect(.featureInfo(channel: 1, sequence: 0, .activeEMIType, value: []), .payloadMissing)
        expect(.descriptionResponse([]), .payloadMissing)
        expect(
            .descriptionResponse([.manufacturer(1, [UInt8](repeating: 0, count: 252))]), .structureLength(type: 0xFE))
        expect(.descriptionResponse([.other(type: 0x01, [1, 2])]), .structureLength(type: 0x01))
        expect(.searchRequestExtended(endpoint, [SearchParameter(.descriptions([]))]), .structureLength(type: 4))
        expect(.connectRefused(.noError), .refusedWithoutError)
        expect(.sessionStatus(6), .sessionStatusUnknown(6))
        expect(.sessionRequest(endpoint, publicKey: [1]), .secureLength(1))
        expect(.sessionAuthenticate(user: 1, code: []), .secureLength(0))
        expect(
            .secureWrapper(
                SecureWrapperHeader(session: 1, sequence: 1, serialNumber: 1, tag: 0), ciphertext: [1, 2, 3],
                code: KNXnetIPMessage.code), .secureLength(3))
        expect(.remoteResetRequest(.hardwareAddress(1 << 48), .restart), .numberTooLarge(1 << 48))
        expect(.timerNotify(timer: 1 << 60, serialNumber: 0, tag: 0, code: []), .numberTooLarge(1 << 60))
    }

    @Test func longestFrame() throws {
        let message = KNXnetIPMessage.routingIndication(cemi: [UInt8](repeating: 0x29, count: 65_529))
        let octets = try message.octets
        #expect(octets.count == 65_535)
        let meaning = KNXnetIPFrame(octets.span).message
        #expect(meaning == message)
    }
}
