import KNX
import Testing

/// A transport unit of one application service, and what becomes of it one octet shorter and one longer.
struct ApplicationRow: Sendable, CustomTestStringConvertible {
    enum Neighbours: Sendable {
        /// Both are a wrong length.
        case both
        /// One octet less is a wrong length; one more belongs to the data.
        case shorter
        /// Both differ from the count in the service.
        case count
        /// Any length is right.
        case neither
    }

    let name: String
    let neighbours: Neighbours
    let tpdu: [UInt8]
    let decoded: String

    init(_ name: String, _ neighbours: Neighbours, _ tpdu: String, _ decoded: String) {
        self.name = name
        self.neighbours = neighbours
        self.tpdu = hex(tpdu)
        self.decoded = decoded
    }

    var testDescription: String { "\(name) \(tpdu.count)" }
}

/// Every row of the table of application services.
@Suite struct ApplicationRowTests {
    static let rows: [ApplicationRow] = [
        .init("GroupValueRead", .both, "0000", ""),
        .init("GroupValueResponse", .neither, "00402A", "value=2a"),
        .init("GroupValueWrite", .neither, "00800C1A", "value=0c1a"),
        .init("IndividualAddressWrite", .both, "00C01105", "new_address=1.1.5"),
        .init("IndividualAddressRead", .both, "0100", ""),
        .init("IndividualAddressResponse", .both, "0140", ""),
        .init("ADCRead", .both, "018108", "channel=1 count=8"),
        .init("ADCResponse", .both, "01C1080123", "channel=1 count=8 sum=291"),
        .init(
            "SystemNetworkParameterRead", .shorter, "01C8000000B0", "object_type=0 pid=11 reserved=0 test_information="),
        .init(
            "SystemNetworkParameterResponse", .shorter, "01C9000000B0",
            "object_type=0 pid=11 reserved=0 test_information="),
        .init(
            "SystemNetworkParameterWrite", .shorter, "01CA000000B5", "object_type=0 pid=11 reserved=5 test_information="
        ),
        .init(
            "PropertyExtValueRead", .both, "01CC000B00200D010001",
            "object_type=11 object_instance=2 pid=13 count=1 start=1"),
        .init(
            "PropertyExtValueResponse", .shorter, "01CD000B002FFF000001",
            "object_type=11 object_instance=2 pid=4095 count=0 start=1 data= negative=true"),
        .init(
            "PropertyExtValueWriteCon", .count, "01CE000B0010360200017F80",
            "object_type=11 object_instance=1 pid=54 count=2 start=1 data=7f80"),
        .init(
            "PropertyExtValueWriteConRes", .both, "01CF000B001036010001FC",
            "object_type=11 object_instance=1 pid=54 count=1 start=1 return_code=FC access denied"),
        .init(
            "PropertyExtValueWriteUnCon", .count, "01D0000B0010360200017F80",
            "object_type=11 object_instance=1 pid=54 count=2 start=1 data=7f80"),
        .init(
            "PropertyExtValueInfoReport", .count, "01D1000B0010360200017F80",
            "object_type=11 object_instance=1 pid=54 count=2 start=1 data=7f80"),
        .init(
            "PropertyExtDescriptionRead", .both, "01D2000B0010363002",
            "object_type=11 object_instance=1 pid=54 description_type=3 property_index=2"),
        .init(
            "PropertyExtDescriptionResponse", .both, "01D3000B001036300200090001C5000A3F",
            "object_type=11 object_instance=1 pid=54 description_type=3 property_index=2 dpt_main=9 dpt_sub=1 writable=true reserved=1 pdt=5 maximum_elements=10 read_level=3 write_level=15"
        ),
        .init(
            "FunctionPropertyExtCommand", .shorter, "01D4000B001036", "object_type=11 object_instance=1 pid=54 data="),
        .init(
            "FunctionPropertyExtStateRead", .shorter, "01D5000B001036", "object_type=11 object_instance=1 pid=54 data="),
        .init(
            "FunctionPropertyExtStateResponse", .shorter, "01D6000B001036F8",
            "object_type=11 object_instance=1 pid=54 return_code=F8 data void data="),
        .init("MemoryExtendedWrite", .count, "01FB02123456AABB", "address=0x123456 data=aabb"),
        .init("MemoryExtendedWriteResponse", .both, "01FC01123456E5CC", "return_code=01 address=0x123456 crc=0xe5cc"),
        .init("MemoryExtendedRead", .both, "01FD02123456", "count=2 address=0x123456"),
        .init("MemoryExtendedReadResponse", .shorter, "01FE00123456", "return_code=00 success address=0x123456 data="),
        .init("MemoryRead", .both, "02040060", "count=4 address=0x0060"),
        .init("MemoryResponse", .count, "02420060AABB", "address=0x0060 data=aabb"),
        .init("MemoryWrite", .count, "02820060AABB", "address=0x0060 data=aabb"),
        .init("UserMemoryRead", .both, "02C0F21234", "address=0xf1234 count=2"),
        .init("UserMemoryResponse", .count, "02C1F21234AABB", "address=0xf1234 data=aabb"),
        .init("UserMemoryWrite", .count, "02C2F21234AABB", "address=0xf1234 data=aabb"),
        .init("UserMemoryBitWrite", .both, "02C4021234FE7F0180", "address=0x1234 and=fe7f xor=0180"),
        .init("UserManufacturerInfoRead", .both, "02C5", ""),
        .init("UserManufacturerInfoResponse", .both, "02C6C50701", "manufacturer=197 information=0x0701"),
        .init("FunctionPropertyCommand", .shorter, "02C70536", "object_index=5 pid=54 data="),
        .init("FunctionPropertyStateRead", .shorter, "02C80536", "object_index=5 pid=54 data="),
        .init("FunctionPropertyStateResponse", .shorter, "02C90536", "object_index=5 pid=54 return_code=null data="),
        .init("UserManufacturerSpecific", .neither, "02FA0102", "data=0102"),
        .init("DeviceDescriptorRead", .both, "0302", "descriptor_type=2"),
        .init("DeviceDescriptorResponse", .both, "034007B0", "descriptor_type=0 mask_version=07B0 medium=TP1"),
        .init(
            "DeviceDescriptorResponse", .both, "034200C50701AB010203040506070809",
            "descriptor_type=2 application_manufacturer=197 device_type=0x0701 version=171 link_management=010203040506070809"
        ),
        .init("Restart", .both, "0380", ""),
        .init("RestartMasterReset", .both, "03810200", "erase_code=2 channel=0 erase=factory reset"),
        .init(
            "RestartMasterResetResponse", .both, "03A102001E",
            "error_code=2 process_time=30 error=erase code not supported"),
        .init("FilterTableOpen", .both, "03C0", ""),
        .init("FilterTableRead", .both, "03C1020100", "count=2 address=0x0100"),
        .init("FilterTableResponse", .count, "03C2020100AABB", "address=0x0100 data=aabb"),
        .init("FilterTableWrite", .count, "03C3020100AABB", "address=0x0100 data=aabb"),
        .init("RouterMemoryRead", .both, "03C8020100", "count=2 address=0x0100"),
        .init("RouterMemoryResponse", .count, "03C9020100AABB", "address=0x0100 data=aabb"),
        .init("RouterMemoryWrite", .count, "03CA020100AABB", "address=0x0100 data=aabb"),
        .init("RouterStatusRead", .neither, "03CD01", "data=01"),
        .init("RouterStatusResponse", .neither, "03CE01", "data=01"),
        .init("RouterStatusWrite", .neither, "03CF01", "data=01"),
        .init("MemoryBitWrite", .both, "03D0010060FE01", "address=0x0060 and=fe xor=01"),
        .init("AuthorizeRequest", .both, "03D100FFFFFFFF", "reserved=0 key=0xffffffff"),
        .init("AuthorizeResponse", .both, "03D20F", "level=15"),
        .init("KeyWrite", .both, "03D303FFFFFFFF", "level=3 key=0xffffffff"),
        .init("KeyResponse", .both, "03D4FF", "level=255 negative=true"),
        .init("PropertyValueRead", .both, "03D5000B1001", "object_index=0 pid=11 count=1 start=1"),
        .init(
            "PropertyValueResponse", .count, "03D6000B200100FA0102",
            "object_index=0 pid=11 count=2 start=1 data=00fa0102"),
        .init("PropertyValueWrite", .count, "03D7003620017F80", "object_index=0 pid=54 count=2 start=1 data=7f80"),
        .init("PropertyDescriptionRead", .both, "03D8000B00", "object_index=0 pid=11 property_index=0"),
        .init(
            "PropertyDescriptionResponse", .both, "03D9000B02850AF03E",
            "object_index=0 pid=11 property_index=2 writable=true reserved=0 pdt=5 reserved_bits=0 maximum_elements=2800 read_level=3 write_level=14"
        ),
        .init("NetworkParameterRead", .shorter, "03DA000B39", "object_type=11 pid=57 test_information="),
        .init("NetworkParameterResponse", .shorter, "03DB000B39", "object_type=11 pid=57 test_information="),
        .init("IndividualAddressSerialRead", .both, "03DC00FA01020304", "serial_number=00fa01020304"),
        .init(
            "IndividualAddressSerialResponse", .both, "03DD00FA0102030400010000",
            "serial_number=00fa01020304 domain_address=0x0001 reserved=0"),
        .init(
            "IndividualAddressSerialWrite", .both, "03DE00FA01020304110500000000",
            "serial_number=00fa01020304 new_address=1.1.5 reserved=0"),
        .init("DomainAddressWrite", .both, "03E01234", "domain_address=1234"),
        .init("DomainAddressWrite", .both, "03E0123456789ABC", "domain_address=123456789abc"),
        .init("DomainAddressRead", .both, "03E1", ""),
        .init("DomainAddressResponse", .both, "03E21234", "domain_address=1234"),
        .init(
            "DomainAddressSelectiveRead", .both, "03E3123411050A", "domain_address=0x1234 start_address=1.1.5 range=10"),
        .init("NetworkParameterWrite", .shorter, "03E4000B39", "object_type=11 pid=57 test_information="),
        .init("LinkRead", .both, "03E50701", "group_object=7 reserved=0 start=1"),
        .init("LinkResponse", .both, "03E607120901", "group_object=7 sending_index=1 start=2 group_addresses=[1/1/1]"),
        .init("LinkWrite", .both, "03E707020901", "group_object=7 delete=true sending=false group_address=1/1/1"),
        .init("GroupPropValueRead", .both, "03E80000010B", "object_type=0 object_instance=1 pid=11"),
        .init("GroupPropValueResponse", .shorter, "03E90000010B", "object_type=0 object_instance=1 pid=11 data="),
        .init("GroupPropValueWrite", .shorter, "03EA0000010B", "object_type=0 object_instance=1 pid=11 data="),
        .init("GroupPropValueInfoReport", .shorter, "03EB0000010B", "object_type=0 object_instance=1 pid=11 data="),
        .init("DomainAddressSerialNumberRead", .both, "03EC00FA01020304", "serial_number=00fa01020304"),
        .init(
            "DomainAddressSerialNumberResponse", .both, "03ED00FA010203041234",
            "serial_number=00fa01020304 domain_address=1234"),
        .init(
            "DomainAddressSerialNumberWrite", .both, "03EE00FA010203041234",
            "serial_number=00fa01020304 domain_address=1234"),
        .init(
            "DomainAddressSerialNumberWrite", .both, "03EE00FA01020304E000170C",
            "serial_number=00fa01020304 domain_address=e000170c"),
        .init(
            "DomainAddressSerialNumberWrite", .both, "03EE00FA01020304123456789ABC",
            "serial_number=00fa01020304 domain_address=123456789abc"),
        .init(
            "DomainAddressSerialNumberWrite", .both, "03EE00FA01020304E000170C01000102030405060708090A0B0C0D0E0F",
            "serial_number=00fa01020304 domain_address=e000170c security_version=1 backbone_key=000102030405060708090a0b0c0d0e0f"
        ),
        .init("FileStreamInfoReport", .shorter, "03F035", "file_handle=3 file_sequence=5 block="),
        .init(
            "SecureService", .shorter, "03F1900000000000014D2A11223344",
            "secure_service=S-A_Data confidential=true sequence=1 encrypted=4d2a mac=11223344"),
        .init(
            "SecureService", .both, "03F192000000000001000000000000AABBCCDDEEFF11223344",
            "secure_service=S-A_Sync_Req confidential=true sequence=1 serial_number=000000000000 encrypted=aabbccddeeff mac=11223344"
        ),
        .init(
            "SecureService", .both, "03F193AABBCCDDEEFF0102030405060708090A0B0C11223344",
            "secure_service=S-A_Sync_Res confidential=true masked_random=aabbccddeeff encrypted=0102030405060708090a0b0c mac=11223344"
        ),
        .init(
            "SecureService", .shorter, "03F100000000000002008111223344",
            "secure_service=S-A_Data confidential=false sequence=2 apdu={service=GroupValueWrite apci=0x080 asdu= decoded={value=1}} mac=11223344"
        ),
        .init(
            "SecureService", .neither, "03F10000000000000203D5000B100111223344",
            "secure_service=S-A_Data confidential=false sequence=2 apdu={service=PropertyValueRead apci=0x3d5 asdu=000b1001 decoded={object_index=0 pid=11 count=1 start=1}} mac=11223344"
        ),
    ]

