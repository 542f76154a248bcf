import KNX
import Platform
import Testing

@Suite struct CEMIMessageTests {
    static let line = IndividualAddress(raw: 0x1105)
    static let group = Destination.group(GroupAddress(raw: 0x0901))

    @Test func linkData() {
        let write = LinkData(.request, source: Self.line, destination: Self.group, transportUnit: [0x00, 0x81])
        #expect(write.octets == hex("1100 BCE0 1105 0901 01 0081"))
        #expect(write.confirmation(isNegative: true).octets == hex("2E00 BDE0 1105 0901 01 0081"))
        #expect(write.confirmation(isNegative: false).octets == hex("2E00 BCE0 1105 0901 01 0081"))
        let all = LinkData(
            .indication, additionalInformation: [.relativeTimestamp(1), .busmonitorStatus(.init(sequence: 5))],
            isExtended: true, repeatBit: false, isSystemBroadcast: true, priority: .urgent, requestsAcknowledge: true,
            source: Self.line, destination: .individual(IndividualAddress(raw: 0x1203)), hopCount: 3,
            transportUnit: [0x80])
        #expect(all.octets == hex("29 07 030105 04020001 0A 30 1105 1203 00 80"))
        #expect(LinkData.Service.allCases.map(\.code.name) == ["L_Data.req", "L_Data.con", "L_Data.ind"])
    }

    /// A sender uses the extended format above 15 octets behind the TPCI, and for an extended frame format.
    @Test func senderChoosesTheFormat() {
        for count in [1, 2, 15, 16, 17, 18, 254, 255] {
            let data = LinkData(
                .request, source: Self.line, destination: Self.group,
                transportUnit: [UInt8](repeating: 0, count: count))
            #expect(data.isExtended == (count > 16))
            #expect(data.octets[8] == UInt8(count - 1))
            #expect((try? LinkData(data.octets.span)) == data)
        }
        let zone = LinkData(
            .request, source: Self.line, destination: Self.group, extendedFormat: 4, transportUnit: [0, 0x81])
        #expect(zone.octets == hex("1100 3CE4 1105 0901 01 0081"))
        #expect((try? LinkData(zone.octets.span)) == zone)
    }

