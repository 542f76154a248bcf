import Events
import KNX
import Testing

@testable import Twin

/// Tunnels and management over TCP: channels of one connection, no acknowledges, and the end of all with the connection.
@Suite struct IPInterfaceStreamTests {
    private let tcp = HostProtocolAddress.routeBack(.tcp)
    private let udp = HostProtocolAddress.routeBack(.udp)

    private func bench(_ change: (inout IPInterfaceParameters) -> Void = { _ in }) -> InterfaceBench {
        var parameters = InterfaceBench.parameters
        change(&parameters)
        var bench = InterfaceBench(parameters)
        bench.feed(.stream(1, .opened))
        return bench
    }

    private func frame(_ value: UInt8) -> [UInt8] {
        TP1Frame(
            source: IndividualAddress(raw: 0x1120), destination: .group(GroupAddress(raw: 0x3001)),
            transportUnit: [0x00, 0x80, value]
        ).octets
    }

    @Test func oneConnectionCarriesSeveralChannelsUntilNoSlotIsLeft() throws {
        var bench = bench()
        #expect(try bench.connect(on: 1) == 1)
        #expect(try bench.connect(on: 1) == 2)
        let request = KNXnetIPMessage.connectRequest(control: tcp, data: tcp, .tunnelling(.link))
        #expect(try bench.say(request, on: 1) == [.connectRefused(.noMoreConnections)])
        // UDP has no slot of its own.
        #expect(
            try bench.say(.connectRequest(control: udp, data: udp, .tunnelling(.link)))
                == [.connectRefused(.noMoreConnections)])
        // What the line says goes to both, one after the other and without an acknowledge in between.
        for value in UInt8(0)..<3 { bench.feed(.line(.frame(frame(value), isOwn: false, at: bench.now))) }
        bench.run(milliseconds: 0)
        let said = bench.heard(on: 1)
        let numbers = said.compactMap { message -> [UInt8]? in
            if case .tunnellingRequest(let channel, let sequence, _) = message { [channel, sequence] } else { nil }
        }
        #expect(numbers == [[1, 0], [2, 0], [1, 1], [2, 1], [1, 2], [2, 2]])
        // Nobody waits for an acknowledge of these.
        bench.run(milliseconds: 5_000)
        #expect(bench.heard(on: 1).isEmpty && bench.engine.connections.count == 2)
    }

    @Test func whatItSaysOfItselfIsTheRouteBack() throws {
        var bench = bench()
        #expect(
            try bench.say(.connectRequest(control: tcp, data: tcp, .tunnelling(.link)), on: 1)
                == [.connectAccepted(channel: 1, data: tcp, .tunnelling(InterfaceBench.slots[0]))])
        guard case .descriptionResponse(let blocks)? = try bench.say(.descriptionRequest(tcp), on: 1).first,
            case .supportedFamilies(let families)? = blocks.last
        else {
            Issue.record("no description")
            return
        }
        #expect(families.map { [$0.family, $0.version] } == [[2, 2], [3, 2], [4, 2]])
    }

    /// Requests are executed whatever number they have, and confirmed, and never acknowledged.
    @Test func requestsAreExecutedInTheOrderInWhichTheyCome() throws {
        var bench = bench()
        let channel = try bench.connect(on: 1)
        for sequence in [UInt8(0), 0, 7, 255] {
            let request = KNXnetIPMessage.tunnellingRequest(
                channel: channel, sequence: sequence, cemi: groupWrite(sequence).octets)
            #expect(try bench.say(request, on: 1).isEmpty)
        }
        #expect(bench.sent.map { $0.octets[$0.octets.count - 2] } == [0, 0, 7, 255])
        bench.feed(.line(.sent(number: bench.sent[0].number, isConfirmed: true, at: bench.now)))
        bench.run(milliseconds: 0)
        let confirmation = groupWrite(0, source: 0x1102).confirmation(isNegative: false).octets
        #expect(
            bench.heard(on: 1) == [.tunnellingRequest(channel: channel, sequence: 0, cemi: confirmation)])
    }

    /// On UDP a full interface stays silent, and its client sends again. On TCP nobody would.
    @Test func aFullInterfaceConfirmsWithAnError() throws {
        var bench = bench { $0.sendBuffers = 1 }
        let channel = try bench.connect(on: 1)
        for value in UInt8(0)..<2 {
            try bench.say(.tunnellingRequest(channel: channel, sequence: value, cemi: groupWrite(value).octets), on: 1)
        }
        #expect(bench.sent.count == 1)
        bench.run(milliseconds: 0)
        let refused = groupWrite(1, source: 0x1102).confirmation(isNegative: true).octets
        #expect(bench.heard(on: 1).compactMap(\.tunnelled) == [refused])
    }

    @Test func noHeartbeatIsNeededAndOneIsAnswered() throws {
        var bench = bench()
        let channel = try bench.connect(on: 1)
        bench.run(milliseconds: 1_000_000)
        #expect(bench.engine.connections.count == 1)
        #expect(
            try bench.say(.connectionStateRequest(channel: channel, control: tcp), on: 1)
                == [.connectionStateResponse(channel: channel, .noError)])
        #expect(
            try bench.say(.disconnectRequest(channel: channel, control: tcp), on: 1)
                == [.disconnectResponse(channel: channel, .noError)])
        #expect(bench.engine.connections.isEmpty && bench.closed.isEmpty)
    }

    @Test func theEndOfAConnectionEndsItsChannelsAndNoOthers() throws {
        var bench = bench()
        bench.feed(.stream(2, .opened))
        _ = try bench.connect(on: 1)
        let other = try bench.connect(on: 2)
        bench.feed(.stream(1, .closed))
        #expect(bench.engine.connections == [InterfaceBench.slots[1]])
        #expect(
            try bench.say(.connectionStateRequest(channel: other, control: tcp), on: 2)
                == [.connectionStateResponse(channel: other, .noError)])
        // A channel belongs to the connection that it was made on.
        bench.feed(.stream(3, .opened))
        try bench.say(.tunnellingRequest(channel: other, sequence: 0, cemi: groupWrite(1).octets), on: 3)
        try bench.say(.tunnellingRequest(channel: other, sequence: 0, cemi: groupWrite(1).octets))
        #expect(bench.sent.isEmpty)
    }

    /// Endpoints that are refused on TCP, and one of TCP on UDP.
    @Test func endpointsOfTheWrongKindAreRefused() throws {
        var bench = bench()
        let named = HostProtocolAddress(.tcp, InternetAddress(127, 0, 0, 1), port: 40_000)
        for (control, data) in [(udp, udp), (tcp, udp), (udp, tcp), (named, tcp), (tcp, named)] {
            #expect(
                try bench.say(.connectRequest(control: control, data: data, .tunnelling(.link)), on: 1)
                    == [.connectRefused(.hostProtocolType)])
        }
        #expect(
            try bench.say(.connectRequest(control: tcp, data: tcp, .tunnelling(.link)))
                == [.connectRefused(.hostProtocolType)])
    }

    @Test func framesMayComeInAnyPieces() throws {
        var bench = bench()
        let stream = try (0..<2).flatMap { _ in
            try KNXnetIPMessage.connectRequest(control: tcp, data: tcp, .tunnelling(.link)).octets
        }
        for octet in stream { bench.feed(.stream(1, .octets([octet]))) }
        #expect(bench.engine.connections == InterfaceBench.slots)
        bench.feed(.stream(2, .opened))
        bench.feed(.stream(2, .octets(try KNXnetIPMessage.descriptionRequest(tcp).octets + [6, 0x10])))
        #expect(bench.heard(on: 2).count == 1)
        // Half a frame and the end of it is only an end.
        bench.feed(.stream(2, .closed))
        #expect(bench.closed.isEmpty && bench.engine.discardedDatagrams == 0)
    }

    @Test func aStreamThatIsNoneIsClosedWithItsChannels() throws {
        var bench = bench()
        _ = try bench.connect(on: 1)
        // A good frame before the bad one is still taken.
        bench.feed(.stream(1, .octets(try KNXnetIPMessage.descriptionRequest(tcp).octets + [0x47, 0x45, 0x54])))
        #expect(bench.heard(on: 1).count == 1)
        #expect(bench.closed == [1] && bench.engine.connections.isEmpty)
        // What still comes on it is nobody's.
        #expect(try bench.say(.descriptionRequest(tcp), on: 1).isEmpty)
    }

    @Test func withoutTCPOrPowerNoConnectionIsTaken() throws {
        #expect(bench { $0.servesTCP = false }.closed == [1])
        var dead = bench { $0.withoutBus = .isDead }
        _ = try dead.connect(on: 1)
        dead.feed(.line(.power(.saving, at: dead.now)))
        #expect(dead.closed == [1] && dead.engine.connections.isEmpty)
        dead.feed(.stream(2, .opened))
        #expect(dead.closed == [1, 2])
        dead.feed(.line(.power(.running, at: dead.now)))
        dead.feed(.stream(3, .opened))
        #expect(try dead.connect(on: 3) == 2 && dead.closed == [1, 2])
    }

    /// An interface that hangs keeps its connections, and goes on where its clients' frames begin.
    @Test func aSilentInterfaceKeepsItsConnections() throws {
        var bench = bench()
        let channel = try bench.connect(on: 1)
        var faults = IPInterfaceFaults()
        faults.isSilent = true
        bench.feed(.faults(faults))
        let question = try KNXnetIPMessage.connectionStateRequest(channel: channel, control: tcp).octets
        bench.feed(.stream(1, .octets(Array(question.dropLast(3)))))
        bench.feed(.stream(1, .octets(Array(question.suffix(3)) + question.prefix(2))))
        bench.feed(.faults(IPInterfaceFaults()))
        #expect(bench.heard(on: 1).isEmpty)
        bench.feed(.stream(1, .octets(Array(question.dropFirst(2)))))
        #expect(bench.heard(on: 1) == [.connectionStateResponse(channel: channel, .noError)])
    }

    @Test func featuresAndTheirNewsGoOverTCP() throws {
        var bench = bench()
        let channel = try bench.connect(on: 1)
        #expect(
            try bench.say(.featureGet(channel: channel, sequence: 0, .busConnectionStatus), on: 1)
                == [
                    .featureResponse(channel: channel, sequence: 0, .busConnectionStatus, returnCode: 0, value: [1, 0])
                ]
        )
        try bench.say(.featureSet(channel: channel, sequence: 1, .informationServiceEnable, value: [1, 0]), on: 1)
        bench.feed(.line(.power(.saving, at: bench.now)))
        #expect(
            bench.heard(on: 1) == [.featureInfo(channel: channel, sequence: 2, .busConnectionStatus, value: [0, 0])])
        #expect(
            try bench.say(.featureGet(channel: channel, sequence: 2, .busConnectionStatus), on: 1)
                == [
                    .featureResponse(channel: channel, sequence: 3, .busConnectionStatus, returnCode: 0, value: [0, 0])
                ]
        )
    }
}
