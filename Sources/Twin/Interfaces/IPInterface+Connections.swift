import Events
import KNX

/// How connections begin, are kept, and end.
extension IPInterface {
    mutating func connect(
        _ control: HostProtocolAddress, _ data: HostProtocolAddress, _ information: ConnectionRequestInformation,
        from sender: IPPeer
    ) {
        let receiver = IPPeer(control, sender: sender)
        switch purpose(control, data, information, from: sender) {
        case .failure(let refusal): transmit(.connectRefused(refusal.status), to: receiver)
        case .success(let purpose):
            let connection = IPConnection(
                channel: freshChannel(), purpose: purpose, control: receiver, data: IPPeer(data, sender: sender),
                isRoutedBack: data.isRouteBack, lastHeartbeat: now)
            channels.append(connection)
            let response = connection.slot.map { ConnectionResponseData.tunnelling(parameters.slots[$0]) }
            transmit(
                .connectAccepted(
                    channel: connection.channel, data: ownAddress(in: connection), response ?? .deviceManagement),
                to: receiver)
        }
    }

    private struct Refusal: Error {
        let status: KNXnetIPStatus
    }

    /// What a connection that is asked for is made for, or why there is none.
    private func purpose(
        _ control: HostProtocolAddress, _ data: HostProtocolAddress, _ information: ConnectionRequestInformation,
        from sender: IPPeer
    ) -> Result<IPConnection.Purpose, Refusal> {
        func refuse(_ status: KNXnetIPStatus) -> Result<IPConnection.Purpose, Refusal> {
            .failure(Refusal(status: status))
        }
        for place in [control, data] {
            // On TCP an endpoint of one's own is as wrong as UDP (KNX standard 3/8/2).
            let isFit = place.transportProtocol == sender.transportProtocol && (!sender.isStream || place.isRouteBack)
            guard isFit else { return refuse(.hostProtocolType) }
        }
        if information.type == .deviceManagement {
            let isFree = managementConnections < parameters.managementConnections
            return isFree ? .success(.management) : refuse(.noMoreConnections)
        }
        guard information.type == .tunnelling, let layer = information.layer, !parameters.slots.isEmpty else {
            return refuse(.connectionType)
        }
        // A router that only listens would not route (engineering assumption; of products not known).
        guard layer == .link || (layer == .busmonitor && routing == nil) else { return refuse(.tunnellingLayer) }
        let isMonitored = channels.contains { $0.layer == .busmonitor }
        let isTunnelled = channels.contains { $0.layer != nil }
        if isMonitored || (layer == .busmonitor && isTunnelled) { return refuse(parameters.busmonitorConflict) }
        let taken = Set(channels.compactMap(\.slot))
        if let wish = information.requestedAddress {
            guard parameters.tunnellingVersion >= 2 else { return refuse(.connectionOption) }
            guard let slot = parameters.slots.firstIndex(of: wish) else { return refuse(.noTunnellingAddress) }
            return taken.contains(slot) ? refuse(.connectionInUse) : .success(.tunnel(slot: slot, layer))
        }
        guard let slot = parameters.slots.indices.first(where: { !taken.contains($0) }) else {
            return refuse(.noMoreConnections)
        }
        return .success(.tunnel(slot: slot, layer))
    }

    mutating func heartbeat(_ channel: UInt8) -> KNXnetIPStatus {
        guard let index = channels.firstIndex(where: { $0.channel == channel && !$0.isLeft }) else {
            return .connectionIdentifier
        }
        channels[index].lastHeartbeat = now
        return hasBus || !parameters.tellsBusFailureInHeartbeat ? .noError : .knxConnection
    }

    mutating func leave(_ channel: UInt8) -> KNXnetIPStatus {
        guard let index = channels.firstIndex(where: { $0.channel == channel && !$0.isLeft }) else {
            return .connectionIdentifier
        }
        if faults.keepsSlots {
            channels[index].isLeft = true
            channels[index].waiting = []
            channels[index].inFlight = nil
        } else {
            channels.remove(at: index)
        }
        return .noError
    }

    /// When a connection ends without another heartbeat; nil for never. On TCP its end shows by itself: the heartbeat is for hosts' protocols that have
    /// no check of their own (KNX standard 3/8/2). A client that left without being noticed (a fault) is missed there too.
    func aliveUntil(_ connection: IPConnection) -> Instant? {
        connection.data.isStream && !connection.isLeft ? nil : connection.lastHeartbeat + parameters.aliveTime
    }

    /// Looks whether the acknowledge or the heartbeat of a connection is overdue.
    mutating func review(_ channel: UInt8) {
        guard let index = channels.firstIndex(where: { $0.channel == channel }) else { return }
        let connection = channels[index]
        if let end = aliveUntil(connection), end <= now { return self.end(index) }
        guard let flight = connection.inFlight, flight.due <= now else { return }
        guard flight.repetitionsLeft > 0 else { return end(index) }
        let due = now + acknowledgeTime(of: connection)
        channels[index].inFlight?.repetitionsLeft -= 1
        channels[index].inFlight?.due = due
        transmit(flight.octets, to: connection.data)
    }

    /// Ends a connection by itself; nobody waits for the client's answer.
    private mutating func end(_ index: Int) {
        let connection = channels.remove(at: index)
        guard !connection.isLeft else { return }
        transmit(
            .disconnectRequest(channel: connection.channel, control: ownAddress(in: connection)),
            to: connection.control)
    }

    /// It is gone from the network without a word, and its connections with it.
    mutating func leaveNetwork() {
        channels = []
        for number in streams.keys.sorted() { effects.append(.close(number)) }
        streams = [:]
    }

    /// Restarts, as M_Reset.req wants.
    mutating func reset() {
        leaveNetwork()
        later = []
        pending = []
        routed = nil
        objects.isInProgrammingMode = false
        routing = parameters.routing.map { IPRouting($0, of: parameters, hasBus: hasBus, at: now) }
        startsUntil = now + parameters.restartTime
    }

    /// How it names itself to a client.
    private func ownAddress(in connection: IPConnection) -> HostProtocolAddress {
        guard !connection.data.isStream else { return .routeBack(.tcp) }
        return connection.isRoutedBack
            ? .routeBack(.udp) : HostProtocolAddress(.udp, endpoint.address, port: endpoint.port)
    }
}
