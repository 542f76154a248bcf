public import Events
import KNX

/// A TP-UART2 between a serial line and a TP1 line, pure. It is told what arrives on both and says what it does; time is an argument.
///
/// Toward the host it delivers every octet of every frame, its own included, one serial character after the octet's end on the line, and
/// single-octet services only between frames: a state octet within a frame would be taken for one of its octets. After a reset it is
/// silent until the line has been idle for 40 bits.
public struct TPUARTChip: Sendable {
    /// What the chip does. Host octets are due when their stop bit has left the chip.
    public enum Action: Hashable, Sendable {
        case toHost(UInt8, due: Instant)
        case send(Transmission)
        /// Takes back what is not on the line yet.
        case withdraw
        /// Stops in the middle of whatever it sends, as a reset does.
        case abort
        case say(Acknowledgement)
        /// Reset.ind has been said.
        case reset
    }

    enum Mode { case normal, busmonitor }

    /// Until when and from what the host's acknowledge information counts for the frame on the line.
    private struct Reception {
        var octets = 0
        /// When the address-type octet has been delivered to the host.
        var addressTypeDelivered: Instant?
        var information: UInt8?
        /// Set when the check octet has passed: true when the chip itself sent the frame.
        var isOwn: Bool?
    }

    public let parameters: TPUARTParameters
    private(set) var mode = Mode.normal
    private var address: UInt16?
    private var isPowered = true
    private var resetSince: Instant?
    private var busyUntil: Instant?
    private var repetitions = 3
    private var busyRepetitions = 3
    private var host = HostServiceDecoder()
    private var arrivals: [(octet: UInt8, at: Instant)] = []
    private var lastArrival: Instant
    private var serialFree: Instant
    private var reception: Reception?
    /// Services for the host that wait for the end of the frame on the line.
    private var heldBack: [UInt8] = []
    private var nextNumber = 0

    /// A chip that has been powered for long, reset, with nobody on its serial line yet.
    public init(_ parameters: TPUARTParameters, at instant: Instant) {
        self.parameters = parameters
        lastArrival = instant
        serialFree = instant
    }

    private var isListening: Bool { isPowered && resetSince == nil }
    private var character: Instant.Span { Instant.Span(nanoseconds: parameters.characterNanoseconds) }

    // MARK: The serial line

    /// Octets that the host wrote, as stamped when they were read. They arrive one character after another.
    public mutating func hostWrote(_ octets: [UInt8], at instant: Instant) {
        for octet in octets {
            lastArrival = max(lastArrival, instant) + character
            arrivals.append((octet, lastArrival))
        }
    }

    /// The serial line has been cut: what was on its way is lost.
    public mutating func serialLost() {
        arrivals = []
        host = HostServiceDecoder()
    }

    /// When the chip acts next by itself.
    ///
    /// - Parameter idleSince: the end of the last character when the line is silent, nil otherwise.
    public func nextDue(idleSince: Instant?) -> Instant? {
        let arrival = arrivals.first?.at
        guard isPowered, let resetSince, let idleSince else { return arrival }
        let reset = max(resetSince, idleSince + resetIdle)
        return min(arrival ?? reset, reset)
    }

    private var resetIdle: Instant.Span {
        // Rounded up: not a nanosecond before the 40 bits are over.
        Instant.Span(nanoseconds: BusTiming.nanoseconds(bits: parameters.resetIdleBits) + 1)
    }

    /// Does what is due at `instant`: host octets that have arrived, and Reset.ind once the line is idle.
    public mutating func advance(to instant: Instant, idleSince: Instant?, actions: inout [Action]) {
        if isPowered, let since = resetSince, let idleSince, instant >= max(since, idleSince + resetIdle) {
            resetSince = nil
            deliver(0x03, at: instant, actions: &actions)
            actions.append(.reset)
        }
        while let arrival = arrivals.first, arrival.at <= instant {
            arrivals.removeFirst()
            guard isPowered, let service = host.feed(arrival.octet) else { continue }
            perform(service, at: arrival.at, actions: &actions)
        }
    }

    private mutating func perform(_ service: HostService, at instant: Instant, actions: inout [Action]) {
        if case .reset = service { return restart(at: instant, actions: &actions) }
        // After a reset nothing is heard until Reset.ind; in busmonitor mode nothing but the reset.
        guard resetSince == nil, mode == .normal else { return }
        switch service {
        case .reset: break
        case .state: reply(0x07, at: instant, actions: &actions)
        case .activateBusmonitor:
            actions.append(.withdraw)
            mode = .busmonitor
        case .acknowledgeInformation(let bits): informed(bits, at: instant, actions: &actions)
        case .productIdentifier: reply(parameters.productIdentifier, at: instant, actions: &actions)
        case .activateBusyMode: busyUntil = instant + Instant.Span(nanoseconds: parameters.busyModeNanoseconds)
        case .resetBusyMode: busyUntil = nil
        case .repetitions(let busy, let notAcknowledge): (busyRepetitions, repetitions) = (busy, notAcknowledge)
        case .setAddress(let raw): address = raw
        case .dataBegins:
            // The buffer is being overwritten: what waited in it never gets onto the line.
            actions.append(.withdraw)
        case .data(let octets): send(octets, actions: &actions)
        case .invalid: reply(0x17, at: instant, actions: &actions)
        }
    }

    private mutating func restart(at instant: Instant, actions: inout [Action]) {
        forget()
        resetSince = instant
        actions.append(.abort)
    }

