/// TPCI and APCI of a TPDU, read without the heap.
///
/// The value keeps no octets: what lies behind the APCI (the ASDU) is read from the TPDU that is handed in again.
public struct TransportUnit: Sendable, Hashable {
    /// Nil when the TPCI is reserved or cannot go to this destination.
    public let transport: TransportService?
    /// 0…15 in numbered services; the tag of T_Data_Tag_Group is no sequence number.
    public let sequence: UInt8?
    /// All ten bits of the APCI, data bits included; nil in control TPDUs and when there is none.
    public let apci: UInt16?
    /// Nil when there is no APCI.
    public let service: ApplicationServiceCode?
    /// The number of octets behind the two of TPCI and APCI.
    @inlinable public var asduCount: Int { Int(behind) }
    /// Frames have at most 253; more reads 65 535.
    @usableFromInline let behind: UInt16

    /// Reads a TPDU of an L_Data frame with extended frame format 0.
    ///
    /// - Parameters:
    ///   - tpdu: the octets from the TPCI to the last of the ASDU.
    ///   - isGroup: the address type bit of the frame.
    ///   - destinationIsZero: 0/0/0 is a broadcast, or with `isSystemBroadcast` a system broadcast.
    ///   - faults: gets what is wrong; every one of them leaves the frame itself valid.
    ///   - base: where the TPDU begins in the octets that the faults' offsets count.
    @inlinable @inline(__always)
    public init(
        _ tpdu: Span<UInt8>, isGroup: Bool, destinationIsZero: Bool, isSystemBroadcast: Bool, faults: inout Faults,
        at base: Int
    ) {
        let count = tpdu.count
        // Group services, nearly all there is on a line. A read has nothing but its APCI; a value rides in the low bits of the APCI or
        // behind it, never both, which one product says without a branch that cannot be foretold.
        if isGroup, !destinationIsZero, count > 1, count <= Self.longest, tpdu[0] == 0, tpdu[1] < 0xC0,
            tpdu[1] == 0 || tpdu[1] >= 0x40, (count &- 2) &* Int(tpdu[1] & 0x3F | (tpdu[1] == 0 ? 1 : 0)) == 0
        {
            let octet = tpdu[1]
            self.init(
                transport: .dataGroup, sequence: nil, apci: UInt16(octet),
                service: octet >= 0x80 ? .groupValueWrite : octet >= 0x40 ? .groupValueResponse : .groupValueRead,
                asduCount: count &- 2)
        } else {
            self = Self.read(
                tpdu, isGroup: isGroup, destinationIsZero: destinationIsZero, isSystemBroadcast: isSystemBroadcast,
                faults: &faults, at: base)
        }
    }

    /// The longest TPDU of a frame: length octet 254 counts the octets behind the TPCI.
    @usableFromInline static let longest = 255

    @inlinable
    init(
        transport: TransportService?, sequence: UInt8?, apci: UInt16?, service: ApplicationServiceCode?, asduCount: Int
    ) {
        self.transport = transport
        self.sequence = sequence
        self.apci = apci
        self.service = service
        behind = UInt16(clamping: asduCount)
    }

