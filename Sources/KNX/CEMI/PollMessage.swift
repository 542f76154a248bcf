/// An L_Poll_Data message: a polling request, or its confirmation with what the slots answered.
///
/// Ctrl (F0), source (2), polling group (2), number of slots (low four bits), and in a confirmation one octet per slot. The layout follows
/// the frame on the line; few implementations have it, so what does not fit is left as raw octets without fault.
public struct PollMessage: Hashable, Sendable {
    public let source: IndividualAddress
    public let group: UInt16
    /// 0…15.
    public let slots: UInt8
    /// What the slots answered, FE by one that did not; empty in a request.
    public let answers: [UInt8]

    /// - Parameters:
    ///   - slots: 0…15.
    ///   - answers: at most 15 octets.
    public init(source: IndividualAddress, group: UInt16, slots: UInt8, answers: [UInt8] = []) {
        precondition(slots < 16 && answers.count < 16, "a poll has at most 15 slots")
        self.source = source
        self.group = group
        self.slots = slots
        self.answers = answers
    }

    /// Nil when `frame` is no L_Poll_Data, or does not fit the layout.
    public init?(_ frame: CEMIFrame, _ message: Span<UInt8>) {
        guard frame.code?.family == .pollData, frame.depth == .body else { return nil }
        let begin = frame.bodyOffset
        guard message.count >= begin + 6, message[begin] == PollData.control else { return nil }
        source = IndividualAddress(raw: UInt16(message[begin + 1]) << 8 | UInt16(message[begin + 2]))
        group = UInt16(message[begin + 3]) << 8 | UInt16(message[begin + 4])
        slots = message[begin + 5] & 15
        answers = KNX.octets(message.extracting((begin + 6)..<message.count))
        guard frame.code == .pollDataConfirmation ? answers.count <= 15 : answers.isEmpty else { return nil }
    }

    /// The octets behind the additional information.
    public var octets: [UInt8] {
        [
            PollData.control, UInt8(source.raw >> 8), UInt8(source.raw & 255), UInt8(group >> 8), UInt8(group & 255),
            slots,
        ] + answers
    }

    var fields: [Field] {
        var fields = [
            Field("src", .text(source.description)),
            Field("dst", .text("0x" + hexadecimal(group, digits: 4))),
            Field("slots", .integer(Int(slots))),
        ]
        if !answers.isEmpty { fields.append(Field("answers", .octets(answers))) }
        return fields
    }
}
