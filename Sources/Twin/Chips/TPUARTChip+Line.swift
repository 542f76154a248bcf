public import Events
import KNX

/// What the TP1 line does.
extension TPUARTChip {
    /// A frame begins.
    public mutating func frameBegan() {
        if isListening, hasBusVoltage, !faults.isDeaf { reception = Reception() }
    }

    /// An octet of a frame is complete at `instant`.
    public mutating func heard(_ octet: UInt8, at instant: Instant, actions: inout [Action]) {
        // A frame that was on the line before the chip listened is none for it.
        guard isListening, reception != nil else { return }
        deliver(octet, at: instant, actions: &actions)
        // With markers an octet that looks like one comes twice.
        if features.contains(.frameEndMarker), octet == Self.marker { deliver(octet, at: instant, actions: &actions) }
        reception?.octets += 1
        if reception?.octets == 6 { reception?.addressTypeDelivered = serialFree }
    }

    /// U_FrameEnd.ind.
    static let marker: UInt8 = 0xCB

    /// The check octet has passed: the chip decides what it says.
    public mutating func frameCompleted(_ octets: [UInt8], isOwn: Bool, at instant: Instant, actions: inout [Action]) {
        guard isListening, reception != nil else { return }
        reception?.isOwn = isOwn
        appendTail(behind: octets, isWhole: true, at: instant, actions: &actions)
        releaseHeldBack(at: instant, actions: &actions)
        guard mode == .normal, !isOwn else { return }
        if octets[0] == PollData.control { return fillSlot(of: octets, actions: &actions) }
        let information = reception?.information ?? 0
        let isForMe = address != nil && isAddressed(octets)
        guard TP1.checkOctet(octets) == 0 else {
            if parameters.refusesEveryDamagedFrame || isForMe || information & 1 != 0 {
                actions.append(.say(.notAcknowledge))
            }
            return
        }
        say(information, actions: &actions)
        guard isForMe else { return }
        let isBusy =
            faults.isStuckBusy
            || self.isBusy && (busyUntil.map { instant < $0 } ?? true)
                && (parameters.isBusyForGroups || !isGroup(octets))
        actions.append(.say(isBusy ? .busy : .acknowledge))
    }

    /// With its address set the chip answers for that and for every group (TP-UART 2 manual, U_SetAddress; NCN5130 data sheet, Set Address Service).
    private func isAddressed(_ octets: [UInt8]) -> Bool {
        guard octets.count > 6 else { return false }
        let target = octets[0] & 0x80 == 0 ? 4 : 3
        return isGroup(octets) || address == UInt16(octets[target]) << 8 | UInt16(octets[target + 1])
    }

    private func isGroup(_ octets: [UInt8]) -> Bool {
        octets.count > 6 && (octets[0] & 0x80 == 0 ? octets[1] : octets[5]) & 0x80 != 0
    }

    /// CRC, frame state and marker, in this order (NCN5121 data sheet, figures 44, 53 to 55). The first of these and the last come when they were asked
    /// for; the state of a frame comes with markers, and else on a serial line without parity.
    private mutating func appendTail(
        behind octets: [UInt8], isWhole: Bool, at instant: Instant, actions: inout [Action]
    ) {
        guard mode == .normal, octets.first != PollData.control else { return }
        var tail: [UInt8] = []
        if features.contains(.crc), isWhole { tail += TransceiverCRC.octets(behind: octets, of: parameters.model.chip) }
        let hasMarker = features.contains(.frameEndMarker)
        if parameters.isNCN51xx, hasMarker || !parameters.hasParity {
            let isGood = isWhole && TP1.checkOctet(octets) == 0
            tail.append((isGood ? TransceiverFrameState() : .checksumOrLengthError).octet)
        }
        if hasMarker { tail.append(Self.marker) }
        guard !tail.isEmpty else { return }
        guard let silence = parameters.tailSilenceNanoseconds, !hasMarker || !isWhole else {
            for octet in tail { deliver(octet, at: instant, actions: &actions) }
            return
        }
        self.tail = (tail, instant + Instant.Span(nanoseconds: silence))
    }

    /// An acknowledge character has passed; only a busmonitor hands it on.
    public mutating func heardAcknowledge(_ octet: UInt8, at instant: Instant, actions: inout [Action]) {
        guard isListening, mode == .busmonitor, !faults.isDeaf else { return }
        deliver(octet, at: instant, actions: &actions)
    }

    /// The frame and its acknowledge are over, or the frame was cut short.
    public mutating func frameEnded(at instant: Instant, actions: inout [Action]) {
        let wasCut = reception.map { $0.isOwn == nil && $0.octets > 0 } ?? false
        reception = nil
        if let nextAddress { (address, self.nextAddress) = (nextAddress, nil) }
        if wasCut, isListening { appendTail(behind: [], isWhole: false, at: instant, actions: &actions) }
        guard isListening else { return }
        releaseHeldBack(at: instant, actions: &actions)
        stopIfFree(at: instant, actions: &actions)
    }

    /// The final result of a transmission of the chip: L_Data.con.
    public mutating func sent(isConfirmed: Bool, at instant: Instant, actions: inout [Action]) {
        isBufferTaken = false
        guard isListening else { return }
        if mode == .normal, faults.confirmation != .none {
            let isPositive = isConfirmed == (faults.confirmation == .sound)
            let octet: UInt8 = isPositive ? 0x8B : 0x0B
            if faults.confirmationDelay > .zero {
                lateConfirmations.append((octet, instant + faults.confirmationDelay))
            } else {
                reply(octet, at: instant, actions: &actions)
            }
        }
        stopIfFree(at: instant, actions: &actions)
    }

    // MARK: Polling

    /// The host has said what to answer while the request is on the line, or before.
    mutating func fillSlot(actions: inout [Action]) {
        guard reception?.isOwn == false, let request = reception?.pollRequest else { return }
        fillSlot(of: request, actions: &actions)
    }

    mutating func fillSlot(of request: [UInt8], actions: inout [Action]) {
        reception?.pollRequest = request
        guard let polling, TP1.checkOctet(request) == 0, request.count == PollData.length,
            polling.group == UInt16(request[3]) << 8 | UInt16(request[4]), polling.slot < Int(request[5] & 15)
        else { return }
        reception?.filled = (polling.slot, polling.state)
        actions.append(.fill(slot: polling.slot, polling.state))
        // An answer is for one request, unless the chip polls by itself (NCN51xx).
        if !features.contains(.autoPolling) { self.polling = nil }
    }

    /// A slot of a polling request has passed: what it has is not what the chip put there when two slaves share it.
    public mutating func heardSlot(_ octet: UInt8, index: Int, at instant: Instant, actions: inout [Action]) {
        if let filled = reception?.filled, filled.slot == index, filled.octet != octet, isListening {
            indicate(.slaveCollision, at: instant, actions: &actions)
        }
        heardAcknowledge(octet, at: instant, actions: &actions)
    }
}
