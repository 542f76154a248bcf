/// An individual address: area (4 bits), line (4 bits), device (8 bits), written `1.1.5`.
@frozen public struct IndividualAddress: Hashable, Comparable, Sendable, CustomStringConvertible {
    public var raw: UInt16

    @inlinable public init(raw: UInt16) {
        self.raw = raw
    }

    /// Parses `area.line.device` with 0…15, 0…15, 0…255; nil for anything else.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let area = UInt16(parts[0]), area < 16, let line = UInt16(parts[1]), line < 16,
            let device = UInt8(parts[2])
        else { return nil }
        raw = area << 12 | line << 8 | UInt16(device)
    }

    public static func < (left: Self, right: Self) -> Bool { left.raw < right.raw }

    public var description: String { "\(raw >> 12).\(raw >> 8 & 15).\(raw & 255)" }
}

/// A group address, written in the three-level style `main/middle/sub` (5, 3 and 8 bits). 0/0/0 is broadcast, never an ordinary group.
@frozen public struct GroupAddress: Hashable, Comparable, Sendable, CustomStringConvertible {
    public var raw: UInt16

    @inlinable public init(raw: UInt16) {
        self.raw = raw
    }

    /// Parses `main/middle/sub` with 0…31, 0…7, 0…255; nil for anything else.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, let main = UInt16(parts[0]), main < 32, let middle = UInt16(parts[1]), middle < 8,
            let sub = UInt8(parts[2])
        else { return nil }
        raw = main << 11 | middle << 8 | UInt16(sub)
    }

    public static func < (left: Self, right: Self) -> Bool { left.raw < right.raw }

    public var description: String { "\(raw >> 11)/\(raw >> 8 & 7)/\(raw & 255)" }
}

/// Where a telegram goes: the address type bit of the frame with its address.
@frozen public enum Destination: Hashable, Sendable, CustomStringConvertible {
    case group(GroupAddress)
    case individual(IndividualAddress)

    public var raw: UInt16 {
        switch self {
        case .group(let address): address.raw
        case .individual(let address): address.raw
        }
    }

    public var description: String {
        switch self {
        case .group(let address): address.description
        case .individual(let address): address.description
        }
    }
}

/// Telegram priority, the two bits b3…2 of the control octet. On the line system beats urgent beats normal beats low; the numbers are
/// not in that order.
@frozen public enum Priority: UInt8, CaseIterable, Sendable {
    case system = 0
    case normal = 1
    case urgent = 2
    case low = 3

    /// The two low bits of `bits`; the others are not looked at.
    @inlinable @inline(__always)
    public init(bits: UInt8) {
        switch bits & 3 {
        case 0: self = .system
        case 1: self = .normal
        case 2: self = .urgent
        default: self = .low
        }
    }

    public var name: String {
        switch self {
        case .system: "system"
        case .normal: "normal"
        case .urgent: "urgent"
        case .low: "low"
        }
    }
}
