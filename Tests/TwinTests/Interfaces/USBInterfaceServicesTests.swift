import Events
import KNX
import Platform
import Testing

@testable import Twin

/// What a KNX USB interface answers about itself, and what it does when something is wrong with it.
@Suite struct USBInterfaceServicesTests {
    private func get(_ feature: InterfaceFeature) -> USBTransfer.Content { .busAccess(BusAccessMessage(.get, feature)) }

    private func response(_ feature: InterfaceFeature, _ value: [UInt8]) -> USBTransfer.Content {
        .busAccess(BusAccessMessage(.response, feature, value: value))
    }

    @Test func theBusAccessServerTellsItsFeatures() throws {
        var parameters = USBInterfaceBench.parameters
        parameters.manufacturer = 0x0083
        var bench = USBInterfaceBench(parameters)
        let features: [(InterfaceFeature, [UInt8])] = [
            (.supportedEMITypes, [0x00, 0x04]), (.deviceDescriptor, [0x07, 0xB0]), (.busConnectionStatus, [1]),
            (.manufacturerCode, [0x00, 0x83]), (.activeEMIType, [3]), (InterfaceFeature(6), []),
        ]
        for (feature, value) in features { #expect(try bench.say(get(feature)) == [response(feature, value)]) }
    }

    @Test func onlyTheMessageInterfaceThatItHasCanBeChosen() throws {
        var bench = USBInterfaceBench()
        for emi in [EMIType.emi1, .emi2, EMIType(0)] {
            #expect(try bench.say(.busAccess(BusAccessMessage(.set, .activeEMIType, value: [emi.octet]))).isEmpty)
            #expect(try bench.say(get(.activeEMIType)) == [response(.activeEMIType, [3])])
        }
        #expect(bench.engine.discarded == 3)
        #expect(try bench.say(.busAccess(BusAccessMessage(.set, .activeEMIType, value: [3]))).isEmpty)
        #expect(try bench.say(.busAccess(BusAccessMessage(.set, .manufacturerCode, value: [1, 2]))).isEmpty)
        #expect(bench.engine.discarded == 4)
        try bench.write(1)
        #expect(bench.sent.count == 1)
    }

    @Test(arguments: [
        // Medium, communication mode, media that are there, additional information one by one and by count, longest APDU.
        ("FC00080133 1001", "FB00080133 1001 0002"), ("FC00080134 1001", "FB00080134 1001 00"),
        ("FC00080135 1001", "FB00080135 1001 0002"), ("FC00080136 1000", "FB00080136 1000 0002"),
        ("FC00080136 2001", "FB00080136 2001 0306"), ("FC00080136 1002", "FB00080136 1002 06"),
        ("FC00080144 1001", "FB00080144 1001 00FE"),
        // The device object: serial number, address, mask.
        ("FC0000010B 1001", "FB0000010B 1001 000000000002"), ("FC00000139 1001", "FB00000139 1001 11"),
        ("FC0000013A 1001", "FB0000013A 1001 01"), ("FC00000153 1001", "FB00000153 1001 07B0"),
        ("FC00000138 1001", "FB00000138 1001 00FE"),
        // No such property, object, instance, element.
        ("FC00080199 1001", "FB00080199 0001 07"), ("FC00090134 1001", "FB00090134 0001 07"),
        ("FC00080234 1001", "FB00080234 0001 07"), ("FC00080134 1002", "FB00080134 0002 09"),
        ("FC00080136 3001", "FB00080136 0001 09"),
        // Written: both modes, one that it has not, what can only be read, what does not exist.
        ("F600080134 1001 01", "F500080134 1001"), ("F600080134 1001 00", "F500080134 1001"),
        ("F600080134 1001 02", "F500080134 0001 01"), ("F600080134 1001 77", "F500080134 0001 01"),
        ("F600080134 1002 00", "F500080134 0002 09"), ("F60000010C 1001 0083", "F50000010C 0001 05"),
        ("F600080199 1001 00", "F500080199 0001 07"),
        // No property is a function.
        ("F800080134 00", "FA00080134"),
        ("F1", "F0"),
    ]) func deviceManagementIsAnswered(request: String, answer: String) throws {
        var bench = USBInterfaceBench()
        func octets(_ text: String) -> [UInt8] {
            let digits = text.filter { $0 != " " }
            return stride(from: 0, to: digits.count, by: 2).compactMap {
                UInt8(digits.dropFirst($0).prefix(2), radix: 16)
            }
        }
        #expect(try bench.say(cemi: octets(request)) == [octets(answer)])
    }

    @Test func answersTakeTheirTimeAndNoneOvertakesAnother() throws {
        var parameters = USBInterfaceParameters(address: USBInterfaceBench.own)
        parameters.answerDelay = .milliseconds(20)
        parameters.indicationDelay = .milliseconds(1)
        var bench = USBInterfaceBench(parameters)
        #expect(try bench.say(get(.activeEMIType)).isEmpty)
        bench.line(frame())
        bench.wait(milliseconds: 19)
        #expect(bench.heard().isEmpty)
        bench.wait(milliseconds: 1)
        let heard = bench.heard()
        #expect(heard.first == response(.activeEMIType, [3]) && heard.count == 2)
    }

    @Test func pullingThePlugForgetsAllAndLeavesTheLineAlone() throws {
        var bench = USBInterfaceBench()
        try bench.say(cemi: [0xF6, 0, 8, 1, 0x34, 0x10, 1, 1])
        try bench.say(cemi: [0xF1])
        try bench.write(1)
        bench.line(frame())
        bench.feed(.report(try USBTransfer(.tunnel(.cemi, [UInt8](repeating: 1, count: 100))).reports[0]))
        bench.disturb { $0.isHung = true }
        bench.feed(.unplugged)
        #expect(bench.attitude == .mute)
        #expect(bench.engine.nextReport == nil && bench.engine.pendingCount == 0)
        bench.feed(.report(try USBTransfer(get(.activeEMIType)).reports[0]))
        bench.line(frame(data: [0x80]))
        bench.power(.saving)
        bench.feed(.pluggedIn)
        // It knows of the line what became of it meanwhile, and nothing else.
        #expect(bench.heard().isEmpty && bench.engine.takesReports)
        #expect(bench.attitude == LineTap.Attitude(acknowledgesGroups: true, acknowledgesOwn: true))
        #expect(try bench.say(get(.busConnectionStatus)) == [response(.busConnectionStatus, [0])])
        // The result of what it had sent before is nobody's now.
        try bench.settle()
        #expect(bench.heard().isEmpty)
    }

    // MARK: Faults

    @Test func aSilentOneTakesAllAndSaysNothing() throws {
        var bench = USBInterfaceBench()
        bench.disturb { $0.isSilent = true }
        #expect(bench.engine.takesReports)
        #expect(try bench.say(get(.activeEMIType)).isEmpty)
        try bench.write(1)
        bench.line(frame())
        bench.power(.saving)
        #expect(bench.heard().isEmpty && bench.sent.isEmpty)
        bench.power(.running)
        bench.disturb { $0.isSilent = false }
        #expect(try bench.say(get(.activeEMIType)) == [response(.activeEMIType, [3])])
        bench.disturb { $0.isSilent = true }
        bench.feed(.unplugged)
        bench.feed(.pluggedIn)
        #expect(try bench.say(get(.activeEMIType)) == [response(.activeEMIType, [3])])
    }

    @Test func confirmationsCanBeMissingOrLies() throws {
        var bench = USBInterfaceBench()
        bench.disturb { $0.confirmsNothing = true }
        try bench.write(1)
        try bench.settle()
        #expect(bench.messages() == [] && bench.engine.pendingCount == 0)
        bench.disturb {
            $0.confirmsNothing = false
            $0.confirmsWrongly = true
        }
        for isConfirmed in [true, false] {
            try bench.write(1)
            try bench.settle(isConfirmed)
            #expect(bench.messages().map { $0[2] & 1 } == [isConfirmed ? 1 : 0])
        }
    }

    @Test func reportsCanBeLateForASlowEndpoint() throws {
        var bench = USBInterfaceBench()
        bench.disturb { $0.reportDelay = .milliseconds(300) }
        #expect(try bench.say(get(.activeEMIType)).isEmpty)
        bench.wait(milliseconds: 299)
        #expect(bench.heard().isEmpty)
        bench.wait(milliseconds: 1)
        #expect(bench.heard() == [response(.activeEMIType, [3])])
    }

    @Test func anyReportsAtAllAreSurvived() {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            var bench = USBInterfaceBench()
            for _ in 0..<20 {
                var report = (try? USBTransfer(.tunnel(.cemi, groupWrite(1).octets)).reports[0]) ?? []
                for _ in 0..<Int.random(in: 0...4, using: &generator) {
                    report[Int.random(in: 0..<report.count, using: &generator)] = UInt8.random(
                        in: .min ... .max, using: &generator)
                }
                bench.feed(.report(Array(report.prefix(Int.random(in: 0...64, using: &generator)))))
                if !bench.sent.isEmpty, Bool.random(using: &generator) { try? bench.settle() }
                _ = bench.heard()
            }
            #expect(bench.broken == 0 && bench.sent.allSatisfy { (try? TP1Frame(octets: $0.octets)) != nil }, "\(seed)")
        }
    }
}
