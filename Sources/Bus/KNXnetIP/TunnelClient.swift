public import Events
public import KNX

/// The client's end of a KNXnet/IP tunnel, pure: connects, keeps the connection alive, acknowledges, sends one request at a time, and
/// connects again after every loss. It owns no clock and no socket (KNX standard 3/8/2 and 3/8/4).
///
/// It asks to be answered where its datagrams come from (endpoints 0.0.0.0:0), so that it works through address translation.
public struct TunnelClient: Sendable {
    public struct Parameters: Hashable, Sendable {
        public var layer: TunnellingLayer
        /// How long a connection request may stay unanswered: 10 s (KNX standard 3/8/2, CONNECT_REQUEST_TIMEOUT).
        public var connectTime = Instant.Span.seconds(10)
        /// From a refusal or a loss to the next connection request (our choice: long enough not to burden an interface).
        public var pause = Instant.Span.seconds(1)
        /// How long a request may stay without acknowledge, and how often it is sent again then: 1 s, once (KNX standard 3/8/4).
        public var acknowledgeTime = Instant.Span.seconds(1)
        public var repetitions = 1
        /// From one heartbeat to the next, how long its answer may take, and how often it is asked: 60 s, 10 s, three times (KNX standard 3/8/2).
        public var heartbeatInterval = Instant.Span.seconds(60)
        public var heartbeatTime = Instant.Span.seconds(10)
        public var heartbeatTries = 3
        /// How long an interface may be silent in a new tunnel, or after it has said something, before it is asked by a heartbeat out of turn
        /// whether the tunnel still stands: its leave may have been lost on the way. nil leaves that to the regular heartbeat (our choice).
        public var asksAfterSilence: Instant.Span? = .seconds(1)

        public init(layer: TunnellingLayer) {
            self.layer = layer
        }
    }

    public enum Output: Hashable, Sendable {
        case datagram([UInt8])
        /// The tunnel stands, with this address of its own.
        case connected(IndividualAddress?)
        /// The interface does not want to, or has not answered in time (nil).
        case refused(KNXnetIPStatus?)
        /// The tunnel stands no more. Whatever passes on the line from here on is not heard.
        case lost(String)
        /// A message of the interface, each exactly once and in its order.
        case message([UInt8])
        /// A request of ours has arrived, or nobody can say whether it has.
        case delivered(Int)
        case abandoned(Int)
    }

    private struct Heartbeat: Sendable {
        var tries = 0
        /// When the next is to be sent, or the answer to the last is overdue.
        var due: Instant
        /// When it is to be sent whatever the interface says meanwhile.
        var regular: Instant

        init(regular: Instant) {
            due = regular
            self.regular = regular
        }
    }

    private struct InFlight: Sendable {
        let number: Int
        let octets: [UInt8]
        var repetitionsLeft: Int
        var due: Instant
    }

    private struct Connection: Sendable {
        let channel: UInt8
        var expected: UInt8 = 0
        var next: UInt8 = 0
        var heartbeat: Heartbeat
        var inFlight: InFlight?
    }

    private enum State: Sendable {
        /// There is no socket.
        case closed
        case connecting(due: Instant)
        case pausing(until: Instant)
        case connected(Connection)
    }

    public let parameters: Parameters
    private var state = State.closed
    private var waiting: [(number: Int, cemi: [UInt8])] = []
    private var outputs: [Output] = []

    public init(_ parameters: Parameters) {
        self.parameters = parameters
    }

    public var isConnected: Bool {
        if case .connected = state { true } else { false }
    }

    /// When `tick` has something to do.
    public var nextDeadline: Instant? {
        switch state {
        case .closed: nil
        case .connecting(let due), .pausing(let due): due
        case .connected(let connection):
            min(connection.heartbeat.due, connection.inFlight?.due ?? connection.heartbeat.due)
        }
    }

    // MARK: Inputs

