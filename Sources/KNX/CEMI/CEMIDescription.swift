/// A cEMI message with everything that is in it, as reports and JSON show it.
public struct CEMIDescription: Hashable, Sendable {
    public let frame: CEMIFrame
    /// Nil unless the message carries a whole TPDU.
    public let transportUnit: TransportUnit?
    public let faults: Faults
    /// What decoders of KNX agree on.
    public let fields: [Field]
    /// What can be said beyond: the additional information in its terms, the frame inside a busmonitor indication, notes.
    public let decoded: [Field]

    /// Reads `octets` down to the application layer; the faults' offsets count from their first octet.
    public init(_ octets: Span<UInt8>) {
        var faults = Faults()
        let frame = CEMIFrame(octets, faults: &faults)
        var description = Content(frame)
        description.describe(octets, &faults)
        self.frame = frame
        self.faults = faults
        transportUnit = description.unit
        fields = description.fields
        decoded = description.decoded
    }

    public init(_ octets: [UInt8]) { self.init(octets.span) }
}

/// Collects fields while it goes through a message.
private struct Content {
    let frame: CEMIFrame
    var unit: TransportUnit?
    var fields: [Field] = []
    var decoded: [Field] = []

    init(_ frame: CEMIFrame) { self.frame = frame }

    mutating func describe(_ octets: Span<UInt8>, _ faults: inout Faults) {
        guard frame.depth > .nothing else { return }
        let name = frame.code?.name ?? "0x" + hexadecimal(frame.rawCode, digits: 2)
        fields.append(Field("mc", .text(name)))
        guard let code = frame.code else { return }
        describeAdditionalInformation(octets)
        switch code.family {
        case .linkData: describeLinkData(octets, &faults)
        case .transport: describeTransport(code, octets, &faults)
        case .busmonitor: describeBusmonitor(octets)
        case .raw, .pollData: describeRaw(code, octets)
        case .property, .functionProperty: describeProperty(code, octets)
        case .reset: break
        }
    }

    private mutating func describeAdditionalInformation(_ octets: Span<UInt8>) {
        var items: [Field.Value] = []
        var meanings: [Field.Value] = []
        var cursor = AdditionalInformationCursor(block: frame.additionalInformation)
        while let item = cursor.next(octets) {
            let data = copy(octets, item.value)
            items.append(.object([Field("type", .integer(Int(item.type))), Field("data", .octets(data))]))
            let meaning = AdditionalInformation(type: item.type, data: data)
            meanings.append(.object(meaning.fields(isSystemBroadcast: frame.isLinkData && frame.isSystemBroadcast)))
        }
        guard !items.isEmpty else { return }
        fields.append(Field("addinfo", .list(items)))
        decoded.append(Field("additional_information", .list(meanings)))
    }

    private mutating func describeLinkData(_ octets: Span<UInt8>, _ faults: inout Faults) {
        guard frame.depth >= .header else { return }
        fields += [
            Field("frame", .text(frame.isExtended ? "extended" : "standard")),
            Field("priority", .text(frame.priority.name)),
            Field("repeat_bit", .integer(Int(frame.repeatBit))),
            Field("system_broadcast", .boolean(frame.isSystemBroadcast)),
            Field("ack_request", .boolean(frame.requestsAcknowledge)),
            Field("confirm_error", .boolean(frame.isNegativeConfirmation)),
            Field("src", .text(frame.source.description)),
            Field("dst", .text(frame.destination.description)),
            Field("addr_type", .text(frame.isGroupAddressed ? "group" : "individual")),
            Field("hops", .integer(Int(frame.hopCount))),
            Field("eff", .integer(Int(frame.extendedFormat))),
            Field("len", .integer(Int(frame.length))),
        ]
        if frame.isUnusualFormat, !frame.isWithoutLength {
            decoded.append(Field("note", .text("the frame type bit does not go with the length")))
        }
        let place = frame.transportUnit
        guard !place.isEmpty else { return }
        let tpdu = octets.extracting(place)
        let unit = TransportUnit(
            tpdu, isGroup: frame.isGroupAddressed, destinationIsZero: frame.rawDestination == 0,
            isSystemBroadcast: frame.isSystemBroadcast, faults: &faults, at: place.lowerBound)
        fields += unit.fields(tpdu: tpdu)
        decoded += unit.decoded(tpdu: tpdu)
        self.unit = unit
    }

