import Events
import KNX

/// What the line does, and what clients want on it.
extension IPInterface {
    mutating func happened(_ event: LineTap.Event) {
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
        guard !octets.isEmpty, channels.contains(where: { $0.layer == .busmonitor }) else { return }
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
        guard !isKnown else { return }
        // What comes from the network does not go back there.
        if !isOwn || routed?.essence != essence { route(.frame(frame)) }
        guard !isOwn || parameters.indicatesBetweenTunnels,
            let indication = try? LinkData(indicationOf: octets.span).octets
        else { return }
        let sender = isOwn ? pending.first { $0.octets.dropLast().elementsEqual(essence) }?.channel : nil
        for channel in channels where channel.layer == .link && channel.channel != sender {
            for _ in 0...max(0, faults.indicationCopies) {
                schedule(.say(.cemi(indication), channel: channel.channel), after: parameters.indicationDelay)
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
            routed = nil
            switch parameters.withoutBus {
            case .refuses: for telegram in lost { confirm(telegram, isConfirmed: false) }
            case .staysSilent: break
            case .isDead:
                leaveNetwork()
                later = []
            }
        }
        route(.bus(hasBus))
        for channel in channels where channel.wantsInformation {
            say(
                .featureInformation(.busConnectionStatus, value: Self.value(.boolean(hasBus))),
                channel: channel.channel)
        }
        informOfState()
    }

    // MARK: Telegrams of clients

    /// Puts a telegram on the line, or says what becomes of it without.
    mutating func put(_ request: LinkData, of connection: IPConnection) {
        guard let slot = connection.slot else { return }
        let own = parameters.slots[slot]
        let number = freshNumber()
        let frame = request.tp1Frame(ownAddress: own)
        let octets = frame?.octets ?? []
        let telegram = Pending(
            number: number, channel: connection.channel, octets: octets,
            confirmation: confirmation(of: request, ownAddress: own))
        guard hasBus else {
            if parameters.withoutBus == .refuses { confirm(telegram, isConfirmed: false) }
            return
        }
        guard frame != nil, request.transportUnit.count <= Int(parameters.longestAPDU) + 1,
            pending.count < parameters.sendBuffers
        else { return confirm(telegram, isConfirmed: false) }
        pending.append(telegram)
        let repetitions = request.allowsRepetition ? 3 : 0
        effects.append(
            .send(
                Transmission(
                    number: number, octets: octets, repetitions: repetitions, busyRepetitions: repetitions)))
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
        if number == routed?.number {
            routed = nil
            return route(.settled(isConfirmed: isConfirmed))
        }
        guard let index = pending.firstIndex(where: { $0.number == number }) else { return }
        confirm(pending.remove(at: index), isConfirmed: isConfirmed)
    }

    private mutating func confirm(_ telegram: Pending, isConfirmed: Bool) {
        guard !faults.confirmsNothing else { return }
        let confirmation = telegram.confirmation.confirmation(isNegative: isConfirmed == faults.confirmsWrongly)
        schedule(.say(.cemi(confirmation.octets), channel: telegram.channel), after: parameters.confirmationDelay)
    }
}
