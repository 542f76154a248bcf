/// One HID report of a KNX USB interface in borrowed octets (KNX standard 9/3).
///
/// | octets | |
/// |---|---|
/// | 01 | report identifier |
/// | 1 | sequence number 1…5 (b7…4), packet type (b3…0): 3 whole, 5 start, 4 partial, 6 end |
/// | 1 | data octets in this report, at most 61 |
/// | … | data; in a whole or start report it begins with a `USBTransferHeader` |
/// | … | zeros up to 64 octets |
///
/// The zeros may be missing: some hosts hand a report over without them.
public struct USBReport: ~Escapable {
    public static let length = 64
    public static let headerLength = 3
    public static let longestData = length - headerLength
    public static let identifier: UInt8 = 0x01
    /// The most reports that one transfer has.
    public static let longestSequence = 5

    public enum PacketType: UInt8, Sendable, CaseIterable {
        case whole = 3
        case partial = 4
        case start = 5
        case end = 6

        public var name: String {
            switch self {
            case .whole: "whole"
            case .partial: "partial"
            case .start: "start"
            case .end: "end"
            }
        }
    }

    public let octets: Span<UInt8>
    public private(set) var faults = Faults()
    public let identifier: UInt8?
    /// 0…15 as it stands; 1…5 when the report is good.
    public let sequence: UInt8?
    public let packetType: PacketType?
    public let dataLength: UInt8?
    /// Nil in partial and end reports.
    public private(set) var header: USBTransferHeader?
    /// Where this report's part of the body lies.
    public private(set) var bodyRange: Range<Int>?

    @_lifetime(copy octets)
    public init(_ octets: Span<UInt8>) {
        self.octets = octets
        identifier = octets.count > 0 ? octets[0] : nil
        sequence = octets.count > 1 ? octets[1] >> 4 : nil
        packetType = octets.count > 1 ? PacketType(rawValue: octets[1] & 15) : nil
        dataLength = octets.count > 2 ? octets[2] : nil
        do throws(Fault) {
            try decode()
        } catch {
            faults.add(error)
        }
    }

    private mutating func decode() throws(Fault) {
        guard let identifier else { throw Fault(.empty, .usb, at: 0) }
        guard identifier == Self.identifier else { throw Fault(.reportIdentifier, .usb, at: 0) }
        guard let sequence else { throw Fault(.truncated, .usb, at: octets.count) }
        guard let packetType, (1...Self.longestSequence).contains(Int(sequence)) else {
            throw Fault(.packetType, .usb, at: 1)
        }
        let isFirst = packetType == .whole || packetType == .start
        // The first report of a transfer has number 1, and no other has.
        guard isFirst == (sequence == 1) else { throw Fault(.packetType, .usb, at: 1) }
        guard let dataLength else { throw Fault(.truncated, .usb, at: octets.count) }
        let end = Self.headerLength + Int(dataLength)
        guard dataLength > 0, end <= Self.length else { throw Fault(.dataLength, .usb, at: 2) }
        if octets.count > Self.length { throw Fault(.trailing, .usb, at: Self.length) }
        // What is there of the header is read even when the report is cut.
        if isFirst {
            guard Int(dataLength) >= USBTransferHeader.length else { throw Fault(.dataLength, .usb, at: 2) }
            guard octets.count >= Self.headerLength + USBTransferHeader.length else {
                throw Fault(.truncated, .usb, at: octets.count)
            }
            let header = try USBTransferHeader(octets, at: Self.headerLength, before: end)
            self.header = header
            guard Int(header.bodyLength) <= USBTransfer.longestBody else {
                throw Fault(.dataLength, .usb, at: Self.headerLength + 2)
            }
            let here = Int(dataLength) - USBTransferHeader.length
            guard packetType == .whole ? here == Int(header.bodyLength) : here < Int(header.bodyLength) else {
                throw Fault(.dataLength, .usb, at: 2)
            }
        }
        guard octets.count >= end else { throw Fault(.truncated, .usb, at: octets.count) }
        bodyRange = (Self.headerLength + (isFirst ? USBTransferHeader.length : 0))..<end
    }

    /// The octets of `bodyRange`.
    public var body: Span<UInt8>? {
        @_lifetime(copy self)
        get {
            guard let bodyRange else { return nil }
            return octets.extracting(bodyRange)
        }
    }

    /// What the report says, as far as it could be read.
    public var fields: [Field] {
        var fields: [Field] = []
        if let identifier { fields.append(Field("report_id", .integer(Int(identifier)))) }
        if let sequence { fields.append(Field("sequence", .integer(Int(sequence)))) }
        if let packetType { fields.append(Field("packet_type", .text(packetType.name))) }
        if let dataLength { fields.append(Field("data_len", .integer(Int(dataLength)))) }
        if let header {
            fields.append(Field("body_len", .integer(Int(header.bodyLength))))
            fields.append(Field("protocol", .text("0x\(header.protocolIdentifier.hexadecimal)")))
            fields.append(Field("service", .text("0x\(header.serviceIdentifier.hexadecimal)")))
            fields.append(Field("manufacturer", .integer(Int(header.manufacturer))))
        }
        if let bodyRange { fields.append(Field("body", .octets(octets.array(bodyRange)))) }
        return fields
    }
}