    private func read(_ tpdu: [UInt8], _ faults: inout Faults, at base: Int = 0) -> TransportUnit {
        let isGroup = tpdu.starts(with: [0x00])
        return TransportUnit(
            tpdu.span, isGroup: isGroup, destinationIsZero: false, isSystemBroadcast: false, faults: &faults, at: base)
    }

    @Test func everyServiceHasARow() {
        let names = Set(Self.rows.map(\.name))
        #expect(ApplicationServiceCode.allCases.filter { !names.contains($0.name) } == [.unknown])
    }

    @Test(arguments: rows) func decodes(_ row: ApplicationRow) throws {
        var faults = Faults()
        let unit = read(row.tpdu, &faults)
        #expect(faults.isEmpty)
        #expect(unit.service?.name == row.name)
        #expect(unit.asduCount == row.tpdu.count - 2)
        let service = try ApplicationService(tpdu: row.tpdu)
        #expect(service.fields.rendered == row.decoded)
        #expect(service.code.name == row.name)
        #expect(service.tpdu(.dataIndividual) == row.tpdu)
    }

    @Test(arguments: rows) func neighbours(_ row: ApplicationRow) {
        let base = 9
        var shorter: Fault?
        if row.tpdu.count > 2 {
            var faults = Faults()
            _ = read(row.tpdu.dropLast(), &faults, at: base)
            #expect(faults.count < 2)
            shorter = faults.first
        }
        var faults = Faults()
        _ = read(row.tpdu + [0x5A], &faults, at: base)
        #expect(faults.count < 2)
        let longer = faults.first
        let missing = Fault(.apduLength, .application, at: base + row.tpdu.count - 1)
        let surplus = Fault(.apduLength, .application, at: base + row.tpdu.count)
        switch row.neighbours {
        case .both:
            #expect(longer == surplus)
            if row.tpdu.count > 2 { #expect(shorter?.code == missing.code && shorter?.layer == missing.layer) }
        case .shorter:
            #expect(longer == nil)
            #expect(shorter == missing)
        case .count:
            #expect(longer?.code == .countMismatch && longer?.layer == .application)
            #expect(shorter?.code == .countMismatch && shorter?.layer == .application)
        case .neither: #expect(shorter == nil && longer == nil)
        }
        if row.neighbours != .neither, row.tpdu.count > 2 {
            var faults = Faults()
            _ = read(Array(row.tpdu[..<2]), &faults, at: base)
            #expect(faults.first == Fault(.apduLength, .application, at: base + 2))
        }
    }
}
