import Events
import Platform

/// Sees each attempt of the system to connect to a gate that is closed, in a copy of the segments that the kernel of its network receives: whoever is refused
/// by the kernel has left no trace anywhere else. Tells `.link` changes `refused` of the source `attempts`, and once whether it can see at all.
final class ConnectionWitness: Sendable {
    static let source = "attempts"
    /// The point, of the view that is called as the gate, that says whether attempts are seen.
    static let point = "attempts"
    /// The headers of a segment without options and with the most.
    private static let longestHeaders = 120

    private let thread: ProbeThread

    init(gate: String, port: UInt16, network: Int32, sink: @escaping EventSink) throws(SystemFailure) {
        thread = try ProbeThread("attempts at \(gate)", network: network) { thread in
            let socket: Descriptor
            do throws(SystemFailure) {
                socket = try Socket.receivedSegments()
            } catch {
                return Self.say("not seen: \(error)", gate, sink)
            }
            Self.say("seen", gate, sink)
            while !thread.isStopping {
                _ = Poll.wait([(thread.wakeup.descriptor, .readable), (socket, .readable)], until: nil)
                while let packet = try? socket.read(maximum: Self.longestHeaders), !packet.isEmpty {
                    let attempt = ConnectionAttempt(packet: packet)
                    guard attempt?.port == port, attempt?.source != LinkEnd.rigAddress else { continue }
                    sink(
                        Event(
                            at: MonotonicClock.now(), uncertaintyNanoseconds: 1_000_000, source: Self.source,
                            .link(.init(link: gate, change: .refused, detail: "nobody listens"))))
                }
            }
        }
    }

    private static func say(_ text: String, _ gate: String, _ sink: EventSink) {
        sink(
            Event(
                at: MonotonicClock.now(), uncertaintyNanoseconds: 1_000_000, source: source,
                .sample(.init(view: gate, point: point, reading: .text(text)))))
    }

    func stop() { thread.stop() }
}
