import Events
import KNX
import Testing

@testable import Twin

/// Searches, descriptions, connections, heartbeats and leaves: each service with what it is answered.
@Suite struct IPInterfaceConnectionTests {
    private let udp = HostProtocolAddress.routeBack(.udp)

    @Test func searchesAndQuestionsAreAnsweredWithWhatItIs() throws {
        var bench = InterfaceBench()
        let elsewhere = HostProtocolAddress(.udp, InternetAddress(127, 0, 0, 9), port: 999)
        bench.feed(.datagram(try KNXnetIPMessage.searchRequest(elsewhere).octets, from: InterfaceBench.client))
        let answers = bench.heardWithReceivers()
        // Answered where the client says, not where the datagram came from.
        #expect(answers.map(\.to) == [IPEndpoint(InternetAddress(127, 0, 0, 9), port: 999)])
        guard case .searchResponse(let control, let blocks)? = answers.first?.message else {
            Issue.record("no search response")
            return
        }
        #expect(control == HostProtocolAddress(.udp, InternetAddress(127, 0, 0, 1), port: 3671))
        #expect(blocks.map(\.type) == [0x01, 0x02])
        guard case .deviceInformation(let device)? = blocks.first else { return }
        #expect(device.medium == 2 && device.address.description == "1.1.1" && device.name == "knxrig twin")
        #expect(try bench.say(.descriptionRequest(udp)) == [.descriptionResponse(blocks)])
    }

    @Test func anExtendedSearchIsAnsweredByWhomItFits() throws {
        var bench = InterfaceBench()
        func blocks(_ parameters: [SearchParameter]) throws -> [UInt8]? {
            guard
                case .searchResponseExtended(_, let blocks)? = try bench.say(.searchRequestExtended(udp, parameters))
                    .first
            else { return nil }
            return blocks.map(\.type)
        }
        #expect(try blocks([]) == [1, 2])
        #expect(try blocks([SearchParameter(.programmingMode)]) == nil)
        #expect(try blocks([SearchParameter(.programmingMode, isMandatory: false)]) == [1, 2])
        #expect(try blocks([SearchParameter(.hardwareAddress(1))]) == [1, 2])
        #expect(try blocks([SearchParameter(.hardwareAddress(2))]) == nil)
        #expect(try blocks([SearchParameter(.family(4, version: 2))]) == [1, 2])
        #expect(try blocks([SearchParameter(.family(4, version: 3))]) == nil)
        #expect(try blocks([SearchParameter(.family(5, version: 1))]) == nil)
        #expect(try blocks([SearchParameter(.descriptions([5, 7, 8, 1]))]) == [1, 2, 5, 7, 8])
        _ = try bench.connect()
        guard
            case .searchResponseExtended(_, let found)? = try bench.say(
                .searchRequestExtended(udp, [SearchParameter(.descriptions([7]))])
            ).first, case .tunnelling(let information)? = found.last
        else {
            Issue.record("no tunnelling information")
            return
        }
        #expect(information.slots.map(\.isFree) == [false, true])
    }

