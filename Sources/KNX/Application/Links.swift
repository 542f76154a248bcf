/// Group addresses that a group object is linked with: the ASDU of A_Link_Response (KNX standard 3/3/7).
public struct LinkList: Hashable, Sendable {
    /// The number of the group object.
    public let object: UInt8
    /// Which of the group addresses the object sends with, from 1; 0 says that it has none.
    public let sendingIndex: UInt8
    /// The place of the first of `addresses`, from 1; 0 says that the link is not there.
    public let start: UInt8
    /// At most six.
    public let addresses: [GroupAddress]

    /// Values beyond the ranges of the fields are errors of the caller.
    public init(object: UInt8, sendingIndex: UInt8, start: UInt8, addresses: [GroupAddress]) {
        precondition(sendingIndex < 16 && start < 16, "sending index and start have four bits")
        precondition(addresses.count <= 6, "a response has at most six group addresses")
        self.object = object
        self.sendingIndex = sendingIndex
        self.start = start
        self.addresses = addresses
    }
}

extension LinkList: ASDU {
    init(_ reader: inout ASDUReader) {
        object = UInt8(truncatingIfNeeded: reader.word(octets: 1))
        let packed = UInt8(truncatingIfNeeded: reader.word(octets: 1))
        sendingIndex = packed >> 4
        start = packed & 15
        var addresses: [GroupAddress] = []
        while reader.left > 1 {
            addresses.append(GroupAddress(raw: UInt16(truncatingIfNeeded: reader.word(octets: 2))))
        }
        self.addresses = addresses
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(UInt32(object), octets: 1)
        writer.put(UInt32(sendingIndex) << 4 | UInt32(start), octets: 1)
        for address in addresses { writer.put(UInt32(address.raw), octets: 2) }
    }

    var fields: [Field] {
        [
            Field("group_object", .integer(Int(object))),
            Field("sending_index", .integer(Int(sendingIndex))),
            Field("start", .integer(Int(start))),
            Field("group_addresses", .list(addresses.map { .text($0.description) })),
        ]
    }
}

/// Links a group object with a group address or ends that: the ASDU of A_Link_Write.
public struct LinkChange: Hashable, Sendable {
    /// The number of the group object.
    public let object: UInt8
    /// b1 delete, b0 sending; the others are zero in the standard.
    public let flags: UInt8
    public let address: GroupAddress

    public init(object: UInt8, flags: UInt8, address: GroupAddress) {
        self.object = object
        self.flags = flags
        self.address = address
    }

    public var isDeletion: Bool { flags & 2 != 0 }
    /// The object sends with this group address.
    public var isSending: Bool { flags & 1 != 0 }
}

extension LinkChange: ASDU {
    init(_ reader: inout ASDUReader) {
        object = UInt8(truncatingIfNeeded: reader.word(octets: 1))
        flags = UInt8(truncatingIfNeeded: reader.word(octets: 1))
        address = GroupAddress(raw: UInt16(truncatingIfNeeded: reader.word(octets: 2)))
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(UInt32(object), octets: 1)
        writer.put(UInt32(flags), octets: 1)
        writer.put(UInt32(address.raw), octets: 2)
    }

    var fields: [Field] {
        [
            Field("group_object", .integer(Int(object))),
            Field("delete", .boolean(isDeletion)),
            Field("sending", .boolean(isSending)),
            Field("group_address", .text(address.description)),
        ]
    }
}
