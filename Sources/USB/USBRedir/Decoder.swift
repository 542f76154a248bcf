extension USBRedir {
    /// Makes messages of the octets of one connection, however they are cut. It takes the other side's features from its hello by itself.
    public struct Decoder: Sendable {
        private let own: Capabilities
        private let sender: Side
        private var stream = OctetStream()
        /// What both sides can; nil until the other side's hello is in.
        public private(set) var agreed: Capabilities?

        /// - Parameters:
        ///   - own: the features of our own hello.
        ///   - sender: who is at the other end.
        public init(own: Capabilities, from sender: Side) {
            self.own = own
            self.sender = sender
        }

        public mutating func feed(_ octets: [UInt8]) {
            stream.append(octets)
        }

        /// The next whole message; nil until more octets are there.
        public mutating func next() throws(USBRedirFailure) -> Message? {
            let isWide = agreed?.contains(.wideIdentifiers) ?? false
            let headerLength = isWide ? 16 : 12
            guard let header = stream.peek(headerLength).map(Array.init) else { return nil }
            let type = header.word(0)
            let length = header.word(4)
            guard length <= UInt32(USBRedir.maximumLength) else {
                throw failure("a header", "a message of \(length) octets; at most \(USBRedir.maximumLength) are taken")
            }
            guard (type == 0) == (agreed == nil) else {
                throw failure("a header", agreed == nil ? "type \(type) before the hello" : "a second hello")
            }
            guard let whole = stream.peek(headerLength + Int(length)) else { return nil }
            let body = try body(type, Array(whole.dropFirst(headerLength)))
            stream.drop(headerLength + Int(length))
            let upper = isWide ? UInt64(header.word(12)) << 32 : 0
            return Message(id: upper | UInt64(header.word(8)), body)
        }

        private func failure(_ reading: String, _ reason: String) -> USBRedirFailure {
            USBRedirFailure(reading: reading, reason: reason, offset: stream.offset)
        }

        private mutating func body(_ type: UInt32, _ octets: [UInt8]) throws(USBRedirFailure) -> Body {
            func need(_ count: Int, _ name: String) throws(USBRedirFailure) {
                guard octets.count == count else {
                    throw failure(name, "\(octets.count) octets where \(count) are due")
                }
            }
            func status(_ name: String) throws(USBRedirFailure) -> Status {
                guard let status = Status(rawValue: octets[0]) else {
                    throw failure(name, "there is no status \(octets[0])")
                }
                return status
            }
            switch type {
            case 0: return try hello(octets)
            case 1: return try connect(octets)
            case 2, 3, 7, 21:
                try need(0, "a message without content")
                return type == 2 ? .disconnect : type == 3 ? .reset : type == 7 ? .getConfiguration : .cancel
            case 4: return try interfaces(octets)
            case 5: return try endpoints(octets)
            case 6:
                try need(1, "set_configuration")
                return .setConfiguration(octets[0])
            case 8:
                try need(2, "configuration_status")
                return .configurationStatus(try status("configuration_status"), configuration: octets[1])
            case 9:
                try need(2, "set_alt_setting")
                return .setAlternate(interface: octets[0], alternate: octets[1])
            case 10:
                try need(1, "get_alt_setting")
                return .getAlternate(interface: octets[0])
            case 11:
                try need(3, "alt_setting_status")
                return .alternateStatus(
                    try status("alt_setting_status"), interface: octets[1], alternate: octets[2])
            case 15, 16:
                try need(1, "interrupt receiving")
                return type == 15
                    ? .startInterruptReceiving(endpoint: octets[0]) : .stopInterruptReceiving(endpoint: octets[0])
            case 17:
                try need(2, "interrupt_receiving_status")
                return .interruptReceivingStatus(try status("interrupt_receiving_status"), endpoint: octets[1])
            case 100: return try control(octets)
            case 101: return try bulk(octets)
            case 103: return try interrupt(octets)
            default: return .other(type: type, octets)
            }
        }

        private mutating func hello(_ octets: [UInt8]) throws(USBRedirFailure) -> Body {
            guard octets.count >= 64 else { throw failure("hello", "\(octets.count) octets where 64 are due at least") }
            // Sides from before the features end after their version text.
            let theirs = Capabilities(rawValue: octets.count >= 68 ? octets.word(64) : 0)
            agreed = own.intersection(theirs)
            return .hello(version: String(decoding: octets[..<64].prefix { $0 != 0 }, as: UTF8.self), theirs)
        }

        private func has(_ capability: Capabilities) -> Bool { agreed?.contains(capability) ?? false }

        private func connect(_ octets: [UInt8]) throws(USBRedirFailure) -> Body {
            let length = has(.deviceVersion) ? 10 : 8
            guard octets.count == length else {
                throw failure("device_connect", "\(octets.count) octets where \(length) are due")
            }
            guard let speed = Speed(rawValue: octets[0]) else {
                throw failure("device_connect", "there is no speed \(octets[0])")
            }
            return .connect(
                Connect(
                    speed: speed, classes: octets[1...3], vendor: octets.half(4), product: octets.half(6),
                    version: length == 10 ? octets.half(8) : 0))
        }

        private func interfaces(_ octets: [UInt8]) throws(USBRedirFailure) -> Body {
            guard octets.count == 4 + 4 * USBRedir.slots, octets.word(0) <= UInt32(USBRedir.slots) else {
                throw failure("interface_info", "not 132 octets with at most 32 interfaces")
            }
            return .interfaces(
                (0..<Int(octets.word(0))).map { index in
                    Interface(
                        number: octets[4 + index], interfaceClass: octets[36 + index],
                        interfaceSubclass: octets[68 + index], interfaceProtocol: octets[100 + index])
                })
        }

        private func endpoints(_ octets: [UInt8]) throws(USBRedirFailure) -> Body {
            let length = has(.maximumPacketSize) ? 160 : 96
            guard octets.count == length else {
                throw failure("ep_info", "\(octets.count) octets where \(length) are due")
            }
            return .endpoints(
                (0..<USBRedir.slots).filter { octets[$0] != 255 }.map { slot in
                    Endpoint(
                        address: UInt8(slot & 0x10) << 3 | UInt8(slot & 0x0F), kind: octets[slot],
                        interval: octets[32 + slot], interface: octets[64 + slot],
                        maximumPacketSize: length == 160 ? octets.half(96 + 2 * slot) : 0)
                })
        }

        /// Octets of data that a packet in `direction` carries: they travel with the guest's OUT and with the host's IN.
        private func dataLength(_ isIn: Bool, _ length: some BinaryInteger) -> Int {
            isIn == (sender == .host) ? Int(length) : 0
        }

        /// A request has no status yet, and QEMU 7.2 leaves whatever was in memory there (measured).
        private func packetStatus(_ octet: UInt8) -> Status? {
            sender == .guest ? .success : Status(rawValue: octet)
        }

        private func control(_ octets: [UInt8]) throws(USBRedirFailure) -> Body {
            guard octets.count >= 10 else { throw failure("control_packet", "it ends in its header") }
            let setup = SetupPacket(
                requestType: octets[2], request: octets[1], value: octets.half(4), index: octets.half(6),
                length: octets.half(8))
            let count = dataLength(setup.direction == .in, setup.length)
            guard octets.count == 10 + count, let status = packetStatus(octets[3]) else {
                throw failure(
                    "control_packet", "\(octets.count - 10) octets of data where \(count) are due, or no status")
            }
            return .control(setup, endpoint: octets[0], status, data: Array(octets[10...]))
        }

        private func bulk(_ octets: [UInt8]) throws(USBRedirFailure) -> Body {
            let header = has(.wideBulkLength) ? 10 : 8
            guard octets.count >= header else { throw failure("bulk_packet", "it ends in its header") }
            let length = UInt32(octets.half(2)) | (header == 10 ? UInt32(octets.half(8)) << 16 : 0)
            let count = dataLength(octets[0] & 0x80 != 0, length)
            guard octets.count == header + count, let status = packetStatus(octets[1]) else {
                throw failure(
                    "bulk_packet", "\(octets.count - header) octets of data where \(count) are due, or no status")
            }
            return .bulk(endpoint: octets[0], status, length: length, data: Array(octets[header...]))
        }

        private func interrupt(_ octets: [UInt8]) throws(USBRedirFailure) -> Body {
            guard octets.count >= 4 else { throw failure("interrupt_packet", "it ends in its header") }
            let count = dataLength(octets[0] & 0x80 != 0, octets.half(2))
            guard octets.count == 4 + count, let status = packetStatus(octets[1]) else {
                throw failure(
                    "interrupt_packet", "\(octets.count - 4) octets of data where \(count) are due, or no status")
            }
            return .interrupt(endpoint: octets[0], status, length: octets.half(2), data: Array(octets[4...]))
        }
    }
}

extension [UInt8] {
    /// The little-endian integer of 16 bits at an offset.
    fileprivate func half(_ offset: Int) -> UInt16 {
        UInt16(self[offset]) | UInt16(self[offset + 1]) << 8
    }

    fileprivate func word(_ offset: Int) -> UInt32 {
        UInt32(half(offset)) | UInt32(half(offset + 2)) << 16
    }
}
