/// ROUTING_LOST_MESSAGE: `04`, device state, count (2) (KNX standard 3/8/5): how many frames a router has lost since it said so last.
public struct RoutingLostMessage: Hashable, Sendable {
    public static let length = 4

    /// b0: the bus is not there or disturbed; b1: the router's own IP side is.
    public var deviceState: UInt8
    public var lostCount: UInt16

    public init(deviceState: UInt8 = 0, lostCount: UInt16) {
        self.deviceState = deviceState
        self.lostCount = lostCount
    }

    init(_ octets: Span<UInt8>, at offset: Int, before end: Int) throws(Fault) {
        try Self.check(octets, at: offset, before: end, length: Self.length)
        deviceState = octets[offset + 1]
        lostCount = octets.bigEndian16(at: offset + 2)
    }

    public var isBusFault: Bool { deviceState & 1 != 0 }

    var octets: [UInt8] {
        var octets = [UInt8(Self.length), deviceState]
        octets.appendBigEndian(lostCount, octetCount: 2)
        return octets
    }

    static func check(_ octets: Span<UInt8>, at offset: Int, before end: Int, length: Int) throws(Fault) {
        guard offset < end else { throw Fault(.truncated, .knxnetip, at: offset) }
        guard Int(octets[offset]) == length, length <= end - offset else {
            throw Fault(.structLength, .knxnetip, at: offset)
        }
    }
}

/// ROUTING_BUSY: `06`, device state, wait time in milliseconds (2), control (2; 0000 addresses everybody) (KNX standard 3/8/5).
public struct RoutingBusy: Hashable, Sendable {
    public static let length = 6

    public var deviceState: UInt8
    public var waitMilliseconds: UInt16
    public var control: UInt16

    public init(deviceState: UInt8 = 0, waitMilliseconds: UInt16, control: UInt16 = 0) {
        self.deviceState = deviceState
        self.waitMilliseconds = waitMilliseconds
        self.control = control
    }

    init(_ octets: Span<UInt8>, at offset: Int, before end: Int) throws(Fault) {
        try RoutingLostMessage.check(octets, at: offset, before: end, length: Self.length)
        deviceState = octets[offset + 1]
        waitMilliseconds = octets.bigEndian16(at: offset + 2)
        control = octets.bigEndian16(at: offset + 4)
    }

    public var isBusFault: Bool { deviceState & 1 != 0 }

    var octets: [UInt8] {
        var octets = [UInt8(Self.length), deviceState]
        octets.appendBigEndian(waitMilliseconds, octetCount: 2)
        octets.appendBigEndian(control, octetCount: 2)
        return octets
    }
}
