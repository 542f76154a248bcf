/// Any cEMI message, as a value that owns its octets and can be written again (KNX standard 3/6/3).
public enum CEMIMessage: Hashable, Sendable {
    case linkData(LinkData)
    /// L_Raw, L_Busmon and L_Poll_Data.
    case medium(MediumMessage)
    case transportData(TransportData)
    case property(PropertyMessage)
    case resetRequest
    case resetIndication

    /// Reads a whole message; throws the fault for which it is rejected.
    public init(_ message: Span<UInt8>) throws(Fault) {
        let frame = try CEMIFrame.accepted(message)
        switch frame.code?.family {
        case .linkData: self = .linkData(try LinkData(message))
        case .raw, .busmonitor, .pollData: self = .medium(try MediumMessage(message))
        case .transport: self = .transportData(try TransportData(message))
        case .property, .functionProperty: self = .property(try PropertyMessage(message))
        case .reset: self = frame.code == .resetRequest ? .resetRequest : .resetIndication
        case nil: throw Fault(.messageCodeUnknown, .frame, at: 0)
        }
    }

    public var code: MessageCode {
        switch self {
        case .linkData(let data): data.service.code
        case .medium(let message): message.code
        case .transportData(let data): data.code
        case .property(let message): message.code
        case .resetRequest: .resetRequest
        case .resetIndication: .resetIndication
        }
    }

    public var octets: [UInt8] {
        switch self {
        case .linkData(let data): data.octets
        case .medium(let message): message.octets
        case .transportData(let data): data.octets
        case .property(let message): message.octets
        case .resetRequest, .resetIndication: [code.rawValue]
        }
    }
}
