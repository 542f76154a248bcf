/// One line of text per frame, as a bus monitor prints it, in a buffer that is used again for every frame: no text and no list is made on
/// the way.
///
/// ```
/// 1.1.5 → 1/1/1  low  hop 6  GroupValueWrite  0C 1A
/// 1.1.5 → 1/1/1  low  hop 6  GroupValueWrite  =1
/// 1.1.5 → 1.1.1  system  hop 6  T_Data_Connected #3  PropertyValueRead  object 0  PID 11  count 1  start 1
/// 1.1.5 → 1/1/1  low  hop 6  repeated  GroupValueRead  01  ! apdu-length at octet 11: the service needs …
/// ```
///
/// A value of at most six bits is a decimal number behind `=`; octets are two hexadecimal digits each. Transport services that follow from
/// the destination and the codes of indications are left out. Every fault stands at the end behind `!` with its octet and what it means; a
/// frame that cannot be read is shown in hexadecimal. Inside frames of KNXnet/IP and USB reports the cEMI message follows on the same line.
public struct BusMonitorLine: Sendable {
    /// The line in UTF-8 without its end.
    public internal(set) var utf8: [UInt8] = []
    public let groupAddresses: GroupAddressStyle

    public init(groupAddresses: GroupAddressStyle = .threeLevel) {
        self.groupAddresses = groupAddresses
        // The longest frame in hexadecimal with its faults; what is appended later finds the room there.
        utf8.reserveCapacity(1024)
    }

    /// The line as a text of its own.
    public var text: String { String(decoding: utf8, as: UTF8.self) }

    /// The line of a cEMI message.
    public mutating func show(cemi octets: Span<UInt8>) {
        utf8.removeAll(keepingCapacity: true)
        var faults = Faults()
        put(cemi: octets, &faults)
        put(faults)
    }

    mutating func put(cemi octets: Span<UInt8>, _ faults: inout Faults) {
        let frame = CEMIFrame(octets, faults: &faults)
        if frame.isLinkData, frame.depth == .body {
            if frame.rawCode != MessageCode.linkDataIndication.rawValue { put(code: frame) }
            put(addresses: frame.source, frame.rawDestination, isGroup: frame.isGroupAddressed)
            put(frame.priority, hops: frame.hopCount)
            if frame.isExtended, !frame.isUnusualFormat { put("  extended") }
            if frame.isSystemBroadcast { put("  system broadcast") }
            if frame.rawCode == MessageCode.linkDataIndication.rawValue, frame.repeatBit == 0 { put("  repeated") }
            if frame.extendedFormat == 0 {
                put(
                    transportUnit: frame.transportUnit, of: octets, isGroup: frame.isGroupAddressed,
                    isZero: frame.rawDestination == 0, isSystemBroadcast: frame.isSystemBroadcast, &faults)
            } else {
                gap()
                put(hexadecimal: octets, frame.transportUnit)
            }
        } else if let monitored = BusmonitorIndication(frame, octets), !faults.isRejected {
            put(lpdu: octets.extracting(monitored.raw), &faults, at: monitored.raw.lowerBound)
            if let status = monitored.status { put(status) }
        } else {
            if let code = frame.code, code != .busmonitorIndication {
                put(code.name)
                gap()
            }
            if frame.depth == .body, !frame.transportUnit.isEmpty {
                put(
                    transportUnit: frame.transportUnit, of: octets, isGroup: false, isZero: false,
                    isSystemBroadcast: false, &faults)
            } else {
                put(hexadecimal: octets, 0..<octets.count)
            }
        }
    }

    /// The line of a frame, acknowledge or poll of TP1, its check octet included.
    public mutating func show(lpdu octets: Span<UInt8>) {
        utf8.removeAll(keepingCapacity: true)
        var faults = Faults()
        put(lpdu: octets, &faults, at: 0)
        put(faults)
    }

