import Events
import KNX
import Testing

@testable import Twin

/// What a KNX USB interface does with telegrams: of its host, of the line, without the line, in busmonitor mode.
@Suite struct USBInterfaceTests {
    private func control(_ octets: [UInt8]) -> UInt8 { octets[2] }

    private func indication(_ octets: [UInt8]) throws -> [UInt8] { try LinkData(indicationOf: octets.span).octets }

    // MARK: Telegrams of the host

    @Test(arguments: [true, false]) func aTelegramIsConfirmedWithWhatTheLineSaid(isConfirmed: Bool) throws {
        var bench = USBInterfaceBench()
        #expect(try bench.write(7) == [])
        #expect(bench.sent.map(\.octets) == [frame(source: 0x1101, data: [0x80, 7], group: 0x3001)])
        #expect(bench.sent.map(\.repetitions) == [3])
        #expect(bench.messages() == [], "nothing is confirmed before the line has")
        bench.feed(.line(.sent(number: 99, isConfirmed: true, at: bench.now)))
        #expect(bench.messages() == [])
        try bench.settle(isConfirmed)
        // Source 0.0.0 is filled in, and bit 0 of the control octet is the error.
        let expected = groupWrite(7, source: 0x1101).confirmation(isNegative: !isConfirmed).octets
        #expect(bench.messages() == [expected])
        #expect(control(expected) & 1 == (isConfirmed ? 0 : 1))
    }

    @Test func aTelegramThatMayNotBeRepeatedIsNot() throws {
        var bench = USBInterfaceBench()
        try bench.say(cemi: groupWrite(1, source: 0x1234, repeatBit: false).octets)
        try #require(bench.sent.map(\.repetitions) == [0])
        #expect(bench.sent[0].octets == frame(source: 0x1234, data: [0x80, 1], group: 0x3001))
    }

    @Test func oneTelegramIsOnTheLineAtATimeAndAFullInterfaceTakesNoReport() throws {
        var parameters = USBInterfaceBench.parameters
        parameters.sendBuffers = 3
        var bench = USBInterfaceBench(parameters)
        for value in UInt8(1)...3 {
            #expect(bench.engine.takesReports)
            try bench.write(value)
        }
        #expect(!bench.engine.takesReports && bench.engine.pendingCount == 3)
        #expect(bench.sent.count == 1)
        for value in UInt8(1)...3 {
            #expect(bench.sent.map { $0.octets[$0.octets.count - 2] } == [value])
            try bench.settle()
            #expect(bench.engine.takesReports)
        }
        #expect(bench.messages().map(\.last) == [1, 2, 3])
        #expect(bench.sent.isEmpty)
    }

    @Test func whatIsNoTelegramForALineIsNotPutOnOne() throws {
        var bench = USBInterfaceBench()
        // An indication, a radio message, another interface's language, no message at all.
        for octets: [UInt8] in [
            [0x29, 0, 0xBC, 0xE0, 0x11, 0x05, 9, 1, 1, 0, 0x81], [0x11], [0x2B, 0], [0xEE, 1, 2],
        ] {
            try bench.say(cemi: octets)
        }
        try bench.say(.tunnel(.emi2, groupWrite(1).octets))
        try bench.say(.other(protocolIdentifier: 7, serviceIdentifier: 1, [1]))
        #expect(bench.sent.isEmpty && bench.heard().isEmpty)
        #expect(bench.engine.discarded == 6)
        var parameters = USBInterfaceBench.parameters
        parameters.longestAPDU = 15
        var short = USBInterfaceBench(parameters)
        let long = LinkData(
            .request, source: USBInterfaceBench.own, destination: .group(GroupAddress(raw: 0x3001)),
            transportUnit: [0x00, 0x80] + [UInt8](repeating: 1, count: 15))
        #expect(try short.say(cemi: long.octets) == [long.confirmation(isNegative: true).octets])
        #expect(short.sent.isEmpty)
    }

    // MARK: Transfers of several reports

    /// A telegram with the longest APDU that TP1 has: five reports.
    private var longest: LinkData {
        LinkData(
            .request, source: USBInterfaceBench.own, destination: .group(GroupAddress(raw: 0x3001)),
            transportUnit: [0x00, 0x80] + (0..<253).map { UInt8($0) })
    }

