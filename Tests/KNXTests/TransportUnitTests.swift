import KNX
import Platform
import Testing

@Suite struct TransportUnitTests {
    private func read(
        _ tpdu: [UInt8], group: Bool = false, zero: Bool = false, system: Bool = false, at base: Int = 0
    ) -> (unit: TransportUnit, faults: Faults) {
        var faults = Faults()
        let unit = TransportUnit(
            tpdu.span, isGroup: group, destinationIsZero: zero, isSystemBroadcast: system, faults: &faults, at: base)
        return (unit, faults)
    }

    @Test func sizes() {
        #expect(MemoryLayout<TransportUnit>.size <= 12)
        #expect(MemoryLayout<TransportUnit>.stride <= 12)
        #expect(MemoryLayout<ApplicationServiceCode?>.size == 1)
    }

    @Test(
        arguments: [
            ([0x00], true, false, false, "T_Data_Group"), ([0x03], true, false, true, "T_Data_Group"),
            ([0x00], true, true, false, "T_Data_Broadcast"), ([0x00], true, true, true, "T_Data_SystemBroadcast"),
            ([0x04], true, false, false, "T_Data_Tag_Group"), ([0x07], true, true, true, "T_Data_Tag_Group"),
            ([0x00], false, false, false, "T_Data_Individual"), ([0x00], false, true, false, "T_Data_Individual"),
            ([0x40], false, false, false, "T_Data_Connected"), ([0x7F], false, false, false, "T_Data_Connected"),
            ([0x80], false, false, false, "T_Connect"), ([0x81], false, false, false, "T_Disconnect"),
            ([0xC2], false, false, false, "T_Ack"), ([0xFE], false, false, false, "T_Ack"),
            ([0xC3], false, false, false, "T_Nak"), ([0xFF], false, false, false, "T_Nak"),
        ] as [([UInt8], Bool, Bool, Bool, String)])
    func transports(_ tpdu: [UInt8], _ group: Bool, _ zero: Bool, _ system: Bool, _ name: String) {
        let (unit, faults) = read(tpdu, group: group, zero: zero, system: system)
        #expect(unit.transport?.name == name)
        #expect(faults.isEmpty == unit.transport?.isControl)
    }

    @Test(arguments: 0...255) func everyFirstOctet(_ number: Int) {
        let octet = UInt8(number)
        for group in [false, true] {
            for tpdu in [[octet], [octet, 0x00]] {
                let (unit, faults) = read(tpdu, group: group, at: 7)
                let numbered = octet & 0x40 != 0
                let control = octet & 0x80 != 0
                if group, numbered || control {
                    #expect(faults.first == Fault(.tpciInvalidForGroup, .transport, at: 7))
                    #expect(unit.transport == nil && unit.service == nil)
                    continue
                }
                let isReserved =
                    group
                    ? octet >= 8
                    : control ? (numbered ? octet & 3 < 2 : octet > 0x81) : !numbered && octet > 3
                #expect((faults.first == Fault(.tpciReserved, .transport, at: 7)) == isReserved)
                #expect((unit.transport == nil) == isReserved)
                guard !isReserved else { continue }
                #expect(unit.sequence == (numbered ? octet >> 2 & 15 : nil))
                let count = tpdu.count
                if control {
                    #expect(unit.service == nil && unit.apci == nil)
                    #expect(faults.first == (count > 1 ? Fault(.controlTpduWithData, .transport, at: 8) : nil))
                } else if count == 1 {
                    #expect(faults.first == Fault(.apduTooShort, .application, at: 8))
                    #expect(unit.apci == nil && unit.service == nil)
                } else {
                    #expect(unit.apci == UInt16(octet & 3) << 8)
                }
            }
        }
    }

    /// The reading that keeps values and the one that keeps none agree on every transport service.
    @Test func agreesWithTransportControl() {
        for first in UInt8.min...255 {
            for tpdu in [[first], [first, 0x81], [first, 0x80, 0x01]] {
                for raw in [UInt16(0), 0x0901] {
                    for group in [false, true] {
                        let destination: Destination =
                            group ? .group(GroupAddress(raw: raw)) : .individual(IndividualAddress(raw: raw))
                        let (unit, faults) = read(tpdu, group: group, zero: raw == 0)
                        do throws(TransportControl.Flaw) {
                            let control = try TransportControl(transportUnit: tpdu, destination: destination)
                            #expect(unit.transport?.name == control.name)
                            #expect(faults.allSatisfy { $0.layer != .transport && $0.code != .apduTooShort })
                        } catch {
                            #expect(faults.first?.code.name == error.rawValue)
                        }
                    }
                }
            }
        }
    }

    @Test func noOctet() {
        let (unit, faults) = read([], group: true, at: 8)
        #expect(faults.first == Fault(.tpduEmpty, .transport, at: 8))
        #expect(unit.fields(tpdu: [UInt8]().span).isEmpty && unit.decoded(tpdu: [UInt8]().span).isEmpty)
    }

