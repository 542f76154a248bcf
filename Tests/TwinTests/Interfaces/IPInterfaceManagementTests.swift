import Events
import KNX
import Testing

@testable import Twin

/// Connections for the management of an interface: its properties, its acknowledges, its reset.
@Suite struct IPInterfaceManagementTests {
    private let udp = HostProtocolAddress.routeBack(.udp)

    /// A client of the management, with its numbers.
    private struct Client {
        var bench: InterfaceBench
        let channel: UInt8
        private var sequence: UInt8 = 0
        private var answers: UInt8 = 0

        init(_ change: (inout IPInterfaceParameters) -> Void = { _ in }) throws {
            var parameters = InterfaceBench.parameters
            parameters.serialNumber = 0x0083_1234_5678
            change(&parameters)
            bench = InterfaceBench(parameters)
            channel = try bench.manage()
        }

        /// The cEMI that answers a cEMI.
        mutating func ask(_ cemi: [UInt8]) throws -> [UInt8]? {
            let said = try bench.say(.deviceConfigurationRequest(channel: channel, sequence: sequence, cemi: cemi))
            #expect(
                said.first
                    == .deviceConfigurationAcknowledge(ConnectionHeader(channel: channel, sequence: sequence)))
            sequence &+= 1
            guard said.count == 2, case .deviceConfigurationRequest(channel, answers, let answer) = said[1] else {
                return nil
            }
            try bench.say(.deviceConfigurationAcknowledge(ConnectionHeader(channel: channel, sequence: answers)))
            answers &+= 1
            return answer
        }
    }

    /// M_PropRead.req and M_PropWrite.req as a data sheet would have them, and what is answered.
    static let exchanges: [(request: [UInt8], answer: [UInt8])] = [
        // The device object: type, serial number, manufacturer, descriptor, both halves of the address.
        ([0xFC, 0, 0, 1, 1, 0x10, 1], [0xFB, 0, 0, 1, 1, 0x10, 1, 0, 0]),
        ([0xFC, 0, 0, 1, 11, 0x10, 1], [0xFB, 0, 0, 1, 11, 0x10, 1, 0x00, 0x83, 0x12, 0x34, 0x56, 0x78]),
        ([0xFC, 0, 0, 1, 12, 0x10, 1], [0xFB, 0, 0, 1, 12, 0x10, 1, 0, 0]),
        ([0xFC, 0, 0, 1, 83, 0x10, 1], [0xFB, 0, 0, 1, 83, 0x10, 1, 0x07, 0xB0]),
        ([0xFC, 0, 0, 1, 57, 0x10, 1], [0xFB, 0, 0, 1, 57, 0x10, 1, 0x11]),
        ([0xFC, 0, 0, 1, 58, 0x10, 1], [0xFB, 0, 0, 1, 58, 0x10, 1, 0x01]),
        // The cEMI server: TP1, link layer, two types of additional information.
        ([0xFC, 0, 8, 1, 51, 0x10, 1], [0xFB, 0, 8, 1, 51, 0x10, 1, 0, 2]),
        ([0xFC, 0, 8, 1, 52, 0x10, 1], [0xFB, 0, 8, 1, 52, 0x10, 1, 0]),
        ([0xFC, 0, 8, 1, 54, 0x20, 1], [0xFB, 0, 8, 1, 54, 0x20, 1, 3, 6]),
        ([0xFC, 0, 8, 1, 68, 0x10, 1], [0xFB, 0, 8, 1, 68, 0x10, 1, 0, 254]),
        ([0xF6, 0, 8, 1, 52, 0x10, 1, 0], [0xF5, 0, 8, 1, 52, 0x10, 1]),
        ([0xF6, 0, 8, 1, 52, 0x10, 1, 1], [0xF5, 0, 8, 1, 52, 0x00, 1, 0x01]),
        // KNXnet/IP parameters: address, its tunnels' addresses and how many they are, capabilities, state.
        ([0xFC, 0, 11, 1, 52, 0x10, 1], [0xFB, 0, 11, 1, 52, 0x10, 1, 0x11, 0x01]),
        ([0xFC, 0, 11, 1, 53, 0x20, 1], [0xFB, 0, 11, 1, 53, 0x20, 1, 0x11, 0x02, 0x11, 0x03]),
        ([0xFC, 0, 11, 1, 53, 0x10, 2], [0xFB, 0, 11, 1, 53, 0x10, 2, 0x11, 0x03]),
        ([0xFC, 0, 11, 1, 53, 0x10, 0], [0xFB, 0, 11, 1, 53, 0x10, 0, 0, 2]),
        ([0xFC, 0, 11, 1, 57, 0x10, 1], [0xFB, 0, 11, 1, 57, 0x10, 1, 127, 0, 0, 1]),
        ([0xFC, 0, 11, 1, 66, 0x10, 1], [0xFB, 0, 11, 1, 66, 0x10, 1, 0, 0, 0, 0]),
        ([0xFC, 0, 11, 1, 68, 0x10, 1], [0xFB, 0, 11, 1, 68, 0x10, 1, 0, 3]),
        ([0xFC, 0, 11, 1, 69, 0x10, 1], [0xFB, 0, 11, 1, 69, 0x10, 1, 0]),
        // What is not there, is not so many, may not be written, has another size; a second instance; a router's property.
        ([0xFC, 0, 8, 1, 52, 0x10, 2], [0xFB, 0, 8, 1, 52, 0x00, 2, 0x09]),
        ([0xFC, 0, 11, 1, 53, 0x30, 1], [0xFB, 0, 11, 1, 53, 0x00, 1, 0x09]),
        ([0xFC, 0, 9, 1, 1, 0x10, 1], [0xFB, 0, 9, 1, 1, 0x00, 1, 0x07]),
        ([0xFC, 0, 0, 2, 1, 0x10, 1], [0xFB, 0, 0, 2, 1, 0x00, 1, 0x07]),
        ([0xFC, 0, 11, 1, 74, 0x10, 1], [0xFB, 0, 11, 1, 74, 0x00, 1, 0x07]),
        ([0xF6, 0, 11, 1, 52, 0x10, 1, 0x22, 0x22], [0xF5, 0, 11, 1, 52, 0x00, 1, 0x05]),
        ([0xF6, 0, 0, 1, 54, 0x10, 1, 0, 1], [0xF5, 0, 0, 1, 54, 0x00, 1, 0x08]),
        ([0xF6, 0, 0, 1, 54, 0x10, 1, 2], [0xF5, 0, 0, 1, 54, 0x00, 1, 0x01]),
        // No property is a function: nothing behind the header.
        ([0xF8, 0, 11, 1, 76, 0, 0], [0xFA, 0, 11, 1, 76]),
    ]

    @Test(arguments: exchanges) func propertiesAreReadAndWritten(request: [UInt8], answer: [UInt8]) throws {
        var client = try Client()
        #expect(try client.ask(request) == answer)
    }

    @Test func theNameIsReadInPiecesAndWritten() throws {
        var client = try Client()
        func name(_ client: inout Client) throws -> [UInt8] {
            try [UInt8(1), 16].flatMap { start in
                Array(try client.ask([0xFC, 0, 11, 1, 76, 0xF0, start])?.dropFirst(7) ?? [])
            }
        }
        #expect(try name(&client) == Array("knxrig twin".utf8) + [UInt8](repeating: 0, count: 19))
        #expect(
            try client.ask([0xF6, 0, 11, 1, 76, 0x40, 8, 0x6C, 0x69, 0x6E, 0x65]) == [0xF5, 0, 11, 1, 76, 0x40, 8])
        #expect(try name(&client).starts(with: "knxrig line".utf8))
        // A search finds it by that.
        guard case .descriptionResponse(let blocks)? = try client.bench.say(.descriptionRequest(udp)).first,
            case .deviceInformation(let device)? = blocks.first
        else {
            Issue.record("no description")
            return
        }
        #expect(device.name == "knxrig line")
    }

    @Test func programmingModeShowsInSearches() throws {
        var client = try Client()
        let search = KNXnetIPMessage.searchRequestExtended(udp, [SearchParameter(.programmingMode)])
        #expect(try client.bench.say(search).isEmpty)
        #expect(try client.ask([0xF6, 0, 0, 1, 54, 0x10, 1, 1]) == [0xF5, 0, 0, 1, 54, 0x10, 1])
        guard case .searchResponseExtended(_, let blocks)? = try client.bench.say(search).first,
            case .deviceInformation(let device)? = blocks.first
        else {
            Issue.record("not found")
            return
        }
        #expect(device.isInProgrammingMode)
    }

    @Test func theStateOfTheLineIsToldAndCanBeAsked() throws {
        var client = try Client()
        client.bench.feed(.line(.power(.saving, at: client.bench.now)))
        let news: [UInt8] = [0xF7, 0, 11, 1, 69, 0x10, 1, 1]
        #expect(
            client.bench.heard()
                == [.deviceConfigurationRequest(channel: client.channel, sequence: 0, cemi: news)])
    }

    @Test func anAnswerIsRepeatedThreeTimesBeforeTheConnectionEnds() throws {
        var client = try Client()
        let request: [UInt8] = [0xFC, 0, 0, 1, 12, 0x10, 1]
        let said = try client.bench.say(
            .deviceConfigurationRequest(channel: client.channel, sequence: 0, cemi: request))
        let answer = try #require(said.last)
        // An acknowledge of the other kind is none.
        let header = ConnectionHeader(channel: client.channel, sequence: 0)
        try client.bench.say(.tunnellingAcknowledge(header))
        for _ in 0..<3 {
            #expect(client.bench.run(milliseconds: 9_999).isEmpty)
            #expect(client.bench.run(milliseconds: 1) == [answer])
        }
        #expect(client.bench.run(milliseconds: 9_999).isEmpty)
        #expect(
            client.bench.run(milliseconds: 1) == [.disconnectRequest(channel: client.channel, control: udp)])
        #expect(client.bench.engine.managementConnections == 0)
    }

    @Test func itIsServedBesideAllTunnelsAndOnce() throws {
        var client = try Client()
        for port in [41_000, 41_001] { _ = try client.bench.connect(from: InterfaceBench.other(UInt16(port))) }
        #expect(
            try client.bench.say(.connectRequest(control: udp, data: udp, .deviceManagement))
                == [.connectRefused(.noMoreConnections)])
        #expect(client.bench.engine.connections.count == 2 && client.bench.engine.managementConnections == 1)
        // It makes the interface acknowledge nothing on the line.
        try client.bench.say(.disconnectRequest(channel: 2, control: udp))
        try client.bench.say(.disconnectRequest(channel: 3, control: udp))
        #expect(client.bench.attitude?.acknowledgesGroups == false)
        // And a busmonitor does not mind it.
        _ = try client.bench.connect(.busmonitor)
        #expect(try client.ask([0xFC, 0, 8, 1, 52, 0x10, 1]) == [0xFB, 0, 8, 1, 52, 0x10, 1, 1])
        client.bench.run(milliseconds: 120_000)
        #expect(client.bench.engine.managementConnections == 0)
    }

    /// Each kind of request has its kind of connection.
    @Test func requestsOfTheOtherKindAreIgnored() throws {
        var client = try Client()
        let tunnel = try client.bench.connect()
        let read: [UInt8] = [0xFC, 0, 0, 1, 12, 0x10, 1]
        #expect(try client.bench.say(.deviceConfigurationRequest(channel: tunnel, sequence: 0, cemi: read)).isEmpty)
        let write = groupWrite(1).octets
        #expect(try client.bench.say(.tunnellingRequest(channel: client.channel, sequence: 0, cemi: write)).isEmpty)
        #expect(
            try client.bench.say(.featureGet(channel: client.channel, sequence: 0, .individualAddress)).isEmpty)
        #expect(client.bench.sent.isEmpty)
        // A telegram in the right frame is acknowledged and not sent.
        #expect(try client.ask(write) == nil)
        #expect(client.bench.sent.isEmpty)
    }

    @Test func aResetTakesItOffTheNetworkWithAllConnections() throws {
        var client = try Client()
        _ = try client.bench.connect(from: InterfaceBench.other(41_000))
        client.bench.feed(.stream(1, .opened))
        _ = try client.bench.connect(on: 1)
        _ = try client.ask([0xF6, 0, 0, 1, 54, 0x10, 1, 1])
        #expect(try client.ask([0xF1]) == nil)
        #expect(client.bench.closed == [1])
        #expect(client.bench.engine.connections.isEmpty && client.bench.engine.managementConnections == 0)
        let question = KNXnetIPMessage.descriptionRequest(udp)
        client.bench.run(milliseconds: 1_999)
        #expect(try client.bench.say(question).isEmpty)
        client.bench.run(milliseconds: 1)
        guard case .descriptionResponse(let blocks)? = try client.bench.say(question).first,
            case .deviceInformation(let device)? = blocks.first
        else {
            Issue.record("it has not come back")
            return
        }
        #expect(!device.isInProgrammingMode)
    }

    @Test func overTCPNothingIsAcknowledged() throws {
        var bench = InterfaceBench()
        bench.feed(.stream(1, .opened))
        let tcp = HostProtocolAddress.routeBack(.tcp)
        #expect(
            try bench.say(.connectRequest(control: tcp, data: tcp, .deviceManagement), on: 1)
                == [.connectAccepted(channel: 1, data: tcp, .deviceManagement)])
        for sequence in UInt8(0)..<3 {
            let request: [UInt8] = [0xFC, 0, 0, 1, 12, 0x10, 1]
            let answer: [UInt8] = [0xFB, 0, 0, 1, 12, 0x10, 1, 0, 0]
            #expect(
                try bench.say(.deviceConfigurationRequest(channel: 1, sequence: 0, cemi: request), on: 1)
                    == [.deviceConfigurationRequest(channel: 1, sequence: sequence, cemi: answer)])
        }
    }
}
