/// What can be wrong with octets of KNX: the stable names by which faults are counted, reported and tested.
public enum FaultCode: UInt8, Sendable, CaseIterable {
    case empty
    case messageCodeUnknown
    case truncated
    case trailing
    case addinfoExceedsFrame
    case addinfoLengthEscape
    case addinfoTruncated
    case addinfoLength
    case addinfoTypeEscape
    case lengthEscape
    case errorInfoLength
    case rawEmpty
    case effUnsupported
    case controlInvalid
    case checksum
    case shortFrameUnknown
    case tpciReserved
    case tpciInvalidForGroup
    case controlTpduWithData
    case tpduEmpty
    case apduTooShort
    case apduLength
    case countMismatch
    case secureScfReserved
    case apciUnknown
    case transportUnusual
    case headerLength
    case protocolVersion
    case serviceUnknown
    case hpaiLength
    case hpaiProtocol
    case criLength
    case connectionTypeUnknown
    case connectionHeaderLength
    case structLength
    case featureUnexpectedData
    case featureMissingData
    case featureUnknown
    case sessionStatusUnknown
    case reportIdentifier
    case packetType
    case dataLength
    case protocolUnknown
    case length
    case invalidValue
    case outOfRange
    case unknownEnum
    case reservedBits

    /// The name in reports and JSON: lower case, words joined by hyphens.
    public var name: String {
        switch self {
        case .empty: "empty"
        case .messageCodeUnknown: "message-code-unknown"
        case .truncated: "truncated"
        case .trailing: "trailing"
        case .addinfoExceedsFrame: "addinfo-exceeds-frame"
        case .addinfoLengthEscape: "addinfo-length-escape"
        case .addinfoTruncated: "addinfo-truncated"
        case .addinfoLength: "addinfo-length"
        case .addinfoTypeEscape: "addinfo-type-escape"
        case .lengthEscape: "length-escape"
        case .errorInfoLength: "error-info-length"
        case .rawEmpty: "raw-empty"
        case .effUnsupported: "eff-unsupported"
        case .controlInvalid: "control-invalid"
        case .checksum: "checksum"
        case .shortFrameUnknown: "short-frame-unknown"
        case .tpciReserved: "tpci-reserved"
        case .tpciInvalidForGroup: "tpci-invalid-for-group"
        case .controlTpduWithData: "control-tpdu-with-data"
        case .tpduEmpty: "tpdu-empty"
        case .apduTooShort: "apdu-too-short"
        case .apduLength: "apdu-length"
        case .countMismatch: "count-mismatch"
        case .secureScfReserved: "secure-scf-reserved"
        case .apciUnknown: "apci-unknown"
        case .transportUnusual: "transport-unusual"
        case .headerLength: "header-length"
        case .protocolVersion: "protocol-version"
        case .serviceUnknown: "service-unknown"
        case .hpaiLength: "hpai-length"
        case .hpaiProtocol: "hpai-protocol"
        case .criLength: "cri-length"
        case .connectionTypeUnknown: "connection-type-unknown"
        case .connectionHeaderLength: "connection-header-length"
        case .structLength: "struct-length"
        case .featureUnexpectedData: "feature-unexpected-data"
        case .featureMissingData: "feature-missing-data"
        case .featureUnknown: "feature-unknown"
        case .sessionStatusUnknown: "session-status-unknown"
        case .reportIdentifier: "report-identifier"
        case .packetType: "packet-type"
        case .dataLength: "data-length"
        case .protocolUnknown: "protocol-unknown"
        case .length: "length"
        case .invalidValue: "invalid-value"
        case .outOfRange: "out-of-range"
        case .unknownEnum: "unknown-enum"
        case .reservedBits: "reserved-bits"
        }
    }

    public var severity: Severity {
        switch self {
        case .effUnsupported, .apciUnknown, .transportUnusual, .unknownEnum: .info
        case .addinfoTruncated, .addinfoLength, .addinfoTypeEscape, .tpciReserved, .tpciInvalidForGroup,
            .controlTpduWithData, .tpduEmpty, .apduTooShort, .apduLength, .countMismatch, .secureScfReserved,
            .featureUnknown, .protocolUnknown, .reservedBits:
            .warning
        default: .reject
        }
    }

    /// What it means, for an engineer at the bench.
    public var sentence: String {
        switch self {
        case .empty: "there is no octet at all"
        case .messageCodeUnknown: "this message code is none of cEMI"
        case .truncated: "the frame ends before all of its octets have come"
        case .trailing: "there are more octets than the frame's length says"
        case .addinfoExceedsFrame:
            "the additional information runs past the end of the frame, so the frame behind it cannot be found"
        case .addinfoLengthEscape: "additional information of length FF is reserved"
        case .addinfoTruncated: "an item of the additional information runs past the end of the block"
        case .addinfoLength: "an item of the additional information has another length than its type has"
        case .addinfoTypeEscape: "additional information of type FF is reserved"
        case .lengthEscape: "a length octet of FF is reserved"
        case .errorInfoLength: "a negative confirmation carries exactly one error octet"
        case .rawEmpty: "a raw or busmonitor frame without any octet of the medium"
        case .effUnsupported:
            "the extended frame format gives the destination another meaning (LTE-HEE or reserved), so it is not decoded"
        case .controlInvalid: "the control octet is none of an L_Data or poll frame"
        case .checksum: "the check octet does not match the octets before it"
        case .shortFrameUnknown: "a single character that is no acknowledge"
        case .tpciReserved: "this TPCI is reserved"
        case .tpciInvalidForGroup: "a control or numbered TPDU cannot go to a group address"
        case .controlTpduWithData: "a transport control TPDU is one octet and carries no data"
        case .tpduEmpty: "there is no transport unit"
        case .apduTooShort: "the application unit needs two octets for its service"
        case .apduLength: "the service needs another number of octets than it carries"
        case .countMismatch: "the count in the service differs from the number of data octets"
        case .secureScfReserved: "a reserved value in the security control field"
        case .apciUnknown: "no service is assigned to this APCI; receivers ignore it"
        case .transportUnusual: "this service does not belong on this kind of transport"
        case .headerLength: "the header of KNXnet/IP is six octets long"
        case .protocolVersion: "this protocol version is not known"
        case .serviceUnknown: "no service has this number"
        case .hpaiLength: "a host protocol address is eight octets long"
        case .hpaiProtocol: "a host protocol address is UDP (01) or TCP (02)"
        case .criLength: "the connection request or response information has another length than its type has"
        case .connectionTypeUnknown: "this connection type is not known"
        case .connectionHeaderLength: "a connection header is four octets long"
        case .structLength: "a structure's own length does not fit it or the frame"
        case .featureUnexpectedData: "this feature service carries no data"
        case .featureMissingData: "this feature service carries data, and there is none"
        case .featureUnknown: "this interface feature is not known"
        case .sessionStatusUnknown: "this status of a secure session is not known"
        case .reportIdentifier: "a KNX USB report has the identifier 01"
        case .packetType: "the sequence number or packet type of the USB report is reserved"
        case .dataLength: "the length in the USB report does not fit its data"
        case .protocolUnknown: "this protocol of the USB transfer layer is not known"
        case .length: "the value has another size than the datapoint type has"
        case .invalidValue: "the value lies outside the type's range, or is its pattern for no valid data"
        case .outOfRange: "the datapoint type cannot carry this value"
        case .unknownEnum: "the enumeration has no name for this value"
        case .reservedBits: "reserved bits are set"
        }
    }
}
