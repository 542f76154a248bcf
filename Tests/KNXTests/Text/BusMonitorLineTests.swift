import KNX
import Platform
import Testing

@Suite struct BusMonitorLineTests {
    @Test(arguments: [
        ("29 00 BCE0 1105 0901 03 0080 0C1A", "1.1.5 → 1/1/1  low  hop 6  GroupValueWrite  0C 1A"),
        ("11 00 BCE0 1105 0901 01 0081", "req  1.1.5 → 1/1/1  low  hop 6  GroupValueWrite  =1"),
        ("11 00 BCE0 1105 0901 01 0000", "req  1.1.5 → 1/1/1  low  hop 6  GroupValueRead"),
        ("2E 00 BCE0 1105 0901 01 00BF", "con  1.1.5 → 1/1/1  low  hop 6  GroupValueWrite  =63"),
        ("2E 00 BDE0 1105 0901 01 0040", "con negative  1.1.5 → 1/1/1  low  hop 6  GroupValueResponse  =0"),
        ("29 00 9CE0 FFFF FFFF 01 0081", "15.15.255 → 31/7/255  low  hop 6  repeated  GroupValueWrite  =1"),
        ("29 00 ACE0 1105 0901 01 0081", "1.1.5 → 1/1/1  low  hop 6  system broadcast  GroupValueWrite  =1"),
        ("29 00 B0E0 1105 0000 01 0100", "1.1.5 → 0/0/0  system  hop 6  T_Data_Broadcast  IndividualAddressRead"),
        (
            "29 00 B0E0 1105 0000 03 00C0 1107",
            "1.1.5 → 0/0/0  system  hop 6  T_Data_Broadcast  IndividualAddressWrite  1.1.7"
        ),
        ("29 00 B460 0000 1101 00 80", "0.0.0 → 1.1.1  normal  hop 6  T_Connect"),
        ("29 00 B860 0000 1101 00 FE", "0.0.0 → 1.1.1  urgent  hop 6  T_Ack #15"),
        (
            "29 00 B060 0000 1101 05 4FD5 000B 1001",
            "0.0.0 → 1.1.1  system  hop 6  T_Data_Connected #3  PropertyValueRead  object 0  PID 11  count 1  start 1"
        ),
        (
            "29 00 B060 0000 1101 09 03D6 000B 1FFF 00FA0102",
            "0.0.0 → 1.1.1  system  hop 6  PropertyValueResponse  object 0  PID 11  count 1  start 4095  00 FA 01 02"
        ),
        (
            "29 00 B060 0000 1101 05 4E82 0060 8182",
            "0.0.0 → 1.1.1  system  hop 6  T_Data_Connected #3  MemoryWrite  count 2  address 0060  81 82"
        ),
        (
            "29 00 B060 0000 1101 03 0340 07B0",
            "0.0.0 → 1.1.1  system  hop 6  DeviceDescriptorResponse  type 0  07 B0"
        ),
        (
            "29 00 B060 0000 1101 04 01C1 08 0123",
            "0.0.0 → 1.1.1  system  hop 6  ADCResponse  channel 1  08 01 23"
        ),
        (
            "29 00 B060 0000 1101 0E 03F1 90 000000000001 4D2A 11223344",
            "0.0.0 → 1.1.1  system  hop 6  SecureService  S-A_Data  encrypted  tool  00 00 00 00 00 01 4D 2A 11 22 33 44"
        ),
        ("29 00 B060 0000 1101 01 02FA", "0.0.0 → 1.1.1  system  hop 6  UserManufacturerSpecific 02FA"),
        (
            "29 00 B060 0000 1101 01 03FF",
            "0.0.0 → 1.1.1  system  hop 6  unknown 03FF  ! apci-unknown at octet 10: no service is assigned to this APCI; receivers ignore it"
        ),
        (
            "29 00 BCE0 1105 0901 02 0000 01",
            "1.1.5 → 1/1/1  low  hop 6  GroupValueRead  01  ! apdu-length at octet 11: the service needs another number of octets than it carries"
        ),
        (
            "29 00 BCE0 1105 0901 00 00",
            "1.1.5 → 1/1/1  low  hop 6  ! apdu-too-short at octet 10: the application unit needs two octets for its service"
        ),
        (
            "29 00 B060 0000 1101 01 80 00",
            "0.0.0 → 1.1.1  system  hop 6  T_Connect  00  ! control-tpdu-with-data at octet 10: a transport control TPDU is one octet and carries no data"
        ),
        (
            "29 00 BCE0 1105 0901 01 40 81",
            "1.1.5 → 1/1/1  low  hop 6  40 81  ! tpci-invalid-for-group at octet 9: a control or numbered TPDU cannot go to a group address"
        ),
        (
            "29 00 BCE0 1105",
            "L_Data.ind  29 00 BC E0 11 05  ! truncated at octet 6: the frame ends before all of its octets have come"
        ),
        ("FC 00 0B 01 34 10 01", "M_PropRead.req  FC 00 0B 01 34 10 01"),
        (
            "4A 00 000000000000 05 03D5 000B 1001",
            "T_Data_Individual.req  PropertyValueRead  object 0  PID 11  count 1  start 1"
        ),
        ("", "! empty at octet 0: there is no octet at all"),
        ("77 01", "77 01  ! message-code-unknown at octet 0: this message code is none of cEMI"),
        (
            "2B 03 03 01 0B BC 1105 0901 E1 00 81 3F",
            "1.1.5 → 1/1/1  low  hop 6  GroupValueWrite  =1  #3  lost"
        ),
        ("2B 03 03 01 E0 CC", "ACK  #0  frame error  bit error  parity error"),
        (
            "2B 03 03 01 10 BC 11",
            "BC 11  #0  overflow  ! truncated at octet 7: the frame ends before all of its octets have come"
        ),
    ])
    func cemi(_ octets: String, _ line: String) {
        var monitor = BusMonitorLine()
        monitor.show(cemi: hex(octets).span)
        #expect(monitor.text == line)
    }