    /// All that the hot path of the initialiser leaves over.
    @usableFromInline @inline(never)
    static func read(
        _ tpdu: Span<UInt8>, isGroup: Bool, destinationIsZero: Bool, isSystemBroadcast: Bool, faults: inout Faults,
        at base: Int
    ) -> TransportUnit {
        let nothing = TransportUnit(transport: nil, sequence: nil, apci: nil, service: nil, asduCount: 0)
        guard tpdu.count > 0 else {
            faults.add(Fault(.tpduEmpty, .transport, at: base))
            return nothing
        }
        let octet = tpdu[0]
        let number = octet >> 2 & 15
        let transport: TransportService
        if isGroup {
            guard octet & 0xC0 == 0 else {
                faults.add(Fault(.tpciInvalidForGroup, .transport, at: base))
                return nothing
            }
            switch number {
            case 0:
                transport =
                    !destinationIsZero ? .dataGroup : isSystemBroadcast ? .dataSystemBroadcast : .dataBroadcast
            case 1: transport = .dataTagGroup
            default:
                faults.add(Fault(.tpciReserved, .transport, at: base))
                return nothing
            }
        } else {
            switch octet {
            case 0x80: transport = .connect
            case 0x81: transport = .disconnect
            case _ where octet & 0xC3 == 0xC2: transport = .acknowledge
            case _ where octet & 0xC3 == 0xC3: transport = .notAcknowledge
            case _ where octet & 0xC0 == 0x40: transport = .dataConnected
            case 0...3: transport = .dataIndividual
            default:
                faults.add(Fault(.tpciReserved, .transport, at: base))
                return nothing
            }
        }
        let sequence: UInt8? = transport.isNumbered ? number : nil
        if transport.isControl {
            if tpdu.count > 1 { faults.add(Fault(.controlTpduWithData, .transport, at: base + 1)) }
            return TransportUnit(transport: transport, sequence: sequence, apci: nil, service: nil, asduCount: 0)
        }
        guard tpdu.count > 1 else {
            faults.add(Fault(.apduTooShort, .application, at: base + 1))
            return TransportUnit(transport: transport, sequence: sequence, apci: nil, service: nil, asduCount: 0)
        }
        let apci = UInt16(octet & 3) << 8 | UInt16(tpdu[1])
        let service = ApplicationServiceCode(apci: apci)
        let unit = TransportUnit(
            transport: transport, sequence: sequence, apci: apci, service: service, asduCount: tpdu.count - 2)
        service.check(apci: apci, asdu: tpdu.extracting(2..<tpdu.count), faults: &faults, at: base)
        return unit
    }

    /// The low six bits of the APCI where they are data of the service.
    public var dataBits: UInt8? {
        guard let apci, let service, service.hasDataBits else { return nil }
        return UInt8(truncatingIfNeeded: apci) & 0x3F
    }

    /// What decoders of KNX agree on: `tpci`, `seq`, `apci`, `apci_data6`, `asdu`, `service`, and of a secured APDU `scf` and what it says.
    ///
    /// `tpdu` is the one from which the value was read.
    public func fields(tpdu: Span<UInt8>) -> [Field] {
        guard let transport else { return [] }
        var fields = [Field("tpci", .text(transport.name))]
        if let sequence { fields.append(Field("seq", .integer(Int(sequence)))) }
        guard let apci, let service, tpdu.count > 1 else { return fields }
        let shown = service == .unknown || service == .userManufacturerSpecific ? apci : service.apci
        fields.append(Field("apci", .text("0x" + hexadecimal(shown, digits: 3))))
        if let dataBits { fields.append(Field("apci_data6", .integer(Int(dataBits)))) }
        let asdu = tpdu.extracting(2..<tpdu.count)
        fields.append(Field("asdu", .octets(octets(asdu))))
        fields.append(Field("service", .text(service.name)))
        if service == .secureService, let secure = SecureUnit(asdu) { fields += secure.fields(asdu: asdu) }
        return fields
    }

    /// The ASDU in the terms of its service, as far as its length fits, and a note where the service came by an unusual transport.
    ///
    /// `tpdu` is the one from which the value was read.
    public func decoded(tpdu: Span<UInt8>) -> [Field] {
        guard let service, let transport, tpdu.count > 1 else { return [] }
        var fields = (try? ApplicationService(tpdu: octets(tpdu)))?.fields ?? []
        if !service.isUsual(on: transport) {
            fields.append(Field("note", .text("\(service.name) does not belong on \(transport.name)")))
        }
        return fields
    }
}

/// The octets of a span, for values that outlive it.
func octets(_ span: Span<UInt8>) -> [UInt8] {
    var copy: [UInt8] = []
    copy.reserveCapacity(span.count)
    for place in span.indices { copy.append(span[place]) }
    return copy
}

/// Lower-case hexadecimal digits, `digits` of them.
func hexadecimal(_ number: some BinaryInteger, digits: Int) -> String {
    let text = String(number, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
}
