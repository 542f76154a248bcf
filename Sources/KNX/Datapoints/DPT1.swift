/// Datapoint type 1, one bit in the low bit of a small value. Reserved bits are ignored when reading and 0 when writing.
public struct DPT1: Hashable, Sendable {
    public var isSet: Bool

    public init(_ isSet: Bool) {
        self.isSet = isSet
    }

    public init(_ value: GroupValue) throws(DatapointFlaw) {
        guard case .small(let bits) = value else { throw .length }
        isSet = bits & 1 != 0
    }

    public var value: GroupValue { .small(isSet ? 1 : 0) }
}
