import Events
import KNX

/// Any octets as what clients say to a KNXnet/IP router of the twin: `length, octets` again and again, each a datagram to it or to all, or a piece of what
/// comes over one of two TCP connections, with what the line does between them. It must take everything, write nothing that cannot be read, speak on no
/// connection that is closed, and keep its own books.
@_cdecl("LLVMFuzzerTestOneInput")
public func examine(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe octets(data, count)
    var clients = Clients()
    var offset = 0
    while offset < input.count {
        let length = Int(input[offset])
        let end = min(offset + 1 + length, input.count)
        let piece = Array(input[(offset + 1)..<end])
        switch length / 8 % 4 {
        case 0, 1: clients.feed(.datagram(piece, from: Clients.endpoint(length & 1)))
        case 2: clients.feed(.multicast(piece, from: Clients.endpoint(length & 1)))
        default: clients.feed(.stream(clients.streams[length & 1], .octets(piece)))
        }
        // Every length stands for something that the line or the time does as well.
        switch length % 8 {
        case 0: clients.feed(.line(.frame(piece, isOwn: false, at: clients.now)))
        case 1: clients.feed(.line(.truncated(piece, at: clients.now)))
        case 2: clients.feed(.line(.acknowledge(0xCC, at: clients.now)))
        case 3:
            if let number = clients.numbers.first {
                clients.numbers.removeFirst()
                clients.feed(.line(.sent(number: number, isConfirmed: true, at: clients.now)))
            }
        case 4: clients.feed(.line(.power(.off, at: clients.now)))
        case 5: clients.feed(.line(.power(.running, at: clients.now)))
        case 6:
            clients.feed(.stream(clients.streams[0], .closed))
            clients.open(0)
        default: clients.now = clients.now + .milliseconds(Int64(length) * 10)
        }
        clients.feed(.time)
        clients.examine()
        offset = end
    }
    clients.end()
    return 0
}

/// All clients of one router, and the line behind it.
private struct Clients {
    var now = Instant(nanoseconds: 0)
    /// Telegrams on the line without a result.
    var numbers: [Int] = []
    /// The numbers of two TCP connections.
    var streams = [0, 0]
    private var lastStream = 0
    private var router: IPInterface

    static func endpoint(_ client: Int) -> IPEndpoint {
        IPEndpoint(InternetAddress(127, 0, 0, 1), port: 40_000 + UInt16(client))
    }

    init() {
        let address = IndividualAddress(raw: 0x1100)
        var routing = IPRoutingParameters(address: address)
        routing.longestQueueToLine = 4
        routing.busyQueueToLine = 2
        routing.longestQueueToNetwork = 4
        var parameters = IPInterfaceParameters(
            address: address, slots: [0x1102, 0x1103].map { IndividualAddress(raw: $0) }, routing: routing)
        parameters.longestQueue = 4
        parameters.sendBuffers = 4
        router = IPInterface(
            parameters, endpoint: IPEndpoint(InternetAddress(127, 0, 0, 1), port: 3671), at: Instant(nanoseconds: 0))
        open(0)
        open(1)
        // A tunnel and a connection for management are there from the beginning, so that mutations need not find that out first.
        let udp = HostProtocolAddress.routeBack(.udp)
        let tunnel = KNXnetIPMessage.connectRequest(control: udp, data: udp, .tunnelling(.link))
        feed(.datagram((try? tunnel.octets) ?? [], from: Self.endpoint(0)))
        let tcp = HostProtocolAddress.routeBack(.tcp)
        let management = KNXnetIPMessage.connectRequest(control: tcp, data: tcp, .deviceManagement)
        feed(.stream(streams[1], .octets((try? management.octets) ?? [])))
        require(
            router.connections.count == 1 && router.managementConnections == 1, "the first connections are not made")
    }

    mutating func open(_ client: Int) {
        lastStream += 1
        streams[client] = lastStream
        feed(.stream(lastStream, .opened))
    }

    mutating func feed(_ input: IPInterface.Input) {
        var closed: [Int] = []
        for effect in router.next(input, at: now) {
            switch effect {
            case .datagram(let octets, _): read(octets)
            case .multicast(let octets):
                switch read(octets) {
                case .routingIndication, .routingBusy, .routingLostMessage: break
                default: require(false, "the router says to all what is for one")
                }
            case .stream(let octets, let number):
                read(octets)
                require(
                    streams.contains(number) && !closed.contains(number),
                    "the router speaks on a connection that is closed")
            case .close(let number): closed.append(number)
            case .send(let transmission):
                require((try? TP1Frame(octets: transmission.octets)) != nil, "no frame is put on the line")
                numbers.append(transmission.number)
            case .attitude: break
            }
        }
        for number in closed {
            // While it starts again it closes whatever is opened.
            guard let client = streams.firstIndex(of: number), case .stream(_, .octets) = input else { continue }
            open(client)
        }
    }

    @discardableResult
    private func read(_ octets: [UInt8]) -> KNXnetIPMessage? {
        let message = KNXnetIPFrame(octets.span).message
        require(message != nil, "the router writes what cannot be read: \(Hexadecimal.text(octets))")
        return message
    }

    func examine() {
        require(router.connections.count <= 2, "more connections than slots")
        require(Set(router.connections).count == router.connections.count, "a slot is given twice")
        require(router.managementConnections <= 1, "more management than is allowed")
        require(router.nextDue.map { $0 > now } ?? true, "something is due and not done")
    }

    /// Without a word of anybody every connection ends, those of TCP with theirs.
    mutating func end() {
        for client in 0...1 { feed(.stream(streams[client], .closed)) }
        for _ in 0..<4 {
            now = now + .seconds(121)
            feed(.time)
        }
        require(router.connections.isEmpty && router.managementConnections == 0, "a connection outlives its client")
    }
}
