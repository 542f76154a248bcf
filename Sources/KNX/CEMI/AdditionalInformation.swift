/// One item of a cEMI message's additional information in its own terms (KNX standard 3/6/3).
///
/// An item whose length is not that of its type is `other`, so that every item can be kept and written again.
public enum AdditionalInformation: Hashable, Sendable {
    /// 01: domain address of power line.
    case powerLineDomain(UInt16)
    /// 02.
    case radio(RadioInformation)
    /// 03.
    case busmonitorStatus(BusmonitorStatus)
    /// 04: free-running counter; its unit is the interface's.
    case relativeTimestamp(UInt16)
    /// 05: delay until sending, of L_Raw.req.
    case sendDelay(UInt32)
    /// 06: free-running counter, microseconds by convention.
    case extendedRelativeTimestamp(UInt32)
    /// 07.
    case biBat(UInt16)
    /// 08: frequency, call channel, physical and logical acknowledge of RF Multi.
    case radioMulti(frequency: UInt8, callChannel: UInt8, physicalAcknowledge: UInt8, logicalAcknowledge: UInt8)
    /// 09.
    case preamble(UInt16, postamble: UInt8)
    /// 0A: one pair per acknowledge that is expected.
    case radioFastAcknowledge([FastAcknowledge])
    /// FE.
    case manufacturer(identifier: UInt16, function: UInt8, data: [UInt8])
    /// Any type, at most 252 octets.
    case other(type: UInt8, data: [UInt8])

    public struct FastAcknowledge: Hashable, Sendable {
        public var status: UInt8
        public var information: UInt8

        public init(status: UInt8, information: UInt8) {
            self.status = status
            self.information = information
        }
    }

    public init(type: UInt8, data: [UInt8]) {
        let number = data.count <= 4 ? data.reduce(0 as UInt32) { $0 << 8 | UInt32($1) } : 0
        switch (type, data.count) {
        case (0x01, 2): self = .powerLineDomain(UInt16(number))
        case (0x02, 8): self = .radio(RadioInformation(octets: data))
        case (0x03, 1): self = .busmonitorStatus(BusmonitorStatus(octet: data[0]))
        case (0x04, 2): self = .relativeTimestamp(UInt16(number))
        case (0x05, 4): self = .sendDelay(number)
        case (0x06, 4): self = .extendedRelativeTimestamp(number)
        case (0x07, 2): self = .biBat(UInt16(number))
        case (0x08, 4):
            self = .radioMulti(
                frequency: data[0], callChannel: data[1], physicalAcknowledge: data[2], logicalAcknowledge: data[3])
        case (0x09, 3): self = .preamble(UInt16(number >> 8), postamble: data[2])
        case (0x0A, let count) where count % 2 == 0:
            self = .radioFastAcknowledge(
                stride(from: 0, to: count, by: 2).map { FastAcknowledge(status: data[$0], information: data[$0 + 1]) })
        case (0xFE, 3...):
            self = .manufacturer(
                identifier: UInt16(data[0]) << 8 | UInt16(data[1]), function: data[2], data: Array(data[3...]))
        default: self = .other(type: type, data: data)
        }
    }

    public var type: UInt8 {
        switch self {
        case .powerLineDomain: 0x01
        case .radio: 0x02
        case .busmonitorStatus: 0x03
        case .relativeTimestamp: 0x04
        case .sendDelay: 0x05
        case .extendedRelativeTimestamp: 0x06
        case .biBat: 0x07
        case .radioMulti: 0x08
        case .preamble: 0x09
        case .radioFastAcknowledge: 0x0A
        case .manufacturer: 0xFE
        case .other(let type, _): type
        }
    }

    /// The value without type and length.
    public var data: [UInt8] {
        switch self {
        case .powerLineDomain(let number), .relativeTimestamp(let number), .biBat(let number): pair(number)
        case .radio(let radio): radio.octets
        case .busmonitorStatus(let status): [status.octet]
        case .sendDelay(let number), .extendedRelativeTimestamp(let number):
            pair(UInt16(number >> 16)) + pair(UInt16(truncatingIfNeeded: number))
        case .radioMulti(let frequency, let channel, let physical, let logical):
            [frequency, channel, physical, logical]
        case .preamble(let preamble, let postamble): pair(preamble) + [postamble]
        case .radioFastAcknowledge(let acknowledges): acknowledges.flatMap { [$0.status, $0.information] }
        case .manufacturer(let identifier, let function, let data): pair(identifier) + [function] + data
        case .other(_, let data): data
        }
    }

    /// Length octet and items, sorted ascending by type; items of one type keep their order. Nil when they are more than 254 octets.
    public static func block(_ items: [AdditionalInformation]) -> [UInt8]? {
        var block: [UInt8] = [0]
        let order = items.indices.sorted { (items[$0].type, $0) < (items[$1].type, $1) }
        for index in order {
            let data = items[index].data
            guard data.count <= 252, block.count + data.count + 2 <= 255 else { return nil }
            block += [items[index].type, UInt8(data.count)] + data
        }
        block[0] = UInt8(block.count - 1)
        return block
    }

    private func pair(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 255)] }

    /// The item by name. The address of a radio frame is a serial number in a system broadcast and a domain address otherwise.
    func fields(isSystemBroadcast: Bool) -> [Field] {
        switch self {
        case .powerLineDomain(let domain): [Field("domain_address", .integer(Int(domain)))]
        case .radio(let radio): radio.fields(isSystemBroadcast: isSystemBroadcast)
        case .busmonitorStatus(let status): [Field("busmonitor_status", .integer(Int(status.octet)))]
        case .relativeTimestamp(let count): [Field("relative_timestamp", .integer(Int(count)))]
        case .sendDelay(let delay): [Field("send_delay", .integer(Int(delay)))]
        case .extendedRelativeTimestamp(let count): [Field("extended_relative_timestamp", .integer(Int(count)))]
        case .biBat(let bits): [Field("bibat", .integer(Int(bits)))]
        case .radioMulti(let frequency, let channel, let physical, let logical):
            [
                Field("frequency", .integer(Int(frequency))), Field("call_channel", .integer(Int(channel))),
                Field("physical_acknowledge", .integer(Int(physical))),
                Field("logical_acknowledge", .integer(Int(logical))),
            ]
        case .preamble(let preamble, let postamble):
            [Field("preamble", .integer(Int(preamble))), Field("postamble", .integer(Int(postamble)))]
        case .radioFastAcknowledge(let acknowledges):
            [
                Field(
                    "fast_acknowledges",
                    .list(
                        acknowledges.map {
                            .object([
                                Field("status", .integer(Int($0.status))),
                                Field("information", .integer(Int($0.information))),
                            ])
                        }))
            ]
        case .manufacturer(let identifier, let function, let data):
            [
                Field("manufacturer", .integer(Int(identifier))), Field("function", .integer(Int(function))),
                Field("data", .octets(data)),
            ]
        case .other(let type, let data): [Field("type", .integer(Int(type))), Field("data", .octets(data))]
        }
    }
}
