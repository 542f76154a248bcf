import Events
import Glibc
import KNX
import Platform
import Testing

@testable import Twin

/// Real clients that reach the simulated line by multicast, in a network of their own.
@Suite(.serialized, .enabled(if: NetworkApart.isPossible, "needs root"), .timeLimit(.minutes(4)))
struct ClientsOfTheRouterTests {
    private func soon(_ seconds: Int64 = 10) -> Instant { MonotonicClock.now() + .seconds(seconds) }

    /// Who listens on the multicast address and keeps the services that it hears.
    private struct Listener {
        let socket: DatagramSocket

        init() throws {
            socket = try DatagramSocket(multicast: "224.0.23.12", port: 3_671, on: "127.0.0.1")
        }

        /// The first message that fits; nil when none comes.
        func hears<Found>(seconds: Int64 = 10, _ fit: (KNXnetIPMessage) -> Found?) -> Found? {
            let deadline = MonotonicClock.now() + .seconds(seconds)
            while !Poll.wait([(socket.descriptor, .readable)], until: deadline)[0].isEmpty {
                guard let (octets, _) = socket.receive(), let message = KNXnetIPFrame(octets.span).message else {
                    continue
                }
                if let found = fit(message) { return found }
            }
            return nil
        }
    }

    /// A telegram from the line reaches the client, and one of the client reaches the line and is acknowledged there.
    private func exchange(_ twin: TwinFixture, _ client: KnxdGroupSocket, value: UInt8) throws {
        twin.shell.send(frame(source: 0x110A, data: [0x80, value], group: 0x3001), line: "main", device: "lamp")
        var isHeard = false
        let deadline = soon()
        while !isHeard, let telegram = try client.telegram(until: deadline) {
            isHeard = telegram.group == 0x3001 && telegram.data == [0x80, value]
        }
        #expect(isHeard, "the line's telegram \(value) does not reach the client")
        try client.write(0x3002, [0x80, value])
        #expect(twin.wait { isOnLine(twin, value) }, "the client's telegram \(value) is not on the line")
    }

    private func isOnLine(_ twin: TwinFixture, _ value: UInt8) -> Bool {
        twin.frames.contains {
            $0.senders == ["ip"] && $0.octets[3...4] == [0x30, 0x02] && $0.octets.dropLast().last == value
                && $0.acknowledge == 0xCC
        }
    }

    /// The state of a participant since something was last said of it.
    private func power(of name: String, in twin: TwinFixture) -> BusPower.State? {
        for record in twin.records.reversed() {
            if case .line(_, .power(participant: name, let state, at: _)) = record { return state }
        }
        return nil
    }

    /// knxd (`-b ip:`) and, through it, knxtool: telegrams both ways, a line without voltage, a network cable that is pulled. knxd learns of neither and goes on.
    @Test(.enabled(if: KnxdProcess.isInstalled && Program.find("knxtool") != nil, "needs knxd and knxd-tools"))
    func knxdRoutes() throws {
        try NetworkApart.run {
            let twin = try TwinFixture(router: { _, _ in })
            defer { twin.end() }
            let knxd = try KnxdProcess(backend: "ip:224.0.23.12")
            defer { knxd.end() }
            let client = try knxd.groupClient(until: soon())
            let listener = try Listener()
            try exchange(twin, client, value: 1)
            // Hops: 6 as knxd's client sends it, 5 behind knxd, 4 behind the router; and from the line 5 on the network.
            #expect(twin.frames.first { $0.senders == ["ip"] }.map { $0.octets[5] >> 4 & 7 } == 4)
            let hops = listener.hears { message -> UInt8? in
                guard case .routingIndication(let cemi) = message, let data = try? LinkData(cemi.span),
                    data.source == IndividualAddress(raw: 0x110A)
                else { return nil }
                return data.hopCount
            }
            #expect(hops == 5)
            // knxtool writes one telegram and ends.
            let tool = try ChildProcess.spawn(
                ChildProcess.Request(
                    path: "knxtool", arguments: ["groupwrite", "local:\(knxd.socket)", "6/0/2", "63"]))
            #expect(tool.wait(until: soon()) == .status(0))
            #expect(twin.wait { isOnLine(twin, 0x63) })
            // What is for a line without voltage is lost, and told with the reason.
            twin.shell.connect(.supply(line: "main"), false)
            #expect(twin.wait { power(of: "ip", in: twin) == .saving })
            MonotonicClock.sleep(for: .milliseconds(50))
            try client.write(0x3002, [0x80, 2])
            let lost = listener.hears { if case .routingLostMessage(let lost) = $0 { lost } else { nil } }
            #expect(lost == RoutingLostMessage(deviceState: 1, lostCount: 1))
            twin.shell.connect(.supply(line: "main"), true)
            #expect(twin.wait { ["ip", "lamp"].allSatisfy { power(of: $0, in: twin) == .running } })
            MonotonicClock.sleep(for: .milliseconds(50))
            try exchange(twin, client, value: 3)
            // With the cable out nothing passes and nobody is told; in again, all does.
            twin.shell.connect(.interface(line: "main", chip: "ip"), false)
            MonotonicClock.sleep(for: .milliseconds(50))
            try client.write(0x3002, [0x80, 4])
            MonotonicClock.sleep(for: .milliseconds(200))
            twin.shell.connect(.interface(line: "main", chip: "ip"), true)
            MonotonicClock.sleep(for: .milliseconds(50))
            try exchange(twin, client, value: 5)
            #expect(!isOnLine(twin, 2) && !isOnLine(twin, 4))
            #expect(knxd.child.wait(until: MonotonicClock.now()) == nil)
        }
    }

