public import Events
public import KNX

/// A KNXnet/IP interface between clients on a network and a TP1 line, pure: datagrams and what the line does go in, datagrams and telegrams
/// come out; time is an argument (KNX standard 3/8/2 and 3/8/4).
///
/// It answers searches and questions for its description, serves as many tunnels as it has slots (link layer, or one busmonitor and nothing
/// beside it), ends those without heartbeat or acknowledge, and confirms a telegram as the line did. Whether it acknowledges on the line it
/// leaves to its `LineTap`, which is told whenever that changes.
public struct IPInterface: Sendable {
    public enum Input: Hashable, Sendable {
        case datagram([UInt8], from: IPEndpoint)
        case line(LineTap.Event)
        /// From now on this is wrong with it.
        case faults(IPInterfaceFaults)
        /// Nothing has come; `nextDue` is there.
        case time
    }

    public enum Effect: Hashable, Sendable {
        case datagram([UInt8], to: IPEndpoint)
        /// A telegram for the line. Its number comes back with its result.
        case send(Transmission)
        case attitude(LineTap.Attitude)
    }

    /// What is to be done at an instant of its own.
    private enum Later: Sendable {
        case datagram([UInt8], to: IPEndpoint)
        case say(IPTunnel.Saying, channel: UInt8)
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
    public private(set) var faults = IPInterfaceFaults()
    /// Datagrams that it could make nothing of.
    public internal(set) var discardedDatagrams = 0
    var tunnels: [IPTunnel] = []
    var pending: [Pending] = []
    var hasBus: Bool
    var effects: [Effect] = []
    private(set) var now: Instant
    private var later: [(at: Instant, what: Later)] = []
    private var attitude: LineTap.Attitude
    private var lastNumber = 0
    private var lastChannel: UInt8 = 0
    /// By source, the last frame heard as if sent for the first time, without its check octet.
    private var lastHeard: [UInt16: [UInt8]] = [:]

    /// An interface without connections, started long ago.
    ///
    /// - Parameter hasBus: whether the line has voltage.
    public init(_ parameters: IPInterfaceParameters, endpoint: IPEndpoint, hasBus: Bool = true, at instant: Instant) {
        self.parameters = parameters
        self.endpoint = endpoint
        self.hasBus = hasBus
        now = instant
        attitude = Self.attitude(parameters, [])
    }

    /// What its tap on the line is to do before any connection is made.
    static func attitude(_ parameters: IPInterfaceParameters, _ tunnels: [IPTunnel]) -> LineTap.Attitude {
        if tunnels.contains(where: { $0.layer == .busmonitor }) { return .mute }
        let groups =
            switch parameters.groupAcknowledge {
            case .always: true
            case .never: false
            case .whileLinked: !tunnels.isEmpty
            }
        return LineTap.Attitude(acknowledgesGroups: groups, acknowledgesOwn: true)
    }

    /// Connections that stand, by the individual addresses of their slots.
    public var connections: [IndividualAddress] { tunnels.map { parameters.slots[$0.slot] } }

    /// When it acts next if nothing comes; nil when never.
    public var nextDue: Instant? {
        var due = later.first?.at
        for tunnel in tunnels {
            due = [due, tunnel.inFlight?.due, tunnel.lastHeartbeat + parameters.aliveTime].compactMap(\.self).min()
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
        case .datagram(let octets, let sender):
            if !faults.isSilent, hasBus || parameters.withoutBus != .isDead { received(octets, from: sender) }
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
            case .datagram(let octets, let receiver): transmit(octets, to: receiver)
            case .say(let saying, let channel): say(saying, channel: channel)
            case .busmonitor(let octets, let microseconds, let frameError):
                indicate(octets, microseconds: microseconds, frameError: frameError)
            }
        }
        for channel in tunnels.map(\.channel) { review(channel) }
    }

    private mutating func schedule(_ what: Later, after delay: Instant.Span) {
        let due = now + delay
        later.insert((due, what), at: later.firstIndex { $0.at > due } ?? later.count)
    }

    private mutating func reviewAttitude() {
        let wanted = Self.attitude(parameters, tunnels)
        guard wanted != attitude else { return }
        attitude = wanted
        effects.append(.attitude(wanted))
    }

    // MARK: Datagrams

    /// Sends unless its network side is dead.
    mutating func transmit(_ octets: [UInt8], to receiver: IPEndpoint) {
        guard !faults.isSilent, hasBus || parameters.withoutBus != .isDead else { return }
        effects.append(.datagram(octets, to: receiver))
    }

    mutating func transmit(_ message: KNXnetIPMessage, to receiver: IPEndpoint) {
        guard let octets = try? message.octets else { preconditionFailure("an interface writes no bad frame") }
        transmit(octets, to: receiver)
    }

    /// Acknowledges a client's request, unless the acknowledge is to be late or lost.
    mutating func acknowledge(_ sequence: UInt8, in tunnel: IPTunnel) {
        if faults.acknowledgesLost > 0 {
            faults.acknowledgesLost -= 1
            return
        }
        let header = ConnectionHeader(channel: tunnel.channel, sequence: sequence)
        guard faults.acknowledgeDelay > .zero, let octets = try? KNXnetIPMessage.tunnellingAcknowledge(header).octets
        else { return transmit(.tunnellingAcknowledge(header), to: tunnel.data) }
        schedule(.datagram(octets, to: tunnel.data), after: faults.acknowledgeDelay)
    }

