import Events
import KNX
import Testing

@testable import Twin

/// A router whose line or whose network cannot follow: queues, pauses, losses.
@Suite struct IPRouterFlowTests {
    /// Lets the line finish what it was given last.
    private func settle(_ bench: inout InterfaceBench) {
        guard let number = bench.sent.last?.number else { return }
        bench.feed(.line(.sent(number: number, isConfirmed: true, at: bench.now)))
    }

    @Test func theLineIsGivenOneTelegramAfterTheOther() throws {
        var bench = InterfaceBench.router()
        for value in UInt8(0)..<3 { try bench.sayToAll(indication(value)) }
        #expect(bench.sent.count == 1)
        for count in 2...3 {
            settle(&bench)
            #expect(bench.sent.count == count)
        }
        settle(&bench)
        #expect(bench.sent.map { $0.octets[$0.octets.count - 2] } == [0, 1, 2])
        #expect(bench.multicast.isEmpty)
    }

    @Test func aQueueThatFillsAsksForAPauseOncePerPause() throws {
        var bench = InterfaceBench.router { _, routing in
            routing.busyQueueToLine = 3
            routing.longestQueueToLine = 10
            routing.busyWaitMilliseconds = 50
        }
        let busy = KNXnetIPMessage.routingBusy(RoutingBusy(waitMilliseconds: 50))
        for value in UInt8(0)..<3 { try bench.sayToAll(indication(value)) }
        // One is on the line, two wait.
        #expect(bench.multicast.isEmpty)
        for value in UInt8(3)..<6 { try bench.sayToAll(indication(value)) }
        #expect(bench.multicast == [busy])
        bench.run(milliseconds: 49)
        try bench.sayToAll(indication(6))
        #expect(bench.multicast == [busy])
        bench.run(milliseconds: 1)
        try bench.sayToAll(indication(7))
        #expect(bench.multicast == [busy, busy])
        // When it has emptied nobody is asked any more.
        for _ in 0..<8 { settle(&bench) }
        bench.run(milliseconds: 100)
        try bench.sayToAll(indication(8))
        #expect(bench.multicast == [busy, busy])
        #expect(bench.sent.count == 9)
    }

    @Test func whatFindsNoRoomIsToldWithItsCount() throws {
        var bench = InterfaceBench.router { _, routing in
            routing.busyQueueToLine = 4
            routing.longestQueueToLine = 4
        }
        func losses(_ bench: InterfaceBench) -> [RoutingLostMessage] {
            bench.multicast.compactMap { if case .routingLostMessage(let lost) = $0 { lost } else { nil } }
        }
        for value in UInt8(0)..<12 { try bench.sayToAll(indication(value)) }
        // The first loss is told at once, the six that follow together.
        #expect(losses(bench) == [RoutingLostMessage(lostCount: 1)])
        bench.run(milliseconds: 99)
        #expect(losses(bench).count == 1)
        bench.run(milliseconds: 1)
        #expect(losses(bench) == [RoutingLostMessage(lostCount: 1), RoutingLostMessage(lostCount: 6)])
        bench.run(milliseconds: 10_000)
        #expect(losses(bench).count == 2)
        for _ in 0..<5 { settle(&bench) }
        // What was taken is sent; what was lost is not.
        #expect(bench.sent.map { $0.octets[$0.octets.count - 2] } == [0, 1, 2, 3, 4])
        #expect(bench.engine.routing?.counts.lostToLine == 7 && bench.engine.routing?.counts.sentToLine == 5)
    }

    // MARK: A line without voltage

    @Test func aDeadLineShowsInTheDeviceState() throws {
        var bench = InterfaceBench.router()
        for value in UInt8(0)..<3 { try bench.sayToAll(indication(value)) }
        bench.feed(.line(.power(.saving, at: bench.now)))
        let lost = { KNXnetIPMessage.routingLostMessage(RoutingLostMessage(deviceState: 1, lostCount: $0)) }
        #expect(bench.multicast == [lost(3)])
        bench.run(milliseconds: 100)
        try bench.sayToAll(indication(3))
        #expect(bench.multicast == [lost(3), lost(1)])
        bench.feed(.line(.power(.running, at: bench.now)))
        // Nothing of it comes late, and the next goes through.
        #expect(bench.sent.count == 1)
        try bench.sayToAll(indication(4))
        #expect(bench.sent.count == 2)
        settle(&bench)
        try bench.sayToAll(indication(5))
        #expect(bench.sent.count == 3)
    }

