import KNX
import Platform
import Testing

@Suite struct USBTransferTests {
    /// What knxd 0.14.54.1 and an interface said to each other, without the zeros behind it; and an L_Data.req of cEMI.
    static let recorded: [(String, USBTransfer)] = [
        ("01 13 09 00 08 00 01 0F 01 00 00 01", USBTransfer(.busAccess(BusAccessMessage(.get, .supportedEMITypes)))),
        (
            "01 13 0B 00 08 00 03 0F 02 00 00 01 00 04",
            USBTransfer(.busAccess(BusAccessMessage(.response, .supportedEMITypes, value: [0, 4])))
        ),
        (
            "01 13 0A 00 08 00 02 0F 03 00 00 05 03",
            USBTransfer(.busAccess(BusAccessMessage(.set, .activeEMIType, value: [3])))
        ),
        (
            "01 13 0A 00 08 00 02 0F 04 00 00 03 01",
            USBTransfer(.busAccess(BusAccessMessage(.info, .busConnectionStatus, value: [1])))
        ),
        ("01 13 09 00 08 00 01 01 03 00 00 F1", USBTransfer(.tunnel(.cemi, [0xF1]))),
        (
            "01 13 13 00 08 00 0B 01 03 00 00 11 00 BC E0 00 00 09 01 01 00 81",
            USBTransfer(.tunnel(.cemi, hex("1100BCE000000901010081")))
        ),
        (
            "01 13 0F 00 08 00 07 01 02 00 00 A9 1E 12 34 56 78 9A",
            USBTransfer(.tunnel(.emi2, hex("A91E123456789A")))
        ),
    ]

    private static func padded(_ octets: [UInt8]) -> [UInt8] {
        octets + [UInt8](repeating: 0, count: USBReport.length - octets.count)
    }

    private static func frame(_ count: Int) -> [UInt8] { (0..<count).map { UInt8($0 % 251 + 1) } }

    @Test(arguments: recorded.indices) func reports(_ index: Int) throws {
        let (text, transfer) = Self.recorded[index]
        let octets = hex(text)
        #expect(try transfer.reports == [Self.padded(octets)])
        for report in [octets, Self.padded(octets)] {
            var stream = USBTransferStream()
            let outputs = stream.feed(report)
            #expect(outputs == [.transfer(transfer, Faults())])
            #expect(!stream.isInsideTransfer)
        }
    }

    @Test func meaningOfFeatures() {
        #expect(BusAccessMessage(.response, .supportedEMITypes, value: [0, 4]).meaning == .emiTypes(.cemi))
        #expect(BusAccessMessage(.response, .deviceDescriptor, value: [0x07, 0xB0]).meaning == .number(0x07B0))
        #expect(BusAccessMessage(.info, .busConnectionStatus, value: [0]).meaning == .boolean(false))
        #expect(BusAccessMessage(.info, .busConnectionStatus, value: [1]).meaning == .boolean(true))
        #expect(BusAccessMessage(.set, .activeEMIType, value: [3]).meaning == .emiType(.cemi))
        #expect(BusAccessMessage(.response, .manufacturerCode, value: [1]).meaning == nil)
        #expect(InterfaceFeature.Value.emiTypes([.emi1, .cemi]).octets == [0, 5])
        #expect(EMITypes([.emi1, .cemi]).names == ["EMI1", "cEMI"])
    }

