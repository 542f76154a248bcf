import Events
import Platform
import Synchronization

/// A network between a client and a KNXnet/IP interface on 127.0.0.1 that can be held up: what the interface sends then arrives when it goes on.
final class HeldNetwork: Sendable {
    private struct State {
        var isHeld = false
        var isEnding = false
        var passed = 0
        var client: DatagramSocket.Endpoint?
        var waiting: [[UInt8]] = []
    }

    private let near: DatagramSocket
    private let far: DatagramSocket
    private let interface: DatagramSocket.Endpoint
    private let state = Mutex(State())
    private let thread = Mutex<NamedThread?>(nil)

    init(interface port: UInt16) throws {
        near = try DatagramSocket()
        far = try DatagramSocket()
        interface = DatagramSocket.Endpoint(address: 0x7F00_0001, port: port)
        let thread = NamedThread.start("held network", realtimePriority: 16) { [self] in run() }
        self.thread.withLock { $0 = thread }
    }

    /// Where the client finds the interface.
    var port: UInt16 { near.endpoint.port }
    /// Datagrams of the interface that have reached the client.
    var passed: Int { state.withLock { $0.passed } }

    func hold(_ isHeld: Bool) { state.withLock { $0.isHeld = isHeld } }

    private func run() {
        while !state.withLock({ $0.isEnding }) {
            _ = Poll.wait(
                [(near.descriptor, .readable), (far.descriptor, .readable)],
                until: MonotonicClock.now() + .milliseconds(10))
            while let (octets, from) = near.receive() {
                state.withLock { $0.client = from }
                far.send(octets, to: interface)
            }
            while let (octets, _) = far.receive() { state.withLock { $0.waiting.append(octets) } }
            let (client, due) = state.withLock { state in
                guard !state.isHeld, state.client != nil else { return (nil as DatagramSocket.Endpoint?, [[UInt8]]()) }
                defer { state.waiting = [] }
                state.passed += state.waiting.count
                return (state.client, state.waiting)
            }
            if let client { for octets in due { near.send(octets, to: client) } }
        }
    }

    func end() {
        state.withLock { $0.isEnding = true }
        thread.withLock { $0 }?.join()
        near.descriptor.close()
        far.descriptor.close()
    }
}
