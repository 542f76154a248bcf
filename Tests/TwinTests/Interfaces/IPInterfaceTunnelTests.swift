import Events
import KNX
import Testing

@testable import Twin

/// Requests both ways in a tunnel: numbers, acknowledges, repetitions, confirmations, features, and what can be wrong.
@Suite struct IPInterfaceTunnelTests {
    private let udp = HostProtocolAddress.routeBack(.udp)

    private func acknowledge(_ channel: UInt8, _ sequence: UInt8) -> KNXnetIPMessage {
        .tunnellingAcknowledge(ConnectionHeader(channel: channel, sequence: sequence))
    }

    private func frame(_ value: UInt8, repetition: Bool = false) -> [UInt8] {
        TP1Frame(
            isRepetition: repetition, source: IndividualAddress(raw: 0x1120),
            destination: .group(GroupAddress(raw: 0x3001)), transportUnit: [0x00, 0x80, value]
        ).octets
    }

    @Test func aRequestIsAcknowledgedPutOnTheLineAndConfirmed() throws {
        for isConfirmed in [true, false] {
            var bench = InterfaceBench()
            let channel = try bench.connect()
            let request = groupWrite(7)
            #expect(
                try bench.say(.tunnellingRequest(channel: channel, sequence: 0, cemi: request.octets))
                    == [acknowledge(channel, 0)])
            #expect(bench.sent.map(\.octets) == [request.tp1Frame(ownAddress: InterfaceBench.slots[0])?.octets])
            #expect(bench.sent.map(\.repetitions) == [3])
            bench.feed(.line(.sent(number: bench.sent[0].number, isConfirmed: isConfirmed, at: bench.now)))
            let expected = groupWrite(7, source: 0x1102).confirmation(isNegative: !isConfirmed).octets
            #expect(
                bench.run(milliseconds: 0) == [.tunnellingRequest(channel: channel, sequence: 0, cemi: expected)])
        }
    }

    @Test func aRequestWithoutRepetitionIsSentOnce() throws {
        var bench = InterfaceBench()
        let channel = try bench.connect()
        try bench.say(
            .tunnellingRequest(channel: channel, sequence: 0, cemi: groupWrite(7, repeatBit: false).octets))
        #expect(bench.sent.map(\.repetitions) == [0] && bench.sent.map(\.busyRepetitions) == [0])
        // On the line it is a first transmission all the same.
        #expect(bench.sent[0].octets[0] & 0x20 == 0x20)
    }

    /// The number of a request, whether it is acknowledged, and whether it is executed, when 5 is the next.
    @Test(arguments: [
        (UInt8(5), true, true), (4, true, false), (6, false, false), (3, false, false), (255, false, false),
        (133, false, false),
    ])
    func onlyTheNextRequestIsExecuted(sequence: UInt8, isAcknowledged: Bool, isExecuted: Bool) throws {
        var bench = InterfaceBench()
        let channel = try bench.connect()
        for number in UInt8(0)..<5 {
            try bench.say(.tunnellingRequest(channel: channel, sequence: number, cemi: groupWrite(number).octets))
        }
        bench.sent = []
        let answer = try bench.say(
            .tunnellingRequest(channel: channel, sequence: sequence, cemi: groupWrite(99).octets))
        #expect(answer == (isAcknowledged ? [acknowledge(channel, sequence)] : []))
        #expect(bench.sent.count == (isExecuted ? 1 : 0))
    }

    @Test func numbersRunOver() throws {
        var bench = InterfaceBench()
        let channel = try bench.connect()
        for round in 0..<600 {
            let sequence = UInt8(round & 255)
            #expect(
                try bench.say(
                    .tunnellingRequest(channel: channel, sequence: sequence, cemi: groupWrite(1).octets))
                    == [acknowledge(channel, sequence)])
            bench.feed(.line(.sent(number: bench.sent[round].number, isConfirmed: true, at: bench.now)))
            bench.run(milliseconds: 0)
            try bench.say(acknowledge(channel, sequence))
        }
        #expect(bench.sent.count == 600)
    }

    /// Requests that nobody takes: from a stranger, on another channel, with a message that cannot be read.
    @Test func strangersAndNonsenseAreIgnored() throws {
        var bench = InterfaceBench()
        let channel = try bench.connect()
        let cemi = groupWrite(1).octets
        #expect(
            try bench.say(
                .tunnellingRequest(channel: channel, sequence: 0, cemi: cemi), from: InterfaceBench.other(50_000)
            ).isEmpty)
        #expect(try bench.say(.tunnellingRequest(channel: channel + 1, sequence: 0, cemi: cemi)).isEmpty)
        #expect(try bench.say(.tunnellingRequest(channel: channel, sequence: 0, cemi: [0x29])).isEmpty)
        #expect(bench.sent.isEmpty)
        // An indication is no request: it is taken and does nothing.
        let indication = [0x29] + cemi.dropFirst()
        #expect(
            try bench.say(.tunnellingRequest(channel: channel, sequence: 0, cemi: indication))
                == [acknowledge(channel, 0)])
        #expect(bench.sent.isEmpty)
    }

    @Test func fullBuffersAcknowledgeNothing() throws {
        var parameters = InterfaceBench.parameters
        parameters.sendBuffers = 2
        var bench = InterfaceBench(parameters)
        let channel = try bench.connect()
        for number in UInt8(0)..<2 {
            try bench.say(.tunnellingRequest(channel: channel, sequence: number, cemi: groupWrite(number).octets))
        }
        let third = KNXnetIPMessage.tunnellingRequest(channel: channel, sequence: 2, cemi: groupWrite(2).octets)
        #expect(try bench.say(third).isEmpty && bench.sent.count == 2)
        bench.feed(.line(.sent(number: bench.sent[0].number, isConfirmed: true, at: bench.now)))
        #expect(try bench.say(third).contains(acknowledge(channel, 2)))
        #expect(bench.sent.count == 3)
    }

    @Test func indicationsWaitForTheirAcknowledgeAndEndTheTunnelWithoutIt() throws {
        var bench = InterfaceBench()
        let channel = try bench.connect()
        bench.feed(.line(.frame(frame(1), isOwn: false, at: bench.now)))
        bench.feed(.line(.frame(frame(2), isOwn: false, at: bench.now)))
        let first = bench.run(milliseconds: 0)
        #expect(first.count == 1)
        let indication = try LinkData(indicationOf: frame(1).span).octets
        #expect(first.first == .tunnellingRequest(channel: channel, sequence: 0, cemi: indication))
        // Neither another number nor another client nor a bad status is the acknowledge.
        #expect(try bench.say(acknowledge(channel, 1)).isEmpty)
        #expect(try bench.say(acknowledge(channel, 0), from: InterfaceBench.other(1)).isEmpty)
        #expect(
            try bench.say(
                .tunnellingAcknowledge(ConnectionHeader(channel: channel, sequence: 0, status: .sequenceNumber))
            ).isEmpty)
        #expect(bench.run(milliseconds: 999).isEmpty)
        #expect(bench.run(milliseconds: 1) == first)
        #expect(try bench.say(acknowledge(channel, 0)).compactMap(\.tunnelled).count == 1)
        #expect(bench.run(milliseconds: 1_000).count == 1)
        #expect(bench.run(milliseconds: 999).isEmpty)
        #expect(bench.run(milliseconds: 1) == [.disconnectRequest(channel: channel, control: udp)])
        #expect(bench.engine.connections.isEmpty)
    }

    @Test func repetitionsOfWhatWasIndicatedAreNotIndicatedAgain() throws {
        var bench = InterfaceBench()
        let channel = try bench.connect()
        var indicated = 0
        for octets in [frame(1), frame(1, repetition: true), frame(2, repetition: true), frame(2), [0xBC, 0x11]] {
            bench.feed(.line(.frame(octets, isOwn: false, at: bench.now)))
            for message in bench.run(milliseconds: 0) where message.tunnelled != nil {
                try bench.say(acknowledge(channel, UInt8(indicated)))
                indicated += 1
            }
        }
        // 1 once, 2 as a repetition of something not heard, and 2 again as a telegram of its own.
        #expect(indicated == 3)
    }

    @Test func tunnelsHearEachOtherAndNotThemselves() throws {
        for hears in [true, false] {
            var parameters = InterfaceBench.parameters
            parameters.indicatesBetweenTunnels = hears
            var bench = InterfaceBench(parameters)
            let one = try bench.connect()
            let two = try bench.connect(from: InterfaceBench.other(40_002))
            try bench.say(.tunnellingRequest(channel: one, sequence: 0, cemi: groupWrite(1).octets))
            bench.feed(.line(.frame(bench.sent[0].octets, isOwn: true, at: bench.now)))
            let channels = bench.run(milliseconds: 0).compactMap { message -> UInt8? in
                if case .tunnellingRequest(let channel, _, _) = message { channel } else { nil }
            }
            #expect(channels == (hears ? [two] : []))
        }
    }

    @Test func aBusmonitorSeesEverythingCountedAndSendsNothing() throws {
        var bench = InterfaceBench()
        let channel = try bench.connect(.busmonitor)
        var damaged = frame(3)
        damaged[3] ^= 1
        let events: [(LineTap.Event, [UInt8], Bool)] = [
            (.frame(frame(1), isOwn: false, at: bench.now), frame(1), false),
            (.acknowledge(0xCC, at: bench.now), [0xCC], false),
            (.frame(damaged, isOwn: false, at: bench.now), damaged, true),
            (.acknowledge(0x0C, at: bench.now), [0x0C], false),
            (.truncated([0xBC, 0x11], at: bench.now), [0xBC, 0x11], true),
            (.frame(frame(1, repetition: true), isOwn: false, at: bench.now), frame(1, repetition: true), false),
        ]
        for (number, (event, medium, isBad)) in events.enumerated() {
            bench.feed(.line(event))
            let cemi = try #require(bench.run(milliseconds: 0).first?.tunnelled)
            let status = BusmonitorStatus(frameError: isBad, sequence: UInt8(number))
            #expect(cemi == MediumMessage(busmonitor: status, microseconds: 0, medium: medium).octets)
            try bench.say(acknowledge(channel, UInt8(number)))
        }
        #expect(
            try bench.say(.tunnellingRequest(channel: channel, sequence: 0, cemi: groupWrite(1).octets))
                == [acknowledge(channel, 0)])
        #expect(bench.sent.isEmpty)
    }

    @Test func aBusmonitorIsToldWhatFoundNoRoom() throws {
        var parameters = InterfaceBench.parameters
        parameters.longestQueue = 2
        var bench = InterfaceBench(parameters)
        let channel = try bench.connect(.busmonitor)
        for value in UInt8(0)..<11 {
            bench.feed(.line(.frame(frame(value), isOwn: false, at: bench.now)))
            bench.run(milliseconds: 0)
        }
        // One under way and two that wait: eight are lost, which the count of three bits cannot show.
        for number in UInt8(0)..<3 { try bench.say(acknowledge(channel, number)) }
        bench.feed(.line(.frame(frame(42), isOwn: false, at: bench.now)))
        let cemi = try #require(bench.run(milliseconds: 0).first?.tunnelled)
        let status = BusmonitorStatus(lost: true, sequence: 11 & 7)
        #expect(cemi == MediumMessage(busmonitor: status, microseconds: 0, medium: frame(42)).octets)
    }

    // MARK: Without voltage

    @Test func withoutVoltageTelegramsAreRefusedSwallowedOrNotEvenTaken() throws {
        for habit in IPInterfaceParameters.WithoutBus.allCases {
            var parameters = InterfaceBench.parameters
            parameters.withoutBus = habit
            var bench = InterfaceBench(parameters)
            let channel = try bench.connect()
            // One on its way when the voltage goes, one after.
            try bench.say(.tunnellingRequest(channel: channel, sequence: 0, cemi: groupWrite(0).octets))
            bench.feed(.line(.power(.saving, at: bench.now)))
            let before = bench.run(milliseconds: 0)
            let refusal = groupWrite(0, source: 0x1102).confirmation(isNegative: true).octets
            #expect(before.compactMap(\.tunnelled) == (habit == .refuses ? [refusal] : []))
            try bench.say(acknowledge(channel, 0))
            let answer = try bench.say(
                .tunnellingRequest(channel: channel, sequence: 1, cemi: groupWrite(1).octets))
            #expect(answer == (habit == .isDead ? [] : [acknowledge(channel, 1)]))
            #expect(bench.run(milliseconds: 0).compactMap(\.tunnelled).count == (habit == .refuses ? 1 : 0))
            #expect(bench.sent.count == 1)
            #expect(bench.engine.connections.isEmpty == (habit == .isDead))
            bench.feed(.line(.power(.running, at: bench.now)))
            if habit == .isDead { #expect(try bench.connect() != channel) }
        }
    }

    // MARK: Features

    @Test func featuresAreAnsweredInTheTunnel() throws {
        var bench = InterfaceBench()
        let channel = try bench.connect()
        let values: [(InterfaceFeature, [UInt8])] = [
            (.supportedEMITypes, [0, 4]), (.deviceDescriptor, [0x07, 0xB0]), (.busConnectionStatus, [1, 0]),
            (.manufacturerCode, [0, 0]), (.activeEMIType, [3, 0]), (.individualAddress, [0x11, 0x02]),
            (.longestApdu, [0, 254]), (.informationServiceEnable, [0, 0]),
        ]
        for (number, (feature, value)) in values.enumerated() {
            let sequence = UInt8(number)
            #expect(
                try bench.say(.featureGet(channel: channel, sequence: sequence, feature)) == [
                    acknowledge(channel, sequence),
                    .featureResponse(channel: channel, sequence: sequence, feature, returnCode: 0, value: value),
                ])
            try bench.say(acknowledge(channel, sequence))
        }
    }

    /// A wish, and the return code of its answer.
    @Test(arguments: [
        (InterfaceFeature.informationServiceEnable, [UInt8(1)], UInt8(0)), (.activeEMIType, [3, 0], 0),
        (.activeEMIType, [1, 0], 0xF8), (.individualAddress, [0x11, 0x09], 0xFB), (.busConnectionStatus, [1], 0xFB),
        (.individualAddress, [0x11], 0xF8),
    ])
    func wishesAreAnswered(feature: InterfaceFeature, value: [UInt8], code: UInt8) throws {
        var bench = InterfaceBench()
        let channel = try bench.connect()
        let answer = try bench.say(.featureSet(channel: channel, sequence: 0, feature, value: value))
        guard case .featureResponse(_, 0, feature, code, let said)? = answer.last else {
            Issue.record("\(answer)")
            return
        }
        #expect(said.isEmpty == (code != 0))
    }

    @Test func theBusIsToldToWhoWantsToKnow() throws {
        var bench = InterfaceBench()
        let curious = try bench.connect()
        _ = try bench.connect(from: InterfaceBench.other(40_002))
        try bench.say(.featureSet(channel: curious, sequence: 0, .informationServiceEnable, value: [1]))
        try bench.say(acknowledge(curious, 0))
        var sequence: UInt8 = 1
        for (state, isThere) in [(BusPower.State.saving, false), (.off, false), (.starting, false), (.running, true)] {
            bench.feed(.line(.power(state, at: bench.now)))
            let told = bench.run(milliseconds: 0)
            let isNews = state == .saving || state == .running
            #expect(
                told
                    == (isNews
                        ? [
                            .featureInfo(
                                channel: curious, sequence: sequence, .busConnectionStatus, value: [isThere ? 1 : 0, 0])
                        ]
                        : []))
            if isNews {
                try bench.say(acknowledge(curious, sequence))
                sequence += 1
            }
        }
    }

    @Test func versionOneHasNoFeatures() throws {
        var parameters = InterfaceBench.parameters
        parameters.tunnellingVersion = 1
        var bench = InterfaceBench(parameters)
        let channel = try bench.connect()
        #expect(try bench.say(.featureGet(channel: channel, sequence: 0, .busConnectionStatus)).isEmpty)
    }

    // MARK: Faults

    private func disturbed(_ change: (inout IPInterfaceFaults) -> Void) throws -> (InterfaceBench, UInt8) {
        var bench = InterfaceBench()
        let channel = try bench.connect()
        var faults = IPInterfaceFaults()
        change(&faults)
        bench.feed(.faults(faults))
        return (bench, channel)
    }

    @Test func silenceIsSilence() throws {
        var (bench, channel) = try disturbed { $0.isSilent = true }
        #expect(try bench.say(.descriptionRequest(udp)).isEmpty)
        #expect(try bench.say(.tunnellingRequest(channel: channel, sequence: 0, cemi: groupWrite(1).octets)).isEmpty)
        bench.feed(.line(.frame(frame(1), isOwn: false, at: bench.now)))
        #expect(bench.run(milliseconds: 200_000).isEmpty && bench.sent.isEmpty)
        #expect(bench.engine.connections.isEmpty)
    }

    @Test func acknowledgesAreLateOrLost() throws {
        var (late, channel) = try disturbed { $0.acknowledgeDelay = .milliseconds(300) }
        let request = KNXnetIPMessage.tunnellingRequest(channel: channel, sequence: 0, cemi: groupWrite(1).octets)
        #expect(try late.say(request).isEmpty)
        #expect(late.run(milliseconds: 299).isEmpty)
        #expect(late.run(milliseconds: 1) == [acknowledge(channel, 0)])
        var (lost, same) = try disturbed { $0.acknowledgesLost = 1 }
        #expect(same == channel)
        #expect(try lost.say(request).isEmpty && lost.sent.count == 1)
        #expect(try lost.say(request) == [acknowledge(channel, 0)])
        same = UInt8(lost.sent.count)
        #expect(same == 1, "the repetition was executed")
    }

    @Test func confirmationsAreMissingOrWrong() throws {
        var (none, channel) = try disturbed { $0.confirmsNothing = true }
        let request = KNXnetIPMessage.tunnellingRequest(channel: channel, sequence: 0, cemi: groupWrite(1).octets)
        try none.say(request)
        none.feed(.line(.sent(number: none.sent[0].number, isConfirmed: true, at: none.now)))
        #expect(none.run(milliseconds: 60_000).isEmpty)
        for isConfirmed in [true, false] {
            var (wrong, _) = try disturbed { $0.confirmsWrongly = true }
            try wrong.say(request)
            wrong.feed(.line(.sent(number: wrong.sent[0].number, isConfirmed: isConfirmed, at: wrong.now)))
            let said = wrong.run(milliseconds: 0).compactMap(\.tunnelled)
            #expect(said == [groupWrite(1, source: 0x1102).confirmation(isNegative: isConfirmed).octets])
        }
    }

    @Test func indicationsAreCopied() throws {
        var (bench, channel) = try disturbed { $0.indicationCopies = 2 }
        bench.feed(.line(.frame(frame(1), isOwn: false, at: bench.now)))
        var count = bench.run(milliseconds: 0).count
        for number in UInt8(0)..<3 { count += try bench.say(acknowledge(channel, number)).count }
        #expect(count == 3)
    }
}
