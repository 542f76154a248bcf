import Events
import KNX

/// What clients ask of the interface.
extension IPInterface {
    mutating func received(_ octets: [UInt8], from sender: IPEndpoint) {
        let frame = KNXnetIPFrame(octets.span)
        guard let message = frame.message else {
            // A request for a connection of a kind that nobody knows is answered; anything else that is wrong is not.
            let isUnknownKind = frame.faults.contains { $0.code == .connectionTypeUnknown }
            if frame.service == .connectRequest, isUnknownKind, let control = frame.controlEndpoint {
                transmit(.connectRefused(.connectionType), to: IPEndpoint(control, sender: sender))
            } else {
                discardedDatagrams += 1
            }
            return
        }
        switch message {
        case .searchRequest(let discovery):
            transmit(.searchResponse(ownAddress(false), description), to: IPEndpoint(discovery, sender: sender))
        case .searchRequestExtended(let discovery, let parameters):
            guard let blocks = description(for: parameters) else { return }
            transmit(.searchResponseExtended(ownAddress(false), blocks), to: IPEndpoint(discovery, sender: sender))
        case .descriptionRequest(let control):
            transmit(.descriptionResponse(description), to: IPEndpoint(control, sender: sender))
        case .connectRequest(let control, let data, let information):
            connect(control, data, information, from: sender)
        case .connectionStateRequest(let channel, let control):
            transmit(
                .connectionStateResponse(channel: channel, heartbeat(channel)), to: IPEndpoint(control, sender: sender))
        case .disconnectRequest(let channel, let control):
            transmit(.disconnectResponse(channel: channel, leave(channel)), to: IPEndpoint(control, sender: sender))
        case .tunnellingRequest(let channel, let sequence, let cemi):
            request(channel, sequence, from: sender) { $0.execute(cemi, in: $1) }
        case .tunnellingAcknowledge(let header): acknowledged(header, from: sender)
        case .featureGet(let channel, let sequence, let feature) where parameters.tunnellingVersion >= 2:
            request(channel, sequence, from: sender) { $0.get(feature, in: $1) }
        case .featureSet(let channel, let sequence, let feature, let value) where parameters.tunnellingVersion >= 2:
            request(channel, sequence, from: sender) { $0.set(feature, value, in: $1) }
        case .disconnectResponse: break
        default: discardedDatagrams += 1
        }
    }

    // MARK: Connections

    private mutating func connect(
        _ control: HostProtocolAddress, _ data: HostProtocolAddress, _ information: ConnectionRequestInformation,
        from sender: IPEndpoint
    ) {
        let receiver = IPEndpoint(control, sender: sender)
        switch slot(control, data, information) {
        case .failure(let refusal): transmit(.connectRefused(refusal.status), to: receiver)
        case .success(let slot):
            let tunnel = IPTunnel(
                channel: freshChannel(), slot: slot, layer: information.layer ?? .link, control: receiver,
                data: IPEndpoint(data, sender: sender), isRoutedBack: data.isRouteBack, lastHeartbeat: now)
            tunnels.append(tunnel)
            transmit(
                .connectAccepted(
                    channel: tunnel.channel, data: ownAddress(tunnel.isRoutedBack),
                    .tunnelling(parameters.slots[slot])), to: receiver)
        }
    }

    private struct Refusal: Error {
        let status: KNXnetIPStatus
    }

    /// The slot for a connection that is asked for, or why there is none.
    private func slot(
        _ control: HostProtocolAddress, _ data: HostProtocolAddress, _ information: ConnectionRequestInformation
    ) -> Result<Int, Refusal> {
        func refuse(_ status: KNXnetIPStatus) -> Result<Int, Refusal> { .failure(Refusal(status: status)) }
        guard control.transportProtocol == .udp, data.transportProtocol == .udp else {
            return refuse(.hostProtocolType)
        }
        guard information.type == .tunnelling, let layer = information.layer else { return refuse(.connectionType) }
        guard layer == .link || layer == .busmonitor else { return refuse(.tunnellingLayer) }
        let isMonitored = tunnels.contains { $0.layer == .busmonitor }
        if isMonitored || (layer == .busmonitor && !tunnels.isEmpty) { return refuse(parameters.busmonitorConflict) }
        let taken = Set(tunnels.map(\.slot))
        if let wish = information.requestedAddress {
            guard parameters.tunnellingVersion >= 2 else { return refuse(.connectionOption) }
            guard let slot = parameters.slots.firstIndex(of: wish) else { return refuse(.noTunnellingAddress) }
            return taken.contains(slot) ? refuse(.connectionInUse) : .success(slot)
        }
        guard let slot = parameters.slots.indices.first(where: { !taken.contains($0) }) else {
            return refuse(.noMoreConnections)
        }
        return .success(slot)
    }

    private mutating func heartbeat(_ channel: UInt8) -> KNXnetIPStatus {
        guard let index = tunnels.firstIndex(where: { $0.channel == channel && !$0.isLeft }) else {
            return .connectionIdentifier
        }
        tunnels[index].lastHeartbeat = now
        return hasBus || !parameters.tellsBusFailureInHeartbeat ? .noError : .knxConnection
    }

    private mutating func leave(_ channel: UInt8) -> KNXnetIPStatus {
        guard let index = tunnels.firstIndex(where: { $0.channel == channel && !$0.isLeft }) else {
            return .connectionIdentifier
        }
        if faults.keepsSlots {
            tunnels[index].isLeft = true
            tunnels[index].waiting = []
            tunnels[index].inFlight = nil
        } else {
            tunnels.remove(at: index)
        }
        return .noError
    }

    // MARK: Requests in a tunnel

    /// Takes a client's request by its number: the next one is executed and acknowledged, the one before it is acknowledged again, any other
    /// is ignored, as is one from anybody but the tunnel's client.
    ///
    /// - Parameter execute: false when the request cannot be taken now or is no request: then it is not acknowledged.
    private mutating func request(
        _ channel: UInt8, _ sequence: UInt8, from sender: IPEndpoint,
        execute: (inout IPInterface, IPTunnel) -> Execution
    ) {
        guard let index = tunnels.firstIndex(where: { $0.channel == channel && $0.data == sender && !$0.isLeft })
        else { return }
        let tunnel = tunnels[index]
        if sequence == tunnel.expected &- 1 { return acknowledge(sequence, in: tunnel) }
        guard sequence == tunnel.expected else { return }
        let execution = execute(&self, tunnel)
        guard execution != .refused else { return }
        tunnels[index].expected &+= 1
        acknowledge(sequence, in: tunnel)
        switch execution {
        case .refused, .nothing: break
        case .telegram(let telegram): put(telegram, of: tunnel)
        case .answer(let saying): say(saying, channel: channel)
        }
    }

    /// What becomes of a request once it is acknowledged.
    enum Execution: Hashable {
        case refused, nothing
        case telegram(LinkData)
        case answer(IPTunnel.Saying)
    }

    private func execute(_ cemi: [UInt8], in tunnel: IPTunnel) -> Execution {
        guard let message = try? CEMIMessage(cemi.span) else { return .refused }
        guard case .linkData(let telegram) = message, telegram.service == .request, tunnel.layer == .link else {
            return .nothing
        }
        return pending.count < parameters.sendBuffers ? .telegram(telegram) : .refused
    }
}
