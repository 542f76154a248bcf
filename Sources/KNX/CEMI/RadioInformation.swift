/// What came with a frame of the radio medium: additional information of type 02, eight octets (KNX standard 3/6/3).
public struct RadioInformation: Hashable, Sendable {
    /// How strongly a frame was received.
    public enum Strength: UInt8, CaseIterable, Sendable {
        /// Not measured; of a retransmitter also that there was none.
        case void = 0
        case weak = 1
        case medium = 2
        case strong = 3

        public var name: String {
            switch self {
            case .void: "void"
            case .weak: "weak"
            case .medium: "medium"
            case .strong: "strong"
            }
        }
    }

    /// RF-info as it stands; b7…6 are reserved.
    public var information: UInt8
    /// The sender's serial number when the frame is a system broadcast, its domain address otherwise; 48 bits.
    public var address: UInt64
    /// LFN: the number of the frame in the link layer, 0…7; FF in a request leaves it to the interface.
    public var frameNumber: UInt8

    public init(information: UInt8, address: UInt64, frameNumber: UInt8) {
        precondition(address >> 48 == 0, "serial numbers and domain addresses have 48 bits")
        self.information = information
        self.address = address
        self.frameNumber = frameNumber
    }

    init(octets: [UInt8]) {
        information = octets[0]
        address = octets[1...6].reduce(0) { $0 << 8 | UInt64($1) }
        frameNumber = octets[7]
    }

    public var strength: Strength { Strength(rawValue: information >> 4 & 3) ?? .void }
    /// Of the weakest retransmitter on the way.
    public var retransmitterStrength: Strength { Strength(rawValue: information >> 2 & 3) ?? .void }
    public var isBatteryGood: Bool { information & 2 != 0 }
    /// A sender that cannot receive.
    public var isTransmitOnly: Bool { information & 1 != 0 }

    var octets: [UInt8] {
        [information] + stride(from: 40, through: 0, by: -8).map { UInt8(truncatingIfNeeded: address >> UInt64($0)) }
            + [frameNumber]
    }

    func fields(isSystemBroadcast: Bool) -> [Field] {
        [
            Field("strength", .text(strength.name)),
            Field("retransmitter_strength", .text(retransmitterStrength.name)),
            Field("battery_good", .boolean(isBatteryGood)),
            Field("transmit_only", .boolean(isTransmitOnly)),
            Field(
                isSystemBroadcast ? "serial_number" : "domain_address", .octets(Array(octets[1...6]))),
            Field("frame_number", .integer(Int(frameNumber))),
        ]
    }
}