    /// More than the line carries, as fast as a client without flow control sends: the router asks for a pause, then loses and counts what it loses.
    @Test func aFloodIsAnsweredWithBusyAndEveryLossIsCounted() throws {
        try NetworkApart.run {
            let twin = try TwinFixture(router: { _, routing in
                routing.longestQueueToLine = 10
                routing.busyQueueToLine = 5
            })
            defer { twin.end() }
            let listener = try Listener()
            let sender = try DatagramSocket()
            try sender.sendMulticast(hops: 1)
            let all = DatagramSocket.Endpoint(address: 0xE000_170C, port: 3_671)
            for value in UInt8(0)..<30 {
                let telegram = LinkData(
                    .indication, source: IndividualAddress(raw: 0x2201), destination: .group(GroupAddress(raw: 0x3002)),
                    transportUnit: [0x00, 0x80, value])
                sender.send(try KNXnetIPMessage.routingIndication(cemi: telegram.octets).octets, to: all)
            }
            var lost = 0
            var isAsked = false
            // The count is complete when it and what is on the line are all that was sent.
            let isComplete = twin.wait {
                _ = listener.hears(seconds: 0) { message -> Bool? in
                    switch message {
                    case .routingBusy(let busy): isAsked = isAsked || busy.waitMilliseconds == 100 && busy.control == 0
                    case .routingLostMessage(let message): lost += Int(message.lostCount)
                    default: break
                    }
                    return nil
                }
                return twin.ofInterface.count + lost == 30
            }
            #expect(isComplete, "\(twin.ofInterface.count) on the line, \(lost) lost, of 30")
            #expect(isAsked && lost > 0)
            // What is on the line is there once and in order.
            let values = twin.ofInterface.map(\.value)
            #expect(values == values.sorted() && Set(values).count == values.count)
        }
    }

    @Test(.enabled(if: XknxProcess.isInstalled, "needs rigs/systems/xknx/install"))
    func xknxFindsTheRouterAndRoutes() throws {
        try NetworkApart.run {
            let twin = try TwinFixture(router: { _, _ in })
            defer { twin.end() }
            let scan = try XknxProcess(
                program: """
                    import asyncio
                    from xknx import XKNX
                    from xknx.io import GatewayScanner

                    async def main():
                        for found in await GatewayScanner(XKNX(), local_ip="127.0.0.1", stop_on_found=1).scan():
                            print("found", found.name, found.individual_address, found.port, found.supports_routing,
                                  found.supports_tunnelling, found.supports_tunnelling_tcp, flush=True)

                    asyncio.run(main())
                    """, [])
            defer { scan.end() }
            let xknx = try XknxProcess(.routing, port: twin.port)
            defer { xknx.end() }
            #expect(try scan.says("found") == "found knxrig twin 1.1.240 \(twin.port) True True True")
            #expect(try xknx.says("connected") != nil)
            #expect(twin.wait { twin.ofInterface.contains { $0.group == 0x3002 && $0.value == 0x2A } })
            twin.shell.send(frame(source: 0x110A, data: [0x80, 77], group: 0x3001), line: "main", device: "lamp")
            #expect(try xknx.says("heard") == "heard 6/0/1 (77,)")
        }
    }
}