    mutating func put(lpdu octets: Span<UInt8>, _ faults: inout Faults, at base: Int) {
        let frame = LPDUFrame(octets, faults: &faults, at: base)
        guard frame.depth == .body else {
            put(hexadecimal: octets, 0..<octets.count)
            return
        }
        switch frame.kind {
        case .acknowledge: put(frame.acknowledge?.description ?? "")
        case .poll:
            put(frame.source)
            put(" polls 0x")
            put(hexadecimal: UInt8(truncatingIfNeeded: frame.rawDestination >> 8))
            put(hexadecimal: UInt8(truncatingIfNeeded: frame.rawDestination))
            put("  slots ")
            put(Int(frame.length))
        default:
            put(addresses: frame.source, frame.rawDestination, isGroup: frame.isGroupAddressed)
            put(frame.priority, hops: frame.hopCount)
            if frame.kind == .extended { put("  extended") }
            if frame.isRepetition { put("  repeated") }
            if frame.extendedFormat == 0 {
                put(
                    transportUnit: frame.transportUnit, of: octets, isGroup: frame.isGroupAddressed,
                    isZero: frame.rawDestination == 0, isSystemBroadcast: false, &faults, at: base)
            } else {
                gap()
                put(hexadecimal: octets, frame.transportUnit)
            }
        }
    }

    private mutating func put(code frame: CEMIFrame) {
        put(frame.rawCode == MessageCode.linkDataRequest.rawValue ? "req" : "con")
        if frame.rawCode == MessageCode.linkDataConfirmation.rawValue, frame.isNegativeConfirmation {
            put(" negative")
        }
        gap()
    }

    private mutating func put(addresses source: IndividualAddress, _ destination: UInt16, isGroup: Bool) {
        put(source)
        put(" → ")
        if isGroup {
            put(group: destination)
        } else {
            put(IndividualAddress(raw: destination))
        }
    }

    private mutating func put(group address: UInt16) {
        guard groupAddresses != .free else {
            put(Int(address))
            return
        }
        put(Int(address >> 11))
        utf8.append(UInt8(ascii: "/"))
        guard groupAddresses == .threeLevel else {
            put(Int(address & 0x7FF))
            return
        }
        put(Int(address >> 8 & 7))
        utf8.append(UInt8(ascii: "/"))
        put(Int(address & 255))
    }

    private mutating func put(_ priority: Priority, hops: UInt8) {
        gap()
        put(priority.name)
        put("  hop ")
        put(Int(hops))
    }

    private mutating func put(
        transportUnit range: Range<Int>, of octets: Span<UInt8>, isGroup: Bool, isZero: Bool, isSystemBroadcast: Bool,
        _ faults: inout Faults, at base: Int = 0
    ) {
        let tpdu = octets.extracting(range)
        let unit = TransportUnit(
            tpdu, isGroup: isGroup, destinationIsZero: isZero, isSystemBroadcast: isSystemBroadcast, faults: &faults,
            at: base + range.lowerBound)
        guard let transport = unit.transport else {
            gap()
            put(hexadecimal: tpdu, 0..<tpdu.count)
            return
        }
        if !(transport == .dataGroup || transport == .dataIndividual) {
            gap()
            put(transport.name)
            if let sequence = unit.sequence {
                put(" #")
                put(Int(sequence))
            }
        }
        guard let service = unit.service else {
            if tpdu.count > 1 {
                gap()
                put(hexadecimal: tpdu, 1..<tpdu.count)
            }
            return
        }
        gap()
        put(service.name)
        put(asdu: tpdu, of: service, unit, isSound: faults.isEmpty)
    }

