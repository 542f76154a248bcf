/// An application service with everything that it says (KNX standard 3/3/7).
///
/// What was read gives back the very octets when written; what is built cannot have a wrong length.
public enum ApplicationService: Hashable, Sendable {
    case groupValueRead
    case groupValueResponse(GroupValue)
    case groupValueWrite(GroupValue)
    case individualAddressWrite(NewAddress)
    case individualAddressRead
    case individualAddressResponse
    case adcRead(ADCRequest)
    case adcResponse(ADCResult)
    case systemNetworkParameterRead(SystemNetworkParameter)
    case systemNetworkParameterResponse(SystemNetworkParameter)
    case systemNetworkParameterWrite(SystemNetworkParameter)
    case propertyExtValueRead(ExtendedPropertyRange)
    case propertyExtValueResponse(ExtendedPropertyData)
    case propertyExtValueWriteCon(ExtendedPropertyData)
    case propertyExtValueWriteConRes(ExtendedPropertyResult)
    case propertyExtValueWriteUnCon(ExtendedPropertyData)
    case propertyExtValueInfoReport(ExtendedPropertyData)
    case propertyExtDescriptionRead(ExtendedPropertyDescriptionRequest)
    case propertyExtDescriptionResponse(ExtendedPropertyDescription)
    case functionPropertyExtCommand(ExtendedFunctionProperty)
    case functionPropertyExtStateRead(ExtendedFunctionProperty)
    case functionPropertyExtStateResponse(ExtendedFunctionPropertyResult)
    case memoryExtendedWrite(ExtendedMemoryBlock)
    case memoryExtendedWriteResponse(ExtendedMemoryWriteResult)
    case memoryExtendedRead(ExtendedMemoryRange)
    case memoryExtendedReadResponse(ExtendedMemoryResult)
    case memoryRead(MemoryRange)
    case memoryResponse(MemoryBlock)
    case memoryWrite(MemoryBlock)
    case userMemoryRead(UserMemoryRange)
    case userMemoryResponse(UserMemoryBlock)
    case userMemoryWrite(UserMemoryBlock)
    case userMemoryBitWrite(MemoryBits)
    case userManufacturerInfoRead
    case userManufacturerInfoResponse(ManufacturerInformation)
    case functionPropertyCommand(FunctionProperty)
    case functionPropertyStateRead(FunctionProperty)
    case functionPropertyStateResponse(FunctionPropertyResult)
    case userManufacturerSpecific(ManufacturerSpecificMessage)
    case deviceDescriptorRead(DeviceDescriptorRequest)
    case deviceDescriptorResponse(DeviceDescriptorResponse)
    case restart
    case restartMasterReset(MasterReset)
    case restartMasterResetResponse(MasterResetResult)
    case filterTableOpen
    case filterTableRead(CountedMemoryRange)
    case filterTableResponse(CountedMemoryBlock)
    case filterTableWrite(CountedMemoryBlock)
    case routerMemoryRead(CountedMemoryRange)
    case routerMemoryResponse(CountedMemoryBlock)
    case routerMemoryWrite(CountedMemoryBlock)
    case routerStatusRead(OpaqueASDU)
    case routerStatusResponse(OpaqueASDU)
    case routerStatusWrite(OpaqueASDU)
    case memoryBitWrite(MemoryBits)
    case authorizeRequest(AuthorizationRequest)
    case authorizeResponse(AccessLevel)
    case keyWrite(KeyAssignment)
    case keyResponse(AccessLevel)
    case propertyValueRead(PropertyRange)
    case propertyValueResponse(PropertyData)
    case propertyValueWrite(PropertyData)
    case propertyDescriptionRead(PropertyDescriptionRequest)
    case propertyDescriptionResponse(PropertyDescription)
    case networkParameterRead(NetworkParameter)
    case networkParameterResponse(NetworkParameter)
    case networkParameterWrite(NetworkParameter)
    case individualAddressSerialRead(SerialNumber)
    case individualAddressSerialResponse(SerialNumberResponse)
    case individualAddressSerialWrite(SerialNumberAssignment)
    case domainAddressWrite(DomainAddress)
    case domainAddressRead
    case domainAddressResponse(DomainAddress)
    case domainAddressSelectiveRead(DomainAddressSelection)
    case linkRead(LinkRequest)
    case linkResponse(LinkList)
    case linkWrite(LinkChange)
    case groupPropValueRead(GroupProperty)
    case groupPropValueResponse(GroupPropertyData)
    case groupPropValueWrite(GroupPropertyData)
    case groupPropValueInfoReport(GroupPropertyData)
    case domainAddressSerialNumberRead(SerialNumber)
    case domainAddressSerialNumberResponse(DomainReport)
    case domainAddressSerialNumberWrite(DomainAssignment)
    case fileStreamInfoReport(FileBlock)
    case secureService(SecuredAPDU)