    @Test(arguments: 0..<4 as Range<UInt64>) func linkDataComesBack(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let items: [AdditionalInformation] = (0..<Int.random(in: 0...3, using: &random)).map { place in
                let data = (0..<Int.random(in: 0...9, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
                return AdditionalInformation(type: UInt8(1 + place * 4), data: data)
            }
            let unit = (0..<Int.random(in: 1...255, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            let data = LinkData(
                LinkData.Service.allCases.randomElement(using: &random) ?? .request, additionalInformation: items,
                isExtended: Bool.random(using: &random), repeatBit: Bool.random(using: &random),
                isSystemBroadcast: Bool.random(using: &random),
                priority: Priority.allCases.randomElement(using: &random) ?? .low,
                requestsAcknowledge: Bool.random(using: &random), isNegativeConfirmation: Bool.random(using: &random),
                source: IndividualAddress(raw: UInt16.random(in: 0...UInt16.max, using: &random)),
                destination: Bool.random(using: &random)
                    ? .group(GroupAddress(raw: UInt16.random(in: 0...UInt16.max, using: &random)))
                    : .individual(IndividualAddress(raw: UInt16.random(in: 0...UInt16.max, using: &random))),
                hopCount: UInt8.random(in: 0...7, using: &random),
                extendedFormat: UInt8.random(in: 0...15, using: &random),
                transportUnit: unit)
            #expect(try LinkData(data.octets.span) == data)
            #expect(try CEMIMessage(data.octets.span) == .linkData(data))
        }
    }

    @Test func medium() throws {
        let frame = hex("BC1012143DE3008000C8C3")
        let indication = MediumMessage(
            busmonitor: BusmonitorStatus(sequence: 3), microseconds: 0xBAD6_4193, medium: frame)
        #expect(indication.octets == hex("2B 09 030103 0604BAD64193") + frame)
        #expect(try MediumMessage(indication.octets.span) == indication)
        #expect(throws: Fault(.messageCodeUnknown, .frame, at: 0)) { try MediumMessage(hex("F1").span) }
        #expect(throws: Fault(.rawEmpty, .frame, at: 2)) { try MediumMessage(hex("2D00").span) }
    }

    @Test func busmonitorIndication() throws {
        let octets = hex("2B 0D 0301EA 0402ABCD 0604BAD64193 CC")
        var faults = Faults()
        let frame = CEMIFrame(octets.span, faults: &faults)
        #expect(faults.isEmpty)
        let read = BusmonitorIndication(frame, octets.span)
        let indication = try #require(read)
        #expect(indication.relativeTimestamp == 0xABCD && indication.extendedRelativeTimestamp == 0xBAD6_4193)
        #expect(indication.raw == 15..<16)
        let status = try #require(indication.status)
        #expect(status.frameError && status.bitError && status.parityError && !status.overflow && status.lost)
        #expect(status.sequence == 2)
        #expect(
            BusmonitorStatus(frameError: true, bitError: true, parityError: true, lost: true, sequence: 2) == status)
        #expect(BusmonitorStatus(overflow: true, sequence: 0).octet == 0x10)
        let tp1 = CEMIDescription(octets).decoded.first { $0.name == "tp1" }
        #expect(tp1?.value == .object([Field("ack", .text("ACK"))]))
    }

    @Test(arguments: [(0, 1, 0), (0, 2, 1), (7, 0, 0), (7, 1, 1), (3, 3, 7), (5, 4, 6)])
    func missingIndications(_ previous: UInt8, _ next: UInt8, _ missing: Int) {
        #expect(BusmonitorStatus(sequence: next).missing(since: BusmonitorStatus(sequence: previous)) == missing)
    }

    @Test func innerFaultsAreNoFaultsOfTheMessage() {
        let description = CEMIDescription(hex("2B 00 BC11050902E100813D"))
        #expect(description.faults.isEmpty)
        #expect(description.decoded.contains(Field("tp1_error", .text("checksum"))))
    }

    @Test func properties() throws {
        #expect(PropertyMessage.setCommunicationMode(.linkLayer).octets == hex("F6 0008 01 34 1001 00"))
        #expect(PropertyMessage.setCommunicationMode(.busmonitor).octets == hex("F6 0008 01 34 1001 01"))
        let header = PropertyHeader(objectType: 0, property: 56, start: 0x923)
        #expect(try PropertyMessage(.propertyReadRequest, header).octets == hex("FC 0000 01 38 1923"))
        #expect(try PropertyMessage(hex("FC 0000 01 38 1923").span).header == header)
        #expect(throws: Fault(.trailing, .frame, at: 7)) {
            try PropertyMessage(.propertyReadRequest, header, data: [1])
        }
        #expect(throws: Fault(.truncated, .frame, at: 7)) { try PropertyMessage(.propertyWriteRequest, header) }
        #expect(throws: Fault(.truncated, .frame, at: 7)) { try PropertyMessage(.propertyReadConfirmation, header) }
        let failed = PropertyHeader(objectType: 0, property: 56, elements: 0)
        #expect(throws: Fault(.errorInfoLength, .frame, at: 7)) {
            try PropertyMessage(.propertyReadConfirmation, failed)
        }
        let refusal = try PropertyMessage(.propertyReadConfirmation, failed, data: [0x07])
        #expect(refusal.error == .voidDatapoint)
        #expect(try PropertyMessage(refusal.octets.span) == refusal)
        #expect(throws: Fault(.messageCodeUnknown, .frame, at: 0)) { try PropertyMessage(.resetRequest, header) }
        #expect(throws: Fault(.messageCodeUnknown, .frame, at: 0)) {
            try PropertyMessage(.functionPropertyCommandRequest, header)
        }
        let function = PropertyHeader(functionOfObjectType: 0x11, property: 0x33)
        let command = try PropertyMessage(.functionPropertyCommandRequest, function, data: [0, 1])
        #expect(command.octets == hex("F8 0011 01 33 0001") && command.error == nil)
        #expect(throws: Fault(.messageCodeUnknown, .frame, at: 0)) {
            try PropertyMessage(.propertyReadRequest, function)
        }
    }

    @Test func descriptionsOfProperties() {
        let confirmation = CEMIDescription(hex("FA 0011 01 33 F2 0102"))
        #expect(confirmation.fields.contains(Field("return_code", .integer(0xF2))))
        #expect(confirmation.fields.contains(Field("data", .octets([1, 2]))))
        #expect(
            CEMIDescription(hex("FB 0008 01 34 0001 07")).decoded.contains(
                Field("error_name", .text("no such property"))))
        #expect(CEMIDescription(hex("FB 0008 01 34 0001 77")).decoded.contains(Field("error_name", .null)))
        #expect(CEMIDescription(hex("FA 0011 01 33")).fields.count == 4)
        #expect(Set(PropertyError.allCases.map(\.name)).count == 12)
    }

    @Test func transportData() throws {
        let data = TransportData(.transportConnectedIndication, transportUnit: hex("03D5000B1001"))
        #expect(data.octets == hex("89 00 000000000000 05 03D5000B1001"))
        #expect(try TransportData(data.octets.span) == data)
        let description = CEMIDescription(data.octets)
        #expect(description.fields.contains(Field("tpci", .text("T_Data_Connected"))))
        #expect(throws: Fault.self) { try TransportData(hex("2900 BCE0 1105 0901 01 0081").span) }
        #expect(throws: Fault.self) { try LinkData(data.octets.span) }
    }

    @Test func poll() throws {
        let octets = hex("25 00 F011050E0003 01FE02")
        var faults = Faults()
        let frame = CEMIFrame(octets.span, faults: &faults)
        let read = PollMessage(frame, octets.span)
        let poll = try #require(read)
        #expect(poll == PollMessage(source: Self.line, group: 0x0E00, slots: 3, answers: [1, 0xFE, 2]))
        #expect([0x25, 0] + poll.octets == octets)
        #expect(CEMIDescription(octets).decoded.contains(Field("answers", .octets([1, 0xFE, 2]))))
        let request = hex("13 00 F011050E0003 01")
        #expect(PollMessage(CEMIFrame(request.span, faults: &faults), request.span) == nil)
    }
}
