/// The services of the application layer (KNX standard 3/3/7) that an APCI of ten bits can name.
public enum ApplicationServiceCode: UInt8, Hashable, Sendable, CaseIterable {
    case groupValueRead
    case groupValueResponse
    case groupValueWrite
    case individualAddressWrite
    case individualAddressRead
    case individualAddressResponse
    case adcRead
    case adcResponse
    case systemNetworkParameterRead
    case systemNetworkParameterResponse
    case systemNetworkParameterWrite
    case propertyExtValueRead
    case propertyExtValueResponse
    case propertyExtValueWriteCon
    case propertyExtValueWriteConRes
    case propertyExtValueWriteUnCon
    case propertyExtValueInfoReport
    case propertyExtDescriptionRead
    case propertyExtDescriptionResponse
    case functionPropertyExtCommand
    case functionPropertyExtStateRead
    case functionPropertyExtStateResponse
    case memoryExtendedWrite
    case memoryExtendedWriteResponse
    case memoryExtendedRead
    case memoryExtendedReadResponse
    case memoryRead
    case memoryResponse
    case memoryWrite
    case userMemoryRead
    case userMemoryResponse
    case userMemoryWrite
    case userMemoryBitWrite
    case userManufacturerInfoRead
    case userManufacturerInfoResponse
    case functionPropertyCommand
    case functionPropertyStateRead
    case functionPropertyStateResponse
    case userManufacturerSpecific
    case deviceDescriptorRead
    case deviceDescriptorResponse
    case restart
    case restartMasterReset
    case restartMasterResetResponse
    case filterTableOpen
    case filterTableRead
    case filterTableResponse
    case filterTableWrite
    case routerMemoryRead
    case routerMemoryResponse
    case routerMemoryWrite
    case routerStatusRead
    case routerStatusResponse
    case routerStatusWrite
    case memoryBitWrite
    case authorizeRequest
    case authorizeResponse
    case keyWrite
    case keyResponse
    case propertyValueRead
    case propertyValueResponse
    case propertyValueWrite
    case propertyDescriptionRead
    case propertyDescriptionResponse
    case networkParameterRead
    case networkParameterResponse
    case individualAddressSerialRead
    case individualAddressSerialResponse
    case individualAddressSerialWrite
    case domainAddressWrite
    case domainAddressRead
    case domainAddressResponse
    case domainAddressSelectiveRead
    case networkParameterWrite
    case linkRead
    case linkResponse
    case linkWrite
    case groupPropValueRead
    case groupPropValueResponse
    case groupPropValueWrite
    case groupPropValueInfoReport
    case domainAddressSerialNumberRead
    case domainAddressSerialNumberResponse
    case domainAddressSerialNumberWrite
    case fileStreamInfoReport
    case secureService
    /// No service is assigned; receivers ignore it.
    case unknown

    /// The service of an APCI of ten bits; bits beyond them are ignored.
    ///
    /// The upper four bits select most services, and the lower six are then data. Where they are 1C0, 2C0, 380 and 3C0 all ten select;
    /// in the 1C0 group an APCI that nothing else has is A_ADC_Response, which is why some of its channels cannot be used.
    public init(apci: UInt16) {
        switch apci & 0x3C0 {
        case 0x000: self = .groupValueRead
        case 0x040: self = .groupValueResponse
        case 0x080: self = .groupValueWrite
        case 0x0C0: self = .individualAddressWrite
        case 0x100: self = .individualAddressRead
        case 0x140: self = .individualAddressResponse
        case 0x180: self = .adcRead
        case 0x200: self = .memoryRead
        case 0x240: self = .memoryResponse
        case 0x280: self = .memoryWrite
        case 0x300: self = .deviceDescriptorRead
        case 0x340: self = .deviceDescriptorResponse
        case 0x1C0: self = Self.named[Int(apci & 0x3F)]
        case 0x2C0: self = Self.named[64 + Int(apci & 0x3F)]
        case 0x380: self = Self.named[128 + Int(apci & 0x3F)]
        default: self = Self.named[192 + Int(apci & 0x3F)]
        }
    }

    /// The services of the four groups in which all ten bits select, by group and low six bits.
    private static let named: InlineArray<256, ApplicationServiceCode> = {
        var table = InlineArray<256, ApplicationServiceCode>(repeating: .unknown)
        for place in 0..<64 { table[place] = .adcResponse }
        for code in allCases where !code.hasDataBits {
            let group: Int? =
                switch code.apci & 0x3C0 {
                case 0x1C0: 0
                case 0x2C0: 64
                case 0x380: 128
                case 0x3C0: 192
                default: nil
                }
            if let group { table[group + Int(code.apci & 0x3F)] = code }
        }
        for place in 0x38..<0x3F { table[64 + place] = .userManufacturerSpecific }
        table[255] = .unknown
        return table
    }()

    /// The APCI with its low six bits zero where they are data. 2F8 for all user messages of manufacturers; 3FF when unknown.
    public var apci: UInt16 { Self.table[Int(rawValue)].apci }

