/// A T_Data_Connected or T_Data_Individual message: a client that uses an interface's own transport layer (KNX standard 3/6/3).
public struct TransportData: Hashable, Sendable {
    public let code: MessageCode
    public let additionalInformation: [AdditionalInformation]
    /// The octet with the high bits of the APCI, whose TPCI bits are 0, and what follows it; 1…255 octets.
    public let transportUnit: [UInt8]

    /// - Parameter code: one of T_Data_Connected and T_Data_Individual.
    public init(_ code: MessageCode, additionalInformation: [AdditionalInformation] = [], transportUnit: [UInt8]) {
        precondition(code.family == .transport, "this is no service of the transport layer")
        precondition((1...255).contains(transportUnit.count), "T_Data carries 1 to 255 octets of TPDU")
        precondition(
            AdditionalInformation.block(additionalInformation) != nil, "additional information has at most 254 octets")
        self.code = code
        self.additionalInformation = additionalInformation
        self.transportUnit = transportUnit
    }

    /// Reads a whole message. Throws the fault for which it is rejected, `messageCodeUnknown` for another service's message.
    public init(_ message: Span<UInt8>) throws(Fault) {
        let frame = try CEMIFrame.accepted(message)
        guard let code = frame.code, code.family == .transport else { throw Fault(.messageCodeUnknown, .frame, at: 0) }
        self.code = code
        additionalInformation = AdditionalInformation.items(frame, message)
        transportUnit = KNX.octets(message.extracting(frame.transportUnit))
    }

    public var octets: [UInt8] {
        [code.rawValue] + (AdditionalInformation.block(additionalInformation) ?? [0])
            + [0, 0, 0, 0, 0, 0, UInt8(transportUnit.count - 1)] + transportUnit
    }
}
