public import Events
public import KNX

/// A KNX USB interface between its host and a TP1 line, pure: reports of the host and what the line does go in, telegrams come out, and reports
/// wait for the host to ask for them; time is an argument (KNX standard 9/3 and 3/6/3).
///
/// It has a bus access server, speaks cEMI alone, and confirms a telegram as the line did. It indicates what others send to groups or to its own
/// address, or, in busmonitor mode, everything. Whether it acknowledges on the line it leaves to its `LineTap`, which is told whenever that changes.
public struct USBInterface: Sendable {
    public enum Input: Hashable, Sendable {
        /// What the host sends: one HID report.
        case report([UInt8])
        case line(LineTap.Event)
        /// From now on this is wrong with it.
        case faults(USBInterfaceFaults)
        /// It gets power from USB.
        case pluggedIn
        case unplugged
        /// The host has reset the USB bus.
        case busReset
    }

    public enum Effect: Hashable, Sendable {
        /// A telegram for the line. Its number comes back with its result.
        case send(Transmission)
        case attitude(LineTap.Attitude)
    }

    /// A telegram of the host that has no result yet.
    private struct Pending: Sendable {
        let number: Int
        let transmission: Transmission
        let confirmation: LinkData
    }

    public let parameters: USBInterfaceParameters
    public internal(set) var faults = USBInterfaceFaults()
    public private(set) var isPluggedIn = false
    /// Transfers and reports of the host that it could make nothing of.
    public internal(set) var discarded = 0
    /// Transfers for the host that found no room.
    public private(set) var lostTransfers = 0
    /// What it tells its host: telegrams, or all that is on the line.
    public internal(set) var mode = CommunicationMode.linkLayer
    var activeEMIType = EMIType.cemi
    private(set) var hasBus: Bool
    private(set) var now: Instant
    private var effects: [Effect] = []
    private var attitude = LineTap.Attitude.mute
    private var stream = USBTransferStream()
    /// What waits for the host, in order.
    private var reports: [(due: Instant, octets: [UInt8])] = []
    /// Telegrams of the host, oldest first; at most the first is on the line.
    private var pending: [Pending] = []
    private var isSending = false
    private var lastNumber = 0
    /// Counts L_Busmon.ind modulo 8, those too that find no room.
    private var busmonitorSequence: UInt8 = 0
    private var hasLostIndication = false
    /// By source, the last frame heard as if sent for the first time, without its check octet.
    private var lastHeard: [UInt16: [UInt8]] = [:]

    /// An interface that is not plugged in yet.
    ///
    /// - Parameter hasBus: whether the line has voltage.
    public init(_ parameters: USBInterfaceParameters, hasBus: Bool = true, at instant: Instant) {
        precondition(parameters.sendBuffers > 0 && parameters.longestQueue > 0, "an interface has room for something")
        self.parameters = parameters
        self.hasBus = hasBus
        now = instant
    }

    /// False while it takes no report: the host has to go on offering it.
    public var takesReports: Bool { !faults.isHung && pending.count < parameters.sendBuffers }

    /// Telegrams of the host that have no result yet.
    public var pendingCount: Int { pending.count }

    /// When the next report will be there for the host; nil when none is on its way.
    public var nextReport: Instant? { reports.first?.due }

    /// The next report, which the host thereby has; nil when there is none yet.
    public mutating func takeReport(at instant: Instant) -> [UInt8]? {
        guard let first = reports.first, first.due <= instant else { return nil }
        reports.removeFirst()
        return first.octets
    }

    /// Takes what has come at `instant`, and says what is to be done at once.
    public mutating func next(_ input: Input, at instant: Instant) -> [Effect] {
        defer { effects = [] }
        now = max(now, instant)
        switch input {
        case .report(let octets): received(octets)
        case .line(let event): happened(event)
        case .faults(let faults): self.faults = faults
        case .pluggedIn:
            restart()
            isPluggedIn = true
        case .unplugged:
            isPluggedIn = false
            faults.isHung = false
            faults.isSilent = false
            restart()
        case .busReset: restart()
        }
        reviewAttitude()
        return effects
    }

    /// What its firmware forgets: all but what it is.
    mutating func restart() {
        stream = USBTransferStream()
        reports = []
        pending = []
        isSending = false
        mode = .linkLayer
        activeEMIType = .cemi
        busmonitorSequence = 0
        hasLostIndication = false
        lastHeard = [:]
    }

    /// Without its host it has no power that would let it acknowledge (engineering assumption).
    private mutating func reviewAttitude() {
        let isListening = isPluggedIn && mode == .linkLayer
        let wanted =
            isListening
            ? LineTap.Attitude(acknowledgesGroups: parameters.acknowledgesGroups, acknowledgesOwn: true) : .mute
        guard wanted != attitude else { return }
        attitude = wanted
        effects.append(.attitude(wanted))
    }

    // MARK: The host

    private mutating func received(_ octets: [UInt8]) {
        guard isPluggedIn, !faults.isSilent else { return }
        for output in stream.feed(octets) {
            switch output {
            case .transfer(let transfer, _): take(transfer)
            case .rejected, .abandoned: discarded += 1
            }
        }
    }

    private mutating func take(_ transfer: USBTransfer) {
        switch transfer.content {
        case .busAccess(let message): serve(message)
        case .tunnel(activeEMIType, let octets):
            guard let message = try? CEMIMessage(octets.span) else {
                discarded += 1
                return
            }
            execute(message)
        case .tunnel, .other: discarded += 1
        }
    }