    /// Reads the service of a data TPDU, its TPCI and APCI first.
    ///
    /// Throws the first fault of the application layer: no APCI (`apdu-too-short`), no service (`apci-unknown`), a wrong length or count,
    /// reserved bits in the APCI, security control fields with reserved values. The TPCI itself is not judged.
    public init(tpdu: [UInt8]) throws(Fault) {
        guard tpdu.count > 1 else { throw Fault(.apduTooShort, .application, at: tpdu.count) }
        let apci = UInt16(tpdu[0] & 3) << 8 | UInt16(tpdu[1])
        let code = ApplicationServiceCode(apci: apci)
        var faults = Faults()
        code.check(apci: apci, asdu: tpdu.span.extracting(2..<tpdu.count), faults: &faults, at: 0)
        if let fault = faults.first { throw fault }
        self = Self.read(code, ASDUReader(apci: apci, octets: Array(tpdu[2...])))
    }

    /// `code` is none but `unknown`; the lengths were checked.
    private static func read(_ code: ApplicationServiceCode, _ given: ASDUReader) -> ApplicationService {
        var reader = given
        return switch code {
        case .groupValueRead: .groupValueRead
        case .groupValueResponse: .groupValueResponse(.init(&reader))
        case .groupValueWrite: .groupValueWrite(.init(&reader))
        case .individualAddressWrite: .individualAddressWrite(.init(&reader))
        case .individualAddressRead: .individualAddressRead
        case .individualAddressResponse: .individualAddressResponse
        case .adcRead: .adcRead(.init(&reader))
        case .adcResponse: .adcResponse(.init(&reader))
        case .systemNetworkParameterRead: .systemNetworkParameterRead(.init(&reader))
        case .systemNetworkParameterResponse: .systemNetworkParameterResponse(.init(&reader))
        case .systemNetworkParameterWrite: .systemNetworkParameterWrite(.init(&reader))
        case .propertyExtValueRead: .propertyExtValueRead(.init(&reader))
        case .propertyExtValueResponse: .propertyExtValueResponse(.init(&reader))
        case .propertyExtValueWriteCon: .propertyExtValueWriteCon(.init(&reader))
        case .propertyExtValueWriteConRes: .propertyExtValueWriteConRes(.init(&reader))
        case .propertyExtValueWriteUnCon: .propertyExtValueWriteUnCon(.init(&reader))
        case .propertyExtValueInfoReport: .propertyExtValueInfoReport(.init(&reader))
        case .propertyExtDescriptionRead: .propertyExtDescriptionRead(.init(&reader))
        case .propertyExtDescriptionResponse: .propertyExtDescriptionResponse(.init(&reader))
        case .functionPropertyExtCommand: .functionPropertyExtCommand(.init(&reader))
        case .functionPropertyExtStateRead: .functionPropertyExtStateRead(.init(&reader))
        case .functionPropertyExtStateResponse: .functionPropertyExtStateResponse(.init(&reader))
        case .memoryExtendedWrite: .memoryExtendedWrite(.init(&reader))
        case .memoryExtendedWriteResponse: .memoryExtendedWriteResponse(.init(&reader))
        case .memoryExtendedRead: .memoryExtendedRead(.init(&reader))
        case .memoryExtendedReadResponse: .memoryExtendedReadResponse(.init(&reader))
        case .memoryRead: .memoryRead(.init(&reader))
        case .memoryResponse: .memoryResponse(.init(&reader))
        case .memoryWrite: .memoryWrite(.init(&reader))
        case .userMemoryRead: .userMemoryRead(.init(&reader))
        case .userMemoryResponse: .userMemoryResponse(.init(&reader))
        case .userMemoryWrite: .userMemoryWrite(.init(&reader))
        case .userMemoryBitWrite: .userMemoryBitWrite(.init(&reader))
        case .userManufacturerInfoRead: .userManufacturerInfoRead
        case .userManufacturerInfoResponse: .userManufacturerInfoResponse(.init(&reader))
        case .functionPropertyCommand: .functionPropertyCommand(.init(&reader))
        case .functionPropertyStateRead: .functionPropertyStateRead(.init(&reader))
        case .functionPropertyStateResponse: .functionPropertyStateResponse(.init(&reader))
        case .userManufacturerSpecific: .userManufacturerSpecific(.init(&reader))
        case .deviceDescriptorRead: .deviceDescriptorRead(.init(&reader))
        case .deviceDescriptorResponse: .deviceDescriptorResponse(.init(&reader))
        case .restart: .restart
        case .restartMasterReset: .restartMasterReset(.init(&reader))
        case .restartMasterResetResponse: .restartMasterResetResponse(.init(&reader))
        case .filterTableOpen: .filterTableOpen
        case .filterTableRead: .filterTableRead(.init(&reader))
        case .filterTableResponse: .filterTableResponse(.init(&reader))
        case .filterTableWrite: .filterTableWrite(.init(&reader))
        case .routerMemoryRead: .routerMemoryRead(.init(&reader))
        case .routerMemoryResponse: .routerMemoryResponse(.init(&reader))
        case .routerMemoryWrite: .routerMemoryWrite(.init(&reader))
        case .routerStatusRead: .routerStatusRead(.init(&reader))
        case .routerStatusResponse: .routerStatusResponse(.init(&reader))
        case .routerStatusWrite: .routerStatusWrite(.init(&reader))
        case .memoryBitWrite: .memoryBitWrite(.init(&reader))
        case .authorizeRequest: .authorizeRequest(.init(&reader))
        case .authorizeResponse: .authorizeResponse(.init(&reader))
        case .keyWrite: .keyWrite(.init(&reader))
        case .keyResponse: .keyResponse(.init(&reader))
        case .propertyValueRead: .propertyValueRead(.init(&reader))
        case .propertyValueResponse: .propertyValueResponse(.init(&reader))
        case .propertyValueWrite: .propertyValueWrite(.init(&reader))
        case .propertyDescriptionRead: .propertyDescriptionRead(.init(&reader))
        case .propertyDescriptionResponse: .propertyDescriptionResponse(.init(&reader))
        case .networkParameterRead: .networkParameterRead(.init(&reader))
        case .networkParameterResponse: .networkParameterResponse(.init(&reader))
        case .networkParameterWrite: .networkParameterWrite(.init(&reader))
        case .individualAddressSerialRead: .individualAddressSerialRead(.init(&reader))
        case .individualAddressSerialResponse: .individualAddressSerialResponse(.init(&reader))
        case .individualAddressSerialWrite: .individualAddressSerialWrite(.init(&reader))
        case .domainAddressWrite: .domainAddressWrite(.init(&reader))
        case .domainAddressRead: .domainAddressRead
        case .domainAddressResponse: .domainAddressResponse(.init(&reader))
        case .domainAddressSelectiveRead: .domainAddressSelectiveRead(.init(&reader))
        case .linkRead: .linkRead(.init(&reader))
        case .linkResponse: .linkResponse(.init(&reader))
        case .linkWrite: .linkWrite(.init(&reader))
        case .groupPropValueRead: .groupPropValueRead(.init(&reader))
        case .groupPropValueResponse: .groupPropValueResponse(.init(&reader))
        case .groupPropValueWrite: .groupPropValueWrite(.init(&reader))
        case .groupPropValueInfoReport: .groupPropValueInfoReport(.init(&reader))
        case .domainAddressSerialNumberRead: .domainAddressSerialNumberRead(.init(&reader))
        case .domainAddressSerialNumberResponse: .domainAddressSerialNumberResponse(.init(&reader))
        case .domainAddressSerialNumberWrite: .domainAddressSerialNumberWrite(.init(&reader))
        case .fileStreamInfoReport: .fileStreamInfoReport(.init(&reader))
        case .secureService: .secureService(.init(&reader))
        case .unknown: preconditionFailure("an unknown service is a fault")
        }
    }

