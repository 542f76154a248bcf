public import Events
public import USB

/// What boards of all kinds have beside their protocol.
public struct BoardCore: Hashable, Sendable {
    public var faults = BoardFaults()
    public var relays: RelayBank
    var isPresent = false
    var configuration: UInt8 = 0
    /// What each IN endpoint has to send, in order.
    var queues: [UInt32: [[UInt8]]] = [:]
    /// Endpoints that have refused a transfer and go on refusing until CLEAR_FEATURE, by bEndpointAddress.
    var halted: Set<UInt8> = []

    init(channelCount: Int) {
        relays = RelayBank(count: channelCount)
    }
}

/// A relay board whose protocol is all that is its own: standard requests, faults and power are told here, once.
public protocol PlainBoardModel: RelayBoardModel {
    var core: BoardCore { get set }
    /// A class or vendor request.
    mutating func request(_ setup: SetupPacket, _ data: [UInt8]) -> USBReply
    /// What the host sends to an endpoint.
    mutating func take(_ data: [UInt8], endpoint: UInt32) -> USBReply
    /// What an IN endpoint has to send when its queue is empty.
    mutating func report(endpoint: UInt32) -> USBReply
    /// What firmware and chip forget with their power; the relays have fallen already.
    mutating func begin()
}

extension PlainBoardModel {
    public mutating func request(_ setup: SetupPacket, _ data: [UInt8]) -> USBReply { .stall }
    public mutating func take(_ data: [UInt8], endpoint: UInt32) -> USBReply { .stall }
    public mutating func report(endpoint: UInt32) -> USBReply { .silence }
    public mutating func begin() {}

    /// Follows a command, unless a fault has it ignored; a board may vanish over it.
    mutating func follow(_ command: (inout RelayBank) -> Void) {
        settle()
        if core.faults.takesCommand() { command(&core.relays) }
        if core.faults.vanishes() { core.isPresent = false }
    }

    /// Has an IN endpoint send `octets` next.
    mutating func answer(_ octets: [UInt8], endpoint: UInt32) {
        core.queues[endpoint, default: []].append(octets)
    }

    /// The relays' faults are where their pins are.
    private mutating func settle() {
        core.relays.deafChannels = core.faults.deafChannels
        core.relays.stuckContacts = core.faults.stuckContacts
    }
}

extension PlainBoardModel {
    public var faults: BoardFaults {
        get { core.faults }
        set { core.faults = newValue }
    }
    public var channelCount: Int { core.relays.pins.count }
    public var contacts: [Bool] { core.relays.contacts }
    public var isPresent: Bool { core.isPresent }

    public mutating func turn(_ channel: Int, energised: Bool) { core.relays.drive(channel, energised) }

    public mutating func loseState(at instant: Instant) {
        core.queues = [:]
        core.relays.powerDown()
        begin()
    }

    public mutating func powerUp(at instant: Instant) {
        core.isPresent = true
        begin()
    }

    public mutating func powerDown(at instant: Instant) {
        core.isPresent = false
        core.configuration = 0
        core.queues = [:]
        core.halted = []
        switch onUnplugging {
        case .released: core.relays.powerDown()
        case .kept: break
        case .cut: for channel in 1...channelCount { core.relays.drive(channel, true) }
        }
    }

    public mutating func busReset(at instant: Instant) {
        core.configuration = 0
        core.queues = [:]
        core.halted = []
    }

    public mutating func control(_ setup: SetupPacket, data: [UInt8], at instant: Instant) -> USBReply {
        if setup.kind == .standard { return standard(setup) }
        if let fault = core.faults.meet() { return fault }
        let reply = request(setup, data)
        guard case .data(let octets) = reply else { return reply }
        return core.faults.cut(.data(Array(octets.prefix(Int(setup.length)))))
    }

    public mutating func interruptOut(endpoint: UInt32, data: [UInt8], at instant: Instant) -> USBReply {
        meet(at: UInt8(endpoint & 0x0F)) ?? take(data, endpoint: endpoint)
    }

    public mutating func interruptIn(endpoint: UInt32, length: Int, at instant: Instant) -> USBReply {
        if let fault = meet(at: 0x80 | UInt8(endpoint & 0x0F)) { return fault }
        guard var queue = core.queues[endpoint], !queue.isEmpty else {
            return core.faults.cut(report(endpoint: endpoint))
        }
        let octets = queue.removeFirst()
        core.queues[endpoint] = queue
        return core.faults.cut(.data(Array(octets.prefix(length))))
    }

    /// What meets the next transfer of an endpoint.
    private mutating func meet(at address: UInt8) -> USBReply? {
        if core.halted.contains(address) { return .stall }
        let fault = core.faults.meet()
        if fault == .stall { core.halted.insert(address) }
        return fault
    }

    private mutating func standard(_ setup: SetupPacket) -> USBReply {
        switch StandardRequest(rawValue: setup.request) {
        case .getDescriptor:
            guard let octets = standardDescriptor(setup) else { return .stall }
            return .data(Array(octets.prefix(Int(setup.length))))
        case .getConfiguration: return .data([core.configuration])
        case .setConfiguration:
            core.configuration = UInt8(truncatingIfNeeded: setup.value)
            core.halted = []
            return .acknowledged
        case .clearFeature where setup.requestType == 0x02 && setup.value == 0:
            core.halted.remove(UInt8(truncatingIfNeeded: setup.index))
            return .acknowledged
        case .getStatus: return .data([0, 0])
        case .getInterface: return .data([0])
        default: return setup.direction == .in ? .stall : .acknowledged
        }
    }
}

/// A HID interface with one endpoint in each direction.
func hidInterface(
    _ number: UInt8 = 0, reportDescriptorLength: UInt16 = 34, in: UInt8?, out: UInt8?, packet: UInt16
) -> InterfaceDescriptor {
    var interface = InterfaceDescriptor(number: number, interfaceClass: 3)
    interface.classDescriptors = [
        HIDDescriptor(hidVersion: 0x0110, reportDescriptorLength: reportDescriptorLength).octets
    ]
    interface.endpoints = [`in`, out].compactMap { $0 }.map {
        EndpointDescriptor(address: $0, attributes: 3, maximumPacketSize: packet, interval: 10)
    }
    return interface
}

/// What a string descriptor in memory that was never written says.
let unwrittenText = String(repeating: "\u{FFFF}", count: 8)
