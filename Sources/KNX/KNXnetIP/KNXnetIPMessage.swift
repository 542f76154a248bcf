/// What a KNXnet/IP frame means, owning its data, with the encoder. `octets` refuses what no receiver could read.
public enum KNXnetIPMessage: Hashable, Sendable {
    case searchRequest(HostProtocolAddress)
    case searchResponse(HostProtocolAddress, [DescriptionBlock])
    case searchRequestExtended(HostProtocolAddress, [SearchParameter])
    case searchResponseExtended(HostProtocolAddress, [DescriptionBlock])
    case descriptionRequest(HostProtocolAddress)
    case descriptionResponse([DescriptionBlock])
    case connectRequest(control: HostProtocolAddress, data: HostProtocolAddress, ConnectionRequestInformation)
    case connectAccepted(channel: UInt8, data: HostProtocolAddress, ConnectionResponseData)
    /// Channel 0 unless the server says otherwise; any status but `noError`.
    case connectRefused(channel: UInt8 = 0, KNXnetIPStatus)
    case connectionStateRequest(channel: UInt8, control: HostProtocolAddress)
    case connectionStateResponse(channel: UInt8, KNXnetIPStatus)
    case disconnectRequest(channel: UInt8, control: HostProtocolAddress)
    case disconnectResponse(channel: UInt8, KNXnetIPStatus)
    case deviceConfigurationRequest(channel: UInt8, sequence: UInt8, cemi: [UInt8])
    case deviceConfigurationAcknowledge(ConnectionHeader)
    case tunnellingRequest(channel: UInt8, sequence: UInt8, cemi: [UInt8])
    case tunnellingAcknowledge(ConnectionHeader)
    case featureGet(channel: UInt8, sequence: UInt8, InterfaceFeature)
    /// Return code 00 with a value, or another without.
    case featureResponse(
        channel: UInt8, sequence: UInt8, InterfaceFeature, returnCode: UInt8, value: [UInt8])
    case featureSet(channel: UInt8, sequence: UInt8, InterfaceFeature, value: [UInt8])
    case featureInfo(channel: UInt8, sequence: UInt8, InterfaceFeature, value: [UInt8])
    case routingIndication(cemi: [UInt8])
    case routingLostMessage(RoutingLostMessage)
    case routingBusy(RoutingBusy)
    case routingSystemBroadcast(cemi: [UInt8])
    case remoteDiagnosticRequest(HostProtocolAddress, RemoteSelector)
    case remoteDiagnosticResponse(RemoteSelector, [DescriptionBlock])
    case remoteBasicConfigurationRequest(HostProtocolAddress, RemoteSelector, [DescriptionBlock])
    case remoteResetRequest(RemoteSelector, RemoteResetCommand)
    /// `code` is the message authentication code, 16 octets, here and below.
    case secureWrapper(SecureWrapperHeader, ciphertext: [UInt8], code: [UInt8])
    case sessionRequest(HostProtocolAddress, publicKey: [UInt8])
    case sessionResponse(session: UInt16, publicKey: [UInt8], code: [UInt8])
    case sessionAuthenticate(user: UInt8, code: [UInt8])
    case sessionStatus(UInt8)
    case timerNotify(timer: UInt64, serialNumber: UInt64, tag: UInt16, code: [UInt8])
    case objectServerRequest([UInt8])
    case objectServerAcknowledge([UInt8])

    /// Why a message cannot be a frame.
    public enum Refusal: Error, Hashable, Sendable, CustomStringConvertible {
        /// The frame would have this many octets.
        case frameTooLong(Int)
        /// The service carries something that has no octets.
        case payloadMissing
        /// A description block or search parameter of this type whose content has another size than the type has, or does not fit its
        /// length octet.
        case structureLength(type: UInt8)
        /// A key, code or ciphertext of this many octets.
        case secureLength(Int)
        case sessionStatusUnknown(UInt8)
        /// An address, timer or number of 48 bits that has more.
        case numberTooLarge(UInt64)
        /// A refusal whose status says that nothing is wrong.
        case refusedWithoutError

        public var description: String {
            switch self {
            case .frameTooLong(let count): "a frame of \(count) octets does not fit its total length of 16 bits"
            case .payloadMissing: "the service carries data, and there is none"
            case .structureLength(let type):
                "the content of structure \(type.hexadecimal) has a size that its type cannot have"
            case .secureLength(let count): "\(count) octets: a key has 32, a code 16 and a wrapped frame at least 6"
            case .sessionStatusUnknown(let status): "session status \(status) is above 5"
            case .numberTooLarge(let number): "\(number) does not fit 48 bits"
            case .refusedWithoutError: "a refused connection needs a status other than 00"
            }
        }
    }

    public var service: KNXnetIPService {
        switch self {
        case .searchRequest: .searchRequest
        case .searchResponse: .searchResponse
        case .searchRequestExtended: .searchRequestExtended
        case .searchResponseExtended: .searchResponseExtended
        case .descriptionRequest: .descriptionRequest
        case .descriptionResponse: .descriptionResponse
        case .connectRequest: .connectRequest
        case .connectAccepted, .connectRefused: .connectResponse
        case .connectionStateRequest: .connectionStateRequest
        case .connectionStateResponse: .connectionStateResponse
        case .disconnectRequest: .disconnectRequest
        case .disconnectResponse: .disconnectResponse
        case .deviceConfigurationRequest: .deviceConfigurationRequest
        case .deviceConfigurationAcknowledge: .deviceConfigurationAcknowledge
        case .tunnellingRequest: .tunnellingRequest
        case .tunnellingAcknowledge: .tunnellingAcknowledge
        case .featureGet: .tunnellingFeatureGet
        case .featureResponse: .tunnellingFeatureResponse
        case .featureSet: .tunnellingFeatureSet
        case .featureInfo: .tunnellingFeatureInfo
        case .routingIndication: .routingIndication
        case .routingLostMessage: .routingLostMessage
        case .routingBusy: .routingBusy
        case .routingSystemBroadcast: .routingSystemBroadcast
        case .remoteDiagnosticRequest: .remoteDiagnosticRequest
        case .remoteDiagnosticResponse: .remoteDiagnosticResponse
        case .remoteBasicConfigurationRequest: .remoteBasicConfigurationRequest
        case .remoteResetRequest: .remoteResetRequest
        case .secureWrapper: .secureWrapper
        case .sessionRequest: .sessionRequest
        case .sessionResponse: .sessionResponse
        case .sessionAuthenticate: .sessionAuthenticate
        case .sessionStatus: .sessionStatus
        case .timerNotify: .timerNotify
        case .objectServerRequest: .objectServerRequest
        case .objectServerAcknowledge: .objectServerAcknowledge
        }
    }

    /// The frame, header included.
    public var octets: [UInt8] {
        get throws(Refusal) {
            let body = try body
            let length = KNXnetIPFrame.headerLength + body.count
            guard length <= 0xFFFF else { throw .frameTooLong(length) }
            var octets: [UInt8] = [UInt8(KNXnetIPFrame.headerLength), service.protocolVersion]
            octets.reserveCapacity(length)
            octets.appendBigEndian(service.rawValue, octetCount: 2)
            octets.appendBigEndian(UInt16(length), octetCount: 2)
            return octets + body
        }
    }
}