    /// Which service it is.
    public var code: ApplicationServiceCode {
        switch self {
        case .groupValueRead: .groupValueRead
        case .groupValueResponse: .groupValueResponse
        case .groupValueWrite: .groupValueWrite
        case .individualAddressWrite: .individualAddressWrite
        case .individualAddressRead: .individualAddressRead
        case .individualAddressResponse: .individualAddressResponse
        case .adcRead: .adcRead
        case .adcResponse: .adcResponse
        case .systemNetworkParameterRead: .systemNetworkParameterRead
        case .systemNetworkParameterResponse: .systemNetworkParameterResponse
        case .systemNetworkParameterWrite: .systemNetworkParameterWrite
        case .propertyExtValueRead: .propertyExtValueRead
        case .propertyExtValueResponse: .propertyExtValueResponse
        case .propertyExtValueWriteCon: .propertyExtValueWriteCon
        case .propertyExtValueWriteConRes: .propertyExtValueWriteConRes
        case .propertyExtValueWriteUnCon: .propertyExtValueWriteUnCon
        case .propertyExtValueInfoReport: .propertyExtValueInfoReport
        case .propertyExtDescriptionRead: .propertyExtDescriptionRead
        case .propertyExtDescriptionResponse: .propertyExtDescriptionResponse
        case .functionPropertyExtCommand: .functionPropertyExtCommand
        case .functionPropertyExtStateRead: .functionPropertyExtStateRead
        case .functionPropertyExtStateResponse: .functionPropertyExtStateResponse
        case .memoryExtendedWrite: .memoryExtendedWrite
        case .memoryExtendedWriteResponse: .memoryExtendedWriteResponse
        case .memoryExtendedRead: .memoryExtendedRead
        case .memoryExtendedReadResponse: .memoryExtendedReadResponse
        case .memoryRead: .memoryRead
        case .memoryResponse: .memoryResponse
        case .memoryWrite: .memoryWrite
        case .userMemoryRead: .userMemoryRead
        case .userMemoryResponse: .userMemoryResponse
        case .userMemoryWrite: .userMemoryWrite
        case .userMemoryBitWrite: .userMemoryBitWrite
        case .userManufacturerInfoRead: .userManufacturerInfoRead
        case .userManufacturerInfoResponse: .userManufacturerInfoResponse
        case .functionPropertyCommand: .functionPropertyCommand
        case .functionPropertyStateRead: .functionPropertyStateRead
        case .functionPropertyStateResponse: .functionPropertyStateResponse
        case .userManufacturerSpecific: .userManufacturerSpecific
        case .deviceDescriptorRead: .deviceDescriptorRead
        case .deviceDescriptorResponse: .deviceDescriptorResponse
        case .restart: .restart
        case .restartMasterReset: .restartMasterReset
        case .restartMasterResetResponse: .restartMasterResetResponse
        case .filterTableOpen: .filterTableOpen
        case .filterTableRead: .filterTableRead
        case .filterTableResponse: .filterTableResponse
        case .filterTableWrite: .filterTableWrite
        case .routerMemoryRead: .routerMemoryRead
        case .routerMemoryResponse: .routerMemoryResponse
        case .routerMemoryWrite: .routerMemoryWrite
        case .routerStatusRead: .routerStatusRead
        case .routerStatusResponse: .routerStatusResponse
        case .routerStatusWrite: .routerStatusWrite
        case .memoryBitWrite: .memoryBitWrite
        case .authorizeRequest: .authorizeRequest
        case .authorizeResponse: .authorizeResponse
        case .keyWrite: .keyWrite
        case .keyResponse: .keyResponse
        case .propertyValueRead: .propertyValueRead
        case .propertyValueResponse: .propertyValueResponse
        case .propertyValueWrite: .propertyValueWrite
        case .propertyDescriptionRead: .propertyDescriptionRead
        case .propertyDescriptionResponse: .propertyDescriptionResponse
        case .networkParameterRead: .networkParameterRead
        case .networkParameterResponse: .networkParameterResponse
        case .networkParameterWrite: .networkParameterWrite
        case .individualAddressSerialRead: .individualAddressSerialRead
        case .individualAddressSerialResponse: .individualAddressSerialResponse
        case .individualAddressSerialWrite: .individualAddressSerialWrite
        case .domainAddressWrite: .domainAddressWrite
        case .domainAddressRead: .domainAddressRead
        case .domainAddressResponse: .domainAddressResponse
        case .domainAddressSelectiveRead: .domainAddressSelectiveRead
        case .linkRead: .linkRead
        case .linkResponse: .linkResponse
        case .linkWrite: .linkWrite
        case .groupPropValueRead: .groupPropValueRead
        case .groupPropValueResponse: .groupPropValueResponse
        case .groupPropValueWrite: .groupPropValueWrite
        case .groupPropValueInfoReport: .groupPropValueInfoReport
        case .domainAddressSerialNumberRead: .domainAddressSerialNumberRead
        case .domainAddressSerialNumberResponse: .domainAddressSerialNumberResponse
        case .domainAddressSerialNumberWrite: .domainAddressSerialNumberWrite
        case .fileStreamInfoReport: .fileStreamInfoReport
        case .secureService: .secureService
        }
    }

