/// Load of a line: each frame seen occupies its own cycle (13·N + 24 + I bit times with its acknowledge, 13·N − 2 + I without), so that
/// saturation reads 100 %.
public struct BusLoad: Sendable {
    private var frames: [(endNanoseconds: Int64, bits: Int)] = []
    private var bits = 0
    public let windowNanoseconds: Int64

    /// Load is computed over the last `windowNanoseconds`.
    public init(windowNanoseconds: Int64) {
        precondition(windowNanoseconds > 0, "a window of load has a length")
        self.windowNanoseconds = windowNanoseconds
    }

    /// Bit times that a frame occupies, its idle time before it included. `octets` is the whole LPDU; an unknown control octet counts as
    /// priority low.
    public static func cycleBits(_ octets: [UInt8], isAcknowledged: Bool) -> Int {
        let control = octets.first ?? 0xFF
        let isKnown = TP1.isDataControl(control)
        let idle = BusTiming.idleBits(
            priority: isKnown ? Priority(rawValue: control >> 2 & 3) ?? .low : .low,
            isRepetition: isKnown && control & 0x20 == 0)
        guard isAcknowledged else { return BusTiming.frameBits(octets: max(octets.count, 1)) + idle }
        return BusTiming.cycleBits(octets: max(octets.count, 1), idleBits: idle)
    }

    /// Telegrams per 1000 s that make `percent` of capacity with acknowledged first transmissions of `octets` octets (the LPDU with its
    /// check octet) at priority low.
    public static func millihertz(percent: Int, octets: Int) -> Int {
        let bits = BusTiming.cycleBits(octets: octets, idleBits: BusTiming.idleBitsNormal)
        return Int(BusTiming.bitsPerSecond) * 10 * percent / bits
    }

    /// Counts a frame that ended at `endNanoseconds`; ends must not go back.
    public mutating func observe(_ octets: [UInt8], isAcknowledged: Bool, endNanoseconds: Int64) {
        let cycle = Self.cycleBits(octets, isAcknowledged: isAcknowledged)
        frames.append((endNanoseconds, cycle))
        bits += cycle
        forget(before: endNanoseconds - windowNanoseconds)
    }

    /// Load in tenths of a percent over the window that ends at `nanoseconds`.
    public mutating func permille(atNanoseconds nanoseconds: Int64) -> Int {
        forget(before: nanoseconds - windowNanoseconds)
        return Int(BusTiming.nanoseconds(bits: Int64(bits)) * 1000 / windowNanoseconds)
    }

    private mutating func forget(before instant: Int64) {
        guard let first = frames.first, first.endNanoseconds <= instant else { return }
        let kept = frames.firstIndex { $0.endNanoseconds > instant } ?? frames.count
        bits -= frames[..<kept].reduce(0) { $0 + $1.bits }
        frames.removeFirst(kept)
    }
}
