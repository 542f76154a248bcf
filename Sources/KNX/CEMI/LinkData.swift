/// An L_Data message that owns its octets: request, confirmation or indication of one telegram (KNX standard 3/6/3).
///
/// No value of it makes an invalid message. Writing gives the octets that were read, but for what senders must not send: the reserved bit
/// of Ctrl1, and items of additional information in another order than by type, or cut.
public struct LinkData: Hashable, Sendable {
    public enum Service: Hashable, Sendable, CaseIterable {
        case request
        case confirmation
        case indication

        public var code: MessageCode {
            switch self {
            case .request: .linkDataRequest
            case .confirmation: .linkDataConfirmation
            case .indication: .linkDataIndication
            }
        }
    }

    public private(set) var service: Service
    public let additionalInformation: [AdditionalInformation]
    /// FT = 0.
    public let isExtended: Bool
    /// R = 1: in a request, that the telegram may be repeated; in an indication, that it is no repetition.
    public let repeatBit: Bool
    /// SB = 0.
    public let isSystemBroadcast: Bool
    public let priority: Priority
    public let requestsAcknowledge: Bool
    /// C: in a confirmation, that nobody acknowledged or the telegram was not sent.
    public private(set) var isNegativeConfirmation: Bool
    /// 0.0.0 in a request lets the interface fill in its own.
    public let source: IndividualAddress
    public let destination: Destination
    /// 0…7.
    public let hopCount: UInt8
    /// 0…15; the destination is an ordinary address only with 0.
    public let extendedFormat: UInt8
    /// TPCI/APCI octet and what follows, 1…255 octets.
    public let transportUnit: [UInt8]
    /// False for a radio frame that came without LG and took all octets that were left.
    private let hasLength: Bool

    /// - Parameter isExtended: nil means what senders must do: extended above 16 octets of TPDU and with an extended frame format.
    public init(
        _ service: Service, additionalInformation: [AdditionalInformation] = [], isExtended: Bool? = nil,
        repeatBit: Bool = true, isSystemBroadcast: Bool = false, priority: Priority = .low,
        requestsAcknowledge: Bool = false, isNegativeConfirmation: Bool = false, source: IndividualAddress,
        destination: Destination, hopCount: UInt8 = 6, extendedFormat: UInt8 = 0, transportUnit: [UInt8]
    ) {
        precondition((1...255).contains(transportUnit.count), "L_Data carries 1 to 255 octets of TPDU")
        precondition(hopCount < 8 && extendedFormat < 16, "hop count is 3 bits, extended frame format 4")
        precondition(
            AdditionalInformation.block(additionalInformation) != nil, "additional information has at most 254 octets")
        self.service = service
        self.additionalInformation = additionalInformation
        self.isExtended = isExtended ?? (transportUnit.count > 16 || extendedFormat != 0)
        self.repeatBit = repeatBit
        self.isSystemBroadcast = isSystemBroadcast
        self.priority = priority
        self.requestsAcknowledge = requestsAcknowledge
        self.isNegativeConfirmation = isNegativeConfirmation
        self.source = source
        self.destination = destination
        self.hopCount = hopCount
        self.extendedFormat = extendedFormat
        self.transportUnit = transportUnit
        hasLength = true
    }

    /// Reads a whole message. Throws the fault for which it is rejected, `messageCodeUnknown` for another service's message; lesser faults
    /// are left to `CEMIDescription`.
    public init(_ message: Span<UInt8>) throws(Fault) {
        let frame = try CEMIFrame.accepted(message)
        switch frame.code {
        case .linkDataRequest: service = .request
        case .linkDataConfirmation: service = .confirmation
        case .linkDataIndication: service = .indication
        default: throw Fault(.messageCodeUnknown, .frame, at: 0)
        }
        additionalInformation = AdditionalInformation.items(frame, message)
        isExtended = frame.isExtended
        repeatBit = frame.repeatBit == 1
        isSystemBroadcast = frame.isSystemBroadcast
        priority = frame.priority
        requestsAcknowledge = frame.requestsAcknowledge
        isNegativeConfirmation = frame.isNegativeConfirmation
        source = frame.source
        destination = frame.destination
        hopCount = frame.hopCount
        extendedFormat = frame.extendedFormat
        transportUnit = KNX.octets(message.extracting((frame.bodyOffset + 7)..<message.count))
        hasLength = !frame.isWithoutLength
    }

    public var octets: [UInt8] {
        var control1: UInt8 = priority.rawValue << 2
        if !isExtended { control1 |= 0x80 }
        if repeatBit { control1 |= 0x20 }
        if !isSystemBroadcast { control1 |= 0x10 }
        if requestsAcknowledge { control1 |= 0x02 }
        if isNegativeConfirmation { control1 |= 0x01 }
        var control2 = hopCount << 4 | extendedFormat
        if case .group = destination { control2 |= 0x80 }
        var octets = [service.code.rawValue]
        octets += AdditionalInformation.block(additionalInformation) ?? [0]
        octets += [
            control1, control2, UInt8(source.raw >> 8), UInt8(source.raw & 255), UInt8(destination.raw >> 8),
            UInt8(destination.raw & 255), hasLength ? UInt8(transportUnit.count - 1) : 0,
        ]
        return octets + transportUnit
    }

    /// The confirmation of this request: the same telegram, and whether it was sent and acknowledged.
    public func confirmation(isNegative: Bool) -> LinkData {
        var confirmation = self
        confirmation.service = .confirmation
        confirmation.isNegativeConfirmation = isNegative
        return confirmation
    }
}

extension CEMIFrame {
    /// The frame of a message that nothing rejects; throws the fault that does.
    static func accepted(_ message: Span<UInt8>) throws(Fault) -> CEMIFrame {
        var faults = Faults()
        let frame = CEMIFrame(message, faults: &faults)
        if let worst = faults.worst, worst.severity == .reject { throw worst }
        return frame
    }
}

extension AdditionalInformation {
    /// The items of a message, as far as they are whole.
    static func items(_ frame: CEMIFrame, _ message: Span<UInt8>) -> [AdditionalInformation] {
        var items: [AdditionalInformation] = []
        var cursor = AdditionalInformationCursor(block: frame.additionalInformation)
        while let item = cursor.next(message) {
            items.append(AdditionalInformation(type: item.type, data: octets(message.extracting(item.value))))
        }
        return items
    }
}
