public import Events
import KNX

/// A transceiver between a serial line and a TP1 line, pure: a TP-UART, a TP-UART 2 or an NCN51xx, as its parameters say. It is told what arrives on
/// both and says what it does; time is an argument.
///
/// Toward the host it delivers every octet of every frame, its own included, one serial character after the octet's end on the line, and
/// single-octet services only between frames: a state octet within a frame would be taken for one of its octets. After a reset it is
/// silent until the line has been idle for as long as the model asks.
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
        /// Fills a slot of the polling request on the line.
        case fill(slot: Int, UInt8)
        /// Reset.ind has been said.
        case reset
    }

    enum Mode { case normal, busmonitor }

    /// Until when and from what the host's acknowledge information counts for the frame on the line.
    struct Reception {
        var octets = 0
        /// When the address-type octet has been delivered to the host.
        var addressTypeDelivered: Instant?
        var information: UInt8?
        /// Set when the check octet has passed: true when the chip itself sent the frame.
        var isOwn: Bool?
        /// The polling request that it is, and what the chip fills a slot of it with.
        var pollRequest: [UInt8]?
        var filled: (slot: Int, octet: UInt8)?
    }

    public let parameters: TPUARTParameters
    /// What is wrong with it; set by `disturb`.
    public internal(set) var faults = ChipFaults()
    var mode = Mode.normal
    var isPowered = true
    /// False while the chip lives on what it has stored.
    var hasBusVoltage = true
    /// Since when it waits for an idle line to say Reset.ind.
    var resetSince: Instant?
    /// U_StopMode.req: it neither hears nor sends. True in `wantsStop` while something of before goes on.
    var isStopped = false
    var wantsStop = false

    var address: UInt16?
    /// An address that counts once the frame on the line is over.
    var nextAddress: UInt16?
    var isBusy = false
    var busyUntil: Instant?
    var repetitions = 3
    var busyRepetitions = 3
    var features: TransceiverConfiguration = []
    /// What U_IntRegRd.req gives. What the registers hold after a reset is not known to us: 0 here.
    var registers: [UInt8] = [0, 0, 0, 0]
    var polling: (slot: Int, group: UInt16, state: UInt8)?

    var host: TPUARTRequestStream
    var arrivals: [(octet: UInt8, at: Instant)] = []
    var lastArrival: Instant
    var serialFree: Instant
    var reception: Reception?
    /// What follows a frame for the host: CRC and frame state.
    var tail: (octets: [UInt8], due: Instant)?
    /// Services for the host that wait for the end of the frame on the line.
    var heldBack: [UInt8] = []
    /// L_Data.con that a fault delays.
    var lateConfirmations: [(octet: UInt8, due: Instant)] = []
    /// The chip has a frame to send, or is at it.
    var isBufferTaken = false
    /// The host is writing a frame that is refused.
    var isRefusing = false
    var nextNumber = 0

    /// A chip that has been powered for long, reset, with nobody on its serial line yet.
    public init(_ parameters: TPUARTParameters, at instant: Instant) {
        self.parameters = parameters
        host = TPUARTRequestStream(chip: parameters.model.chip)
        lastArrival = instant
        serialFree = instant
    }

    /// It hears the line.
    var isListening: Bool { isPowered && resetSince == nil && !isStopped }
    var character: Instant.Span { Instant.Span(nanoseconds: parameters.characterNanoseconds) }
    /// Octets of a frame, or what belongs to it, are on their way to the host.
    var isInsideFrame: Bool { tail != nil || reception.map { $0.isOwn == nil } ?? false }

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
        host = TPUARTRequestStream(chip: parameters.model.chip)
        isRefusing = false
    }

    /// When the chip acts next by itself.
    ///
    /// - Parameter idleSince: the end of the last character when the line is silent, nil otherwise.
    public func nextDue(idleSince: Instant?) -> Instant? {
        var due = arrivals.first?.at
        guard isPowered else { return due }
        let consider = { (other: Instant?, due: inout Instant?) in
            if let other { due = min(due ?? other, other) }
        }
        consider(tail?.due, &due)
        consider(lateConfirmations.first?.due, &due)
        if let resetSince, let idleSince { consider(max(resetSince, idleSince + resetIdle), &due) }
        return due
    }

    private var resetIdle: Instant.Span {
        // Rounded up: not a nanosecond before the bits are over.
        Instant.Span(nanoseconds: BusTiming.nanoseconds(bits: parameters.resetIdleBits) + 1)
    }

    /// Does what is due at `instant`: host octets that have arrived, what follows a frame, and Reset.ind once the line is idle.
    public mutating func advance(to instant: Instant, idleSince: Instant?, actions: inout [Action]) {
        if isPowered, let since = resetSince, let idleSince, instant >= max(since, idleSince + resetIdle) {
            resetSince = nil
            deliver(0x03, at: instant, actions: &actions)
            actions.append(.reset)
        }
        if isPowered, let tail, tail.due <= instant {
            self.tail = nil
            for octet in tail.octets { deliver(octet, at: instant, actions: &actions) }
            releaseHeldBack(at: instant, actions: &actions)
        }
        while isPowered, let confirmation = lateConfirmations.first, confirmation.due <= instant {
            lateConfirmations.removeFirst()
            reply(confirmation.octet, at: instant, actions: &actions)
        }
        while let arrival = arrivals.first, arrival.at <= instant {
            arrivals.removeFirst()
            guard isPowered, let output = host.feed(arrival.octet) else { continue }
            take(output, at: arrival.at, actions: &actions)
        }
    }

    /// A single-octet service, now or after the frame on the line.
    mutating func reply(_ octet: UInt8, at instant: Instant, actions: inout [Action]) {
        if isInsideFrame {
            heldBack.append(octet)
        } else {
            deliver(octet, at: instant, actions: &actions)
        }
    }

    /// U_State.ind with what happened, and with the chip's temperature.
    mutating func indicate(_ state: TransceiverState, at instant: Instant, actions: inout [Action]) {
        reply(state.union(faults.isHot ? .temperatureWarning : []).octet, at: instant, actions: &actions)
    }

    mutating func deliver(_ octet: UInt8, at instant: Instant, actions: inout [Action]) {
        serialFree = max(serialFree, instant) + character
        guard !faults.isSilent else { return }
        actions.append(.toHost(octet, due: serialFree))
    }

    mutating func releaseHeldBack(at instant: Instant, actions: inout [Action]) {
        guard !isInsideFrame else { return }
        for octet in heldBack { deliver(octet, at: instant, actions: &actions) }
        heldBack = []
    }

    // MARK: Faults

    /// From here on this is wrong with the chip, and nothing else.
    public mutating func disturb(_ faults: ChipFaults, at instant: Instant, actions: inout [Action]) {
        let wasHot = self.faults.isHot
        self.faults = faults
        if faults.isDeaf {
            reception = nil
            tail = nil
            releaseHeldBack(at: instant, actions: &actions)
        }
        // TP-UART 2 manual: the state is told when the chip gets too hot, and when it no longer is.
        if faults.isHot != wasHot, isListening, mode == .normal { indicate([], at: instant, actions: &actions) }
    }

    // MARK: Power

    /// Follows the power of the chip.
    public mutating func powerChanged(to state: BusPower.State, at instant: Instant, actions: inout [Action]) {
        let wasPowered = isPowered
        switch state {
        case .running:
            if !isPowered {
                isPowered = true
                resetSince = instant
            }
            endReception(at: instant, actions: &actions)
            hasBusVoltage = true
            if wasPowered { tellSystemState(at: instant, actions: &actions) }
        case .saving:
            endReception(at: instant, actions: &actions)
            hasBusVoltage = false
            tellSystemState(at: instant, actions: &actions)
        case .off, .starting:
            forget()
            isPowered = false
            resetSince = nil
            arrivals = []
        }
    }

    private mutating func endReception(at instant: Instant, actions: inout [Action]) {
        reception = nil
        tail = nil
        releaseHeldBack(at: instant, actions: &actions)
    }

    /// An NCN51xx tells by itself that the bus voltage has gone or come back.
    private mutating func tellSystemState(at instant: Instant, actions: inout [Action]) {
        guard parameters.isNCN51xx, mode == .normal else { return }
        saySystemState(at: instant, actions: &actions)
    }

    /// What a reset and the loss of power have in common.
    mutating func forget() {
        mode = .normal
        isStopped = false
        wantsStop = false
        address = nil
        nextAddress = nil
        isBusy = false
        busyUntil = nil
        (busyRepetitions, repetitions) = (3, 3)
        features = []
        registers = [0, 0, 0, 0]
        polling = nil
        host = TPUARTRequestStream(chip: parameters.model.chip)
        reception = nil
        tail = nil
        heldBack = []
        lateConfirmations = []
        isBufferTaken = false
        isRefusing = false
    }
}
