/// What a run of octets can be, seen from outside.
public enum FrameKind: Hashable, Sendable, CaseIterable {
    /// A message of the common external message interface.
    case cemi
    /// A unit of the TP1 data link layer with its check octet.
    case tp1
    /// A KNXnet/IP frame.
    case knxnetip
    /// One HID report of a KNX USB interface.
    case usb
    /// A stretch of what a transceiver sends to its host.
    case tpuart

    public var name: String {
        switch self {
        case .cemi: "cemi"
        case .tp1: "tp1"
        case .knxnetip: "knxnetip"
        case .usb: "usb"
        case .tpuart: "tpuart"
        }
    }

    /// The kind of that name; nil for all other words.
    public init?(_ name: some StringProtocol) {
        guard let kind = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = kind
    }

    /// Recognises the kind of the octets; `cemi` when they look like none. A transceiver's octets look like a frame of TP1, so nothing is
    /// recognised as `tpuart`.
    ///
    /// KNXnet/IP begins with 06 10 (06 20 F0 for the object server). A USB report begins with 01 and has 64 octets, or has the header of a transfer
    /// at its place. TP1 is one acknowledge character, or a control octet and a check octet that is right; a control octet alone decides
    /// only where no message of cEMI has that code.
    public init(recognising octets: Span<UInt8>) {
        self = .cemi
        guard octets.count > 0 else { return }
        let first = octets[0]
        // L_Data.ind and .req, which are most of all: no control octet and no header has these values.
        if first == 0x29 || first == 0x11 || first == 0x2E { return }
        if first == 0x06, octets.count > 1,
            octets[1] == 0x10 || (octets[1] == 0x20 && octets.count > 2 && octets[2] == 0xF0)
        {
            self = .knxnetip
        } else if first == USBReport.identifier, Self.looksLikeReport(octets) {
            self = .usb
        } else if octets.count == 1 {
            if Acknowledge(first) != nil { self = .tp1 }
        } else if first == PollData.control || TP1.isDataControl(first) {
            if MessageCode(rawValue: first) == nil || TP1.checkOctet(octets, count: octets.count) == 0 { self = .tp1 }
        }
    }

    private static func looksLikeReport(_ octets: Span<UInt8>) -> Bool {
        octets.count == USBReport.length
            || octets.count >= USBReport.headerLength + USBTransferHeader.length && octets[3] == 0
                && octets[4] == UInt8(USBTransferHeader.length)
    }
}
