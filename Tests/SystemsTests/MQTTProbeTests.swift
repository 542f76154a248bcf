import Events
import Platform
import Testing

@testable import Systems

@Suite struct MQTTProbeTests {
    /// Takes one connection, acknowledges it (CONNACK), and answers the subscription with `granted`.
    func broker(granted: UInt8) throws -> (port: UInt16, thread: NamedThread) {
        Signals.ignorePipe()
        let (listener, port) = try Socket.listenTCP()
        let thread = NamedThread.start("broker") {
            let deadline = MonotonicClock.now() + .seconds(5)
            guard let client = try? Socket.accept(listener, until: deadline) else { return }
            func packet() -> [UInt8] {
                _ = Poll.wait([(client, .readable)], until: deadline)
                return (try? client.read(maximum: 1_024)) ?? []
            }
            _ = packet()
            try? client.writeAll([0x20, 2, 0, 0], until: deadline)
            let subscribe = packet()
            guard subscribe.count > 4 else { return }
            try? client.writeAll([0x90, 3, subscribe[2], subscribe[3], granted], until: deadline)
            _ = packet()
        }
        return (port, thread)
    }

    @Test(arguments: [(0x00, true), (0x01, true), (0x80, false)])
    func onlyAGrantedSubscriptionCounts(granted: UInt8, isSubscribed: Bool) throws {
        let broker = try broker(granted: granted)
        let probe = MQTTProbe(
            view: "mqtt", port: broker.port, topic: "t/#", group: PointName(after: "t/"), value: .raw("/raw"),
            sink: { _ in })
        try probe.start(network: nil)
        let patience: Instant.Span = isSubscribed ? .seconds(4) : .milliseconds(500)
        #expect(probe.waitSubscribed(until: MonotonicClock.now() + patience) == isSubscribed)
        #expect(isSubscribed || probe.isConnected)
        probe.stop()
        broker.thread.join()
    }
}
