import Events
import KNX

/// What the host asks for.
extension TPUARTChip {
    /// What becomes of a service in the chip's present state.
    private enum Acceptance { case executed, ignored, rejected }

    mutating func take(_ output: TPUARTRequestStream.Output, at instant: Instant, actions: inout [Action]) {
        switch output {
        case .request(.transmit) where isRefusing, .request(.transmitNCN51xx) where isRefusing: isRefusing = false
        case .request(let request):
            switch acceptance(of: request) {
            case .executed: perform(request, at: instant, actions: &actions)
            case .ignored: break
            case .rejected: indicate(.protocolError, at: instant, actions: &actions)
            }
        case .transmissionBegins: beginTransmission(at: instant, actions: &actions)
        case .refused(let fault, _): refuse(fault, at: instant, actions: &actions)
        }
    }

    /// The digital state of an NCN51xx in which it sends and receives.
    private var isNormal: Bool { resetSince == nil && !isStopped }

    /// NCN5130 data sheet, table 11. A TP-UART hears nothing between a reset and Reset.ind, and in busmonitor mode nothing but the reset (TP-UART 2
    /// manual).
    private func acceptance(of request: TPUARTRequest) -> Acceptance {
        if case .reset = request { return .executed }
        guard parameters.isNCN51xx else { return resetSince == nil && mode == .normal ? .executed : .ignored }
        switch request {
        case .writeRegister, .readRegister: return .executed
        case .stopMode: return isStopped || wantsStop ? .ignored : .executed
        case .exitStopMode: return isStopped || mode == .busmonitor ? .executed : .ignored
        case _ where mode == .busmonitor: return .ignored
        case .acknowledgeInformation, .transmit, .transmitNCN51xx: return isNormal ? .executed : .rejected
        default: return .executed
        }
    }

    /// A second frame is rejected while the first one has no result (TP-UART 2 manual, U_L_Data services); it is written to its end all the same.
    private mutating func beginTransmission(at instant: Instant, actions: inout [Action]) {
        isRefusing = false
        guard mode == .normal, parameters.isNCN51xx || resetSince == nil else { return }
        guard isBufferTaken || !isNormal else { return }
        isRefusing = true
        indicate(.protocolError, at: instant, actions: &actions)
    }

    private mutating func refuse(_ fault: Fault, at instant: Instant, actions: inout [Action]) {
        // What is no service leaves the frame that is being written as it was; of one that was refused no more is said.
        let isOfRefused = isRefusing && fault.code != .serviceUnknown
        if isOfRefused { isRefusing = false }
        guard mode == .normal, resetSince == nil, !isOfRefused else { return }
        let state: TransceiverState =
            switch fault.code {
            case .checksum: .receiveError
            case .controlInvalid: parameters.malformedFrameState
            // Octets in another order than their indices say are no frame yet: that fault is at the first.
            case .structLength where fault.offset > 0: parameters.malformedFrameState
            default: .protocolError
            }
        indicate(state, at: instant, actions: &actions)
    }

    private mutating func perform(_ request: TPUARTRequest, at instant: Instant, actions: inout [Action]) {
        switch request {
        case .reset:
            forget()
            resetSince = instant
            actions.append(.abort)
        case .state: indicate([], at: instant, actions: &actions)
        case .systemState: saySystemState(at: instant, actions: &actions)
        case .activateBusmonitor:
            actions.append(.withdraw)
            isBufferTaken = false
            tail = nil
            mode = .busmonitor
        case .acknowledgeInformation(let isAddressed, let isBusy, let isNotAcknowledged):
            informed(
                (isNotAcknowledged ? 4 : 0) | (isBusy ? 2 : 0) | (isAddressed ? 1 : 0), at: instant, actions: &actions)
        case .productIdentification: reply(parameters.productIdentifier, at: instant, actions: &actions)
        case .setBusyMode(let isOn), .setBusyModeNCN51xx(let isOn):
            isBusy = isOn
            busyUntil = isOn ? parameters.busyModeNanoseconds.map { instant + Instant.Span(nanoseconds: $0) } : nil
        case .setRepetitions(let busy, let notAcknowledged), .setRepetitionsNCN51xx(let busy, let notAcknowledged):
            (busyRepetitions, repetitions) = (Int(busy), Int(notAcknowledged))
        case .setAddress(let address), .setAddressNCN51xx(let address):
            set(address.raw)
            if parameters.isNCN51xx { sayConfiguration(at: instant, actions: &actions) }
        case .activateCRC: features.insert(.crc)
        case .configure(let frameEndMarker, let crc, let autoPolling):
            // What has been switched on stays on until the next reset.
            if frameEndMarker { features.insert(.frameEndMarker) }
            if crc { features.insert(.crc) }
            if autoPolling { features.insert(.autoPolling) }
            sayConfiguration(at: instant, actions: &actions)
        case .stopMode:
            wantsStop = true
            stopIfFree(at: instant, actions: &actions)
        case .exitStopMode:
            guard isStopped else { break }
            // Reset.ind is said whenever the chip comes into its normal state (NCN5121 data sheet, Reset Service); what it was told stays.
            isStopped = false
            resetSince = instant
        case .writeRegister(let register, let value): registers[Int(register & 3)] = value
        case .readRegister(let register): reply(registers[Int(register & 3)], at: instant, actions: &actions)
        case .pollingState(let slot, let group, let state):
            polling = (Int(slot), group, state)
            fillSlot(actions: &actions)
        case .transmit(let octets, let isRepeated), .transmitNCN51xx(let octets, let isRepeated):
            send(octets, isRepeated: isRepeated, actions: &actions)
        }
    }

