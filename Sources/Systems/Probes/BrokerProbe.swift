import Events
import Glibc
import Platform
import Synchronization

/// A probe that looks through a gate, once a second while all is well and five times a second while a fault is on.
protocol GateProbe: Probe {
    func watchClosely(_ closely: Bool)
}

/// Asks at every poll whether a client of the gate would get through to an MQTT broker: connects, sends CONNECT (MQTT 3.1.1), waits for
/// CONNACK. Emits the point `through_gate` of the view `broker`: `accepted`, `refused` or `silent`.
final class BrokerProbe: GateProbe {
    private let port: UInt16
    private let sink: EventSink
    private let isFaultOn = Atomic(false)
    private let thread = Mutex<ProbeThread?>(nil)

    private static let source = "broker-probe"
    private static let interval: Instant.Span = .milliseconds(200)
    /// While all is well, only every fifth poll asks.
    private static let calm = 5
    private static let patience: Instant.Span = .milliseconds(300)

    /// - Parameter port: of the gate.
    init(port: UInt16, sink: @escaping EventSink) {
        self.port = port
        self.sink = sink
    }

    func start(network: Int32?) throws(SystemFailure) {
        let started = try ProbeThread("probe broker", network: network) { [self] thread in
            var turn = 0
            thread.poll(every: { Self.interval }, source: Self.source, sink: sink) {
                turn += 1
                if isFaultOn.load(ordering: .acquiring) || turn % Self.calm == 1 { ask() }
            }
        }
        thread.withLock { $0 = started }
    }

    func stop() {
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        running?.stop()
    }

    /// Polls five times a second while a fault is on, once a second otherwise.
    func watchClosely(_ closely: Bool) { isFaultOn.store(closely, ordering: .releasing) }

    private func ask() {
        let begun = MonotonicClock.now()
        let answer = Self.answer(port: port, until: begun + Self.patience)
        sink(
            Event(
                at: .middle(begun, MonotonicClock.now()),
                uncertaintyNanoseconds: ProbeThread.pollUncertainty(Self.interval), source: Self.source,
                .sample(.init(view: "broker", point: "through_gate", reading: .text(answer)))))
    }

    /// Fixed header, `MQTT` level 4, clean session, keep-alive 10 s, client id `knxrig-gate`.
    private static let connect: [UInt8] =
        [0x10, 23, 0, 4] + Array("MQTT".utf8) + [4, 2, 0, 10, 0, 11] + Array("knxrig-gate".utf8)
    private static let disconnect: [UInt8] = [0xE0, 0]

    private static func answer(port: UInt16, until deadline: Instant) -> String {
        do throws(SystemFailure) {
            let socket = try Socket.connectTCP(host: "127.0.0.1", port: port, from: Gate.rigAddress, until: deadline)
            try socket.writeAll(connect, until: deadline)
            var received: [UInt8] = []
            while received.count < 4 {
                guard let octets = try socket.read(maximum: 64) else {
                    if Poll.wait([(socket, .readable)], until: deadline)[0].isEmpty { return "silent" }
                    continue
                }
                if octets.isEmpty { return "refused" }
                received += octets
            }
            guard received.starts(with: [0x20, 2]), received[3] == 0 else { return "refused" }
            try? socket.writeAll(disconnect, until: deadline)
            return "accepted"
        } catch {
            return error.code == ETIMEDOUT ? "silent" : "refused"
        }
    }
}
