/// One item of a cEMI message's additional information, as it lies in the message: type, length, value (KNX standard 3/6/3).
public struct AdditionalInformationItem: Hashable, Sendable {
    /// 00 and FF are reserved; types that nobody knows are skipped by their length.
    public let type: UInt8
    /// Where the value lies, counted from the message's first octet.
    public let value: Range<Int>

    /// The length that a type's value has, in octets; nil for a type of any length or an unknown one.
    ///
    /// Manufacturer-specific items (FE) have at least three octets and RF fast acknowledges (0A) are pairs, so both read nil.
    public static func length(ofType type: UInt8) -> Int? {
        guard type < 10 else { return nil }
        let length = Self.lengths >> (UInt64(type) * 4) & 15
        return length == 0 ? nil : Int(length)
    }

    /// Types 1…9, one hexadecimal digit each, counted from the right; 0 means any.
    @usableFromInline static let lengths: UInt64 = 0x34_2442_1820
}

/// Walks the items of a block of additional information, in the order in which they stand.
public struct AdditionalInformationCursor: Sendable {
    private var offset: Int
    private let end: Int

    /// `block` must lie inside the octets that `next` is given later.
    public init(block: Range<Int>) {
        offset = block.lowerBound
        end = block.upperBound
    }

    /// The octets of the block that no item has taken; not empty at the end of the walk when the last item is cut.
    public var rest: Range<Int> { offset..<end }

    /// The next item; nil at the end of the block, and where an item runs past it.
    public mutating func next(_ octets: Span<UInt8>) -> AdditionalInformationItem? {
        guard end <= octets.count, end - offset >= 2 else { return nil }
        let length = Int(octets[offset + 1])
        guard end - offset - 2 >= length else { return nil }
        defer { offset += 2 + length }
        return AdditionalInformationItem(type: octets[offset], value: (offset + 2)..<(offset + 2 + length))
    }
}