    @Test(arguments: [
        ("BC 1105 0901 E1 00 81 3F", "1.1.5 → 1/1/1  low  hop 6  GroupValueWrite  =1"),
        ("9C 1105 0901 E1 00 81 1F", "1.1.5 → 1/1/1  low  hop 6  repeated  GroupValueWrite  =1"),
        (
            "BC 1105 0901 E1 00 81 3E",
            "BC 11 05 09 01 E1 00 81 3E  ! checksum at octet 8: the check octet does not match the octets before it"
        ),
        ("CC", "ACK"), ("55", "55  ! short-frame-unknown at octet 0: a single character that is no acknowledge"),
        ("", "! empty at octet 0: there is no octet at all"),
        (
            "B0 1105 1101 65 03D5 000B 1001 E2",
            "1.1.5 → 1.1.1  system  hop 6  PropertyValueRead  object 0  PID 11  count 1  start 1"
        ),
    ])
    func lpdu(_ octets: String, _ line: String) {
        var monitor = BusMonitorLine()
        monitor.show(lpdu: hex(octets).span)
        #expect(monitor.text == line)
    }

    /// The second line has nothing left of the first, and the buffer stays where it is.
    @Test func reuse() {
        var monitor = BusMonitorLine()
        let long = [UInt8](repeating: 0xAB, count: 300)
        monitor.show(cemi: long.span)
        let place = unsafe monitor.utf8.withUnsafeBufferPointer { $0.baseAddress }
        monitor.show(lpdu: hex("CC").span)
        #expect(monitor.text == "ACK")
        let after = unsafe monitor.utf8.withUnsafeBufferPointer { $0.baseAddress }
        #expect(unsafe after == place)
    }

    /// Any octets give a line without a trap, in valid UTF-8 and without its end.
    @Test func anything() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("bus monitor lines from seed \(seed)")
        var random = SeededGenerator(seed: seed)
        var monitor = BusMonitorLine()
        let whole = hex("29 03 03 01 00 BCE0 1105 0901 05 4FD5 000B 1001")
        for round in 0..<60_000 {
            var octets = whole
            if round % 3 == 0 {
                octets = (0..<Int.random(in: 0...30, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
                if round % 2 == 0, !octets.isEmpty {
                    octets[0] = [0x29, 0x2B, 0x11, 0xBC, 0x3C].randomElement(using: &random) ?? 0
                }
            } else {
                octets[Int.random(in: octets.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
                octets.removeLast(Int.random(in: 0...(round % 2 * 3), using: &random))
            }
            monitor.show(cemi: octets.span)
            #expect(
                !monitor.utf8.isEmpty && !monitor.utf8.contains(10)
                    && String(validating: monitor.utf8, as: UTF8.self) != nil)
            monitor.show(lpdu: octets.span)
            #expect(
                !monitor.utf8.isEmpty && !monitor.utf8.contains(10)
                    && String(validating: monitor.utf8, as: UTF8.self) != nil)
        }
    }
}
