/// A message of local device management about a property of an interface object (KNX standard 3/6/3): M_PropRead, M_PropWrite,
/// M_PropInfo, M_FuncProp. It owns its octets.
public struct PropertyMessage: Hashable, Sendable {
    public let code: MessageCode
    public let header: PropertyHeader
    /// The property's octets; of a negative confirmation the error octet, of a function's confirmation its return code first.
    public let data: [UInt8]

    /// Throws the fault that a decoder would find: what data there must be depends on the service and the number of elements.
    public init(_ code: MessageCode, _ header: PropertyHeader, data: [UInt8] = []) throws(Fault) {
        let isFunction = code.family == .functionProperty
        guard code.family == .property || isFunction, isFunction == (header.elements == nil) else {
            throw Fault(.messageCodeUnknown, .frame, at: 0)
        }
        let octets = [code.rawValue] + header.octets + data
        _ = try CEMIFrame.accepted(octets.span)
        self.code = code
        self.header = header
        self.data = data
    }

    /// Reads a whole message. Throws the fault for which it is rejected, `messageCodeUnknown` for another service's message.
    public init(_ message: Span<UInt8>) throws(Fault) {
        let frame = try CEMIFrame.accepted(message)
        guard let code = frame.code, let header = PropertyHeader(frame, message) else {
            throw Fault(.messageCodeUnknown, .frame, at: 0)
        }
        self.code = code
        self.header = header
        data = KNX.octets(message.extracting((1 + header.count)..<message.count))
    }

    /// Sets the communication mode of a cEMI server (object type 8, property 52).
    public static func setCommunicationMode(_ mode: CommunicationMode) -> PropertyMessage {
        PropertyMessage(
            code: .propertyWriteRequest, header: PropertyHeader(objectType: 8, property: 52), data: [mode.rawValue])
    }

    private init(code: MessageCode, header: PropertyHeader, data: [UInt8]) {
        self.code = code
        self.header = header
        self.data = data
    }

    /// Why a read or write failed, as its confirmation says; nil when it did not, and for codes without a name.
    public var error: PropertyError? {
        guard header.elements == 0, code == .propertyReadConfirmation || code == .propertyWriteConfirmation else {
            return nil
        }
        return PropertyError(rawValue: data[0])
    }

    public var octets: [UInt8] { [code.rawValue] + header.octets + data }
}

/// Which layer of a cEMI server its client talks to: property 52 of the cEMI server object.
public enum CommunicationMode: UInt8, CaseIterable, Sendable {
    case linkLayer = 0x00
    case busmonitor = 0x01
    case raw = 0x02
    case transportLayer = 0x06
    case none = 0xFF
}
