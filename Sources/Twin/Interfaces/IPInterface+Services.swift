import Events
import KNX

/// What clients ask of the interface.
extension IPInterface {
    mutating func received(_ octets: [UInt8], from sender: IPPeer) {
        let frame = KNXnetIPFrame(octets.span)
        guard let message = frame.message else {
            // A request for a connection of a kind that nobody knows is answered; anything else that is wrong is not.
            let isUnknownKind = frame.faults.contains { $0.code == .connectionTypeUnknown }
            if frame.service == .connectRequest, isUnknownKind, let control = frame.controlEndpoint {
                transmit(.connectRefused(.connectionType), to: IPPeer(control, sender: sender))
            } else {
                discardedDatagrams += 1
            }
            return
        }
        switch message {
        case .searchRequest(let discovery):
            transmit(
                .searchResponse(ownAddress(of: sender), description), to: IPPeer(discovery, sender: sender))
        case .searchRequestExtended(let discovery, let parameters):
            guard let blocks = description(for: parameters) else { return }
            transmit(
                .searchResponseExtended(ownAddress(of: sender), blocks), to: IPPeer(discovery, sender: sender))
        case .descriptionRequest(let control):
            transmit(.descriptionResponse(description), to: IPPeer(control, sender: sender))
        case .connectRequest(let control, let data, let information):
            connect(control, data, information, from: sender)
        case .connectionStateRequest(let channel, let control):
            transmit(
                .connectionStateResponse(channel: channel, heartbeat(channel)), to: IPPeer(control, sender: sender))
        case .disconnectRequest(let channel, let control):
            transmit(.disconnectResponse(channel: channel, leave(channel)), to: IPPeer(control, sender: sender))
        case .tunnellingRequest(let channel, let sequence, let cemi):
            request(channel, sequence, from: sender) { $1.layer == nil ? .refused : $0.execute(cemi, in: $1) }
        case .featureGet(let channel, let sequence, let feature) where parameters.tunnellingVersion >= 2:
            request(channel, sequence, from: sender) { $1.layer == nil ? .refused : $0.get(feature, in: $1) }
        case .featureSet(let channel, let sequence, let feature, let value) where parameters.tunnellingVersion >= 2:
            request(channel, sequence, from: sender) { $1.layer == nil ? .refused : $0.set(feature, value, in: $1) }
        case .deviceConfigurationRequest(let channel, let sequence, let cemi):
            request(channel, sequence, from: sender) { $1.layer == nil ? $0.manage(cemi) : .refused }
        case .tunnellingAcknowledge(let header): acknowledged(header, from: sender) { $0.layer != nil }
        case .deviceConfigurationAcknowledge(let header): acknowledged(header, from: sender) { $0.layer == nil }
        case .disconnectResponse: break
        default: discardedDatagrams += 1
        }
    }

    /// Takes a client's request by its number: the next one is executed and acknowledged, the one before it is acknowledged again, any other
    /// is ignored, as is one from anybody but the connection's client. On TCP every one is executed and none acknowledged.
    ///
    /// - Parameter execute: refuses what cannot be taken now or is no request: then it is not acknowledged.
    private mutating func request(
        _ channel: UInt8, _ sequence: UInt8, from sender: IPPeer,
        execute: (inout IPInterface, IPConnection) -> Execution
    ) {
        guard let index = channels.firstIndex(where: { $0.channel == channel && $0.data == sender && !$0.isLeft })
        else { return }
        let connection = channels[index]
        if !sender.isStream {
            if sequence == connection.expected &- 1 { return acknowledge(sequence, in: connection) }
            guard sequence == connection.expected else { return }
        }
        let execution = execute(&self, connection)
        guard execution != .refused else { return }
        channels[index].expected &+= 1
        acknowledge(sequence, in: connection)
        switch execution {
        case .refused, .nothing: break
        case .telegram(let telegram): put(telegram, of: connection)
        case .answer(let saying): say(saying, channel: channel)
        case .reset: reset()
        }
    }

    /// What becomes of a request once it is acknowledged.
    enum Execution: Hashable {
        case refused, nothing
        case telegram(LinkData)
        case answer(IPConnection.Saying)
        case reset
    }

    private func execute(_ cemi: [UInt8], in connection: IPConnection) -> Execution {
        guard let message = try? CEMIMessage(cemi.span) else { return .refused }
        guard case .linkData(let telegram) = message, telegram.service == .request, connection.layer == .link else {
            return .nothing
        }
        // Whoever is not acknowledged sends again; on TCP nobody would, and is told by the confirmation.
        return pending.count < parameters.sendBuffers || connection.data.isStream ? .telegram(telegram) : .refused
    }

    /// Acknowledges a client's request, unless the acknowledge is to be late or lost.
    private mutating func acknowledge(_ sequence: UInt8, in connection: IPConnection) {
        guard !connection.data.isStream else { return }
        if faults.acknowledgesLost > 0 {
            faults.acknowledgesLost -= 1
            return
        }
        let message = connection.acknowledge(sequence)
        guard faults.acknowledgeDelay > .zero, let octets = try? message.octets else {
            return transmit(message, to: connection.data)
        }
        schedule(.transmit(octets, to: connection.data), after: faults.acknowledgeDelay)
    }

    /// How it names itself to whom it answers.
    private func ownAddress(of sender: IPPeer) -> HostProtocolAddress {
        sender.isStream ? .routeBack(.tcp) : HostProtocolAddress(.udp, endpoint.address, port: endpoint.port)
    }
}
