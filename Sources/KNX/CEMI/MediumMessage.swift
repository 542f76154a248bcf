/// A message that carries octets of the medium as they are: L_Raw, L_Busmon or L_Poll_Data (KNX standard 3/6/3). It owns its octets.
public struct MediumMessage: Hashable, Sendable {
    public let code: MessageCode
    public let additionalInformation: [AdditionalInformation]
    /// A frame of the medium with its check octet, or an acknowledge; of L_Poll_Data what `PollMessage` reads. Never empty.
    public let medium: [UInt8]

    /// - Parameter code: one of L_Raw, L_Busmon and L_Poll_Data.
    public init(_ code: MessageCode, additionalInformation: [AdditionalInformation] = [], medium: [UInt8]) {
        precondition(Self.carries(code), "this service does not carry octets of the medium")
        precondition(!medium.isEmpty, "a message without any octet of the medium is invalid")
        precondition(
            AdditionalInformation.block(additionalInformation) != nil, "additional information has at most 254 octets")
        self.code = code
        self.additionalInformation = additionalInformation
        self.medium = medium
    }

    /// A busmonitor indication. `microseconds` is the extended relative time stamp, which runs over every 71.6 minutes.
    public init(busmonitor status: BusmonitorStatus, microseconds: UInt32, medium: [UInt8]) {
        self.init(
            .busmonitorIndication,
            additionalInformation: [.busmonitorStatus(status), .extendedRelativeTimestamp(microseconds)],
            medium: medium)
    }

    /// Reads a whole message. Throws the fault for which it is rejected, `messageCodeUnknown` for another service's message.
    public init(_ message: Span<UInt8>) throws(Fault) {
        let frame = try CEMIFrame.accepted(message)
        guard let code = frame.code, Self.carries(code) else { throw Fault(.messageCodeUnknown, .frame, at: 0) }
        self.code = code
        additionalInformation = AdditionalInformation.items(frame, message)
        medium = KNX.octets(message.extracting(frame.bodyOffset..<message.count))
    }

    public var octets: [UInt8] {
        [code.rawValue] + (AdditionalInformation.block(additionalInformation) ?? [0]) + medium
    }

    private static func carries(_ code: MessageCode) -> Bool {
        switch code.family {
        case .raw, .busmonitor, .pollData: true
        default: false
        }
    }
}