    @Test func aLongTelegramPassesInSeveralReportsBothWays() throws {
        var bench = USBInterfaceBench()
        let reports = try USBTransfer(.tunnel(.cemi, longest.octets)).reports
        #expect(reports.count == 5 && reports.allSatisfy { $0.count == 64 })
        #expect(reports.map { $0[1] } == [0x15, 0x24, 0x34, 0x44, 0x56])
        try bench.say(cemi: longest.octets)
        let transmission = try #require(bench.sent.first)
        #expect(transmission.octets.count == 263 && transmission.octets[0] == 0x3C)
        try bench.settle()
        #expect(bench.messages() == [longest.confirmation(isNegative: false).octets])
        // The same from somebody else comes in as many.
        var other = transmission.octets
        other[2] = 0x22
        other[262] = TP1.checkOctet(other.dropLast())
        bench.line(other)
        let indications = bench.messages()
        #expect(indications.count == 1 && indications[0].count == 264 && indications[0].first == 0x29)
        #expect(bench.broken == 0)
    }

    @Test(arguments: 0..<5) func aTransferThatMissesAReportIsNone(missing: Int) throws {
        var bench = USBInterfaceBench()
        for (index, report) in try USBTransfer(.tunnel(.cemi, longest.octets)).reports.enumerated()
        where index != missing {
            bench.feed(.report(report))
        }
        #expect(bench.sent.isEmpty)
        // The next one is taken as if nothing had been.
        try bench.write(5)
        #expect(bench.sent.map { $0.octets[$0.octets.count - 2] } == [5])
        #expect(bench.engine.discarded >= 1)
    }

    @Test(arguments: 1...5) func reportsLostToTheHostSpoilTheirTransferAndNoOther(lost: Int) throws {
        var bench = USBInterfaceBench()
        try bench.say(cemi: longest.octets)
        bench.disturb { $0.reportsLost = lost }
        try bench.settle()
        bench.line(frame())
        #expect(bench.messages() == [try indication(frame())])
        #expect(bench.broken == 5 - lost, "each report that cannot follow those before it is told")
        #expect(bench.engine.faults.reportsLost == 0)
    }

    // MARK: What others send

    @Test func groupsAndItsOwnAddressAreIndicatedAndNobodyElses() throws {
        var bench = USBInterfaceBench()
        func individual(_ address: UInt16) -> [UInt8] {
            TP1Frame(
                source: IndividualAddress(raw: 0x1105), destination: .individual(IndividualAddress(raw: address)),
                transportUnit: [0x80]
            ).octets
        }
        bench.line(individual(0x1102))
        bench.line(frame(group: 0x0902), isOwn: true)
        var damaged = frame(group: 0x0902)
        damaged[4] ^= 1
        bench.line(damaged)
        bench.feed(.line(.truncated([0xBC, 0x11], at: bench.now)))
        bench.feed(.line(.acknowledge(0xCC, at: bench.now)))
        #expect(bench.messages() == [])
        for octets in [individual(0x1101), frame(group: 0x0902), frame(group: 0)] {
            bench.line(octets)
            #expect(bench.messages() == [try indication(octets)])
        }
    }

    @Test func aRepetitionOfWhatWasHeardIsNotToldAgain() throws {
        var bench = USBInterfaceBench()
        let first = frame()
        var repetition = first
        repetition[0] &= ~0x20
        repetition[repetition.count - 1] = TP1.checkOctet(repetition.dropLast())
        bench.line(first)
        bench.line(repetition)
        #expect(bench.messages().count == 1)
        // Of what was not heard it is.
        bench.line(frame(data: [0x80]))
        bench.line(repetition)
        #expect(bench.messages().map { $0[2] } == [0xBC, 0x9C])
    }

    // MARK: Without the line

    @Test func theLossAndReturnOfTheLineAreToldUnasked() throws {
        var bench = USBInterfaceBench()
        try bench.write(1)
        try bench.write(2)
        bench.power(.saving)
        func info(_ value: UInt8) -> USBTransfer.Content {
            .busAccess(BusAccessMessage(.info, .busConnectionStatus, value: [value]))
        }
        let lost = bench.heard()
        // What it had is confirmed as not sent, and then the loss is told.
        #expect(lost.compactMap(\.cemi).map(\.last) == [1, 2])
        #expect(lost.compactMap(\.cemi).allSatisfy { $0[0] == 0x2E && $0[2] & 1 == 1 })
        #expect(lost.last == info(0))
        bench.power(.off)
        bench.power(.starting)
        #expect(bench.heard().isEmpty)
        bench.sent = []
        #expect(try bench.write(3).map { $0[2] & 1 } == [1])
        #expect(bench.sent.isEmpty)
        bench.power(.running)
        #expect(bench.heard() == [info(1)])
        try bench.write(4)
        #expect(bench.sent.count == 1)
        try bench.settle()
        #expect(bench.messages().map { $0[2] & 1 } == [0])
    }

