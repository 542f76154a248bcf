/// A row of structures `length, type, data` inside a frame, as description blocks (DIB) and search parameters (SRP) are laid out. Holds
/// offsets only; the walk ends at the first structure whose length does not fit.
struct StructureList {
    struct Entry {
        /// Offset of the length octet.
        var offset: Int
        /// The whole structure, two octets of head included.
        var length: Int
        /// As on the wire, with the mandatory bit of a search parameter.
        var type: UInt8

        var data: Range<Int> { (offset + 2)..<(offset + length) }
    }

    private(set) var offset: Int
    let end: Int

    init(_ range: Range<Int>) {
        offset = range.lowerBound
        end = range.upperBound
    }

    /// Nil at the end.
    mutating func next(in octets: Span<UInt8>) throws(Fault) -> Entry? {
        guard offset < end else { return nil }
        let length = Int(octets[offset])
        guard length >= 2, length <= end - offset else { throw Fault(.structLength, .knxnetip, at: offset) }
        let entry = Entry(offset: offset, length: length, type: octets[offset + 1])
        offset += length
        return entry
    }
}