    /// What a reset and the loss of power have in common.
    private mutating func forget() {
        mode = .normal
        address = nil
        busyUntil = nil
        (busyRepetitions, repetitions) = (3, 3)
        host = HostServiceDecoder()
        reception = nil
        heldBack = []
    }

    private mutating func send(_ octets: [UInt8], actions: inout [Action]) {
        nextNumber += 1
        var octets = octets
        let isSentOnce = octets[0] & 0x20 == 0
        if isSentOnce {
            // R = 0 asks for a single transmission; on the line that is a first transmission all the same.
            octets[0] |= 0x20
            octets[octets.count - 1] ^= 0x20
        }
        actions.append(
            .send(
                Transmission(
                    number: nextNumber, octets: octets, repetitions: isSentOnce ? 0 : repetitions,
                    busyRepetitions: isSentOnce ? 0 : busyRepetitions)))
    }

    /// A single-octet service, now or after the frame on the line.
    private mutating func reply(_ octet: UInt8, at instant: Instant, actions: inout [Action]) {
        if reception.map({ $0.isOwn == nil }) ?? false {
            heldBack.append(octet)
        } else {
            deliver(octet, at: instant, actions: &actions)
        }
    }

    private mutating func deliver(_ octet: UInt8, at instant: Instant, actions: inout [Action]) {
        serialFree = max(serialFree, instant) + character
        actions.append(.toHost(octet, due: serialFree))
    }

    // MARK: The TP1 line

    /// A frame begins.
    public mutating func frameBegan() {
        if isListening { reception = Reception() }
    }

    /// An octet of a frame is complete at `instant`.
    public mutating func heard(_ octet: UInt8, at instant: Instant, actions: inout [Action]) {
        // A frame that was on the line before the chip listened is none for it.
        guard isListening, reception != nil else { return }
        deliver(octet, at: instant, actions: &actions)
        reception?.octets += 1
        if reception?.octets == 6 { reception?.addressTypeDelivered = serialFree }
    }

    /// The check octet has passed: the chip decides what it says.
    public mutating func frameCompleted(_ octets: [UInt8], isOwn: Bool, at instant: Instant, actions: inout [Action]) {
        guard isListening, var reception else { return }
        reception.isOwn = isOwn
        self.reception = reception
        releaseHeldBack(at: instant, actions: &actions)
        guard mode == .normal, !isOwn else { return }
        guard TP1.checkOctet(octets) == 0 else {
            actions.append(.say(.notAcknowledge))
            return
        }
        let isForMe = address != nil && isAddressed(octets)
        if let bits = reception.information { say(bits, actions: &actions) }
        if isForMe {
            let isBusy = busyUntil.map { instant < $0 } ?? false
            actions.append(.say(isBusy ? .busy : .acknowledge))
        }
    }

    /// With its address set the chip answers for that and for every group (TP-UART2 manual, U_SetAddress).
    private func isAddressed(_ octets: [UInt8]) -> Bool {
        guard octets.count > 6 else { return false }
        let isExtended = octets[0] & 0x80 == 0
        let addressing = isExtended ? octets[1] : octets[5]
        let target = isExtended ? 4 : 3
        return addressing & 0x80 != 0 || address == UInt16(octets[target]) << 8 | UInt16(octets[target + 1])
    }

    private mutating func informed(_ bits: UInt8, at instant: Instant, actions: inout [Action]) {
        guard let delivered = reception?.addressTypeDelivered else { return }
        if let limit = parameters.acknowledgeDeadlineNanoseconds,
            instant > delivered + Instant.Span(nanoseconds: limit)
        {
            return
        }
        switch reception?.isOwn {
        case nil: reception?.information = bits
        case false?: say(bits, actions: &actions)
        case true?: break
        }
    }

    private func say(_ bits: UInt8, actions: inout [Action]) {
        if bits & 4 != 0 {
            actions.append(.say(.notAcknowledge))
        } else if bits & 2 != 0 {
            actions.append(.say(.busy))
        } else if bits & 1 != 0 {
            actions.append(.say(.acknowledge))
        }
    }

    /// An acknowledge character has passed; only a busmonitor hands it on.
    public mutating func heardAcknowledge(_ octet: UInt8, at instant: Instant, actions: inout [Action]) {
        guard isListening, mode == .busmonitor else { return }
        deliver(octet, at: instant, actions: &actions)
    }

    /// The frame and its acknowledge are over, or the frame was cut short.
    public mutating func frameEnded(at instant: Instant, actions: inout [Action]) {
        reception = nil
        releaseHeldBack(at: instant, actions: &actions)
    }

    private mutating func releaseHeldBack(at instant: Instant, actions: inout [Action]) {
        guard isListening else { return }
        for octet in heldBack { deliver(octet, at: instant, actions: &actions) }
        heldBack = []
    }

    /// The final result of a transmission of the chip: L_Data.con.
    public mutating func sent(isConfirmed: Bool, at instant: Instant, actions: inout [Action]) {
        guard isListening, mode == .normal else { return }
        reply(isConfirmed ? 0x8B : 0x0B, at: instant, actions: &actions)
    }

    // MARK: Power

    /// Follows the power of the chip.
    public mutating func powerChanged(to state: BusPower.State, at instant: Instant) {
        switch state {
        case .running:
            if !isPowered {
                isPowered = true
                resetSince = instant
            }
            reception = nil
        case .saving:
            reception = nil
        case .off, .starting:
            forget()
            isPowered = false
            resetSince = nil
            arrivals = []
        }
    }
}
