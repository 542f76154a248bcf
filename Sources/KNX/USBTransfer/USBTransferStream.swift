/// Joins the reports of one direction into transfers.
///
/// A report that cannot follow those before it ends the transfer that had begun: both are told, and a report that begins a transfer
/// begins it.
public struct USBTransferStream: Sendable {
    public enum Output: Hashable, Sendable {
        /// Faults are those of the content, counted from the body's begin; a rejected one has no trustworthy fields.
        case transfer(USBTransfer, Faults)
        /// A report that is none, with its octets; the fault's offset is in the report.
        case rejected(Fault, [UInt8])
        /// A transfer that began and was not ended: the part of its body that had come. The fault lies at that part's end.
        case abandoned(Fault, USBTransferHeader, [UInt8])
    }

    private struct Assembly {
        var header: USBTransferHeader
        var body: [UInt8]
        var sequence: UInt8
    }

    private var assembly: Assembly?

    public init() {}

    /// True when a transfer has begun and is not whole.
    public var isInsideTransfer: Bool { assembly != nil }

    /// Forgets a transfer that has begun, as after the interface was reset or an answer is overdue; tells what there was of it.
    public mutating func reset() -> [Output] {
        guard let assembly else { return [] }
        self.assembly = nil
        return [.abandoned(Fault(.truncated, .usb, at: assembly.body.count), assembly.header, assembly.body)]
    }

    /// Takes one report as the HID layer gave it.
    public mutating func feed(_ octets: Span<UInt8>) -> [Output] {
        let report = USBReport(octets)
        let copy = { (octets: Span<UInt8>) in octets.array(0..<octets.count) }
        if let fault = report.faults.worst { return reset() + [.rejected(fault, copy(octets))] }
        guard let body = report.body, let packetType = report.packetType, let sequence = report.sequence else {
            return []
        }
        if let header = report.header {
            let outputs = reset()
            if packetType == .whole { return outputs + [Self.transfer(header, body)] }
            assembly = Assembly(header: header, body: copy(body), sequence: sequence)
            return outputs
        }
        guard var joined = assembly else { return [.rejected(Fault(.packetType, .usb, at: 1), copy(octets))] }
        guard sequence == joined.sequence + 1 else {
            return reset() + [.rejected(Fault(.packetType, .usb, at: 1), copy(octets))]
        }
        joined.sequence = sequence
        let missing = Int(joined.header.bodyLength) - joined.body.count
        guard packetType == .end ? body.count == missing : body.count < missing else {
            return reset() + [.rejected(Fault(.dataLength, .usb, at: 2), copy(octets))]
        }
        for index in body.indices { joined.body.append(body[index]) }
        guard packetType == .end else {
            assembly = joined
            return []
        }
        assembly = nil
        return [Self.transfer(joined.header, joined.body.span)]
    }

    public mutating func feed(_ octets: [UInt8]) -> [Output] { feed(octets.span) }

    private static func transfer(_ header: USBTransferHeader, _ body: Span<UInt8>) -> Output {
        var faults = Faults()
        let transfer = USBTransfer(header: header, body: body, faults: &faults)
        return .transfer(transfer, faults)
    }
}
