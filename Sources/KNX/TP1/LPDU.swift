/// The acknowledge that follows a frame: one character `nn00bb00` without check octet, the wired AND of all who were addressed.
public struct Acknowledge: Hashable, Sendable, CustomStringConvertible {
    public let octet: UInt8

    /// Nil for any octet but CC, 0C, C0 and 00.
    public init?(_ octet: UInt8) {
        switch octet {
        case TP1.acknowledge, TP1.notAcknowledge, TP1.busy, TP1.notAcknowledgeAndBusy: self.octet = octet
        default: return nil
        }
    }

    public var isNotAcknowledge: Bool { octet & 0xC0 == 0 }
    public var isBusy: Bool { octet & 0x0C == 0 }

    public var description: String {
        switch (isNotAcknowledge, isBusy) {
        case (false, false): "ACK"
        case (true, false): "NAK"
        case (false, true): "BUSY"
        case (true, true): "NAK+BUSY"
        }
    }
}

/// A polling request, `F0 source (2) group (2) slots (low nibble) check octet`; the slaves' characters follow it in the same bus cycle.
public struct PollData: Hashable, Sendable {
    public static let control: UInt8 = 0xF0
    public static let length = 7

    public var source: IndividualAddress
    /// The polling group, an address space of its own.
    public var group: UInt16
    /// How many slots answer, 0…15.
    public var slots: UInt8

    /// - Parameter slots: 0…15.
    public init(source: IndividualAddress, group: UInt16, slots: UInt8) {
        precondition(slots < 16, "a polling request has at most 15 slots")
        self.source = source
        self.group = group
        self.slots = slots
    }

    /// Reads exactly one polling request with its check octet.
    public init(octets: [UInt8]) throws(TP1Frame.Flaw) {
        guard octets.first == Self.control else { throw octets.isEmpty ? .empty : .controlInvalid }
        guard octets.count >= Self.length else { throw .truncated }
        guard octets.count == Self.length else { throw .trailing }
        guard TP1.checkOctet(octets.dropLast()) == octets[6] else { throw .checksum }
        source = IndividualAddress(raw: UInt16(octets[1]) << 8 | UInt16(octets[2]))
        group = UInt16(octets[3]) << 8 | UInt16(octets[4])
        slots = octets[5] & 15
    }

    /// The request as it goes over the line, check octet included.
    public var octets: [UInt8] {
        let octets = [
            Self.control, UInt8(source.raw >> 8), UInt8(source.raw & 255), UInt8(group >> 8), UInt8(group & 255),
            slots & 15,
        ]
        return octets + [TP1.checkOctet(octets)]
    }
}

/// Anything that is one unit of the TP1 data link layer.
public enum LPDU: Hashable, Sendable {
    case data(TP1Frame)
    case poll(PollData)
    case acknowledge(Acknowledge)

    public init(octets: [UInt8]) throws(TP1Frame.Flaw) {
        if let first = octets.first, octets.count == 1 {
            guard let acknowledge = Acknowledge(first) else { throw .shortFrameUnknown }
            self = .acknowledge(acknowledge)
        } else if octets.first == PollData.control {
            self = .poll(try PollData(octets: octets))
        } else {
            self = .data(try TP1Frame(octets: octets))
        }
    }
    /// The unit as it goes over the line.
    public var octets: [UInt8] {
        switch self {
        case .data(let frame): frame.octets
        case .poll(let poll): poll.octets
        case .acknowledge(let acknowledge): [acknowledge.octet]
        }
    }
}