    private mutating func execute(_ message: CEMIMessage) {
        switch message {
        case .linkData(let telegram) where telegram.service == .request && mode == .linkLayer: put(telegram)
        case .property(let request): answer(request)
        case .resetRequest:
            restart()
            say(.tunnel(.cemi, CEMIMessage.resetIndication.octets), after: parameters.answerDelay)
        default: discarded += 1
        }
    }

    /// Has something ready for the host after a time.
    ///
    /// - Returns: false when there was no room for it.
    @discardableResult
    mutating func say(_ content: USBTransfer.Content, after delay: Instant.Span) -> Bool {
        guard isPluggedIn, !faults.isSilent, let octets = try? USBTransfer(content).reports else { return true }
        guard reports.count + octets.count <= parameters.longestQueue else {
            lostTransfers += 1
            return false
        }
        // One word after the other: a short delay does not overtake a long one.
        let due = max(now + delay + faults.reportDelay, reports.last?.due ?? now)
        for report in octets {
            if faults.reportsLost > 0 {
                faults.reportsLost -= 1
            } else {
                reports.append((due, report))
            }
        }
        return true
    }

    // MARK: Telegrams of the host

    /// Puts a telegram on the line behind those that wait, or says what becomes of it without.
    private mutating func put(_ request: LinkData) {
        let confirmation = request.confirmation(from: parameters.address)
        guard hasBus else {
            if parameters.withoutBus == .refuses { confirm(confirmation, isConfirmed: false) }
            return
        }
        guard request.transportUnit.count <= Int(parameters.longestAPDU) + 1,
            let frame = request.tp1Frame(ownAddress: parameters.address)
        else { return confirm(confirmation, isConfirmed: false) }
        lastNumber += 1
        let repetitions = request.allowsRepetition ? 3 : 0
        pending.append(
            Pending(
                number: lastNumber,
                transmission: Transmission(
                    number: lastNumber, octets: frame.octets, repetitions: repetitions, busyRepetitions: repetitions),
                confirmation: confirmation))
        pump()
    }

    private mutating func pump() {
        guard !isSending, let first = pending.first else { return }
        isSending = true
        effects.append(.send(first.transmission))
    }

    private mutating func settle(_ number: Int, isConfirmed: Bool) {
        guard isSending, let first = pending.first, first.number == number else { return }
        pending.removeFirst()
        isSending = false
        confirm(first.confirmation, isConfirmed: isConfirmed)
        pump()
    }

    private mutating func confirm(_ confirmation: LinkData, isConfirmed: Bool) {
        guard !faults.confirmsNothing else { return }
        let told = confirmation.confirmation(isNegative: isConfirmed == faults.confirmsWrongly)
        say(.tunnel(.cemi, told.octets), after: parameters.confirmationDelay)
    }

    // MARK: The line

    private mutating func happened(_ event: LineTap.Event) {
        if case .power(let state, _) = event { return powerChanged(to: state) }
        guard isPluggedIn else { return }
        switch event {
        case .frame(let octets, let isOwn, let instant):
            if mode == .busmonitor { return monitor(octets, at: instant) }
            if !isOwn { heard(octets) }
        case .acknowledge(let octet, let instant): monitor([octet], at: instant)
        case .truncated(let octets, let instant): monitor(octets, at: instant, frameError: true)
        case .sent(let number, let isConfirmed, _): settle(number, isConfirmed: isConfirmed)
        case .power: break
        }
    }

    private mutating func monitor(_ octets: [UInt8], at instant: Instant, frameError: Bool = false) {
        guard mode == .busmonitor, !octets.isEmpty else { return }
        let isDamaged = octets.count > 1 && TP1.checkOctet(octets) != 0
        let status = BusmonitorStatus(
            frameError: frameError || isDamaged, lost: hasLostIndication, sequence: busmonitorSequence)
        busmonitorSequence = (busmonitorSequence + 1) & 7
        let message = MediumMessage(
            busmonitor: status, microseconds: UInt32(truncatingIfNeeded: instant.nanoseconds / 1_000), medium: octets)
        hasLostIndication = !say(.tunnel(.cemi, message.octets), after: parameters.indicationDelay)
    }

    private mutating func heard(_ octets: [UInt8]) {
        guard let frame = try? TP1Frame(octets: octets) else { return }
        var essence = Array(octets.dropLast())
        essence[0] |= 0x20
        // A repetition of what has been indicated is not indicated again.
        let isKnown = frame.isRepetition && lastHeard[frame.source.raw] == essence
        lastHeard[frame.source.raw] = essence
        if case .individual(let address) = frame.destination, address != parameters.address { return }
        guard !isKnown, let indication = try? LinkData(indicationOf: octets.span).octets else { return }
        say(.tunnel(.cemi, indication), after: parameters.indicationDelay)
    }

    private mutating func powerChanged(to state: BusPower.State) {
        let wasThere = hasBus
        hasBus = state == .running
        guard hasBus != wasThere else { return }
        if !hasBus {
            // What its transceiver had is lost with the voltage.
            let lost = pending
            pending = []
            isSending = false
            if parameters.withoutBus == .refuses {
                for telegram in lost { confirm(telegram.confirmation, isConfirmed: false) }
            }
        }
        announceBus()
    }
}

extension LinkData {
    /// The confirmation of this request as an interface writes it: with `address` in the place of source 0.0.0.
    func confirmation(from address: IndividualAddress) -> LinkData {
        guard source.raw == 0 else { return confirmation(isNegative: false) }
        return LinkData(
            .confirmation, additionalInformation: additionalInformation, isExtended: isExtended, repeatBit: repeatBit,
            isSystemBroadcast: isSystemBroadcast, priority: priority, requestsAcknowledge: requestsAcknowledge,
            source: address, destination: destination, hopCount: hopCount, extendedFormat: extendedFormat,
            transportUnit: transportUnit)
    }
}
