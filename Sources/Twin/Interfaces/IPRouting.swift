import Events
import KNX

/// What a KNXnet/IP router does between its line and the multicast address, pure (KNX standard 3/8/5): telegrams pass both ways as its filter lets them, one
/// hop shorter of life. It gives the line one telegram at a time and keeps a queue for it, asks the others to pause when that fills and tells them what
/// it lost when it is full; it pauses itself when others ask for it.
struct IPRouting: Sendable {
    enum Input: Sendable {
        /// The cEMI of a ROUTING_INDICATION of others.
        case indication([UInt8])
        case busy(RoutingBusy)
        /// A telegram that somebody else, or a tunnel of the same device, has put on the line. No repetition of one that was heard.
        case frame(TP1Frame)
        /// The telegram that was given to the line has its final result there.
        case settled(isConfirmed: Bool)
        /// The line has voltage, or has lost it.
        case bus(Bool)
        /// Nothing has come; `nextDue` is there.
        case time
    }

    enum Effect: Hashable, Sendable {
        case multicast(KNXnetIPMessage)
        /// A telegram for the line; the next waits until it is settled.
        case send([UInt8])
    }

    /// What a router counts, as its properties 72 to 75 of object 11 tell it.
    struct Counts: Hashable, Sendable {
        var lostToNetwork: UInt16 = 0
        var lostToLine: UInt16 = 0
        var sentToNetwork: UInt32 = 0
        var sentToLine: UInt32 = 0
    }

    let parameters: IPRoutingParameters
    private let longestAPDU: Int
    private let withoutBus: IPInterfaceParameters.WithoutBus
    private(set) var counts = Counts()
    private var hasBus: Bool
    private var toLine: [[UInt8]] = []
    private var isSending = false
    private var toNetwork: [[UInt8]] = []
    private var pace: RoutingPace
    /// When the pause ends that it has asked for last.
    private var busyUntil: Instant?
    /// Lost and not told yet, and from when on that may be told.
    private var untold: UInt16 = 0
    private var lostDue: Instant
    private var now: Instant
    private var effects: [Effect] = []

    init(
        _ parameters: IPRoutingParameters, of interface: IPInterfaceParameters, hasBus: Bool, at instant: Instant
    ) {
        self.parameters = parameters
        longestAPDU = Int(interface.longestAPDU)
        withoutBus = interface.withoutBus
        self.hasBus = hasBus
        pace = RoutingPace(spacing: parameters.indicationSpacing, seed: parameters.seed)
        lostDue = instant
        now = instant
    }

    /// When it acts next if nothing comes; nil when never.
    var nextDue: Instant? {
        let speaks = toNetwork.isEmpty ? nil : pace.earliest(at: now)
        return [speaks, untold > 0 ? lostDue : nil].compactMap(\.self).min()
    }

    mutating func next(_ input: Input, at instant: Instant) -> [Effect] {
        defer { effects = [] }
        now = max(now, instant)
        switch input {
        case .indication(let cemi): indicated(cemi)
        case .busy(let busy):
            // Another control field asks only some, which no product is known to do.
            if busy.control == 0 { pace.busy(milliseconds: busy.waitMilliseconds, at: now) }
        case .frame(let frame): heard(frame)
        case .settled(let isConfirmed):
            isSending = false
            if isConfirmed { counts.sentToLine &+= 1 }
            pumpLine()
        case .bus(let isThere): busChanged(isThere)
        case .time: break
        }
        pumpNetwork()
        tellLosses()
        return effects
    }

    // MARK: To the line

    private mutating func indicated(_ cemi: [UInt8]) {
        guard let telegram = try? LinkData(cemi.span), telegram.service == .indication, !telegram.isSystemBroadcast,
            telegram.transportUnit.count <= longestAPDU + 1
        else { return }
        let frame = TP1Frame(
            priority: telegram.priority, source: telegram.source, destination: telegram.destination,
            hopCount: telegram.hopCount, extendedFormat: telegram.extendedFormat, transportUnit: telegram.transportUnit)
        guard let routed = parameters.filter.routed(frame, toLine: true) else { return }
        guard hasBus else { return lose(1) }
        guard toLine.count < parameters.longestQueueToLine else {
            counts.lostToLine = counts.lostToLine == .max ? .max : counts.lostToLine + 1
            askForPause()
            return lose(1)
        }
        toLine.append(routed.octets)
        pumpLine()
        if toLine.count >= parameters.busyQueueToLine { askForPause() }
    }

    private mutating func pumpLine() {
        guard hasBus, !isSending, !toLine.isEmpty else { return }
        isSending = true
        effects.append(.send(toLine.removeFirst()))
    }

    private var deviceState: UInt8 { hasBus ? 0 : 1 }

    /// Once per pause: whoever speaks all the same has not heard it, or the pause was too short, and then it is asked for again.
    private mutating func askForPause() {
        guard busyUntil.map({ $0 <= now }) ?? true else { return }
        busyUntil = now + .milliseconds(Int64(parameters.busyWaitMilliseconds))
        effects.append(
            .multicast(
                .routingBusy(
                    RoutingBusy(deviceState: deviceState, waitMilliseconds: parameters.busyWaitMilliseconds))))
    }

    /// Telegrams that do not get to the line. A router that says nothing of a dead line says nothing of these.
    private mutating func lose(_ count: Int) {
        guard hasBus || withoutBus == .refuses else { return }
        untold = UInt16(clamping: Int(untold) + count)
    }

    private mutating func tellLosses() {
        guard untold > 0, lostDue <= now else { return }
        effects.append(
            .multicast(.routingLostMessage(RoutingLostMessage(deviceState: deviceState, lostCount: untold))))
        untold = 0
        lostDue = now + parameters.lostSpacing
    }

    private mutating func busChanged(_ isThere: Bool) {
        hasBus = isThere
        guard !isThere else { return }
        // What waited would be news of yesterday when the line comes back (engineering assumption).
        let waiting = toLine.count + (isSending ? 1 : 0)
        toLine = []
        isSending = false
        if waiting > 0 { lose(waiting) }
        if withoutBus == .isDead { toNetwork = [] }
    }

    // MARK: To the network

    private mutating func heard(_ frame: TP1Frame) {
        guard let routed = parameters.filter.routed(frame, toLine: false) else { return }
        guard toNetwork.count < parameters.longestQueueToNetwork else {
            counts.lostToNetwork = counts.lostToNetwork == .max ? .max : counts.lostToNetwork + 1
            return
        }
        let indication = LinkData(
            .indication, priority: routed.priority, source: routed.source, destination: routed.destination,
            hopCount: routed.hopCount, transportUnit: routed.transportUnit)
        toNetwork.append(indication.octets)
    }

    private mutating func pumpNetwork() {
        while !toNetwork.isEmpty, pace.earliest(at: now) <= now {
            counts.sentToNetwork &+= 1
            effects.append(.multicast(.routingIndication(cemi: toNetwork.removeFirst())))
            pace.sent(at: now)
        }
    }
}
