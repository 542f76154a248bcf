import Events
import KNX
import Testing

@testable import Twin

/// Routing between the line and the multicast address: what passes, and how far.
@Suite struct IPRouterTests {
    private func device(_ raw: UInt16) -> Destination { .individual(IndividualAddress(raw: raw)) }
    private func group(_ raw: UInt16) -> Destination { .group(GroupAddress(raw: raw)) }

    @Test func aTelegramOfTheLineIsRoutedOneHopShorter() throws {
        var bench = InterfaceBench.router()
        #expect(
            bench.toNetwork(fixed([0xBC, 0x11, 0x20, 0x30, 0x01, 0xE2, 0x00, 0x80, 0x07, 0x1A]))
                == [.routingIndication(cemi: [0x29, 0, 0xBC, 0xD0, 0x11, 0x20, 0x30, 0x01, 2, 0x00, 0x80, 0x07])])
    }

    @Test func aTelegramOfTheNetworkIsPutOnTheLineOneHopShorter() throws {
        var bench = InterfaceBench.router()
        try bench.sayToAll(
            .routingIndication(cemi: [0x29, 0, 0xB8, 0xE0, 0x22, 0x01, 0x30, 0x01, 2, 0x00, 0x80, 0x07]))
        #expect(bench.sent.map(\.octets) == [fixed([0xB8, 0x22, 0x01, 0x30, 0x01, 0xD2, 0x00, 0x80, 0x07, 0x00])])
        #expect(bench.sent.map(\.repetitions) == [3])
    }

    /// Hop count as it comes, and as it goes on at the other side.
    @Test(arguments: [(UInt8(0), UInt8?.none), (1, 0), (5, 4), (6, 5), (7, 7)])
    func hopsAreCountedDownBothWays(hops: UInt8, onward: UInt8?) throws {
        var bench = InterfaceBench.router()
        let said = bench.toNetwork(lineFrame(1, hops: hops)).compactMap { message -> UInt8? in
            guard case .routingIndication(let cemi) = message else { return nil }
            return try? LinkData(cemi.span).hopCount
        }
        #expect(said == [onward].compactMap(\.self))
        try bench.sayToAll(indication(1, hops: hops))
        #expect(try bench.sent.map { try TP1Frame(octets: $0.octets).hopCount } == [onward].compactMap(\.self))
    }

    /// The router's own address, what of groups passes, to whom; whether it is routed to the network and to the line.
    struct Way: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var own: UInt16 = 0x1100
        var individual = RoutingFilter.Individual.byAddress
        var destination: Destination
        var toNetwork: Bool
        var toLine: Bool
    }

    static let ways: [Way] = {
        let group = { (raw: UInt16) in Destination.group(GroupAddress(raw: raw)) }
        let device = { (raw: UInt16) in Destination.individual(IndividualAddress(raw: raw)) }
        return [
            Way(testDescription: "first group", destination: group(0x3000), toNetwork: true, toLine: true),
            Way(testDescription: "last group", destination: group(0x30FF), toNetwork: true, toLine: true),
            Way(testDescription: "group below", destination: group(0x2FFF), toNetwork: false, toLine: false),
            Way(testDescription: "group above", destination: group(0x3100), toNetwork: false, toLine: false),
            Way(testDescription: "broadcast", destination: group(0), toNetwork: true, toLine: true),
            Way(testDescription: "own line", destination: device(0x1105), toNetwork: false, toLine: true),
            Way(testDescription: "other line", destination: device(0x1205), toNetwork: true, toLine: false),
            Way(testDescription: "itself", destination: device(0x1100), toNetwork: false, toLine: false),
            Way(
                testDescription: "line of one's area", own: 0x1000, destination: device(0x1205), toNetwork: false,
                toLine: true),
            Way(
                testDescription: "other area", own: 0x1000, destination: device(0x2205), toNetwork: true, toLine: false),
            Way(
                testDescription: "all devices", individual: .always, destination: device(0x1105), toNetwork: true,
                toLine: true),
            Way(
                testDescription: "no device", individual: .never, destination: device(0x1205), toNetwork: false,
                toLine: false),
        ]
    }()

    @Test(arguments: ways) func onlyWhatTheFilterLetsPassIsRoutedAndAcknowledged(way: Way) throws {
        var bench = InterfaceBench.router { parameters, routing in
            parameters.address = IndividualAddress(raw: way.own)
            routing.filter.address = parameters.address
            routing.filter.groups = [GroupAddress(raw: 0x3000)...GroupAddress(raw: 0x30FF)]
            routing.filter.individual = way.individual
        }
        #expect(bench.toNetwork(lineFrame(1, to: way.destination)).count == (way.toNetwork ? 1 : 0))
        try bench.sayToAll(indication(1, to: way.destination))
        #expect(bench.sent.count == (way.toLine ? 1 : 0))
        // It acknowledges what it takes on, and what is to itself.
        let tap = LineTap(
            addresses: bench.engine.parameters.addresses,
            attitude: IPInterface.attitude(bench.engine.parameters, []))
        let isOwn = way.destination == device(way.own)
        #expect((tap.answer(to: lineFrame(1, to: way.destination)) == .acknowledge) == (way.toNetwork || isOwn))
        #expect(tap.answer(to: lineFrame(1, to: way.destination, hops: 0)) == (isOwn ? .acknowledge : nil))
    }

    @Test func whatWasRoutedToTheLineDoesNotComeBackAndTunnelsHearIt() throws {
        var bench = InterfaceBench.router()
        let channel = try bench.connect()
        try bench.sayToAll(indication(1))
        bench.feed(.line(.frame(bench.sent[0].octets, isOwn: true, at: bench.now)))
        let heard = bench.run(milliseconds: 20).compactMap(\.tunnelled)
        #expect(bench.multicast.isEmpty)
        #expect(heard.map { $0.suffix(2) } == [[0x80, 1]])
        // What a tunnel sends is of the line.
        try bench.say(.tunnellingAcknowledge(ConnectionHeader(channel: channel, sequence: 0)))
        try bench.say(.tunnellingRequest(channel: channel, sequence: 0, cemi: groupWrite(2).octets))
        #expect(bench.toNetwork(bench.sent[1].octets, isOwn: true).count == 1)
    }

    @Test func repetitionsAreRoutedOnce() throws {
        var bench = InterfaceBench.router()
        #expect(bench.toNetwork(lineFrame(1)).count == 1)
        #expect(bench.toNetwork(lineFrame(1, repetition: true)).isEmpty)
        #expect(bench.toNetwork(lineFrame(2, repetition: true)).count == 1)
    }

    /// Its own words, requests, confirmations, system broadcasts, what cannot be read, and services that do not belong there.
    @Test func whatIsNoTelegramOfOthersIsNotRouted() throws {
        var bench = InterfaceBench.router()
        try bench.sayToAll(indication(1), from: InterfaceBench.own)
        let request = groupWrite(1)
        try bench.sayToAll(.routingIndication(cemi: request.octets))
        try bench.sayToAll(.routingIndication(cemi: request.confirmation(isNegative: false).octets))
        try bench.sayToAll(
            .routingIndication(
                cemi: LinkData(
                    .indication, isSystemBroadcast: true, source: IndividualAddress(raw: 0x2201),
                    destination: group(0), transportUnit: [0x01, 0x00]
                ).octets))
        try bench.sayToAll(.routingIndication(cemi: [0x29]))
        try bench.sayToAll(.routingLostMessage(RoutingLostMessage(lostCount: 3)))
        try bench.sayToAll(.connectRequest(control: .routeBack(.udp), data: .routeBack(.udp), .tunnelling(.link)))
        #expect(bench.sent.isEmpty && bench.multicast.isEmpty && bench.engine.connections.isEmpty)
    }

    @Test func longTelegramsPassAsFarAsTheLineCarriesThem() throws {
        for (longest, isRouted) in [(UInt16(55), true), (54, false)] {
            var bench = InterfaceBench.router { parameters, _ in parameters.longestAPDU = longest }
            let data = [UInt8](repeating: 7, count: 54)
            try bench.sayToAll(
                .routingIndication(
                    cemi: LinkData(
                        .indication, source: IndividualAddress(raw: 0x2201), destination: group(0x3001),
                        transportUnit: [0x00, 0x80] + data
                    ).octets))
            #expect(bench.sent.count == (isRouted ? 1 : 0))
        }
    }

    @Test func searchesOnTheMulticastAddressAreAnsweredToWhomeverAsks() throws {
        var bench = InterfaceBench.router()
        let asker = HostProtocolAddress(.udp, InternetAddress(127, 0, 0, 9), port: 999)
        for question in [KNXnetIPMessage.searchRequest(asker), .descriptionRequest(asker)] {
            try bench.sayToAll(question)
            let answers = bench.heardWithReceivers()
            #expect(answers.map(\.to) == [IPEndpoint(asker.address, port: 999)])
            let blocks: [DescriptionBlock]
            switch answers.first?.message {
            case .searchResponse(_, let found), .descriptionResponse(let found): blocks = found
            default: blocks = []
            }
            guard case .supportedFamilies(let families)? = blocks.last else {
                Issue.record("no families")
                continue
            }
            #expect(families.map(\.family) == [2, 3, 4, 5])
        }
        // A plain interface answers there too, and routes nothing.
        var plain = InterfaceBench()
        try plain.sayToAll(.searchRequest(asker))
        #expect(plain.heard().count == 1)
        try plain.sayToAll(indication(1))
        #expect(plain.sent.isEmpty)
    }

    @Test func aRouterMayHaveNoTunnelsAndRefusesBusmonitors() throws {
        var bench = InterfaceBench.router()
        let udp = HostProtocolAddress.routeBack(.udp)
        #expect(
            try bench.say(.connectRequest(control: udp, data: udp, .tunnelling(.busmonitor)))
                == [.connectRefused(.tunnellingLayer)])
        var bare = InterfaceBench.router { parameters, _ in parameters.slots = [] }
        #expect(
            try bare.say(.connectRequest(control: udp, data: udp, .tunnelling(.link)))
                == [.connectRefused(.connectionType)])
        guard case .descriptionResponse(let blocks)? = try bare.say(.descriptionRequest(udp)).first,
            case .supportedFamilies(let families)? = blocks.last
        else {
            Issue.record("no description")
            return
        }
        #expect(families.map(\.family) == [2, 3, 5])
    }
}

/// The same frame with the check octet that it should have.
private func fixed(_ octets: [UInt8]) -> [UInt8] {
    octets.dropLast() + [TP1.checkOctet(octets.dropLast())]
}
