/// Cuts what comes over a TCP connection into KNXnet/IP frames by their total lengths.
///
/// Nothing marks a frame's begin, so a header that cannot be one ends the connection's use: the stream then gives nothing more and names
/// the fault.
public struct KNXnetIPStream: Sendable {
    private var pending: [UInt8] = []
    /// What made the stream unreadable, with its offset in the frame that was due.
    public private(set) var fault: Fault?

    public init() {}

    /// Takes what a read gave, in pieces of any size; gives the frames that are whole.
    public mutating func feed(_ octets: some Sequence<UInt8>) -> [[UInt8]] {
        guard fault == nil else { return [] }
        pending += octets
        var frames: [[UInt8]] = []
        var start = 0
        while start < pending.count {
            let head = pending[start...].prefix(KNXnetIPFrame.headerLength)
            fault = Self.fault(in: Array(head))
            guard fault == nil, head.count == KNXnetIPFrame.headerLength else { break }
            let length = Int(head[start + 4]) << 8 | Int(head[start + 5])
            guard pending.count - start >= length else { break }
            frames.append(Array(pending[start..<(start + length)]))
            start += length
        }
        pending.removeFirst(fault == nil ? start : pending.count)
        return frames
    }

    /// True when a frame has begun and is not whole.
    public var isInsideFrame: Bool { !pending.isEmpty }

    private static func fault(in head: [UInt8]) -> Fault? {
        if let length = head.first, length != UInt8(KNXnetIPFrame.headerLength) {
            return Fault(.headerLength, .knxnetip, at: 0)
        }
        if head.count > 1, head[1] != 0x10, head[1] != 0x20 { return Fault(.protocolVersion, .knxnetip, at: 1) }
        if head.count > 5, head[4] == 0, head[5] < UInt8(KNXnetIPFrame.headerLength) {
            return Fault(.structLength, .knxnetip, at: 4)
        }
        return nil
    }
}