    /// The socket is there.
    public mutating func opened(at now: Instant) -> [Output] {
        connect(at: now)
        return take()
    }

    /// The socket is gone.
    public mutating func closed(_ reason: String) -> [Output] {
        if isConnected { lose(reason) }
        state = .closed
        return take()
    }

    /// A request for the interface, after those that wait. Without a tunnel it is abandoned at once: nothing is ever sent late.
    public mutating func send(_ cemi: [UInt8], number: Int, at now: Instant) -> [Output] {
        guard isConnected else { return [.abandoned(number)] }
        waiting.append((number, cemi))
        pump(at: now)
        return take()
    }

    /// The tunnel is not wanted any more.
    public mutating func leave() -> [Output] {
        if case .connected(let connection) = state { disconnect(connection.channel) }
        state = .closed
        abandonAll()
        return take()
    }

    public mutating func tick(at now: Instant) -> [Output] {
        switch state {
        case .closed: break
        case .pausing(let until): if until <= now { connect(at: now) }
        case .connecting(let due):
            guard due <= now else { break }
            outputs.append(.refused(nil))
            connect(at: now)
        case .connected(let connection): review(connection, at: now)
        }
        return take()
    }

    /// One datagram of the interface. What is no frame or belongs to no connection of ours changes nothing.
    public mutating func received(_ octets: [UInt8], at now: Instant) -> [Output] {
        guard let message = KNXnetIPFrame(octets.span).message else { return [] }
        switch message {
        case .connectAccepted(let channel, _, let data): accepted(channel, data.assignedAddress, at: now)
        case .connectRefused(_, let status):
            guard case .connecting = state else { break }
            state = .pausing(until: now + parameters.pause)
            outputs.append(.refused(status))
        case .connectionStateResponse(let channel, let status): answered(channel, status, at: now)
        case .disconnectRequest(let channel, _): ended(channel, at: now)
        case .tunnellingRequest(let channel, let sequence, let cemi):
            if isNew(channel, sequence, at: now) { outputs.append(.message(cemi)) }
        case .featureInfo(let channel, let sequence, _, _), .featureResponse(let channel, let sequence, _, _, _):
            _ = isNew(channel, sequence, at: now)
        case .tunnellingAcknowledge(let header): acknowledged(header, at: now)
        default: break
        }
        return take()
    }

    private mutating func take() -> [Output] {
        defer { outputs = [] }
        return outputs
    }

    private mutating func write(_ message: KNXnetIPMessage) -> [UInt8] {
        guard let octets = try? message.octets else { preconditionFailure("a client writes no bad frame") }
        outputs.append(.datagram(octets))
        return octets
    }

    // MARK: The connection

    private mutating func connect(at now: Instant) {
        state = .connecting(due: now + parameters.connectTime)
        _ = write(
            .connectRequest(control: .routeBack(.udp), data: .routeBack(.udp), .tunnelling(parameters.layer)))
    }

    private mutating func disconnect(_ channel: UInt8) {
        _ = write(.disconnectRequest(channel: channel, control: .routeBack(.udp)))
    }

    private mutating func accepted(_ channel: UInt8, _ address: IndividualAddress?, at now: Instant) {
        switch state {
        case .connecting:
            var heartbeat = Heartbeat(regular: now + parameters.heartbeatInterval)
            if let silence = parameters.asksAfterSilence { heartbeat.due = min(now + silence, heartbeat.regular) }
            state = .connected(Connection(channel: channel, heartbeat: heartbeat))
            outputs.append(.connected(address))
        case .connected(let connection) where connection.channel == channel: break
        case .connected, .pausing: disconnect(channel)
        case .closed: break
        }
    }

    /// The interface takes its leave.
    private mutating func ended(_ channel: UInt8, at now: Instant) {
        _ = write(.disconnectResponse(channel: channel, .noError))
        guard case .connected(let connection) = state, connection.channel == channel else { return }
        lose("the interface has ended the tunnel", next: now + parameters.pause)
    }

