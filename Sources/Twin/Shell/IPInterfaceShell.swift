import Events
import KNX
import Platform
import Synchronization

/// A KNXnet/IP interface in real time: its sockets and its engine on a thread of their own, so that no client can make the line late.
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
    /// The IPv4 address that it is served on.
    let host: String
    /// Its UDP port, and its TCP port if it has one.
    let port: UInt16
    private let messages = Mutex<[Message]>([])
    private let wakeup: Wakeup
    private let thread = Mutex<NamedThread?>(nil)

    /// What it runs on; of its thread alone.
    private struct Life {
        var engine: IPInterface
        let socket: DatagramSocket
        /// Nil when it does not listen on its multicast address.
        let multicast: DatagramSocket?
        /// Nil when it serves no TCP.
        var streams: StreamServer?
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
        host = interface.host
        let (socket, listener) = try Self.sockets(interface)
        port = socket.endpoint.port
        let group = interface.parameters.multicast
        let multicast: DatagramSocket?
        if interface.joinsMulticast {
            multicast = try DatagramSocket(multicast: "\(group.address)", port: group.port, on: interface.host)
            try socket.sendMulticast(hops: interface.parameters.routing?.timeToLive ?? 1)
        } else {
            multicast = nil
        }
        let endpoint = IPEndpoint(InternetAddress(raw: socket.endpoint.address), port: socket.endpoint.port)
        let started = NamedThread.start("twin \(interface.id)") { [self] in
            let now = MonotonicClock.now()
            var life = Life(
                engine: IPInterface(interface.parameters, endpoint: endpoint, hasBus: isSupplied, at: now),
                socket: socket, multicast: multicast, streams: listener.map(StreamServer.init(listener:)),
                inbox: inbox, isConnected: isConnected)
            run(&life)
        }
        thread.withLock { $0 = started }
    }

    /// Its UDP socket, and a listener at the same number for TCP if it serves that. Of a number that is chosen freely both must be free.
    private static func sockets(
        _ interface: TwinConfiguration.NetworkInterface
    ) throws(SystemFailure) -> (DatagramSocket, Descriptor?) {
        var attemptsLeft = interface.port == 0 ? 20 : 1
        while true {
            let socket = try DatagramSocket(host: interface.host, port: interface.port)
            guard interface.parameters.servesTCP else { return (socket, nil) }
            do throws(SystemFailure) {
                return (socket, try Socket.listenTCP(host: interface.host, port: socket.endpoint.port).listener)
            } catch {
                attemptsLeft -= 1
                guard attemptsLeft > 0 else { throw error }
            }
        }
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
            var watched: [(descriptor: Descriptor, for: Readiness)] = [
                (wakeup.descriptor, .readable), (life.socket.descriptor, .readable),
            ]
            if let multicast = life.multicast { watched.append((multicast.descriptor, .readable)) }
            let own = watched.count
            // While its cable is out, what its clients send stays where it is, as it does in a network that sends it again and again.
            if life.isConnected { watched += life.streams?.watch() ?? [] }
            let ready = Poll.wait(watched, until: life.engine.nextDue)
            if !ready[0].isEmpty, !takeMessages(&life) {
                life.socket.descriptor.close()
                life.multicast?.descriptor.close()
                life.streams?.closeAll()
                return
            }
            if !ready[1].isEmpty {
                takeDatagrams(of: life.socket, &life) { .datagram($0, from: $1) }
            }
            if let multicast = life.multicast, !ready[2].isEmpty {
                takeDatagrams(of: multicast, &life) { .multicast($0, from: $1) }
            }
            if watched.count > own { takeStreams(ready[own...], &life) }
            feed(.time, &life)
        }
    }

    private func takeStreams(_ ready: ArraySlice<Readiness>, _ life: inout Life) {
        for happening in life.streams?.happenings(ready) ?? [] {
            switch happening {
            case .opened(let number): feed(.stream(number, .opened), &life)
            case .octets(let octets, let number): feed(.stream(number, .octets(octets)), &life)
            case .closed(let number): feed(.stream(number, .closed), &life)
            }
        }
    }

    /// False when it is to end.
    private func takeMessages(_ life: inout Life) -> Bool {
        wakeup.drain()
        let taken = messages.withLock { messages in
            defer { messages.removeAll(keepingCapacity: true) }
            return messages
        }
        for message in taken {
            switch message {
            case .stop: return false
            case .line(let event): feed(.line(event), &life)
            case .faults(let faults): feed(.faults(faults), &life)
            case .cable(let isConnected): life.isConnected = isConnected
            }
        }
        return true
    }

    private func takeDatagrams(
        of socket: DatagramSocket, _ life: inout Life, as input: ([UInt8], IPEndpoint) -> IPInterface.Input
    ) {
        for _ in 0..<Self.datagramsAtOnce {
            guard let (octets, sender) = socket.receive() else { return }
            guard life.isConnected else { continue }
            feed(input(octets, IPEndpoint(InternetAddress(raw: sender.address), port: sender.port)), &life)
        }
    }

    private func feed(_ input: IPInterface.Input, _ life: inout Life) {
        for effect in life.engine.next(input, at: MonotonicClock.now()) {
            switch effect {
            case .datagram(let octets, let receiver): send(octets, to: receiver, life)
            case .multicast(let octets): send(octets, to: life.engine.parameters.multicast, life)
            case .stream(let octets, let number):
                life.streams?.send(octets, to: number, isHeld: !life.isConnected)
            case .close(let number): life.streams?.close(number)
            case .send(let transmission):
                life.inbox.post(.transmit(line: line, interface: index, transmission))
            case .attitude(let attitude): life.inbox.post(.attitude(line: line, interface: index, attitude))
            }
        }
    }

    private func send(_ octets: [UInt8], to receiver: IPEndpoint, _ life: Life) {
        guard life.isConnected else { return }
        life.socket.send(octets, to: DatagramSocket.Endpoint(address: receiver.address.raw, port: receiver.port))
    }
}