    /// The hot path and the general one give the same: only the destination takes a group service off the hot path.
    @Test(arguments: UInt8.min...255) func hotPathIsTheGeneralPath(_ octet: UInt8) {
        for count in [0, 1, 2, 14, 15, 253] {
            let tpdu = [0x00, octet] + [UInt8](repeating: 0xA5, count: count)
            let hot = read(tpdu, group: true)
            let general = read(tpdu, group: true, zero: true)
            #expect(general.unit.transport == .dataBroadcast && hot.unit.transport == .dataGroup)
            #expect(hot.unit.apci == general.unit.apci && hot.unit.service == general.unit.service)
            #expect(hot.unit.asduCount == general.unit.asduCount && hot.unit.dataBits == general.unit.dataBits)
            #expect(hot.faults == general.faults)
            guard octet < 0xC0 else { continue }
            let bits = octet & 0x3F
            #expect(hot.faults.isEmpty == (octet < 0x40 ? octet == 0 && count == 0 : bits == 0 || count == 0))
            let service = try? GroupService(transportUnit: tpdu)
            #expect((service != nil) == hot.faults.isEmpty || octet < 0x40)
        }
    }

    @Test(arguments: [
        ("0001", "reserved-bits", 1), ("00C10000", "reserved-bits", 1), ("0101", "reserved-bits", 1),
        ("0141", "reserved-bits", 1), ("008101", "apdu-length", 2), ("004101", "apdu-length", 2),
        ("000001", "apdu-length", 2), ("02410060", "count-mismatch", 1), ("02420060AA", "count-mismatch", 1),
        ("0282 0060 AABBCC", "count-mismatch", 1), ("02C1 12 0060 AA", "count-mismatch", 2),
        ("02C2 11 0060 AABB", "count-mismatch", 2), ("01FB 03 000060 AABB", "count-mismatch", 2),
        ("03C2 01 0060 AABB", "count-mismatch", 2), ("03CA 03 0060 AABB", "count-mismatch", 2),
        ("03D6 000B0001 00", "count-mismatch", 4), ("03D6 000B1001", "count-mismatch", 4),
        ("03D7 000B2001 000000", "count-mismatch", 4), ("01CD 0000001 00B 00 0001 0000", "count-mismatch", 7),
        ("01CE 0000001 00B 01 0001", "count-mismatch", 7), ("01D1 0000001 00B 02 0001 00", "count-mismatch", 7),
        ("037F", "apdu-length", 2), ("034007", "apdu-length", 3), ("034007B0 00", "apdu-length", 4),
        ("0342 07B0", "apdu-length", 4), ("02C4 02 0060 FE01", "apdu-length", 7),
        ("03D0 01 0060 FE0102", "apdu-length", 7), ("03E0 123456", "apdu-length", 4),
        ("03E0 12345678", "apdu-length", 4), ("03E0 12345678 9ABCDE", "apdu-length", 8),
        ("03E0 12", "apdu-length", 3), ("01FC 00 123456 00", "apdu-length", 6), ("03E6 0711 0901 09", "apdu-length", 6),
        ("03EE 00FA01020304 12", "apdu-length", 9), ("0382", "apci-unknown", 1), ("03A0", "apci-unknown", 1),
        ("03F1", "apdu-length", 2), ("03F1 20", "secure-scf-reserved", 2), ("03F1 11", "secure-scf-reserved", 2),
        ("03F1 90 000000000001 4D 11223344", "apdu-length", 14), ("03F1 92 00000000", "apdu-length", 7),
        ("03F1 93 AABBCCDDEEFF0102030405060708090A0B0C1122334455", "apdu-length", 25),
    ])
    func faults(_ octets: String, _ code: String, _ place: Int) {
        let tpdu = hex(octets)
        let (_, faults) = read(tpdu, at: 20)
        #expect(faults.count == 1)
        #expect(faults.first?.code.name == code)
        #expect(faults.first?.offset == 20 + place)
        #expect(throws: Fault.self) { try ApplicationService(tpdu: tpdu) }
        do throws(Fault) {
            _ = try ApplicationService(tpdu: tpdu)
        } catch {
            #expect(error.code.name == code && error.offset == place)
        }
    }

    @Test(arguments: [
        ("03D6 000B0001", "negative=true"), ("0240 0060", "negative=true"),
        ("01CD 0000 001 00B 00 0001 F9", "return_code=F9 temporarily not available"),
        ("03D9 00FF00 00 0000 00", "negative=true"), ("02C9 0536 FC", "return_code=FC access denied"),
        ("02C9 0536 00 0102", "data=0102"), ("01FC 00 123456", "crc=null"), ("0345 01", "descriptor=01"),
        ("0380", ""), ("03F1 90 000000000000 4D2A 11223344", "note=a sequence number of 0 is invalid"),
        ("03F1 00 000000000001 0382 11223344", "fault=apci-unknown"),
        ("03F1 00 000000000001 4300 11223344", "note=bits of a TPCI inside a secured APDU"),
        ("03F1 00 000000000001 03F100000000000001008111223344 55667788", "service=SecureService"),
    ])
    func decoded(_ octets: String, _ part: String) {
        let tpdu = hex(octets)
        let (unit, faults) = read(tpdu)
        #expect(faults.isEmpty)
        let text = unit.decoded(tpdu: tpdu.span).rendered
        #expect(text.contains(part), "\(text)")
    }

