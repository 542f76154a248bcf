/// Lists frames, one line each, as text or JSON. USB reports are joined into transfers over the lines.
public struct FrameListing: Sendable {
    public enum Format: Sendable {
        case text
        case json
    }

    private let kind: FrameKind?
    private let format: Format
    private let groupAddresses: GroupAddressStyle
    private var line: BusMonitorLine
    private var transfers = USBTransferStream()

    /// Frames of one kind, or nil: the kind of each is recognised, and stands at the begin of its line.
    public init(kind: FrameKind?, format: Format, groupAddresses: GroupAddressStyle = .threeLevel) {
        self.kind = kind
        self.format = format
        self.groupAddresses = groupAddresses
        line = BusMonitorLine(groupAddresses: groupAddresses)
    }

    /// Appends the line of one frame, its end included.
    public mutating func write(_ octets: [UInt8], into output: inout [UInt8]) {
        let kind = kind ?? FrameKind(recognising: octets.span)
        guard format == .text else {
            let report = DecodingReport(octets, as: kind, groupAddresses: groupAddresses, transfers: &transfers)
            report.writeJSON(into: &output)
            return
        }
        if self.kind == nil {
            output += kind.label.utf8
        }
        line.show(octets.span, as: kind)
        output += line.utf8
        output.append(0x0A)
    }
}

extension FrameKind {
    /// The name in a column of its own.
    fileprivate var label: String {
        switch self {
        case .cemi: "cemi      "
        case .tp1: "tp1       "
        case .knxnetip: "knxnetip  "
        case .usb: "usb       "
        case .tpuart: "tpuart    "
        }
    }
}
