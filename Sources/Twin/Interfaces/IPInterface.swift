public import Events
public import KNX

/// A KNXnet/IP interface between clients on a network and a TP1 line, pure: datagrams, what comes over TCP connections and what the line does go in,
/// the same and telegrams come out; time is an argument (KNX standard 3/8/2 to 3/8/5).
///
/// It answers searches and questions for its description, serves as many tunnels as it has slots (link layer, or one busmonitor and nothing
/// beside it) and connections for its management, ends those without heartbeat or acknowledge, and confirms a telegram as the line did. With
/// `IPInterfaceParameters.routing` it is a router too. Whether it acknowledges on the line it leaves to its `LineTap`, which is told whenever that
/// changes.
public struct IPInterface: Sendable {
    public enum Input: Hashable, Sendable {
        case datagram([UInt8], from: IPEndpoint)
        /// A datagram to the multicast address.
        case multicast([UInt8], from: IPEndpoint)
        /// Of the TCP connection with this number.
        case stream(Int, StreamEvent)
        case line(LineTap.Event)
        /// From now on this is wrong with it.
        case faults(IPInterfaceFaults)
        /// Nothing has come; `nextDue` is there.
        case time
    }

    public enum StreamEvent: Hashable, Sendable {
        /// A client has connected.
        case opened
        case octets([UInt8])
        /// The client has closed its connection, or it broke.
        case closed
    }

    public enum Effect: Hashable, Sendable {
        case datagram([UInt8], to: IPEndpoint)
        /// A datagram to the multicast address.
        case multicast([UInt8])
        case stream([UInt8], to: Int)
        /// The interface closes a TCP connection, of which it hears nothing more.
        case close(Int)
        /// A telegram for the line. Its number comes back with its result.
        case send(Transmission)
        case attitude(LineTap.Attitude)
    }

    /// What is to be done at an instant of its own.
    enum Later: Sendable {
        case transmit([UInt8], to: IPPeer)
        case say(IPConnection.Saying, channel: UInt8)
        case busmonitor([UInt8], microseconds: UInt32, frameError: Bool)
    }

    /// A telegram of a tunnel that has no result yet.
    struct Pending: Sendable {
        let number: Int
        let channel: UInt8
        let octets: [UInt8]
        let confirmation: LinkData
    }

    public let parameters: IPInterfaceParameters
    /// Where it is on the network.
    public let endpoint: IPEndpoint
    public internal(set) var faults = IPInterfaceFaults()
    /// Datagrams that it could make nothing of.
    public internal(set) var discardedDatagrams = 0
    var channels: [IPConnection] = []
    /// What has come of the frame that is under way on each TCP connection.
    var streams: [Int: KNXnetIPStream] = [:]
    var objects: InterfaceObjects
    var routing: IPRouting?
    /// The telegram of the router that is on the line.
    var routed: (number: Int, essence: [UInt8])?
    var pending: [Pending] = []
    var hasBus: Bool
    /// Until then it starts again after a reset, and is not on the network.
    var startsUntil: Instant?
    var effects: [Effect] = []
    private(set) var now: Instant
    var later: [(at: Instant, what: Later)] = []
    private var attitude: LineTap.Attitude
    private var lastNumber = 0
    private var lastChannel: UInt8 = 0
    /// By source, the last frame heard as if sent for the first time, without its check octet.
    var lastHeard: [UInt16: [UInt8]] = [:]

    /// An interface without connections, started long ago.
    ///
    /// - Parameter hasBus: whether the line has voltage.
    public init(_ parameters: IPInterfaceParameters, endpoint: IPEndpoint, hasBus: Bool = true, at instant: Instant) {
        self.parameters = parameters
        self.endpoint = endpoint
        self.hasBus = hasBus
        objects = InterfaceObjects(name: parameters.name)
        routing = parameters.routing.map { IPRouting($0, of: parameters, hasBus: hasBus, at: instant) }
        now = instant
        attitude = Self.attitude(parameters, [])
    }

