/// The services of KNXnet/IP: the third and fourth octet of every frame (KNX standard 3/8/1 to 3/8/9). The high octet is the service
/// family.
public enum KNXnetIPService: UInt16, Sendable, CaseIterable {
    case searchRequest = 0x0201
    case searchResponse = 0x0202
    case descriptionRequest = 0x0203
    case descriptionResponse = 0x0204
    case connectRequest = 0x0205
    case connectResponse = 0x0206
    case connectionStateRequest = 0x0207
    case connectionStateResponse = 0x0208
    case disconnectRequest = 0x0209
    case disconnectResponse = 0x020A
    case searchRequestExtended = 0x020B
    case searchResponseExtended = 0x020C
    case deviceConfigurationRequest = 0x0310
    case deviceConfigurationAcknowledge = 0x0311
    case tunnellingRequest = 0x0420
    case tunnellingAcknowledge = 0x0421
    case tunnellingFeatureGet = 0x0422
    case tunnellingFeatureResponse = 0x0423
    case tunnellingFeatureSet = 0x0424
    case tunnellingFeatureInfo = 0x0425
    case routingIndication = 0x0530
    case routingLostMessage = 0x0531
    case routingBusy = 0x0532
    case routingSystemBroadcast = 0x0533
    case remoteDiagnosticRequest = 0x0740
    case remoteDiagnosticResponse = 0x0741
    case remoteBasicConfigurationRequest = 0x0742
    case remoteResetRequest = 0x0743
    case secureWrapper = 0x0950
    case sessionRequest = 0x0951
    case sessionResponse = 0x0952
    case sessionAuthenticate = 0x0953
    case sessionStatus = 0x0954
    case timerNotify = 0x0955
    /// Of the BAOS object server, in frames of protocol version 2.0.
    case objectServerRequest = 0xF080
    case objectServerAcknowledge = 0xF081

    /// The name in the standard, in capitals.
    public var name: String {
        switch self {
        case .searchRequest: "SEARCH_REQUEST"
        case .searchResponse: "SEARCH_RESPONSE"
        case .descriptionRequest: "DESCRIPTION_REQUEST"
        case .descriptionResponse: "DESCRIPTION_RESPONSE"
        case .connectRequest: "CONNECT_REQUEST"
        case .connectResponse: "CONNECT_RESPONSE"
        case .connectionStateRequest: "CONNECTIONSTATE_REQUEST"
        case .connectionStateResponse: "CONNECTIONSTATE_RESPONSE"
        case .disconnectRequest: "DISCONNECT_REQUEST"
        case .disconnectResponse: "DISCONNECT_RESPONSE"
        case .searchRequestExtended: "SEARCH_REQUEST_EXTENDED"
        case .searchResponseExtended: "SEARCH_RESPONSE_EXTENDED"
        case .deviceConfigurationRequest: "DEVICE_CONFIGURATION_REQUEST"
        case .deviceConfigurationAcknowledge: "DEVICE_CONFIGURATION_ACK"
        case .tunnellingRequest: "TUNNELLING_REQUEST"
        case .tunnellingAcknowledge: "TUNNELLING_ACK"
        case .tunnellingFeatureGet: "TUNNELLING_FEATURE_GET"
        case .tunnellingFeatureResponse: "TUNNELLING_FEATURE_RESPONSE"
        case .tunnellingFeatureSet: "TUNNELLING_FEATURE_SET"
        case .tunnellingFeatureInfo: "TUNNELLING_FEATURE_INFO"
        case .routingIndication: "ROUTING_INDICATION"
        case .routingLostMessage: "ROUTING_LOST_MESSAGE"
        case .routingBusy: "ROUTING_BUSY"
        case .routingSystemBroadcast: "ROUTING_SYSTEM_BROADCAST"
        case .remoteDiagnosticRequest: "REMOTE_DIAGNOSTIC_REQUEST"
        case .remoteDiagnosticResponse: "REMOTE_DIAGNOSTIC_RESPONSE"
        case .remoteBasicConfigurationRequest: "REMOTE_BASIC_CONFIGURATION_REQUEST"
        case .remoteResetRequest: "REMOTE_RESET_REQUEST"
        case .secureWrapper: "SECURE_WRAPPER"
        case .sessionRequest: "SESSION_REQUEST"
        case .sessionResponse: "SESSION_RESPONSE"
        case .sessionAuthenticate: "SESSION_AUTHENTICATE"
        case .sessionStatus: "SESSION_STATUS"
        case .timerNotify: "TIMER_NOTIFY"
        case .objectServerRequest: "OBJECT_SERVER_REQUEST"
        case .objectServerAcknowledge: "OBJECT_SERVER_ACK"
        }
    }

    /// The octet of the header that goes with the service: 10 for version 1.0, 20 for the object server.
    public var protocolVersion: UInt8 { rawValue >> 8 == 0xF0 ? 0x20 : 0x10 }
}

/// The service families that devices announce: the high octets of the services.
public enum KNXnetIPFamily {
    /// Nil for a family that the standard does not name.
    public static func name(_ family: UInt8) -> String? {
        switch family {
        case 0x02: "core"
        case 0x03: "device management"
        case 0x04: "tunnelling"
        case 0x05: "routing"
        case 0x06: "remote logging"
        case 0x07: "remote configuration"
        case 0x08: "object server"
        case 0x09: "security"
        default: nil
        }
    }
}

/// The status octet of connections, acknowledges and responses. Any octet is one: an unknown status is a status and not an error.
public struct KNXnetIPStatus: Hashable, Sendable, CustomStringConvertible {
    public let octet: UInt8

    public init(_ octet: UInt8) {
        self.octet = octet
    }

    public static let noError = KNXnetIPStatus(0x00)
    public static let hostProtocolType = KNXnetIPStatus(0x01)
    public static let versionNotSupported = KNXnetIPStatus(0x02)
    public static let sequenceNumber = KNXnetIPStatus(0x04)
    public static let error = KNXnetIPStatus(0x0F)
    public static let connectionIdentifier = KNXnetIPStatus(0x21)
    public static let connectionType = KNXnetIPStatus(0x22)
    public static let connectionOption = KNXnetIPStatus(0x23)
    public static let noMoreConnections = KNXnetIPStatus(0x24)
    public static let noMoreUniqueConnections = KNXnetIPStatus(0x25)
    public static let dataConnection = KNXnetIPStatus(0x26)
    public static let knxConnection = KNXnetIPStatus(0x27)
    public static let authorisation = KNXnetIPStatus(0x28)
    public static let tunnellingLayer = KNXnetIPStatus(0x29)
    public static let noTunnellingAddress = KNXnetIPStatus(0x2D)
    public static let connectionInUse = KNXnetIPStatus(0x2E)

    /// Nil for a status that the standard does not name.
    public var name: String? {
        switch self {
        case .noError: "no error"
        case .hostProtocolType: "host protocol type not supported"
        case .versionNotSupported: "version not supported"
        case .sequenceNumber: "sequence number out of order"
        case .error: "error"
        case .connectionIdentifier: "no such connection"
        case .connectionType: "connection type not supported"
        case .connectionOption: "connection option not supported"
        case .noMoreConnections: "no more connections"
        case .noMoreUniqueConnections: "no more unique connections"
        case .dataConnection: "data connection disturbed"
        case .knxConnection: "KNX connection disturbed"
        case .authorisation: "not authorised"
        case .tunnellingLayer: "tunnelling layer not supported"
        case .noTunnellingAddress: "no tunnelling address"
        case .connectionInUse: "connection in use"
        default: nil
        }
    }

    public var description: String { name ?? "status(\(octet.hexadecimal))" }
}
