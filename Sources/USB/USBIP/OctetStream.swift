/// What came of a connection and is not yet read.
struct OctetStream: Sendable {
    private var octets: [UInt8] = []
    private var start = 0
    /// Octets read since the connection began.
    private(set) var offset = 0

    mutating func append(_ more: [UInt8]) {
        if start > 4_096 {
            octets.removeFirst(start)
            start = 0
        }
        octets += more
    }

    /// The next `count` octets, left where they are; nil when they aren't all there.
    func peek(_ count: Int) -> ArraySlice<UInt8>? {
        octets.count - start >= count ? octets[start..<start + count] : nil
    }

    /// Reads over `count` octets that `peek` has shown.
    mutating func drop(_ count: Int) {
        start += count
        offset += count
    }

    func failure(_ reading: String, _ reason: String) -> USBIPFailure {
        USBIPFailure(reading: reading, reason: reason, offset: offset)
    }
}
