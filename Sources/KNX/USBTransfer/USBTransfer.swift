/// One transfer between host and KNX USB interface, whatever the count of its reports: an EMI frame, or a word with the bus access server.
public struct USBTransfer: Hashable, Sendable {
    public enum Content: Hashable, Sendable {
        /// A frame of the external message interface, for whoever decodes that one.
        case tunnel(EMIType, [UInt8])
        case busAccess(BusAccessMessage)
        /// A protocol, or a service of the bus access server, that this decoder does not know; or a bus access service without its feature.
        case other(protocolIdentifier: UInt8, serviceIdentifier: UInt8, [UInt8])
    }

    public var content: Content
    /// 0000 for all that the standard defines.
    public var manufacturer: UInt16

    public init(_ content: Content, manufacturer: UInt16 = 0) {
        self.content = content
        self.manufacturer = manufacturer
    }

    /// Octets of the longest body: 53 in the first report and 61 in each of four more.
    public static let longestBody =
        USBReport.longestData * USBReport.longestSequence - USBTransferHeader.length

    /// Why a transfer cannot be sent.
    public enum Refusal: Error, Hashable, Sendable, CustomStringConvertible {
        case bodyLength(Int)
        case valueUnexpected
        case valueMissing

        public var description: String {
            switch self {
            case .bodyLength(let count): "a body of \(count) octets: a transfer has 1 to \(USBTransfer.longestBody)"
            case .valueUnexpected: "a feature is asked for without a value"
            case .valueMissing: "a feature is set or announced with a value"
            }
        }
    }

    /// Reads a whole body. Faults are those of the contents; their offsets count from the body's begin.
    public init(header: USBTransferHeader, body: Span<UInt8>, faults: inout Faults) {
        manufacturer = header.manufacturer
        let all = 0..<body.count
        content = .other(
            protocolIdentifier: header.protocolIdentifier, serviceIdentifier: header.serviceIdentifier,
            body.array(all))
        switch header.protocolIdentifier {
        case USBTransferHeader.tunnelProtocol:
            let emi = EMIType(header.serviceIdentifier)
            if emi.name == nil { faults.add(Fault(.unknownEnum, .usb, at: 0)) }
            if body.isEmpty { faults.add(Fault(.truncated, .usb, at: 0)) }
            content = .tunnel(emi, body.array(all))
        case USBTransferHeader.busAccessProtocol:
            guard let service = BusAccessMessage.Service(rawValue: header.serviceIdentifier) else {
                faults.add(Fault(.protocolUnknown, .usb, at: 0))
                return
            }
            guard let message = BusAccessMessage(service, body: body, faults: &faults) else { return }
            content = .busAccess(message)
        default: faults.add(Fault(.protocolUnknown, .usb, at: 0))
        }
    }

    private var parts: (protocolIdentifier: UInt8, serviceIdentifier: UInt8, body: [UInt8]) {
        switch content {
        case .tunnel(let emi, let frame): (USBTransferHeader.tunnelProtocol, emi.octet, frame)
        case .busAccess(let message):
            (USBTransferHeader.busAccessProtocol, message.service.rawValue, [message.feature.octet] + message.value)
        case .other(let protocolIdentifier, let serviceIdentifier, let body):
            (protocolIdentifier, serviceIdentifier, body)
        }
    }

    /// The reports that carry the transfer, 64 octets each.
    public var reports: [[UInt8]] {
        get throws(Refusal) {
            if case .busAccess(let message) = content { try message.check() }
            let (protocolIdentifier, serviceIdentifier, body) = parts
            guard (1...Self.longestBody).contains(body.count) else { throw .bodyLength(body.count) }
            let header = USBTransferHeader(
                bodyLength: UInt16(body.count), protocolIdentifier: protocolIdentifier,
                serviceIdentifier: serviceIdentifier, manufacturer: manufacturer)
            let data = header.octets + body
            let starts = stride(from: 0, to: data.count, by: USBReport.longestData)
            var reports: [[UInt8]] = []
            for (index, start) in starts.enumerated() {
                let part = data[start..<min(start + USBReport.longestData, data.count)]
                let isLast = part.endIndex == data.count
                let type: USBReport.PacketType =
                    index == 0 ? (isLast ? .whole : .start) : (isLast ? .end : .partial)
                let head = [USBReport.identifier, UInt8(index + 1) << 4 | type.rawValue, UInt8(part.count)]
                reports.append(head + part + [UInt8](repeating: 0, count: USBReport.longestData - part.count))
            }
            return reports
        }
    }

    /// What the transfer says.
    public var fields: [Field] {
        switch content {
        case .tunnel(let emi, let frame):
            [Field("protocol", .text("tunnel")), Field("emi", .text(emi.description)), Field("frame", .octets(frame))]
        case .busAccess(let message): [Field("protocol", .text("bus access server"))] + message.fields
        case .other(let protocolIdentifier, let serviceIdentifier, let body):
            [
                Field("protocol", .text("0x\(protocolIdentifier.hexadecimal)")),
                Field("service", .text("0x\(serviceIdentifier.hexadecimal)")), Field("body", .octets(body)),
            ]
        }
    }
}