    @Test func tunnelsHaveAddressesOfTheirOwnUntilNoneIsLeft() throws {
        var bench = InterfaceBench()
        let first = try bench.say(.connectRequest(control: udp, data: udp, .tunnelling(.link)))
        #expect(first == [.connectAccepted(channel: 1, data: udp, .tunnelling(InterfaceBench.slots[0]))])
        // With an address of its own a client is told the interface's.
        let named = HostProtocolAddress(.udp, InternetAddress(127, 0, 0, 1), port: 40_001)
        let second = try bench.say(.connectRequest(control: named, data: named, .tunnelling(.link)))
        let own = HostProtocolAddress(.udp, InternetAddress(127, 0, 0, 1), port: 3671)
        #expect(second == [.connectAccepted(channel: 2, data: own, .tunnelling(InterfaceBench.slots[1]))])
        #expect(
            try bench.say(.connectRequest(control: udp, data: udp, .tunnelling(.link)))
                == [.connectRefused(.noMoreConnections)])
        #expect(
            try bench.say(.disconnectRequest(channel: 1, control: udp)) == [.disconnectResponse(channel: 1, .noError)])
        #expect(
            try bench.say(.disconnectRequest(channel: 1, control: udp))
                == [.disconnectResponse(channel: 1, .connectionIdentifier)])
        // The slot is free again, and the channel a new one.
        #expect(
            try bench.say(.connectRequest(control: udp, data: udp, .tunnelling(.link)))
                == [.connectAccepted(channel: 3, data: udp, .tunnelling(InterfaceBench.slots[0]))])
    }

    /// What is asked for, beside what, in which version, and with what it is refused.
    struct Refused: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var information: [UInt8]
        var beside: TunnellingLayer?
        var version: UInt8 = 2
        var transport: UInt8 = 1
        var status: KNXnetIPStatus
    }

    static let refused = [
        Refused(testDescription: "TCP on UDP", information: [4, 4, 2, 0], transport: 2, status: .hostProtocolType),
        Refused(testDescription: "remote logging", information: [2, 6], status: .connectionType),
        Refused(testDescription: "unknown kind", information: [2, 9], status: .connectionType),
        Refused(testDescription: "raw layer", information: [4, 4, 4, 0], status: .tunnellingLayer),
        Refused(testDescription: "layer of nobody", information: [4, 4, 0x33, 0], status: .tunnellingLayer),
        Refused(
            testDescription: "busmonitor beside a tunnel", information: [4, 4, 0x80, 0], beside: .link,
            status: .noMoreConnections),
        Refused(
            testDescription: "tunnel beside a busmonitor", information: [4, 4, 2, 0], beside: .busmonitor,
            status: .noMoreConnections),
        Refused(
            testDescription: "busmonitor beside a busmonitor", information: [4, 4, 0x80, 0], beside: .busmonitor,
            status: .noMoreConnections),
        Refused(
            testDescription: "an address of nobody", information: [6, 4, 2, 0, 0x22, 0x22], status: .noTunnellingAddress
        ),
        Refused(
            testDescription: "an address in use", information: [6, 4, 2, 0, 0x11, 0x02], beside: .link,
            status: .connectionInUse),
        Refused(
            testDescription: "an address of version 1", information: [6, 4, 2, 0, 0x11, 0x02], version: 1,
            status: .connectionOption),
    ]

    @Test(arguments: refused) func isRefused(_ refused: Refused) throws {
        var parameters = InterfaceBench.parameters
        parameters.tunnellingVersion = refused.version
        var bench = InterfaceBench(parameters)
        if let beside = refused.beside { _ = try bench.connect(beside, from: InterfaceBench.other(41_000)) }
        let endpoint: [UInt8] = [8, refused.transport, 0, 0, 0, 0, 0, 0]
        let body = endpoint + endpoint + refused.information
        let before = bench.engine.connections
        bench.feed(
            .datagram([6, 0x10, 2, 5, 0, UInt8(6 + body.count)] + body, from: InterfaceBench.client))
        #expect(bench.heard() == [.connectRefused(refused.status)])
        #expect(bench.engine.connections == before)
    }

    @Test func anAddressThatIsAskedForIsGranted() throws {
        var bench = InterfaceBench()
        _ = try bench.connect(requesting: InterfaceBench.slots[1])
        #expect(bench.engine.connections == [InterfaceBench.slots[1]])
    }

    @Test func heartbeatsKeepATunnelAndItsAbsenceEndsIt() throws {
        var bench = InterfaceBench()
        let channel = try bench.connect()
        for _ in 0..<3 {
            #expect(bench.run(milliseconds: 119_999).isEmpty)
            #expect(
                try bench.say(.connectionStateRequest(channel: channel, control: udp))
                    == [.connectionStateResponse(channel: channel, .noError)])
        }
        #expect(bench.run(milliseconds: 119_999).isEmpty)
        #expect(bench.run(milliseconds: 1) == [.disconnectRequest(channel: channel, control: udp)])
        #expect(bench.engine.connections.isEmpty)
        #expect(
            try bench.say(.connectionStateRequest(channel: channel, control: udp))
                == [.connectionStateResponse(channel: channel, .connectionIdentifier)])
    }

    @Test func trafficIsNoHeartbeat() throws {
        var bench = InterfaceBench()
        let channel = try bench.connect()
        for number in 0..<UInt8(12) {
            try bench.say(
                .tunnellingRequest(channel: channel, sequence: number, cemi: groupWrite(number).octets))
            bench.run(milliseconds: 9_999)
        }
        #expect(bench.run(milliseconds: 12).contains(.disconnectRequest(channel: channel, control: udp)))
    }

    @Test func aLineWithoutVoltageShowsInTheHeartbeatWhereItDoes() throws {
        for tells in [false, true] {
            var parameters = InterfaceBench.parameters
            parameters.tellsBusFailureInHeartbeat = tells
            var bench = InterfaceBench(parameters)
            let channel = try bench.connect()
            bench.feed(.line(.power(.saving, at: bench.now)))
            #expect(
                try bench.say(.connectionStateRequest(channel: channel, control: udp))
                    == [.connectionStateResponse(channel: channel, tells ? .knxConnection : .noError)])
        }
    }

    @Test func itAcknowledgesOnTheLineForWhomItServes() throws {
        var bench = InterfaceBench()
        let channel = try bench.connect()
        #expect(bench.attitude == LineTap.Attitude(acknowledgesGroups: true, acknowledgesOwn: true))
        try bench.say(.disconnectRequest(channel: channel, control: udp))
        #expect(bench.attitude == LineTap.Attitude(acknowledgesGroups: false, acknowledgesOwn: true))
        _ = try bench.connect(.busmonitor)
        #expect(bench.attitude == .mute)
    }

    @Test func aSlotThatIsNotGivenBackEndsWithItsTime() throws {
        var bench = InterfaceBench()
        let channel = try bench.connect()
        var faults = IPInterfaceFaults()
        faults.keepsSlots = true
        bench.feed(.faults(faults))
        #expect(
            try bench.say(.disconnectRequest(channel: channel, control: udp))
                == [.disconnectResponse(channel: channel, .noError)])
        #expect(bench.engine.connections.count == 1)
        bench.run(milliseconds: 119_999)
        #expect(bench.engine.connections.count == 1)
        // It ends in silence: its client is gone.
        #expect(bench.run(milliseconds: 1).isEmpty)
        #expect(bench.engine.connections.isEmpty)
    }

    @Test func whatIsNoFrameIsCountedAndChangesNothing() throws {
        var bench = InterfaceBench()
        let good = try KNXnetIPMessage.descriptionRequest(udp).octets
        for length in 0..<good.count {
            bench.feed(.datagram(Array(good[..<length]), from: InterfaceBench.client))
        }
        bench.feed(.datagram(good + [0], from: InterfaceBench.client))
        try bench.say(.routingIndication(cemi: groupWrite(1).octets))
        #expect(bench.heard().isEmpty)
        #expect(bench.engine.discardedDatagrams == good.count + 2)
    }
}
