/// Datapoint type 5, one unsigned octet: 5.001 is 0…100 % and 5.003 0…360° over the whole range, 5.004, 5.005 and 5.010 are plain counts.
public struct DPT5: Hashable, Sendable {
    public var raw: UInt8

    public init(raw: UInt8) {
        self.raw = raw
    }

    /// 5.001, rounded to the nearest code; throws `outOfRange` outside 0…100.
    public init(percent: Int) throws(DatapointFlaw) {
        guard (0...100).contains(percent) else { throw .outOfRange }
        raw = UInt8((percent * 255 + 50) / 100)
    }

    public init(_ value: GroupValue) throws(DatapointFlaw) {
        guard case .octets(let octets) = value, octets.count == 1 else { throw .length }
        raw = octets[0]
    }

    public var value: GroupValue { .octets([raw]) }
    /// 5.001, rounded to whole percent.
    public var percent: Int { (Int(raw) * 100 + 127) / 255 }
    /// 5.003, rounded to whole degrees.
    public var degrees: Int { (Int(raw) * 360 + 127) / 255 }

    /// 5.006, a tariff 0…254; 255 is reserved.
    public var tariff: Int {
        get throws(DatapointFlaw) {
            guard raw != 0xFF else { throw .invalidValue }
            return Int(raw)
        }
    }
}
