/// A contact with a timing of its own in the feed of a line, as a run wires it: what is behind it, how it moves, and what it waits for. Without one
/// the relay's contact moves at once, and once.
public struct SupplyContact: Hashable, Sendable {
    /// What a contact that is told to open waits for: a bit of the next telegram from one address.
    public struct Trigger: Hashable, Sendable {
        /// The first bit after the source address has been on the line: before that nobody knows whose telegram it is.
        public static let earliestBit: Int64 = 39

        /// The individual address that the telegram comes from.
        public var source: UInt16
        /// Counted from the start bit of the first octet, 13 to the octet.
        public var bit: Int64

        public init(source: UInt16, bit: Int64) {
            precondition(bit >= Self.earliestBit, "the source must have been heard")
            self.source = source
            self.bit = bit
        }
    }

    /// The supply as it is seen from this contact: one on the DC side has no hold-up.
    public var supply: SupplyParameters
    /// When it moves again after it has opened, nanoseconds after its first movement, in order: closed, open, closed, open…
    public var afterOpening: [Int64]
    /// The same after it has closed: open, closed, open, closed…
    public var afterClosing: [Int64]
    public var trigger: Trigger?

    public init(
        supply: SupplyParameters, afterOpening: [Int64] = [], afterClosing: [Int64] = [], trigger: Trigger? = nil
    ) {
        for moves in [afterOpening, afterClosing] {
            precondition(moves.count.isMultiple(of: 2), "a contact comes to rest where it was told to go")
            precondition(zip([0] + moves, moves).allSatisfy { $0 < $1 }, "a contact moves once at a time")
        }
        self.supply = supply
        self.afterOpening = afterOpening
        self.afterClosing = afterClosing
        self.trigger = trigger
    }

    func moves(afterMoving isOn: Bool) -> [Int64] { isOn ? afterClosing : afterOpening }
}
