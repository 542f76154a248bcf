/// The length rules of the application services (KNX standard 3/3/7; the whole table measured against xknx 4.0).
extension ApplicationServiceCode {
    /// The numbers of ASDU octets that this service can have, before counts inside the ASDU are looked at.
    var asduLengths: ASDULengths {
        switch self {
        case .groupValueRead, .individualAddressRead, .individualAddressResponse, .userManufacturerInfoRead,
            .deviceDescriptorRead, .restart, .filterTableOpen, .domainAddressRead:
            .exactly(0)
        case .groupValueResponse, .groupValueWrite, .userManufacturerSpecific, .routerStatusRead, .routerStatusResponse,
            .routerStatusWrite, .unknown:
            .atLeast(0)
        case .adcRead, .authorizeResponse, .keyResponse: .exactly(1)
        case .individualAddressWrite, .memoryRead, .restartMasterReset, .linkRead: .exactly(2)
        case .adcResponse, .userMemoryRead, .userManufacturerInfoResponse, .restartMasterResetResponse,
            .filterTableRead, .routerMemoryRead, .propertyDescriptionRead:
            .exactly(3)
        case .memoryExtendedRead, .propertyValueRead, .linkWrite, .groupPropValueRead: .exactly(4)
        case .authorizeRequest, .keyWrite, .domainAddressSelectiveRead: .exactly(5)
        case .individualAddressSerialRead, .domainAddressSerialNumberRead: .exactly(6)
        case .propertyExtDescriptionRead, .propertyDescriptionResponse: .exactly(7)
        case .propertyExtValueRead: .exactly(8)
        case .propertyExtValueWriteConRes: .exactly(9)
        case .individualAddressSerialResponse: .exactly(10)
        case .individualAddressSerialWrite: .exactly(12)
        case .propertyExtDescriptionResponse: .exactly(15)
        case .fileStreamInfoReport, .secureService: .atLeast(1)
        case .memoryResponse, .memoryWrite, .functionPropertyCommand, .functionPropertyStateRead,
            .functionPropertyStateResponse:
            .atLeast(2)
        case .userMemoryResponse, .userMemoryWrite, .userMemoryBitWrite, .memoryBitWrite, .filterTableResponse,
            .filterTableWrite, .routerMemoryResponse, .routerMemoryWrite, .networkParameterRead,
            .networkParameterResponse, .networkParameterWrite:
            .atLeast(3)
        case .systemNetworkParameterRead, .systemNetworkParameterResponse, .systemNetworkParameterWrite,
            .memoryExtendedWrite, .memoryExtendedReadResponse, .propertyValueResponse, .propertyValueWrite,
            .groupPropValueResponse, .groupPropValueWrite, .groupPropValueInfoReport:
            .atLeast(4)
        case .functionPropertyExtCommand, .functionPropertyExtStateRead: .atLeast(5)
        case .functionPropertyExtStateResponse: .atLeast(6)
        case .propertyExtValueResponse, .propertyExtValueWriteCon, .propertyExtValueWriteUnCon,
            .propertyExtValueInfoReport:
            .atLeast(8)
        case .domainAddressWrite, .domainAddressResponse: .oneOf(1 << 2 | 1 << 6)
        case .memoryExtendedWriteResponse: .oneOf(1 << 4 | 1 << 6)
        case .domainAddressSerialNumberResponse: .oneOf(1 << 8 | 1 << 12)
        case .domainAddressSerialNumberWrite: .oneOf(1 << 8 | 1 << 10 | 1 << 12 | 1 << 27)
        case .linkResponse: .oneOf(0x5554)
        case .deviceDescriptorResponse: .atLeast(1)
        }
    }

