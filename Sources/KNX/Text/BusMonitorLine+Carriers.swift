/// Lines of what carries cEMI messages and frames of TP1: KNXnet/IP, USB reports, a transceiver's octets.
///
/// ```
/// TUNNELLING_REQUEST  channel 1  #5  1.1.5 → 1/1/1  low  hop 6  GroupValueWrite  0C 1A
/// CONNECT_RESPONSE  channel 1  no error  UDP 192.168.1.4:3671  tunnelling  1.1.250
/// report #1 whole  cEMI  1.1.5 → 1/1/1  low  hop 6  GroupValueWrite  =1
/// Reset.ind | 1.1.5 → 1/1/1  low  hop 6  GroupValueWrite  =1 | L_Data.con positive
/// ```
extension BusMonitorLine {
    /// The line of one frame of that kind.
    public mutating func show(_ octets: Span<UInt8>, as kind: FrameKind) {
        switch kind {
        case .cemi: show(cemi: octets)
        case .tp1: show(lpdu: octets)
        case .knxnetip: show(knxnetip: octets)
        case .usb: show(usb: octets)
        case .tpuart: show(tpuart: octets)
        }
    }

    /// The line of a KNXnet/IP frame; the faults of the cEMI message inside stand at offsets of the whole frame.
    public mutating func show(knxnetip octets: Span<UInt8>) {
        utf8.removeAll(keepingCapacity: true)
        let frame = KNXnetIPFrame(octets)
        guard let service = frame.service else {
            put(hexadecimal: octets, 0..<octets.count)
            put(frame.faults)
            return
        }
        put(service.name)
        if let channel = frame.channel { put("  channel ", Int(channel)) }
        if let header = frame.connectionHeader { put("  #", Int(header.sequence)) }
        if let payload = frame.payloadRange, let cemi = frame.cemi {
            gap()
            var faults = Faults()
            put(cemi: cemi, &faults)
            put(frame.faults)
            put(faults, behind: payload.lowerBound)
            return
        }
        if let status = frame.status { put(part: status.description) }
        if let endpoint = frame.controlEndpoint { put(part: endpoint.description) }
        if let endpoint = frame.dataEndpoint { put(part: endpoint.description) }
        put(connection: frame)
        if let feature = frame.feature { put(part: feature.name ?? "feature \(feature.octet)") }
        if let code = frame.returnCode, code != 0 { put("  return code ", Int(code)) }
        if let lost = frame.lostMessage { put("  lost ", Int(lost.lostCount)) }
        if let busy = frame.busy { put("  wait ", Int(busy.waitMilliseconds), " ms") }
        if frame.lostMessage?.isBusFault ?? frame.busy?.isBusFault ?? false { put("  bus fault") }
        put(values: frame.decoded.filter { Self.listed.contains($0.name) })
        if let payload = frame.payloadRange, !payload.isEmpty {
            gap()
            put(hexadecimal: octets, payload)
        }
        put(frame.faults)
    }

    private static let listed: Set = [
        "selector", "reset_command", "search_parameters", "description_blocks", "session", "user",
        "session_status_name",
        "timer_ms", "sequence", "serial_number", "tag",
    ]

    private mutating func put(connection frame: borrowing KNXnetIPFrame) {
        if let information = frame.requestInformation {
            put(part: information.type.name)
            if let layer = information.layer { put(part: layer.description) }
            if let address = information.requestedAddress {
                gap()
                put(address)
            }
        }
        if let data = frame.responseData {
            put(part: data.type.name)
            if let address = data.assignedAddress {
                gap()
                put(address)
            }
        }
    }

    /// The line of one HID report of a USB interface: of a transfer in several reports each has its own part of the octets.
    public mutating func show(usb octets: Span<UInt8>) {
        utf8.removeAll(keepingCapacity: true)
        let report = USBReport(octets)
        guard let type = report.packetType, let sequence = report.sequence, !report.faults.isRejected else {
            put(hexadecimal: octets, 0..<octets.count)
            put(report.faults)
            return
        }
        put("report #", Int(sequence), " ")
        put(type.name)
        guard let range = report.bodyRange, let body = report.body else {
            put(report.faults)
            return
        }
        guard type == .whole, let header = report.header else {
            if let header = report.header { put("  of ", Int(header.bodyLength), " octets") }
            gap()
            put(hexadecimal: octets, range)
            put(report.faults)
            return
        }
        var faults = Faults()
        let transfer = USBTransfer(header: header, body: body, faults: &faults)
        if case .tunnel(let emi, _) = transfer.content {
            put(part: emi.description)
            gap()
            if emi == .cemi { put(cemi: body, &faults) } else { put(hexadecimal: octets, range) }
        } else {
            put(values: transfer.fields)
        }
        put(report.faults)
        put(faults, behind: range.lowerBound)
    }

    /// The line of a stretch of a transceiver's octets: its parts one after another with bars between them.
    public mutating func show(tpuart octets: Span<UInt8>) {
        utf8.removeAll(keepingCapacity: true)
        let stretch = TransceiverStretch((0..<octets.count).map { octets[$0] })
        for item in stretch.items {
            if !utf8.isEmpty { put(" | ") }
            switch item.content {
            case .frame:
                var faults = Faults()
                put(lpdu: octets.extracting(item.range), &faults, at: item.range.lowerBound)
            case .acknowledge(let acknowledge): put(acknowledge.description)
            case .confirmation(let isPositive): put(isPositive ? "L_Data.con positive" : "L_Data.con negative")
            case .noise: put(hexadecimal: octets, item.range)
            case .systemState(let state):
                put(item.name, " mode ", Int(state.mode.rawValue))
                if !state.isBusVoltagePresent { put(" no bus voltage") }
            default:
                put(item.name)
                for field in item.meaning where field.value == .boolean(true) {
                    put(" ")
                    put(spaced: field.name)
                }
            }
        }
        for fault in stretch.faults { put(fault) }
    }

    private mutating func put(part word: String) {
        gap()
        put(word)
    }

    private mutating func put(_ word: String, _ number: Int, _ unit: String) {
        put(word, number)
        put(unit)
    }

    private mutating func put(_ name: String, _ word: String, _ number: Int) {
        put(name)
        put(word, number)
    }

    /// Each value behind its name.
    private mutating func put(values fields: [Field]) {
        for field in fields {
            gap()
            put(spaced: field.name)
            put(" ")
            put(field.value)
        }
    }

    private mutating func put(_ value: Field.Value) {
        switch value {
        case .null: put("none")
        case .boolean(let isSet): put(isSet ? "yes" : "no")
        case .integer(let number): put(number.description)
        case .number(let number): put(number.description)
        case .text(let text): put(text)
        case .octets([]): put("none")
        case .octets(let octets): put(hexadecimal: octets.span, 0..<octets.count)
        case .list(let values):
            put("[")
            for (index, value) in values.enumerated() {
                if index > 0 { put("; ") }
                put(value)
            }
            put("]")
        case .object(let fields):
            for (index, field) in fields.enumerated() {
                if index > 0 { put(", ") }
                put(spaced: field.name)
                put(" ")
                put(field.value)
            }
        }
    }

    /// A field's name as words.
    private mutating func put(spaced name: String) {
        for octet in name.utf8 { utf8.append(octet == UInt8(ascii: "_") ? UInt8(ascii: " ") : octet) }
    }
}