    @Test(arguments: [
        ("0081", "T_Data_Group", true), ("0081", "T_Data_Tag_Group", true), ("0081", "T_Data_Individual", false),
        ("0100", "T_Data_Broadcast", true), ("0100", "T_Data_Group", false), ("03E1", "T_Data_SystemBroadcast", true),
        ("02040060", "T_Data_Connected", true), ("02040060", "T_Data_Individual", false),
        ("0300", "T_Data_Individual", true), ("0300", "T_Data_Connected", true), ("0300", "T_Data_Group", false),
        ("03DA000B39", "T_Data_Individual", true), ("03DA000B39", "T_Data_Group", false),
        ("03EB0000010B", "T_Data_Group", true), ("03EB0000010B", "T_Data_Connected", false),
        ("0380", "T_Data_Individual", true), ("03FF", "T_Data_Group", true),
    ])
    func unusualTransport(_ octets: String, _ name: String, _ isUsual: Bool) throws {
        let transport = try #require(TransportService.allCases.first { $0.name == name })
        var tpdu = hex(octets)
        tpdu[0] |= transport == .dataConnected ? 0x40 : transport == .dataTagGroup ? 0x04 : 0
        let isBroadcast = transport == .dataBroadcast || transport == .dataSystemBroadcast
        let (unit, faults) = read(
            tpdu, group: isBroadcast || transport == .dataGroup || transport == .dataTagGroup, zero: isBroadcast,
            system: transport == .dataSystemBroadcast)
        #expect(unit.transport == transport)
        #expect(faults.allSatisfy { $0.code == .apciUnknown })
        let note = unit.decoded(tpdu: tpdu.span).rendered.contains("does not belong on \(name)")
        #expect(note != isUsual)
    }

    /// The whole of the ten bits against the table's rule in its simplest form.
    @Test func everyAPCI() {
        let exact = Dictionary(
            ApplicationServiceCode.allCases.filter { !$0.hasDataBits && $0 != .unknown }.map { ($0.apci, $0) }
        ) { first, _ in first }
        for apci in UInt16(0)..<1024 {
            let code = ApplicationServiceCode(apci: apci)
            let expected: ApplicationServiceCode
            switch apci >> 6 {
            case 0: expected = .groupValueRead
            case 1: expected = .groupValueResponse
            case 2: expected = .groupValueWrite
            case 3: expected = .individualAddressWrite
            case 4: expected = .individualAddressRead
            case 5: expected = .individualAddressResponse
            case 6: expected = .adcRead
            case 7: expected = exact[apci] ?? .adcResponse
            case 8: expected = .memoryRead
            case 9: expected = .memoryResponse
            case 10: expected = .memoryWrite
            case 12: expected = .deviceDescriptorRead
            case 13: expected = .deviceDescriptorResponse
            default: expected = (0x2F8...0x2FE).contains(apci) ? .userManufacturerSpecific : exact[apci] ?? .unknown
            }
            #expect(code == expected, "\(apci)")
        }
        #expect(ApplicationServiceCode(apci: 0xFC80) == .groupValueWrite)
        let unusable = (UInt16(0)..<64).filter { ApplicationServiceCode(apci: 0x1C0 | $0) != .adcResponse }
        #expect(unusable == [8, 9, 10] + Array(12...22) + Array(59...62))
    }

    /// Any octets are read without a trap; what reads without fault gives back its octets.
    @Test func anything() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("transport units from seed \(seed)")
        var random = SeededGenerator(seed: seed)
        var whole = 0
        for _ in 0..<60_000 {
            let count = Int.random(in: 0...(Bool.random(using: &random) ? 8 : 30), using: &random)
            var tpdu = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            let group = Bool.random(using: &random)
            if count > 0, Bool.random(using: &random) { tpdu[0] &= 3 }
            let (unit, faults) = read(
                tpdu, group: group, zero: Bool.random(using: &random), system: Bool.random(using: &random))
            #expect(faults.allSatisfy { (0...count).contains($0.offset) })
            #expect(faults.worst.map { $0.severity < .reject } ?? true)
            _ = unit.fields(tpdu: tpdu.span)
            _ = unit.decoded(tpdu: tpdu.span)
            guard faults.isEmpty, let transport = unit.transport, !transport.isControl else { continue }
            whole += 1
            let service = try ApplicationService(tpdu: tpdu)
            #expect(service.tpdu(transport, sequence: unit.sequence ?? 0) == tpdu, "seed \(seed)")
            #expect(try ApplicationService(tpdu: tpdu) == service)
        }
        #expect(whole > 1000)
    }

    /// A TPDU other than the one that was read, even none, is no trap.
    @Test func anotherUnit() {
        let (unit, _) = read(hex("03D6000B100100FA01020304"))
        for tpdu in [[], [0x03], [0x03, 0xF1], hex("03D9"), hex("0081")] {
            _ = unit.fields(tpdu: tpdu.span)
            _ = unit.decoded(tpdu: tpdu.span)
        }
    }
}
