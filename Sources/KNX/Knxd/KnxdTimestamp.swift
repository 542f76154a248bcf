/// knxd's clock on a packet: UTC seconds modulo 65 536 in the high half, units of 16 µs in the low.
public struct KnxdTimestamp: Hashable, Sendable {
    public var raw: UInt32

    public init(raw: UInt32) {
        self.raw = raw
    }

    init(_ octets: some Sequence<UInt8>) {
        raw = octets.reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// Seconds of UTC modulo 65 536.
    public var seconds: UInt32 { raw >> 16 }
    /// Microseconds of the second, in steps of 16.
    public var microseconds: UInt32 { (raw & 0xFFFF) * 16 }
}