    /// Whether the low six bits of the APCI carry data: a small value, a count, a channel or a descriptor type.
    public var hasDataBits: Bool {
        switch self {
        case .groupValueRead, .groupValueResponse, .groupValueWrite, .adcRead, .adcResponse, .memoryRead,
            .memoryResponse, .memoryWrite, .deviceDescriptorRead, .deviceDescriptorResponse:
            true
        default: false
        }
    }

    /// The service's name in the standard without its A_ and underscores: `GroupValueWrite`.
    public var name: String { Self.table[Int(rawValue)].name }

    private static let table: [(apci: UInt16, name: String)] = [
        (0x000, "GroupValueRead"),
        (0x040, "GroupValueResponse"),
        (0x080, "GroupValueWrite"),
        (0x0C0, "IndividualAddressWrite"),
        (0x100, "IndividualAddressRead"),
        (0x140, "IndividualAddressResponse"),
        (0x180, "ADCRead"),
        (0x1C0, "ADCResponse"),
        (0x1C8, "SystemNetworkParameterRead"),
        (0x1C9, "SystemNetworkParameterResponse"),
        (0x1CA, "SystemNetworkParameterWrite"),
        (0x1CC, "PropertyExtValueRead"),
        (0x1CD, "PropertyExtValueResponse"),
        (0x1CE, "PropertyExtValueWriteCon"),
        (0x1CF, "PropertyExtValueWriteConRes"),
        (0x1D0, "PropertyExtValueWriteUnCon"),
        (0x1D1, "PropertyExtValueInfoReport"),
        (0x1D2, "PropertyExtDescriptionRead"),
        (0x1D3, "PropertyExtDescriptionResponse"),
        (0x1D4, "FunctionPropertyExtCommand"),
        (0x1D5, "FunctionPropertyExtStateRead"),
        (0x1D6, "FunctionPropertyExtStateResponse"),
        (0x1FB, "MemoryExtendedWrite"),
        (0x1FC, "MemoryExtendedWriteResponse"),
        (0x1FD, "MemoryExtendedRead"),
        (0x1FE, "MemoryExtendedReadResponse"),
        (0x200, "MemoryRead"),
        (0x240, "MemoryResponse"),
        (0x280, "MemoryWrite"),
        (0x2C0, "UserMemoryRead"),
        (0x2C1, "UserMemoryResponse"),
        (0x2C2, "UserMemoryWrite"),
        (0x2C4, "UserMemoryBitWrite"),
        (0x2C5, "UserManufacturerInfoRead"),
        (0x2C6, "UserManufacturerInfoResponse"),
        (0x2C7, "FunctionPropertyCommand"),
        (0x2C8, "FunctionPropertyStateRead"),
        (0x2C9, "FunctionPropertyStateResponse"),
        (0x2F8, "UserManufacturerSpecific"),
        (0x300, "DeviceDescriptorRead"),
        (0x340, "DeviceDescriptorResponse"),
        (0x380, "Restart"),
        (0x381, "RestartMasterReset"),
        (0x3A1, "RestartMasterResetResponse"),
        (0x3C0, "FilterTableOpen"),
        (0x3C1, "FilterTableRead"),
        (0x3C2, "FilterTableResponse"),
        (0x3C3, "FilterTableWrite"),
        (0x3C8, "RouterMemoryRead"),
        (0x3C9, "RouterMemoryResponse"),
        (0x3CA, "RouterMemoryWrite"),
        (0x3CD, "RouterStatusRead"),
        (0x3CE, "RouterStatusResponse"),
        (0x3CF, "RouterStatusWrite"),
        (0x3D0, "MemoryBitWrite"),
        (0x3D1, "AuthorizeRequest"),
        (0x3D2, "AuthorizeResponse"),
        (0x3D3, "KeyWrite"),
        (0x3D4, "KeyResponse"),
        (0x3D5, "PropertyValueRead"),
        (0x3D6, "PropertyValueResponse"),
        (0x3D7, "PropertyValueWrite"),
        (0x3D8, "PropertyDescriptionRead"),
        (0x3D9, "PropertyDescriptionResponse"),
        (0x3DA, "NetworkParameterRead"),
        (0x3DB, "NetworkParameterResponse"),
        (0x3DC, "IndividualAddressSerialRead"),
        (0x3DD, "IndividualAddressSerialResponse"),
        (0x3DE, "IndividualAddressSerialWrite"),
        (0x3E0, "DomainAddressWrite"),
        (0x3E1, "DomainAddressRead"),
        (0x3E2, "DomainAddressResponse"),
        (0x3E3, "DomainAddressSelectiveRead"),
        (0x3E4, "NetworkParameterWrite"),
        (0x3E5, "LinkRead"),
        (0x3E6, "LinkResponse"),
        (0x3E7, "LinkWrite"),
        (0x3E8, "GroupPropValueRead"),
        (0x3E9, "GroupPropValueResponse"),
        (0x3EA, "GroupPropValueWrite"),
        (0x3EB, "GroupPropValueInfoReport"),
        (0x3EC, "DomainAddressSerialNumberRead"),
        (0x3ED, "DomainAddressSerialNumberResponse"),
        (0x3EE, "DomainAddressSerialNumberWrite"),
        (0x3F0, "FileStreamInfoReport"),
        (0x3F1, "SecureService"),
        (0x3FF, "unknown"),
    ]
}