    /// What its tap on the line is to do before any connection is made.
    static func attitude(_ parameters: IPInterfaceParameters, _ channels: [IPConnection]) -> LineTap.Attitude {
        if channels.contains(where: { $0.layer == .busmonitor }) { return .mute }
        let groups =
            switch parameters.groupAcknowledge {
            case .always: true
            case .never: false
            case .whileLinked: channels.contains { $0.layer != nil }
            }
        return LineTap.Attitude(
            acknowledgesGroups: groups, acknowledgesOwn: true, acknowledgesRouted: parameters.routing?.filter)
    }

    /// Tunnels that stand, by the individual addresses of their slots.
    public var connections: [IndividualAddress] { channels.compactMap { $0.slot.map { parameters.slots[$0] } } }

    /// How many connections for its management stand.
    public var managementConnections: Int { channels.count(where: { $0.purpose == .management }) }

    /// False while its network side is dead.
    var isOnNetwork: Bool {
        !faults.isSilent && (hasBus || parameters.withoutBus != .isDead) && startsUntil.map { $0 <= now } ?? true
    }

    /// When it acts next if nothing comes; nil when never.
    public var nextDue: Instant? {
        var due = [later.first?.at, routing?.nextDue].compactMap(\.self).min()
        for channel in channels {
            due = [due, channel.inFlight?.due, aliveUntil(channel)].compactMap(\.self).min()
        }
        return due
    }

    /// Takes what has come at `instant`, and says what is to be done at once.
    public mutating func next(_ input: Input, at instant: Instant) -> [Effect] {
        defer { effects = [] }
        while let due = nextDue, due <= instant {
            now = max(now, due)
            step()
        }
        now = max(now, instant)
        switch input {
        case .datagram(let octets, let sender): if isOnNetwork { received(octets, from: .datagrams(sender)) }
        case .multicast(let octets, let sender): if isOnNetwork { receivedMulticast(octets, from: sender) }
        case .stream(let number, let event): happened(event, on: number)
        case .line(let event): happened(event)
        case .faults(let faults): self.faults = faults
        case .time: break
        }
        reviewAttitude()
        return effects
    }

    /// Does what is due by now.
    private mutating func step() {
        while let first = later.first, first.at <= now {
            later.removeFirst()
            switch first.what {
            case .transmit(let octets, let receiver): transmit(octets, to: receiver)
            case .say(let saying, let channel): say(saying, channel: channel)
            case .busmonitor(let octets, let microseconds, let frameError):
                indicate(octets, microseconds: microseconds, frameError: frameError)
            }
        }
        for channel in channels.map(\.channel) { review(channel) }
        if let due = routing?.nextDue, due <= now { route(.time) }
    }

    mutating func schedule(_ what: Later, after delay: Instant.Span) {
        let due = now + delay
        later.insert((due, what), at: later.firstIndex { $0.at > due } ?? later.count)
    }

    private mutating func reviewAttitude() {
        let wanted = Self.attitude(parameters, channels)
        guard wanted != attitude else { return }
        attitude = wanted
        effects.append(.attitude(wanted))
    }

    // MARK: The network

    /// Sends unless its network side is dead.
    mutating func transmit(_ octets: [UInt8], to receiver: IPPeer) {
        guard isOnNetwork else { return }
        switch receiver {
        case .datagrams(let endpoint): effects.append(.datagram(octets, to: endpoint))
        case .stream(let number): if streams[number] != nil { effects.append(.stream(octets, to: number)) }
        }
    }

    mutating func transmit(_ message: KNXnetIPMessage, to receiver: IPPeer) {
        guard let octets = try? message.octets else { preconditionFailure("an interface writes no bad frame") }
        transmit(octets, to: receiver)
    }

    /// A number for a telegram.
    mutating func freshNumber() -> Int {
        lastNumber += 1
        return lastNumber
    }

    /// A channel number that no connection has; 0 is none.
    mutating func freshChannel() -> UInt8 {
        repeat { lastChannel &+= 1 } while lastChannel == 0 || channels.contains { $0.channel == lastChannel }
        return lastChannel
    }
}