    @Test func aRouterMaySayNothingOfADeadLineOrDieWithIt() throws {
        for withoutBus in [IPInterfaceParameters.WithoutBus.staysSilent, .isDead] {
            var bench = InterfaceBench.router { parameters, _ in parameters.withoutBus = withoutBus }
            for value in UInt8(0)..<3 { try bench.sayToAll(indication(value)) }
            bench.feed(.line(.power(.saving, at: bench.now)))
            try bench.sayToAll(indication(3))
            bench.run(milliseconds: 1_000)
            #expect(bench.multicast.isEmpty)
            bench.feed(.line(.power(.running, at: bench.now)))
            try bench.sayToAll(indication(4))
            #expect(bench.sent.count == 2)
        }
    }

    // MARK: When others cannot follow

    @Test func itSaysNoMoreThanFiftyInASecond() throws {
        var bench = InterfaceBench.router()
        for value in UInt8(0)..<100 { bench.feed(.line(.frame(lineFrame(value), isOwn: false, at: bench.now))) }
        bench.run(milliseconds: 979)
        #expect(bench.multicast.count == 49)
        bench.run(milliseconds: 1_000)
        #expect(bench.multicast.count == 99)
    }

    @Test func itPausesWhenOthersAskForIt() throws {
        var bench = InterfaceBench.router()
        try bench.sayToAll(.routingBusy(RoutingBusy(waitMilliseconds: 200)))
        bench.feed(.line(.frame(lineFrame(1), isOwn: false, at: bench.now)))
        bench.run(milliseconds: 199)
        #expect(bench.multicast.isEmpty)
        // A random part of 50 ms for the one message that counts.
        bench.run(milliseconds: 51)
        #expect(bench.multicast.count == 1)
        // Its own question is none to itself, nor is one that is meant for some.
        try bench.sayToAll(.routingBusy(RoutingBusy(waitMilliseconds: 5_000)), from: InterfaceBench.own)
        try bench.sayToAll(.routingBusy(RoutingBusy(waitMilliseconds: 5_000, control: 1)))
        #expect(bench.toNetwork(lineFrame(2)).count == 1)
    }

    @Test func whatFindsNoRoomOnTheWayToTheNetworkIsCounted() throws {
        var bench = InterfaceBench.router { _, routing in routing.longestQueueToNetwork = 3 }
        try bench.sayToAll(.routingBusy(RoutingBusy(waitMilliseconds: 1_000)))
        for value in UInt8(0)..<5 { bench.feed(.line(.frame(lineFrame(value), isOwn: false, at: bench.now))) }
        bench.run(milliseconds: 2_000)
        #expect(bench.multicast.count == 3)
        #expect(bench.engine.routing?.counts.lostToNetwork == 2 && bench.engine.routing?.counts.sentToNetwork == 3)
        // A client of its management reads the same, and where it routes.
        let channel = try bench.manage()
        for (sequence, property, value) in [(UInt8(0), UInt8(72), [UInt8]([0, 2])), (1, 66, [224, 0, 23, 12])] {
            let said = try bench.say(
                .deviceConfigurationRequest(
                    channel: channel, sequence: sequence, cemi: [0xFC, 0, 11, 1, property, 0x10, 1]))
            #expect(
                said.last
                    == .deviceConfigurationRequest(
                        channel: channel, sequence: sequence, cemi: [0xFB, 0, 11, 1, property, 0x10, 1] + value))
            try bench.say(.deviceConfigurationAcknowledge(ConnectionHeader(channel: channel, sequence: sequence)))
        }
    }

    @Test func aSilentRouterRoutesNothing() throws {
        var bench = InterfaceBench.router()
        var faults = IPInterfaceFaults()
        faults.isSilent = true
        bench.feed(.faults(faults))
        try bench.sayToAll(indication(1))
        #expect(bench.sent.isEmpty && bench.toNetwork(lineFrame(1)).isEmpty)
        bench.feed(.faults(IPInterfaceFaults()))
        try bench.sayToAll(indication(2))
        #expect(bench.sent.count == 1 && bench.toNetwork(lineFrame(2)).count == 1)
    }
}
