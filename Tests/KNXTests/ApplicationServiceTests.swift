import KNX
import Testing

/// Services that are built, not read.
@Suite struct ApplicationServiceTests {
    static let built: [(ApplicationService, TransportService, UInt8, String)] = [
        (.groupValueRead, .dataGroup, 0, "0000"), (.groupValueWrite(.small(1)), .dataGroup, 0, "0081"),
        (.groupValueWrite(.octets([0x0C, 0x1A])), .dataTagGroup, 0, "04800C1A"),
        (
            .individualAddressWrite(.init(address: IndividualAddress(raw: 0x1105))), .dataBroadcast, 0, "00C01105"
        ),
        (.individualAddressRead, .dataBroadcast, 0, "0100"),
        (.adcRead(.init(channel: 63, count: 8)), .dataConnected, 1, "45BF08"),
        (.memoryRead(.init(count: 12, address: 0x0116)), .dataConnected, 15, "7E0C0116"),
        (.memoryWrite(.init(address: 0x0060, data: [0x81, 0x82])), .dataConnected, 3, "4E8200608182"),
        (.userMemoryRead(.init(address: 0xF1234, count: 11)), .dataConnected, 0, "42C0FB1234"),
        (.userMemoryWrite(.init(address: 0xF1234, data: [1, 2, 3])), .dataConnected, 0, "42C2F31234010203"),
        (
            .memoryExtendedWrite(.init(address: 0x12_3456, data: [0xAA])), .dataConnected, 0, "41FB01123456AA"
        ),
        (.deviceDescriptorRead(.init(type: 0)), .dataIndividual, 0, "0300"),
        (.deviceDescriptorResponse(.init(mask: 0x07B0)), .dataConnected, 0, "434007B0"),
        (.restart, .dataConnected, 3, "4F80"),
        (.restartMasterReset(.init(eraseCode: 1, channel: 0)), .dataIndividual, 0, "03810100"),
        (.authorizeRequest(.init(key: 0xFFFF_FFFF)), .dataConnected, 1, "47D100FFFFFFFF"),
        (
            .propertyValueRead(.init(objectIndex: 0, property: 11, count: 1, start: 1)), .dataConnected, 3,
            "4FD5000B1001"
        ),
        (
            .propertyValueWrite(.init(objectIndex: 0, property: 54, count: 1, start: 0xFFF, data: [1])),
            .dataIndividual, 0, "03D700361FFF01"
        ),
        (
            .propertyDescriptionResponse(
                .init(
                    objectIndex: 0, property: 11, propertyIndex: 2, isWritable: true, dataType: 5,
                    maximumElements: 0xAF0, readLevel: 3, writeLevel: 14)), .dataIndividual, 0, "03D9000B02850AF03E"
        ),
        (
            .propertyExtValueRead(.init(objectType: 11, instance: 0xABC, property: 0xDEF, count: 1, start: 1)),
            .dataIndividual, 0, "01CC000BABCDEF010001"
        ),
        (
            .systemNetworkParameterRead(.init(objectType: 0, property: 11, test: [1])), .dataSystemBroadcast, 0,
            "01C8000000B001"
        ),
        (
            .linkResponse(
                .init(object: 7, sendingIndex: 1, start: 2, addresses: [GroupAddress(raw: 0x0901)])), .dataIndividual,
            0, "03E607120901"
        ),
        (
            .domainAddressSerialNumberWrite(
                .init(
                    serialNumber: [0, 0xFA, 1, 2, 3, 4], domain: [0xE0, 0, 0x17, 0x0C],
                    backbone: .init(version: 1, key: Array(0...15)))), .dataBroadcast, 0,
            "03EE00FA01020304E000170C01000102030405060708090A0B0C0D0E0F"
        ),
        (
            .secureService(
                .init(
                    isToolAccess: true, isConfidential: false, isSystemBroadcast: true, sequence: [0, 0, 0, 0, 0, 2],
                    apdu: [0, 0x81], code: [0x11, 0x22, 0x33, 0x44])), .dataConnected, 2,
            "4BF188000000000002008111223344"
        ),
        (
            .userManufacturerSpecific(.init(apci: 0x2FE, data: [9])), .dataConnected, 0, "42FE09"
        ),
    ]

    @Test(arguments: built.indices) func writes(_ place: Int) throws {
        let (service, transport, sequence, octets) = Self.built[place]
        let tpdu = service.tpdu(transport, sequence: sequence)
        #expect(tpdu == hex(octets))
        #expect(try ApplicationService(tpdu: tpdu) == service)
        var faults = Faults()
        let isGroup = [.dataGroup, .dataTagGroup, .dataBroadcast, .dataSystemBroadcast].contains(transport)
        let unit = TransportUnit(
            tpdu.span, isGroup: isGroup, destinationIsZero: transport != .dataGroup && transport != .dataTagGroup,
            isSystemBroadcast: transport == .dataSystemBroadcast, faults: &faults, at: 0)
        #expect(faults.isEmpty && unit.transport == transport && unit.service == service.code)
        #expect(unit.sequence == (transport == .dataConnected ? sequence : nil))
    }

    @Test func longestUnits() throws {
        let octets = [UInt8](repeating: 0xA5, count: 253)
        #expect(ApplicationService.groupValueWrite(.octets(octets)).tpdu(.dataGroup).count == 255)
        let block = ExtendedMemoryBlock(address: 0, data: Array(octets.prefix(249)))
        #expect(ApplicationService.memoryExtendedWrite(block).tpdu(.dataConnected).count == 255)
        let bits = MemoryBits(address: 0, and: Array(octets.prefix(125)), xor: Array(octets.prefix(125)))
        #expect(ApplicationService.memoryBitWrite(bits).tpdu(.dataConnected).count == 255)
    }

    @Test func wrongCountsAreErrorsOfTheCaller() async {
        await #expect(processExitsWith: .failure) {
            let wrong = PropertyData(objectIndex: 0, property: 1, count: 2, start: 1, data: [1, 2, 3])
            _ = ApplicationService.propertyValueWrite(wrong).tpdu(.dataIndividual)
        }
        await #expect(processExitsWith: .failure) {
            _ = ApplicationService.groupValueWrite(.octets([UInt8](repeating: 0, count: 254))).tpdu(.dataGroup)
        }
        await #expect(processExitsWith: .failure) { _ = ApplicationService.restart.tpdu(.connect) }
        await #expect(processExitsWith: .failure) {
            _ = PropertyRange(objectIndex: 0, property: 1, count: 16, start: 1)
        }
    }

    @Test func meanings() {
        #expect(ReturnCode(rawValue: 0xFC).description == "FC access denied")
        #expect(ReturnCode(rawValue: 0x22).description == "22" && ReturnCode(rawValue: 0x22).isSuccess)
        #expect(!ReturnCode(rawValue: 0xF1).isSuccess)
        #expect((UInt8.min...255).compactMap { ReturnCode(rawValue: $0).meaning }.count == 16)
        #expect(!MasterReset(eraseCode: 1, channel: 0).destroysProgramming)
        #expect([2, 3, 7].allSatisfy { MasterReset(eraseCode: $0, channel: 0).destroysProgramming })
        #expect(MasterReset(eraseCode: 9, channel: 0).eraseName == nil)
        #expect(
            [0x07B0, 0x17B0, 0x27B0, 0x57B0, 0xF7B0].map { DeviceDescriptorResponse.medium(ofMask: $0) } == [
                "TP1", "PL110", "RF", "IP", nil,
            ])
        #expect(Set(ApplicationServiceCode.allCases.map(\.name)).count == ApplicationServiceCode.allCases.count)
    }
}