    private mutating func set(_ raw: UInt16) {
        // TP-UART 2 manual, U_SetAddress, and NCN5120 data sheet, Set Address Service: not before the line is idle.
        if reception == nil { address = raw } else { nextAddress = raw }
    }

    private mutating func sayConfiguration(at instant: Instant, actions: inout [Action]) {
        var configuration = features
        if isBusy { configuration.insert(.busyMode) }
        if address != nil || nextAddress != nil { configuration.insert(.autoAcknowledge) }
        reply(configuration.octet, at: instant, actions: &actions)
    }

    /// U_SystemState.ind: all supplies are as they should be, but for the bus voltage and what is filtered from it.
    mutating func saySystemState(at instant: Instant, actions: inout [Action]) {
        let mode: TransceiverSystemState.Mode = isStopped ? .stop : resetSince == nil ? .normal : .synchronising
        reply(0x4B, at: instant, actions: &actions)
        reply(
            0xC8 | (hasBusVoltage ? 0x30 : 0) | (faults.isHot ? 0x04 : 0) | mode.rawValue, at: instant,
            actions: &actions)
    }

    /// Stops once nothing is on its way.
    mutating func stopIfFree(at instant: Instant, actions: inout [Action]) {
        guard wantsStop, reception == nil, tail == nil, !isBufferTaken else { return }
        wantsStop = false
        isStopped = true
        // U_StopMode.ind.
        deliver(0x2B, at: instant, actions: &actions)
    }

    private mutating func send(_ frame: [UInt8], isRepeated: Bool, actions: inout [Action]) {
        nextNumber += 1
        isBufferTaken = true
        var octets = frame
        if octets[0] & 0x20 == 0 {
            // R = 0 asks for a single transmission; on the line that is a first transmission all the same.
            octets[0] |= 0x20
            octets[octets.count - 1] ^= 0x20
        }
        actions.append(
            .send(
                Transmission(
                    number: nextNumber, octets: octets, repetitions: isRepeated ? repetitions : 0,
                    busyRepetitions: isRepeated ? busyRepetitions : 0)))
    }

    private mutating func informed(_ bits: UInt8, at instant: Instant, actions: inout [Action]) {
        guard let delivered = reception?.addressTypeDelivered else { return }
        if let limit = parameters.acknowledgeDeadlineNanoseconds,
            instant > delivered + Instant.Span(nanoseconds: limit)
        {
            return
        }
        // TP-UART 2 manual, U_ActivateBusyMode, and NCN5121 data sheet, Set Busy Service: a host that confirms a frame is not busy any more.
        if bits != 0 { (isBusy, busyUntil) = (false, nil) }
        switch reception?.isOwn {
        case nil: reception?.information = bits
        case false?: say(bits, actions: &actions)
        case true?: break
        }
    }

    func say(_ bits: UInt8, actions: inout [Action]) {
        guard bits != 0 else { return }
        if bits & 4 != 0 {
            actions.append(.say(.notAcknowledge))
        } else {
            actions.append(.say(bits & 2 != 0 || faults.isStuckBusy ? .busy : .acknowledge))
        }
    }
}
