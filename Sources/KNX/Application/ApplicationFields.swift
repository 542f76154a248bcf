extension ApplicationService {
    /// What the service says, in named values; empty when its name is all.
    public var fields: [Field] {
        var fields = asdu?.fields ?? []
        switch self {
        case .restartMasterReset(let reset):
            fields.append(Field("erase", reset.eraseName.map { .text($0) } ?? .null))
        case .restartMasterResetResponse(let result):
            fields.append(Field("error", result.errorName.map { .text($0) } ?? .null))
        case .propertyValueResponse(let property) where property.count == 0:
            fields.append(Field("negative", .boolean(true)))
        case .propertyExtValueResponse(let property) where property.count == 0:
            fields.append(Field("negative", .boolean(true)))
            if let code = property.data.first {
                fields.append(Field("return_code", .text(ReturnCode(rawValue: code).description)))
            }
        case .memoryResponse(let block) where block.data.isEmpty: fields.append(Field("negative", .boolean(true)))
        case .propertyDescriptionResponse(let description)
        where description.dataType == 0 && description.maximumElements == 0:
            fields.append(Field("negative", .boolean(true)))
        case .keyResponse(let response) where response.level == 0xFF:
            fields.append(Field("negative", .boolean(true)))
        default: break
        }
        return fields
    }
}

/// Which transport services may carry an application service (KNX standard 3/3/7).
struct UsualTransport: OptionSet, Hashable, Sendable {
    let rawValue: UInt8

    static let group = Self(rawValue: 1)
    static let tagGroup = Self(rawValue: 2)
    static let broadcast = Self(rawValue: 4)
    static let systemBroadcast = Self(rawValue: 8)
    static let individual = Self(rawValue: 16)
    static let connected = Self(rawValue: 32)

    static let any: Self = [.group, .tagGroup, .broadcast, .systemBroadcast, .individual, .connected]

    init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Empty for transport services without an APDU.
    init(_ transport: TransportService) {
        self =
            switch transport {
            case .dataGroup: .group
            case .dataTagGroup: .tagGroup
            case .dataBroadcast: .broadcast
            case .dataSystemBroadcast: .systemBroadcast
            case .dataIndividual: .individual
            case .dataConnected: .connected
            default: []
            }
    }
}

extension ApplicationServiceCode {
    /// Whether the standard sends this service with that transport service. A wrong one is worth a note and no fault: receivers differ, and
    /// services that nobody assigned go anywhere.
    public func isUsual(on transport: TransportService) -> Bool { usual.contains(UsualTransport(transport)) }

    private var usual: UsualTransport {
        switch self {
        case .groupValueRead, .groupValueResponse, .groupValueWrite: [.group, .tagGroup]
        case .groupPropValueRead, .groupPropValueResponse, .groupPropValueWrite, .groupPropValueInfoReport:
            [.group, .tagGroup]
        case .individualAddressWrite, .individualAddressRead, .individualAddressResponse,
            .individualAddressSerialRead, .individualAddressSerialResponse, .individualAddressSerialWrite:
            [.broadcast]
        case .domainAddressWrite, .domainAddressRead, .domainAddressResponse, .domainAddressSelectiveRead,
            .domainAddressSerialNumberRead, .domainAddressSerialNumberResponse, .domainAddressSerialNumberWrite,
            .systemNetworkParameterRead, .systemNetworkParameterResponse, .systemNetworkParameterWrite:
            [.broadcast, .systemBroadcast]
        case .networkParameterRead, .networkParameterResponse, .networkParameterWrite:
            [.broadcast, .systemBroadcast, .individual]
        case .memoryRead, .memoryResponse, .memoryWrite, .memoryBitWrite, .memoryExtendedRead,
            .memoryExtendedReadResponse, .memoryExtendedWrite, .memoryExtendedWriteResponse, .adcRead, .adcResponse,
            .authorizeRequest, .authorizeResponse, .keyWrite, .keyResponse, .userMemoryRead, .userMemoryResponse,
            .userMemoryWrite, .userMemoryBitWrite, .userManufacturerInfoRead, .userManufacturerInfoResponse,
            .filterTableOpen, .filterTableRead, .filterTableResponse, .filterTableWrite, .routerMemoryRead,
            .routerMemoryResponse, .routerMemoryWrite, .routerStatusRead, .routerStatusResponse, .routerStatusWrite:
            [.connected]
        case .secureService, .userManufacturerSpecific, .unknown: .any
        default: [.individual, .connected]
        }
    }
}