    /// Adds what is wrong with the length of an ASDU and with the counts inside it. `base` is the offset of the TPCI.
    func check(apci: UInt16, asdu: Span<UInt8>, faults: inout Faults, at base: Int) {
        if self == .unknown {
            faults.add(Fault(.apciUnknown, .applicationUnknown, at: base + 1))
            return
        }
        if let place = asduLengths.faultyPlace(asdu.count) {
            faults.add(Fault(.apduLength, .application, at: base + 2 + place))
            return
        }
        let bits = Int(apci & 0x3F)
        switch self {
        case .groupValueRead, .individualAddressWrite, .individualAddressRead, .individualAddressResponse:
            if bits != 0 { faults.add(Fault(.reservedBits, .application, at: base + 1)) }
        case .groupValueResponse, .groupValueWrite:
            if bits != 0, asdu.count > 0 { faults.add(Fault(.apduLength, .application, at: base + 2)) }
        case .deviceDescriptorResponse:
            let wanted = bits == 0 ? 2 : bits == 2 ? 14 : asdu.count
            if asdu.count != wanted {
                faults.add(Fault(.apduLength, .application, at: base + 2 + min(wanted, asdu.count)))
            }
        case .memoryResponse, .memoryWrite:
            if asdu.count - 2 != bits { faults.add(Fault(.countMismatch, .application, at: base + 1)) }
        case .userMemoryResponse, .userMemoryWrite:
            if asdu.count - 3 != Int(asdu[0] & 15) { faults.add(Fault(.countMismatch, .application, at: base + 2)) }
        case .filterTableResponse, .filterTableWrite, .routerMemoryResponse, .routerMemoryWrite:
            if asdu.count - 3 != Int(asdu[0]) { faults.add(Fault(.countMismatch, .application, at: base + 2)) }
        case .memoryExtendedWrite:
            if asdu.count - 4 != Int(asdu[0]) { faults.add(Fault(.countMismatch, .application, at: base + 2)) }
        case .userMemoryBitWrite, .memoryBitWrite:
            let wanted = 3 + 2 * Int(asdu[0])
            if asdu.count != wanted {
                faults.add(Fault(.apduLength, .application, at: base + 2 + min(wanted, asdu.count)))
            }
        case .propertyValueResponse, .propertyValueWrite:
            if !Self.elements(Int(asdu[2] >> 4), fit: asdu.count - 4) {
                faults.add(Fault(.countMismatch, .application, at: base + 4))
            }
        case .propertyExtValueWriteCon, .propertyExtValueWriteUnCon, .propertyExtValueInfoReport:
            if !Self.elements(Int(asdu[5]), fit: asdu.count - 8) {
                faults.add(Fault(.countMismatch, .application, at: base + 7))
            }
        case .propertyExtValueResponse:
            // A count of zero is the negative answer; one octet behind it is its return code.
            let count = Int(asdu[5])
            if count == 0 ? asdu.count > 9 : !Self.elements(count, fit: asdu.count - 8) {
                faults.add(Fault(.countMismatch, .application, at: base + 7))
            }
        case .secureService: SecureUnit(asdu)?.check(asduCount: asdu.count, faults: &faults, at: base + 2)
        default: break
        }
    }

    /// Elements of a property all have the same size, at least one octet; none of them have no octets.
    private static func elements(_ count: Int, fit octets: Int) -> Bool {
        count == 0 ? octets == 0 : octets > 0 && octets % count == 0
    }
}

/// The numbers of octets that an ASDU can have.
enum ASDULengths: Hashable, Sendable {
    case exactly(Int)
    case atLeast(Int)
    /// Bit n stands for n octets.
    case oneOf(UInt32)

    func allows(_ count: Int) -> Bool {
        switch self {
        case .exactly(let length): count == length
        case .atLeast(let length): count >= length
        case .oneOf(let lengths): count < 32 && lengths >> count & 1 != 0
        }
    }

    /// Nil when `count` fits; otherwise the first octet that is too many, or the count where octets are missing.
    func faultyPlace(_ count: Int) -> Int? {
        if allows(count) { return nil }
        switch self {
        case .exactly(let length): return min(count, length)
        case .atLeast: return count
        case .oneOf(let lengths):
            // The longest that is shorter; octets are missing where there is none.
            let shorter = lengths & (count < 32 ? 1 << UInt32(count) - 1 : .max)
            return shorter == 0 ? count : 31 - shorter.leadingZeroBitCount
        }
    }
}
