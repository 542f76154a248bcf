public import Events
public import KNX

/// Something that truly happened on a simulated line: the ground truth that no oracle reads.
public enum LineRecord: Hashable, Sendable {
    /// What was on the line, complete or cut short.
    public struct Frame: Hashable, Sendable {
        public var octets: [UInt8]
        /// The acknowledge character that followed; nil when none did.
        public var acknowledge: UInt8?
        /// Ids of the chips and devices that sent it.
        public var senders: [String]
        /// Start of the first octet.
        public var began: Instant
        /// End of the last octet.
        public var ended: Instant
        public var isTruncated: Bool
        /// What answered a polling request, slot by slot.
        public var slots: [UInt8] = []
    }

    /// What noise has done.
    public enum Noise: Hashable, Sendable {
        /// Everybody reads these bits of the character that ends now wrong.
        case flipped(mask: UInt8)
        /// An octet of a chip never reaches its host.
        case lost(chip: String, UInt8)
        /// An octet reaches a chip's host that the chip did not send.
        case extra(chip: String, UInt8)
        /// The line is shorted, or no longer.
        case shorted(Bool)
    }

    case supply(millivolts: Int64, at: Instant)
    case power(participant: String, BusPower.State, at: Instant)
    case frame(Frame)
    case noise(Noise, at: Instant)
    /// The final result of a telegram, for a chip or a device.
    case confirmation(sender: String, isConfirmed: Bool, at: Instant)
    /// A chip has said Reset.ind.
    case reset(chip: String, at: Instant)
    /// A device's object has another value, or has been written again.
    case value(device: String, group: GroupAddress, GroupValue, at: Instant)
}

extension LineRecord {
    /// One line of the truth: `t` nanoseconds, `k` kind, and the details.
    public func value(line: String) -> Value {
        switch self {
        case .supply(let millivolts, let instant):
            record(instant, "supply", line, [("millivolts", .integer(millivolts))])
        case .power(let participant, let state, let instant):
            record(instant, "power", line, [("participant", .text(participant)), ("state", .text("\(state)"))])
        case .frame(let frame):
            record(
                frame.ended, "frame", line,
                [
                    ("octets", .octets(frame.octets)),
                    ("acknowledge", frame.acknowledge.map { .octets([$0]) } ?? .null),
                    ("senders", .list(frame.senders.map(Value.text))), ("began", .integer(frame.began.nanoseconds)),
                    ("truncated", .bool(frame.isTruncated)),
                ] + (frame.slots.isEmpty ? [] : [("slots", .octets(frame.slots))]))
        case .noise(let noise, let instant): record(instant, "noise", line, noise.details)
        case .confirmation(let sender, let isConfirmed, let instant):
            record(instant, "confirmation", line, [("sender", .text(sender)), ("confirmed", .bool(isConfirmed))])
        case .reset(let chip, let instant):
            record(instant, "reset", line, [("chip", .text(chip))])
        case .value(let device, let group, let value, let instant):
            record(
                instant, "value", line,
                [("device", .text(device)), ("group", .text(group.description)), ("value", Self.value(value))])
        }
    }

    private static func value(_ value: GroupValue) -> Value {
        switch value {
        case .small(let bits): .integer(Int64(bits))
        case .octets(let octets): .octets(octets)
        }
    }

    private func record(_ instant: Instant, _ kind: String, _ line: String, _ details: [(String, Value)]) -> Value {
        .record(
            present: [("t", .integer(instant.nanoseconds)), ("k", .text(kind)), ("line", .text(line))]
                + details.map { ($0, .some($1)) })
    }
}

extension LineRecord.Noise {
    fileprivate var details: [(String, Value)] {
        switch self {
        case .flipped(let mask): [("noise", "flipped"), ("mask", .octets([mask]))]
        case .lost(let chip, let octet): [("noise", "lost"), ("chip", .text(chip)), ("octet", .octets([octet]))]
        case .extra(let chip, let octet): [("noise", "extra"), ("chip", .text(chip)), ("octet", .octets([octet]))]
        case .shorted(let isShorted): [("noise", "short"), ("shorted", .bool(isShorted))]
        }
    }
}