    @Test func fieldsOfAReport() {
        let octets = hex(Self.recorded[0].0)
        let fields = USBReport(octets.span).fields
        #expect(
            fields == [
                Field("report_id", .integer(1)), Field("sequence", .integer(1)), Field("packet_type", .text("whole")),
                Field("data_len", .integer(9)), Field("body_len", .integer(1)), Field("protocol", .text("0x0f")),
                Field("service", .text("0x01")), Field("manufacturer", .integer(0)), Field("body", .octets([1])),
            ])
        #expect(
            Self.recorded[1].1.fields.suffix(2) == [
                Field("feature_name", .text("supported EMI types")), Field("feature_value", .list([.text("cEMI")])),
            ])
    }

    /// 53 octets of body fit the first report and 61 each that follows.
    @Test(arguments: [
        (1, [9]), (53, [61]), (54, [61, 1]), (114, [61, 61]), (115, [61, 61, 1]), (297, [61, 61, 61, 61, 61]),
    ]) func lengths(_ count: Int, _ data: [UInt8]) throws {
        let transfer = USBTransfer(.tunnel(.cemi, Self.frame(count)))
        let reports = try transfer.reports
        #expect(reports.map { $0[2] } == data)
        #expect(reports.map { $0[1] >> 4 } == (1...data.count).map { UInt8($0) })
        let types = reports.map { $0[1] & 15 }
        #expect(types.first == (data.count == 1 ? 3 : 5))
        #expect(data.count == 1 || types.last == 6)
        #expect(types.dropFirst().dropLast().allSatisfy { $0 == 4 })
        #expect(reports.allSatisfy { $0.count == 64 })
    }

    @Test func everyLengthComesBack() throws {
        for count in 1...USBTransfer.longestBody {
            let transfer = USBTransfer(.tunnel(.emi1, Self.frame(count)), manufacturer: 0x00C5)
            var stream = USBTransferStream()
            var outputs: [USBTransferStream.Output] = []
            for report in try transfer.reports {
                #expect(outputs.isEmpty)
                outputs += stream.feed(report)
            }
            #expect(outputs == [.transfer(transfer, Faults())])
        }
    }

    @Test func whatCannotBeSentIsRefused() {
        func expect(_ content: USBTransfer.Content, _ refusal: USBTransfer.Refusal) {
            #expect(throws: refusal) { try USBTransfer(content).reports }
        }
        expect(.tunnel(.cemi, []), .bodyLength(0))
        expect(.tunnel(.cemi, Self.frame(298)), .bodyLength(298))
        expect(.busAccess(BusAccessMessage(.get, .activeEMIType, value: [1])), .valueUnexpected)
        expect(.busAccess(BusAccessMessage(.set, .activeEMIType)), .valueMissing)
        expect(.busAccess(BusAccessMessage(.info, .busConnectionStatus)), .valueMissing)
    }

    @Test(arguments: [
        ("", FaultCode.empty, 0), ("02 13 09", .reportIdentifier, 0), ("01", .truncated, 1),
        ("01 03 09", .packetType, 1), ("01 63 09", .packetType, 1), ("01 17 09", .packetType, 1),
        ("01 23 09 00 08 00 01 0F 01 00 00 01", .packetType, 1), ("01 16 01 AA", .packetType, 1),
        ("01 13", .truncated, 2),
        ("01 13 00", .dataLength, 2), ("01 13 3E", .dataLength, 2), ("01 13 07 00 08 00 00 0F 01 00", .dataLength, 2),
        ("01 13 09 01 08 00 01 0F 01 00 00 01", .protocolVersion, 3),
        ("01 13 09 00 09 00 01 0F 01 00 00 01", .headerLength, 4),
        ("01 13 09 00 08 00 02 0F 01 00 00 01", .dataLength, 2),
        ("01 13 0A 00 08 00 01 0F 01 00 00 01 01", .dataLength, 2),
        ("01 15 09 00 08 00 01 0F 01 00 00 01", .dataLength, 2),
        ("01 15 09 00 08 01 2A 0F 01 00 00 01", .dataLength, 5),
        ("01 13 09 00 08 00 01 0F 01 00 00", .truncated, 11), ("01 13 09 00 08 00 01", .truncated, 7),
    ]) func rejectedReports(_ text: String, _ code: FaultCode, _ offset: Int) {
        let octets = hex(text)
        let worst = USBReport(octets.span).faults.worst
        #expect(worst == Fault(code, .usb, at: offset))
        var stream = USBTransferStream()
        let outputs = stream.feed(octets)
        #expect(outputs == [.rejected(Fault(code, .usb, at: offset), octets)])
    }

    @Test func tooLongAReport() {
        let octets = Self.padded(hex(Self.recorded[0].0)) + [0]
        let worst = USBReport(octets.span).faults.worst
        #expect(worst == Fault(.trailing, .usb, at: 64))
    }

    @Test(arguments: [
        ("01 13 0A 00 08 00 02 0F 01 00 00 01 01", FaultCode.featureUnexpectedData, 1),
        ("01 13 09 00 08 00 01 0F 03 00 00 05", .featureMissingData, 1),
        ("01 13 09 00 08 00 01 0F 04 00 00 03", .featureMissingData, 1),
        ("01 13 09 00 08 00 01 0F 01 00 00 06", .featureUnknown, 0),
        ("01 13 09 00 08 00 01 0F 05 00 00 01", .protocolUnknown, 0),
        ("01 13 09 00 08 00 01 02 01 00 00 01", .protocolUnknown, 0),
        ("01 13 09 00 08 00 01 01 04 00 00 11", .unknownEnum, 0), ("01 13 08 00 08 00 00 01 03 00 00", .truncated, 0),
        ("01 13 08 00 08 00 00 0F 01 00 00", .truncated, 0),
    ]) func faultyContents(_ text: String, _ code: FaultCode, _ offset: Int) {
        var stream = USBTransferStream()
        guard case .transfer(_, let faults) = stream.feed(hex(text)).first else {
            Issue.record("no transfer")
            return
        }
        #expect(Array(faults) == [Fault(code, .usb, at: offset)])
    }

    /// Reports lost, repeated, swapped: told, and the next transfer is whole.
    @Test func disorderIsToldAndEndsWithTheNextTransfer() throws {
        let long = USBTransfer(.tunnel(.cemi, Self.frame(200)))
        let short = Self.recorded[5].1
        let good = try long.reports
        let last = try short.reports
        for first in good.indices {
            for second in good.indices {
                var disordered = good
                disordered.swapAt(first, second)
                var missing = good
                missing.remove(at: first)
                var repeated = good
                repeated.insert(good[first], at: second)
                for reports in [disordered, missing, repeated] where reports != good {
                    var stream = USBTransferStream()
                    let outputs = (reports + last).flatMap { stream.feed($0) }
                    #expect(outputs.last == .transfer(short, Faults()))
                    #expect(outputs.contains { if case .transfer = $0 { false } else { true } }, "\(reports)")
                    for case .transfer(let transfer, let faults) in outputs.dropLast() {
                        #expect(transfer == long && faults.isEmpty)
                    }
                }
            }
        }
    }

    @Test func aTransferThatBeganIsNotForgotten() throws {
        var stream = USBTransferStream()
        let reports = try USBTransfer(.tunnel(.cemi, Self.frame(100))).reports
        #expect(stream.feed(reports[0]) == [])
        #expect(stream.isInsideTransfer)
        let header = USBTransferHeader(bodyLength: 100, protocolIdentifier: 1, serviceIdentifier: 3)
        #expect(
            stream.reset() == [.abandoned(Fault(.truncated, .usb, at: 53), header, Array(Self.frame(100).prefix(53)))])
        #expect(stream.reset() == [])
        #expect(stream.feed(reports[1]) == [.rejected(Fault(.packetType, .usb, at: 1), reports[1])])
    }

    @Test func lengthsThatDoNotAddUp() throws {
        let reports = try USBTransfer(.tunnel(.cemi, Self.frame(100))).reports
        for length in 0...61 where length != 47 {
            var wrong = reports[1]
            wrong[2] = UInt8(length)
            var stream = USBTransferStream()
            let outputs = stream.feed(reports[0]) + stream.feed(wrong)
            #expect(outputs.count == 2)
            #expect(outputs.last == .rejected(Fault(.dataLength, .usb, at: 2), wrong))
        }
    }

    @Test func everyTruncationIsTold() {
        for (text, _) in Self.recorded {
            let octets = hex(text)
            for count in 0..<octets.count {
                let cut = Array(octets.prefix(count))
                let report = USBReport(cut.span)
                #expect(report.faults.worst == Fault(count == 0 ? .empty : .truncated, .usb, at: count))
                #expect(report.fields.count >= min(count, 3))
            }
        }
    }

    /// Every octet of every report set to every value: what is taken is sent again with the same octets.
    @Test func everyMutationEnds() throws {
        var taken = 0
        let long = try USBTransfer(.tunnel(.cemi, Self.frame(130))).reports
        for reports in try Self.recorded.map({ try $0.1.reports }) + [long] {
            for (place, report) in reports.enumerated() {
                for index in report.indices {
                    for octet in UInt8.min...255 {
                        var mutated = reports
                        mutated[place][index] = octet
                        var stream = USBTransferStream()
                        let outputs = mutated.flatMap { stream.feed($0) } + stream.reset()
                        #expect(!outputs.isEmpty)
                        for case .transfer(let transfer, let faults) in outputs where !faults.isRejected {
                            taken += 1
                            let isPadding = index >= 3 + Int(report[2])
                            #expect(try transfer.reports == (isPadding ? reports : mutated), "\(mutated)")
                        }
                    }
                }
            }
        }
        #expect(taken > 10_000)
    }

    @Test(arguments: [UInt64(1), 2, UInt64.random(in: 0...UInt64.max)]) func anyReportsEnd(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var stream = USBTransferStream()
        var transfers = 0
        for _ in 0..<30_000 {
            let count = Int.random(in: 0...66, using: &random)
            var octets = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            let heads: [[UInt8]] = [[1, 0x13], [1, 0x15], [1, 0x24], [1, 0x26], [1, 0x36]]
            let head = heads.randomElement(using: &random) ?? []
            octets =
                head + [UInt8.random(in: 0...12, using: &random), 0, 8, 0, UInt8.random(in: 0...12, using: &random)]
                + octets
            for case .transfer(let transfer, _) in stream.feed(octets) {
                transfers += 1
                #expect(!transfer.fields.isEmpty, "seed \(seed)")
            }
        }
        #expect(transfers > 100, "seed \(seed)")
    }
}