    /// What it says beyond its name; nil when the name is all.
    var asdu: (any ASDU)? {
        switch self {
        case .groupValueRead, .individualAddressRead, .individualAddressResponse, .userManufacturerInfoRead, .restart,
            .filterTableOpen, .domainAddressRead:
            nil
        case .groupValueResponse(let asdu): asdu
        case .groupValueWrite(let asdu): asdu
        case .individualAddressWrite(let asdu): asdu
        case .adcRead(let asdu): asdu
        case .adcResponse(let asdu): asdu
        case .systemNetworkParameterRead(let asdu): asdu
        case .systemNetworkParameterResponse(let asdu): asdu
        case .systemNetworkParameterWrite(let asdu): asdu
        case .propertyExtValueRead(let asdu): asdu
        case .propertyExtValueResponse(let asdu): asdu
        case .propertyExtValueWriteCon(let asdu): asdu
        case .propertyExtValueWriteConRes(let asdu): asdu
        case .propertyExtValueWriteUnCon(let asdu): asdu
        case .propertyExtValueInfoReport(let asdu): asdu
        case .propertyExtDescriptionRead(let asdu): asdu
        case .propertyExtDescriptionResponse(let asdu): asdu
        case .functionPropertyExtCommand(let asdu): asdu
        case .functionPropertyExtStateRead(let asdu): asdu
        case .functionPropertyExtStateResponse(let asdu): asdu
        case .memoryExtendedWrite(let asdu): asdu
        case .memoryExtendedWriteResponse(let asdu): asdu
        case .memoryExtendedRead(let asdu): asdu
        case .memoryExtendedReadResponse(let asdu): asdu
        case .memoryRead(let asdu): asdu
        case .memoryResponse(let asdu): asdu
        case .memoryWrite(let asdu): asdu
        case .userMemoryRead(let asdu): asdu
        case .userMemoryResponse(let asdu): asdu
        case .userMemoryWrite(let asdu): asdu
        case .userMemoryBitWrite(let asdu): asdu
        case .userManufacturerInfoResponse(let asdu): asdu
        case .functionPropertyCommand(let asdu): asdu
        case .functionPropertyStateRead(let asdu): asdu
        case .functionPropertyStateResponse(let asdu): asdu
        case .userManufacturerSpecific(let asdu): asdu
        case .deviceDescriptorRead(let asdu): asdu
        case .deviceDescriptorResponse(let asdu): asdu
        case .restartMasterReset(let asdu): asdu
        case .restartMasterResetResponse(let asdu): asdu
        case .filterTableRead(let asdu): asdu
        case .filterTableResponse(let asdu): asdu
        case .filterTableWrite(let asdu): asdu
        case .routerMemoryRead(let asdu): asdu
        case .routerMemoryResponse(let asdu): asdu
        case .routerMemoryWrite(let asdu): asdu
        case .routerStatusRead(let asdu): asdu
        case .routerStatusResponse(let asdu): asdu
        case .routerStatusWrite(let asdu): asdu
        case .memoryBitWrite(let asdu): asdu
        case .authorizeRequest(let asdu): asdu
        case .authorizeResponse(let asdu): asdu
        case .keyWrite(let asdu): asdu
        case .keyResponse(let asdu): asdu
        case .propertyValueRead(let asdu): asdu
        case .propertyValueResponse(let asdu): asdu
        case .propertyValueWrite(let asdu): asdu
        case .propertyDescriptionRead(let asdu): asdu
        case .propertyDescriptionResponse(let asdu): asdu
        case .networkParameterRead(let asdu): asdu
        case .networkParameterResponse(let asdu): asdu
        case .networkParameterWrite(let asdu): asdu
        case .individualAddressSerialRead(let asdu): asdu
        case .individualAddressSerialResponse(let asdu): asdu
        case .individualAddressSerialWrite(let asdu): asdu
        case .domainAddressWrite(let asdu): asdu
        case .domainAddressResponse(let asdu): asdu
        case .domainAddressSelectiveRead(let asdu): asdu
        case .linkRead(let asdu): asdu
        case .linkResponse(let asdu): asdu
        case .linkWrite(let asdu): asdu
        case .groupPropValueRead(let asdu): asdu
        case .groupPropValueResponse(let asdu): asdu
        case .groupPropValueWrite(let asdu): asdu
        case .groupPropValueInfoReport(let asdu): asdu
        case .domainAddressSerialNumberRead(let asdu): asdu
        case .domainAddressSerialNumberResponse(let asdu): asdu
        case .domainAddressSerialNumberWrite(let asdu): asdu
        case .fileStreamInfoReport(let asdu): asdu
        case .secureService(let asdu): asdu
        }
    }

    /// The octets of a TPDU: TPCI and APCI, data bits, ASDU.
    ///
    /// Counts that do not fit the octets, a control service, a sequence number beyond 15, or more octets than a frame has room for (253 behind the APCI) are errors of the
    /// caller.
    public func tpdu(_ transport: TransportService, sequence: UInt8 = 0) -> [UInt8] {
        precondition(!transport.isControl, "a control TPDU has no APDU")
        precondition(sequence < 16, "the sequence number has four bits")
        var writer = ASDUWriter()
        asdu?.write(&writer)
        precondition(writer.octets.count <= 253, "a frame has room for 253 octets behind the APCI")
        let control: UInt8 =
            switch transport {
            case .dataConnected: 0x40 | sequence << 2
            case .dataTagGroup: 0x04
            default: 0x00
            }
        let apci = code == .userManufacturerSpecific ? 0x2C0 : code.apci
        let full = apci | UInt16(writer.dataBits)
        var faults = Faults()
        code.check(apci: full, asdu: writer.octets.span, faults: &faults, at: 0)
        precondition(faults.isEmpty, "the counts in the service fit its octets")
        return [control | UInt8(truncatingIfNeeded: full >> 8), UInt8(truncatingIfNeeded: full)] + writer.octets
    }
}
