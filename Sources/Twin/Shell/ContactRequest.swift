import Events

/// A run's wish for a contact with a timing of its own, as it comes over the lifeline; what is missing stays as the line has it:
///
/// `{"contact":{"line":"main","hold_up":0,"rise":2400000,"after_opening":[…],"after_closing":[…],"trigger":{"source":4362,"bit":52}}}`, times in
/// nanoseconds.
struct ContactRequest {
    let line: String
    let contact: SupplyContact

    /// Why a request is none that can be fulfilled.
    struct Refusal: Error {
        let reason: String
    }

    init(_ value: Value, lines: [TwinConfiguration.Line]) throws(Refusal) {
        guard let name = value["line"]?.text, let line = lines.first(where: { $0.id == name }) else {
            throw Refusal(reason: "there is no line '\(value["line"]?.text ?? "")'")
        }
        self.line = name
        var supply = line.supply
        if let holdUp = value["hold_up"]?.integer, holdUp >= 0 { supply.holdUpNanoseconds = holdUp }
        if let rise = value["rise"]?.integer, rise > 0 { supply.riseNanoseconds = rise }
        let opening = try Self.moves(value["after_opening"])
        let closing = try Self.moves(value["after_closing"])
        var trigger: SupplyContact.Trigger?
        if let wanted = value["trigger"] {
            guard let source = wanted["source"]?.integer.flatMap(UInt16.init(exactly:)),
                let bit = wanted["bit"]?.integer,
                (SupplyContact.Trigger.earliestBit...4_000).contains(bit)
            else {
                throw Refusal(
                    reason: "a trigger is a source and a bit from \(SupplyContact.Trigger.earliestBit) to 4000")
            }
            trigger = SupplyContact.Trigger(source: source, bit: bit)
        }
        contact = SupplyContact(supply: supply, afterOpening: opening, afterClosing: closing, trigger: trigger)
    }

    private static func moves(_ value: Value?) throws(Refusal) -> [Int64] {
        let moves = (value?.list ?? []).compactMap(\.integer)
        guard moves.count.isMultiple(of: 2), zip([0] + moves, moves).allSatisfy({ $0 < $1 }) else {
            throw Refusal(reason: "a contact moves an even number of times more, one after the other")
        }
        return moves
    }
}
