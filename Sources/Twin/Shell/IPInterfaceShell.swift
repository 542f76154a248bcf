import Events
import KNX
import Platform
import Synchronization

/// A KNXnet/IP interface in real time: its socket and its engine on a thread of their own, so that no client can make the line late.
final class IPInterfaceShell: Sendable {
    /// What other threads tell it.
    enum Message: Sendable {
        case line(LineTap.Event)
        case faults(IPInterfaceFaults)
        /// The network cable is put in or pulled out.
        case cable(isConnected: Bool)
        case stop
    }

    /// `<line>/<interface>`.
    let name: String
    /// Where it belongs: indices of the line and of the interface on it.
    let line: Int
    let index: Int
    /// Its UDP port on 127.0.0.1.
    let port: UInt16
    private let messages = Mutex<[Message]>([])
    private let wakeup: Wakeup
    private let thread = Mutex<NamedThread?>(nil)

    /// What it runs on; of its thread alone.
    private struct Life {
        var engine: IPInterface
        let socket: DatagramSocket
        let inbox: LineInbox
        var isConnected: Bool
    }

    /// Datagrams that are taken before the line and the timers are looked at again.
    private static let datagramsAtOnce = 16

    /// The interfaces of all lines, those reachable whose contacts feed them.
    static func all(
        _ configuration: TwinConfiguration, _ wiring: Wiring, inbox: LineInbox
    ) throws(SystemFailure) -> [IPInterfaceShell] {
        var shells: [IPInterfaceShell] = []
        do throws(SystemFailure) {
            for (lineIndex, line) in configuration.lines.enumerated() {
                for (index, interface) in line.interfaces.enumerated() {
                    shells.append(
                        try IPInterfaceShell(
                            interface, on: line, place: (lineIndex, index), inbox: inbox,
                            isSupplied: wiring.isConnected(.supply(line: line.id)),
                            isConnected: wiring.isConnected(.interface(line: line.id, chip: interface.id))))
                }
            }
        } catch {
            for shell in shells { shell.stop() }
            throw error
        }
        return shells
    }

    private init(
        _ interface: TwinConfiguration.NetworkInterface, on line: TwinConfiguration.Line,
        place: (line: Int, index: Int),
        inbox: LineInbox, isSupplied: Bool, isConnected: Bool
    ) throws(SystemFailure) {
        name = "\(line.id)/\(interface.id)"
        (self.line, index) = place
        wakeup = try Wakeup()
        let socket = try DatagramSocket(port: interface.port)
        port = socket.endpoint.port
        let endpoint = IPEndpoint(InternetAddress(raw: socket.endpoint.address), port: socket.endpoint.port)
        let started = NamedThread.start("twin \(interface.id)") { [self] in
            let now = MonotonicClock.now()
            var life = Life(
                engine: IPInterface(interface.parameters, endpoint: endpoint, hasBus: isSupplied, at: now),
                socket: socket, inbox: inbox, isConnected: isConnected)
            run(&life)
        }
        thread.withLock { $0 = started }
    }

    /// Tells it something, from any thread; never waits.
    func post(_ message: Message) {
        messages.withLock { $0.append(message) }
        wakeup.signal()
    }

    /// Closes its socket and waits for the end of its thread. Its clients are told nothing, as when an interface loses its supply.
    func stop() {
        post(.stop)
        thread.withLock { thread in
            defer { thread = nil }
            return thread
        }?.join()
    }

    private func run(_ life: inout Life) {
        while true {
            let ready = Poll.wait(
                [(wakeup.descriptor, .readable), (life.socket.descriptor, .readable)], until: life.engine.nextDue)
            if !ready[0].isEmpty {
                wakeup.drain()
                let taken = messages.withLock { messages in
                    defer { messages.removeAll(keepingCapacity: true) }
                    return messages
                }
                for message in taken {
                    switch message {
                    case .stop: return life.socket.descriptor.close()
                    case .line(let event): feed(.line(event), &life)
                    case .faults(let faults): feed(.faults(faults), &life)
                    case .cable(let isConnected): life.isConnected = isConnected
                    }
                }
            }
            if !ready[1].isEmpty {
                for _ in 0..<Self.datagramsAtOnce {
                    guard let (octets, sender) = life.socket.receive() else { break }
                    guard life.isConnected else { continue }
                    let from = IPEndpoint(InternetAddress(raw: sender.address), port: sender.port)
                    feed(.datagram(octets, from: from), &life)
                }
            }
            feed(.time, &life)
        }
    }

    private func feed(_ input: IPInterface.Input, _ life: inout Life) {
        for effect in life.engine.next(input, at: MonotonicClock.now()) {
            switch effect {
            case .datagram(let octets, let receiver):
                guard life.isConnected else { continue }
                life.socket.send(
                    octets, to: DatagramSocket.Endpoint(address: receiver.address.raw, port: receiver.port))
            case .send(let transmission):
                life.inbox.post(.transmit(line: line, interface: index, transmission))
            case .attitude(let attitude): life.inbox.post(.attitude(line: line, interface: index, attitude))
            }
        }
    }
}