    /// A channel number that no connection has; 0 is none.
    mutating func freshChannel() -> UInt8 {
        repeat { lastChannel &+= 1 } while lastChannel == 0 || tunnels.contains { $0.channel == lastChannel }
        return lastChannel
    }

    // MARK: The line

    private mutating func happened(_ event: LineTap.Event) {
        switch event {
        case .frame(let octets, let isOwn, let instant):
            heard(octets, isOwn: isOwn)
            monitor(octets, at: instant)
        case .acknowledge(let octet, let instant): monitor([octet], at: instant)
        case .truncated(let octets, let instant):
            monitor(octets, at: instant, frameError: true)
        case .sent(let number, let isConfirmed, _): settle(number, isConfirmed: isConfirmed)
        case .power(let state, _): powerChanged(to: state)
        }
    }

    private mutating func monitor(_ octets: [UInt8], at instant: Instant, frameError: Bool = false) {
        guard !octets.isEmpty, tunnels.contains(where: { $0.layer == .busmonitor }) else { return }
        let isDamaged = octets.count > 1 && TP1.checkOctet(octets) != 0
        schedule(
            .busmonitor(
                octets, microseconds: UInt32(truncatingIfNeeded: instant.nanoseconds / 1_000),
                frameError: frameError || isDamaged),
            after: parameters.indicationDelay)
    }

    private mutating func heard(_ octets: [UInt8], isOwn: Bool) {
        guard let frame = try? TP1Frame(octets: octets) else { return }
        var essence = Array(octets.dropLast())
        essence[0] |= 0x20
        // A repetition of what has been indicated is not indicated again.
        let isKnown = frame.isRepetition && lastHeard[frame.source.raw] == essence
        lastHeard[frame.source.raw] = essence
        guard !isKnown, !isOwn || parameters.indicatesBetweenTunnels,
            let indication = try? LinkData(indicationOf: octets.span).octets
        else { return }
        let sender = isOwn ? pending.first { $0.octets.dropLast().elementsEqual(essence) }?.channel : nil
        for tunnel in tunnels where tunnel.layer == .link && tunnel.channel != sender {
            for _ in 0...max(0, faults.indicationCopies) {
                schedule(.say(.cemi(indication), channel: tunnel.channel), after: parameters.indicationDelay)
            }
        }
    }

    private mutating func powerChanged(to state: BusPower.State) {
        let wasThere = hasBus
        hasBus = state == .running
        guard hasBus != wasThere else { return }
        if !hasBus {
            let lost = pending
            pending = []
            switch parameters.withoutBus {
            case .refuses: for telegram in lost { confirm(telegram, isConfirmed: false) }
            case .staysSilent: break
            case .isDead:
                tunnels = []
                later = []
            }
        }
        for tunnel in tunnels where tunnel.wantsInformation {
            say(
                .featureInformation(.busConnectionStatus, value: Self.value(.boolean(hasBus))), channel: tunnel.channel)
        }
    }

    // MARK: Telegrams of clients

    /// Puts a telegram on the line, or says what becomes of it without.
    mutating func put(_ request: LinkData, of tunnel: IPTunnel) {
        let own = parameters.slots[tunnel.slot]
        lastNumber += 1
        let frame = request.tp1Frame(ownAddress: own)
        let octets = frame?.octets ?? []
        let telegram = Pending(
            number: lastNumber, channel: tunnel.channel, octets: octets,
            confirmation: confirmation(of: request, ownAddress: own))
        guard hasBus else {
            if parameters.withoutBus == .refuses { confirm(telegram, isConfirmed: false) }
            return
        }
        guard frame != nil, request.transportUnit.count <= Int(parameters.longestAPDU) + 1 else {
            return confirm(telegram, isConfirmed: false)
        }
        pending.append(telegram)
        let repetitions = request.allowsRepetition ? 3 : 0
        effects.append(
            .send(
                Transmission(
                    number: lastNumber, octets: octets, repetitions: repetitions, busyRepetitions: repetitions)))
    }

    private func confirmation(of request: LinkData, ownAddress: IndividualAddress) -> LinkData {
        guard request.source.raw == 0, parameters.fillsSourceInConfirmation else {
            return request.confirmation(isNegative: false)
        }
        return LinkData(
            .confirmation, additionalInformation: request.additionalInformation, isExtended: request.isExtended,
            repeatBit: request.repeatBit, isSystemBroadcast: request.isSystemBroadcast, priority: request.priority,
            requestsAcknowledge: request.requestsAcknowledge, source: ownAddress, destination: request.destination,
            hopCount: request.hopCount, extendedFormat: request.extendedFormat, transportUnit: request.transportUnit)
    }

    private mutating func settle(_ number: Int, isConfirmed: Bool) {
        guard let index = pending.firstIndex(where: { $0.number == number }) else { return }
        confirm(pending.remove(at: index), isConfirmed: isConfirmed)
    }

    private mutating func confirm(_ telegram: Pending, isConfirmed: Bool) {
        guard !faults.confirmsNothing else { return }
        let confirmation = telegram.confirmation.confirmation(isNegative: isConfirmed == faults.confirmsWrongly)
        schedule(.say(.cemi(confirmation.octets), channel: telegram.channel), after: parameters.confirmationDelay)
    }
}