    private mutating func lose(_ reason: String, next: Instant? = nil) {
        outputs.append(.lost(reason))
        abandonAll()
        state = next.map(State.pausing(until:)) ?? .closed
    }

    private mutating func abandonAll() {
        if case .connected(let connection) = state, let flight = connection.inFlight {
            outputs.append(.abandoned(flight.number))
            state = .closed
        }
        outputs += waiting.map { .abandoned($0.number) }
        waiting = []
    }

    private mutating func review(_ before: Connection, at now: Instant) {
        var connection = before
        if let flight = connection.inFlight, flight.due <= now {
            guard flight.repetitionsLeft > 0 else {
                disconnect(connection.channel)
                return lose("a request was not acknowledged", next: now + parameters.pause)
            }
            connection.inFlight?.repetitionsLeft -= 1
            connection.inFlight?.due = now + parameters.acknowledgeTime
            outputs.append(.datagram(flight.octets))
        }
        if connection.heartbeat.due <= now {
            guard connection.heartbeat.tries < parameters.heartbeatTries else {
                disconnect(connection.channel)
                return lose("the heartbeat was not answered", next: now + parameters.pause)
            }
            connection.heartbeat.tries += 1
            connection.heartbeat.due = now + parameters.heartbeatTime
            _ = write(.connectionStateRequest(channel: connection.channel, control: .routeBack(.udp)))
        }
        state = .connected(connection)
    }

    private mutating func answered(_ channel: UInt8, _ status: KNXnetIPStatus, at now: Instant) {
        guard case .connected(var connection) = state, connection.channel == channel else { return }
        if status == .connectionIdentifier {
            return lose("the interface knows the tunnel no more", next: now + parameters.pause)
        }
        // That the line has no voltage is no reason to leave, and anything else shows when it matters.
        connection.heartbeat = Heartbeat(regular: now + parameters.heartbeatInterval)
        state = .connected(connection)
    }

    // MARK: Requests

    /// Acknowledges a request of the interface; true when it is the next one. The one before it has been taken already, any other is
    /// ignored. A tunnel that is none of ours any more is told so.
    private mutating func isNew(_ channel: UInt8, _ sequence: UInt8, at now: Instant) -> Bool {
        guard case .connected(var connection) = state, connection.channel == channel else {
            // While a tunnel is asked for, this may be that very tunnel, whose answer comes late.
            switch state {
            case .closed, .connecting: break
            case .pausing, .connected: disconnect(channel)
            }
            return false
        }
        guard sequence == connection.expected || sequence == connection.expected &- 1 else { return false }
        _ = write(.tunnellingAcknowledge(ConnectionHeader(channel: channel, sequence: sequence)))
        guard sequence == connection.expected else { return false }
        connection.expected &+= 1
        if connection.heartbeat.tries == 0, let silence = parameters.asksAfterSilence {
            connection.heartbeat.due = min(now + silence, connection.heartbeat.regular)
        }
        state = .connected(connection)
        return true
    }

    private mutating func acknowledged(_ header: ConnectionHeader, at now: Instant) {
        guard case .connected(var connection) = state, connection.channel == header.channel,
            let flight = connection.inFlight, connection.next == header.sequence, header.status == .noError
        else { return }
        connection.inFlight = nil
        connection.next &+= 1
        state = .connected(connection)
        outputs.append(.delivered(flight.number))
        pump(at: now)
    }

    private mutating func pump(at now: Instant) {
        guard case .connected(var connection) = state, connection.inFlight == nil, !waiting.isEmpty else { return }
        let request = waiting.removeFirst()
        let octets = write(
            .tunnellingRequest(channel: connection.channel, sequence: connection.next, cemi: request.cemi))
        connection.inFlight = InFlight(
            number: request.number, octets: octets, repetitionsLeft: parameters.repetitions,
            due: now + parameters.acknowledgeTime)
        state = .connected(connection)
    }
}
