extension DecodingReport {
    /// Reads octets as a frame of that kind, down to the application layer. A frame inside another one stands in `decoded` with its own
    /// fields and faults; its faults are none of the frame around it.
    public init(_ octets: [UInt8], as kind: FrameKind, groupAddresses style: GroupAddressStyle = .threeLevel) {
        var transfers = USBTransferStream()
        self.init(octets, as: kind, groupAddresses: style, transfers: &transfers)
    }

    /// As the other one; USB reports are joined into transfers in `transfers`.
    init(
        _ octets: [UInt8], as kind: FrameKind, groupAddresses style: GroupAddressStyle,
        transfers: inout USBTransferStream
    ) {
        let faults: [Fault]
        let fields: [Field]
        let decoded: [Field]
        switch kind {
        case .cemi:
            let description = CEMIDescription(octets.span)
            (faults, fields, decoded) = (description.faults.ranked, description.fields, description.decoded)
        case .tp1:
            let description = LPDUDescription(octets.span)
            (faults, fields, decoded) = (description.faults.ranked, description.fields, description.decoded)
        case .knxnetip:
            let frame = KNXnetIPFrame(octets.span)
            (faults, fields) = (frame.faults.ranked, frame.fields)
            var beyond = frame.decoded
            if let cemi = frame.cemi { beyond.append(Field("cemi", .object(CEMIDescription(cemi).members))) }
            decoded = beyond
        case .usb: (faults, fields, decoded) = Self.report(octets, &transfers)
        case .tpuart:
            let stretch = TransceiverStretch(octets)
            (faults, fields, decoded) = (stretch.faults.worstFirst(), stretch.fields, [])
        }
        self.init(
            octets: octets, kind: kind.name, faults: faults, fields: fields.isEmpty ? nil : style.restyled(fields),
            decoded: style.restyled(decoded))
    }

    /// A report with the transfer that it completes or gives up.
    private static func report(
        _ octets: [UInt8], _ transfers: inout USBTransferStream
    ) -> (faults: [Fault], fields: [Field], decoded: [Field]) {
        let report = USBReport(octets.span)
        var faults = Array(report.faults)
        var decoded: [Field] = []
        for output in transfers.feed(octets) {
            switch output {
            case .transfer(let transfer, let flaws):
                if report.packetType == .whole, let begin = report.bodyRange?.lowerBound {
                    faults += flaws.map { $0.shifted(by: begin) }
                }
                var members = transfer.fields
                if case .tunnel(.cemi, let frame) = transfer.content {
                    members.append(Field("cemi", .object(CEMIDescription(frame).members)))
                }
                if let worst = flaws.worst { members.append(Field("error", .text(worst.code.name))) }
                decoded.append(Field("transfer", .object(members)))
            case .rejected(let fault, _):
                if faults.isEmpty { faults.append(fault) }
            case .abandoned(_, let header, let body):
                decoded.append(
                    Field(
                        "abandoned",
                        .object([
                            Field("body_len", .integer(Int(header.bodyLength))), Field("body", .octets(body)),
                        ])))
            }
        }
        return (faults.worstFirst(), report.fields, decoded)
    }
}

extension CEMIDescription {
    /// The message as a member of the frame that carries it.
    fileprivate var members: [Field] {
        [
            Field("error", faults.worst.map { .text($0.code.name) } ?? .null), Field("fields", .object(fields)),
            Field("decoded", .object(decoded)), Field("faults", .list(faults.ranked.map { .object($0.fields) })),
        ]
    }
}