    @Test func oneThatSaysNothingWithoutTheLineConfirmsNothing() throws {
        var parameters = USBInterfaceBench.parameters
        parameters.withoutBus = .staysSilent
        var bench = USBInterfaceBench(parameters)
        try bench.write(1)
        bench.power(.saving)
        try bench.write(2)
        #expect(bench.messages() == [])
        bench.power(.running)
        #expect(bench.engine.pendingCount == 0 && bench.messages() == [])
        var begun = USBInterfaceBench(parameters, hasBus: false)
        #expect(
            try begun.say(.busAccess(BusAccessMessage(.get, .busConnectionStatus)))
                == [.busAccess(BusAccessMessage(.response, .busConnectionStatus, value: [0]))])
    }

    // MARK: Busmonitor

    @Test func aBusmonitorTellsAllWithNumbersAndSaysNothingOnTheLine() throws {
        var bench = USBInterfaceBench()
        #expect(bench.attitude == LineTap.Attitude(acknowledgesGroups: true, acknowledgesOwn: true))
        #expect(try bench.say(cemi: [0xF6, 0, 8, 1, 0x34, 0x10, 1, 1]) == [[0xF5, 0, 8, 1, 0x34, 0x10, 1]])
        #expect(bench.attitude == .mute)
        bench.wait(milliseconds: 5)
        let whole = frame()
        var damaged = whole
        damaged[7] ^= 1
        bench.line(whole)
        bench.feed(.line(.acknowledge(0xC0, at: bench.now)))
        bench.line(damaged)
        bench.feed(.line(.truncated([0xBC, 0x11, 0x05], at: bench.now)))
        for _ in 0..<5 { bench.line(whole, isOwn: true) }
        let heard = bench.messages().map { try? MediumMessage($0.span) }
        try #require(heard.map { $0?.code } == [MessageCode?](repeating: .busmonitorIndication, count: 9))
        #expect(heard.prefix(4).map { $0?.medium } == [whole, [0xC0], damaged, [0xBC, 0x11, 0x05]])
        let statuses = heard.map { BusmonitorStatus(octet: $0?.additionalInformation[0].data[0] ?? 0xFF) }
        #expect(statuses.map(\.sequence) == [0, 1, 2, 3, 4, 5, 6, 7, 0])
        #expect(statuses.map(\.frameError) == [false, false, true, true] + [Bool](repeating: false, count: 5))
        #expect(statuses.allSatisfy { !$0.lost })
        // 5 ms, as microseconds in four octets.
        #expect(heard[0]?.additionalInformation[1].data == [0, 0, 0x13, 0x88])
        // It sends nothing for its host, and a reset ends the mode.
        try bench.write(1)
        #expect(bench.sent.isEmpty && bench.engine.discarded == 1)
        #expect(try bench.say(cemi: [0xF1]) == [[0xF0]])
        #expect(bench.attitude == LineTap.Attitude(acknowledgesGroups: true, acknowledgesOwn: true))
        bench.line(whole)
        #expect(bench.messages().map(\.first) == [0x29])
    }

    @Test func aBusmonitorWhoseHostDoesNotReadTellsOfItsLoss() throws {
        var parameters = USBInterfaceBench.parameters
        parameters.longestQueue = 4
        var bench = USBInterfaceBench(parameters)
        try bench.say(cemi: [0xF6, 0, 8, 1, 0x34, 0x10, 1, 1])
        for _ in 0..<6 { bench.line(frame()) }
        #expect(bench.engine.lostTransfers == 2)
        func statuses() -> [BusmonitorStatus] {
            bench.messages().compactMap { try? MediumMessage($0.span) }.map {
                BusmonitorStatus(octet: $0.additionalInformation[0].data[0])
            }
        }
        #expect(statuses().map(\.sequence) == [0, 1, 2, 3])
        bench.line(frame())
        bench.line(frame())
        let after = statuses()
        #expect(after.map(\.sequence) == [6, 7])
        #expect(after.map(\.lost) == [true, false])
    }

    @Test func aTransferForWhichThereIsNoRoomIsLostAsAWhole() throws {
        var parameters = USBInterfaceBench.parameters
        parameters.longestQueue = 4
        var bench = USBInterfaceBench(parameters)
        try bench.say(cemi: longest.octets)
        try bench.settle()
        bench.line(frame())
        #expect(bench.messages().map(\.first) == [0x29])
        #expect(bench.broken == 0 && bench.engine.lostTransfers == 1)
    }
}