    /// The transport service follows from the message code; the TPCI bits of the first octet are 0 in both kinds of message.
    private mutating func describeTransport(_ code: MessageCode, _ octets: Span<UInt8>, _ faults: inout Faults) {
        let place = frame.transportUnit
        guard !place.isEmpty else { return }
        fields.append(Field("len", .integer(place.count - 1)))
        let tpdu = octets.extracting(place)
        let unit = TransportUnit(
            tpdu, isGroup: false, destinationIsZero: false, isSystemBroadcast: false, faults: &faults,
            at: place.lowerBound)
        let isConnected = code == .transportConnectedRequest || code == .transportConnectedIndication
        for field in unit.fields(tpdu: tpdu) {
            let isService = field.name == "tpci" && isConnected && unit.transport == .dataIndividual
            fields.append(isService ? Field("tpci", .text(TransportService.dataConnected.name)) : field)
        }
        decoded += unit.decoded(tpdu: tpdu)
        self.unit = unit
    }

    private mutating func describeBusmonitor(_ octets: Span<UInt8>) {
        guard let indication = BusmonitorIndication(frame, octets) else { return }
        if let status = indication.status {
            fields += [
                Field("frame_error", .boolean(status.frameError)),
                Field("bit_error", .boolean(status.bitError)),
                Field("parity_error", .boolean(status.parityError)),
                Field("overflow", .boolean(status.overflow)),
                Field("lost", .boolean(status.lost)),
                Field("seq", .integer(Int(status.sequence))),
            ]
        }
        if let timestamp = indication.extendedRelativeTimestamp ?? indication.relativeTimestamp.map(UInt32.init) {
            fields.append(Field("timestamp", .integer(Int(timestamp))))
        }
        fields.append(Field("raw", .octets(copy(octets, indication.raw))))
        describeMedium(octets, indication.raw)
    }

    private mutating func describeRaw(_ code: MessageCode, _ octets: Span<UInt8>) {
        guard frame.depth >= .additionalInformation else { return }
        let raw = frame.bodyOffset..<octets.count
        fields.append(Field("raw", .octets(copy(octets, raw))))
        if code.family == .raw {
            describeMedium(octets, raw)
        } else if let poll = PollMessage(frame, octets) {
            decoded += poll.fields
        }
    }

    /// What a twisted pair line would call these octets. On another medium they are something else, so their faults are no faults of
    /// the message.
    private mutating func describeMedium(_ octets: Span<UInt8>, _ raw: Range<Int>) {
        guard !raw.isEmpty else { return }
        let inner = LPDUDescription(octets.extracting(raw), at: raw.lowerBound)
        if !inner.fields.isEmpty { decoded.append(Field("tp1", .object(inner.fields))) }
        if let worst = inner.faults.worst { decoded.append(Field("tp1_error", .text(worst.code.name))) }
    }

    private mutating func describeProperty(_ code: MessageCode, _ octets: Span<UInt8>) {
        guard let header = PropertyHeader(frame, octets) else { return }
        fields += [
            Field("object_type", .integer(Int(header.objectType))),
            Field("object_instance", .integer(Int(header.objectInstance))),
            Field("pid", .integer(Int(header.property))),
        ]
        if let elements = header.elements, let start = header.start {
            fields += [Field("noe", .integer(Int(elements))), Field("start", .integer(Int(start)))]
        }
        let data = (1 + header.count)..<octets.count
        guard frame.depth == .body, !data.isEmpty else { return }
        if header.elements == 0, code == .propertyReadConfirmation || code == .propertyWriteConfirmation {
            fields.append(Field("error_code", .integer(Int(octets[data.lowerBound]))))
            let error = PropertyError(rawValue: octets[data.lowerBound])
            decoded.append(Field("error_name", error.map { .text($0.name) } ?? .null))
        } else if code == .functionPropertyConfirmation {
            fields.append(Field("return_code", .integer(Int(octets[data.lowerBound]))))
            fields.append(Field("data", .octets(copy(octets, (data.lowerBound + 1)..<data.upperBound))))
        } else {
            fields.append(Field("data", .octets(copy(octets, data))))
        }
    }

    private func copy(_ span: Span<UInt8>, _ range: Range<Int>) -> [UInt8] { octets(span.extracting(range)) }
}