    /// Behind the name of the service: what it says in words where it is a common one, and its octets.
    private mutating func put(
        asdu tpdu: Span<UInt8>, of service: ApplicationServiceCode, _ unit: TransportUnit, isSound: Bool
    ) {
        var begin = 2
        switch service {
        case .groupValueResponse, .groupValueWrite:
            if tpdu.count == 2, let bits = unit.dataBits {
                put("  =")
                put(Int(bits))
            }
        case .unknown, .userManufacturerSpecific:
            utf8.append(UInt8(ascii: " "))
            put(hexadecimal: UInt8(truncatingIfNeeded: (unit.apci ?? 0) >> 8))
            put(hexadecimal: UInt8(truncatingIfNeeded: unit.apci ?? 0))
        case .propertyValueRead, .propertyValueResponse, .propertyValueWrite:
            guard isSound, tpdu.count >= 6 else { break }
            put("  object ", Int(tpdu[2]))
            put("  PID ", Int(tpdu[3]))
            put("  count ", Int(tpdu[4] >> 4))
            put("  start ", Int(tpdu[4] & 15) << 8 | Int(tpdu[5]))
            begin = 6
        case .memoryRead, .memoryResponse, .memoryWrite:
            guard isSound, tpdu.count >= 4 else { break }
            put("  count ", Int(unit.dataBits ?? 0))
            put("  address ")
            put(hexadecimal: tpdu[2])
            put(hexadecimal: tpdu[3])
            begin = 4
        case .deviceDescriptorRead, .deviceDescriptorResponse:
            put("  type ", Int(unit.dataBits ?? 0))
        case .individualAddressWrite:
            guard isSound, tpdu.count >= 4 else { break }
            gap()
            put(IndividualAddress(raw: UInt16(tpdu[2]) << 8 | UInt16(tpdu[3])))
            begin = 4
        case .adcRead, .adcResponse: put("  channel ", Int(unit.dataBits ?? 0))
        case .secureService:
            guard let secure = SecureUnit(tpdu.extracting(2..<tpdu.count)) else { break }
            gap()
            put(secure.service?.name ?? "reserved")
            put(secure.algorithm == 0 ? "  plain" : "  encrypted")
            if secure.isToolAccess { put("  tool") }
            begin = 3
        default: break
        }
        if begin < tpdu.count {
            gap()
            put(hexadecimal: tpdu, begin..<tpdu.count)
        }
    }

    private mutating func put(_ status: BusmonitorStatus) {
        put("  #", Int(status.sequence))
        if status.frameError { put("  frame error") }
        if status.bitError { put("  bit error") }
        if status.parityError { put("  parity error") }
        if status.overflow { put("  overflow") }
        if status.lost { put("  lost") }
    }

    mutating func put(_ faults: Faults, behind base: Int = 0) {
        guard !faults.isEmpty else { return }
        for fault in faults { put(fault.shifted(by: base)) }
    }

    mutating func put(_ fault: Fault) {
        gap()
        put("! ")
        put(fault.code.name)
        put(" at octet ")
        put(fault.offset)
        put(": ")
        put(fault.code.sentence)
    }
}

/// Appending without a text of its own for each piece.
extension BusMonitorLine {
    mutating func put(_ word: String) { utf8 += word.utf8 }

    /// Two spaces between two parts of the line; none at its beginning, and none twice.
    mutating func gap() {
        guard let last = utf8.last, last != UInt8(ascii: " ") else { return }
        put("  ")
    }

    mutating func put(_ word: String, _ number: Int) {
        put(word)
        put(number)
    }

    mutating func put(_ address: IndividualAddress) {
        put(Int(address.raw >> 12))
        utf8.append(UInt8(ascii: "."))
        put(Int(address.raw >> 8 & 15))
        utf8.append(UInt8(ascii: "."))
        put(Int(address.raw & 255))
    }

    /// `number` is not negative.
    mutating func put(_ number: Int) {
        if number >= 10 { put(number / 10) }
        utf8.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number % 10))
    }

    mutating func put(hexadecimal octet: UInt8) {
        utf8.append(Self.digit(octet >> 4))
        utf8.append(Self.digit(octet & 15))
    }

    /// With a space between two octets.
    mutating func put(hexadecimal octets: Span<UInt8>, _ range: Range<Int>) {
        for place in range {
            if place > range.lowerBound { utf8.append(UInt8(ascii: " ")) }
            put(hexadecimal: octets[place])
        }
    }

    private static func digit(_ number: UInt8) -> UInt8 {
        number < 10 ? UInt8(ascii: "0") + number : UInt8(ascii: "A") + number - 10
    }
}
