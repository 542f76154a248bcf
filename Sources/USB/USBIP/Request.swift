extension USBIP {
    /// What a client sends.
    public enum Request: Hashable, Sendable {
        /// OP_REQ_DEVLIST
        case listDevices
        /// OP_REQ_IMPORT; 8 octets of header, busid of 32.
        case importDevice(busID: String)
        /// USBIP_CMD_SUBMIT
        case submit(Submission)
        /// USBIP_CMD_UNLINK: take back the transfer `unlinked`.
        case unlink(sequence: UInt32, device: UInt32, unlinked: UInt32)
    }

    /// USBIP_CMD_SUBMIT, one transfer: 48 octets, then the data when it goes out. Isochronous transfers are not supported.
    ///
    /// | octet | field | | octet | field |
    /// |---|---|---|---|---|
    /// | 0–3 | command 1 | | 20–23 | transfer_flags |
    /// | 4–7 | seqnum | | 24–27 | transfer_buffer_length |
    /// | 8–11 | devid | | 28–31 | start_frame |
    /// | 12–15 | direction, 0 out | | 32–35 | number_of_packets, −1 or 0 |
    /// | 16–19 | ep | | 36–39 | interval |
    /// | | | | 40–47 | setup |
    public struct Submission: Hashable, Sendable {
        public var sequence: UInt32
        /// `ExportedDevice.id`
        public var device: UInt32
        public var direction: Direction
        /// Number without direction; 0 is the control endpoint.
        public var endpoint: UInt32
        public var flags: UInt32
        /// Octets to send, or at most to take.
        public var length: Int
        public var interval: UInt32
        /// Meaningful at endpoint 0.
        public var setup: SetupPacket
        /// What goes out; empty for IN.
        public var data: [UInt8]

        /// A control transfer.
        public init(sequence: UInt32, device: UInt32, setup: SetupPacket, data: [UInt8]) {
            self.sequence = sequence
            self.device = device
            direction = setup.direction
            endpoint = 0
            flags = 0
            length = setup.direction == .in ? Int(setup.length) : data.count
            interval = 0
            self.setup = setup
            self.data = setup.direction == .in ? [] : data
        }

        /// A transfer to an interrupt or bulk endpoint.
        public init(sequence: UInt32, device: UInt32, out endpoint: UInt32, data: [UInt8]) {
            self.sequence = sequence
            self.device = device
            direction = .out
            self.endpoint = endpoint
            flags = 0
            length = data.count
            interval = 0
            setup = SetupPacket(requestType: 0, request: 0, value: 0, index: 0, length: 0)
            self.data = data
        }

        /// A transfer from an interrupt endpoint, or a bulk one.
        public init(sequence: UInt32, device: UInt32, interruptIn endpoint: UInt32, length: Int, interval: UInt32) {
            self.sequence = sequence
            self.device = device
            direction = .in
            self.endpoint = endpoint
            flags = 0
            self.length = length
            self.interval = interval
            setup = SetupPacket(requestType: 0, request: 0, value: 0, index: 0, length: 0)
            data = []
        }
    }
}

extension USBIP.Request {
    public var octets: [UInt8] {
        switch self {
        case .listDevices:
            USBIP.version.bigEndianOctets + UInt16(0x8005).bigEndianOctets + [0, 0, 0, 0]
        case .importDevice(let busID):
            USBIP.version.bigEndianOctets + UInt16(0x8003).bigEndianOctets + [0, 0, 0, 0] + padded(busID, to: 32)
        case .submit(let submission):
            submission.octets
        case .unlink(let sequence, let device, let unlinked):
            [2, sequence, device, 0, 0, unlinked].flatMap(\.bigEndianOctets) + [UInt8](repeating: 0, count: 24)
        }
    }
}

extension USBIP.Submission {
    fileprivate var octets: [UInt8] {
        [
            1, sequence, device, direction == .in ? 1 : 0, endpoint, flags, UInt32(truncatingIfNeeded: length), 0,
            USBIP.notIsochronous, interval,
        ].flatMap(\.bigEndianOctets) + setup.octets + data
    }

    /// Reads 48 octets whose command is known to be 1; `data` follows them in the stream.
    fileprivate init(header: ArraySlice<UInt8>, setup: SetupPacket) {
        sequence = header.bigEndian32(at: 4)
        device = header.bigEndian32(at: 8)
        direction = header.bigEndian32(at: 12) == 0 ? .out : .in
        endpoint = header.bigEndian32(at: 16)
        flags = header.bigEndian32(at: 20)
        length = Int(header.bigEndian32(at: 24))
        interval = header.bigEndian32(at: 36)
        self.setup = setup
        data = []
    }
}

extension USBIP {
    /// The server's ear: octets in as they come, requests out as soon as each is whole. The connection starts with operations; the server
    /// says when an import has made it a stream of transfers.
    public struct RequestDecoder: Sendable {
        private var stream = OctetStream()
        private var inTransfers = false

        public init() {}

        public mutating func feed(_ octets: [UInt8]) {
            stream.append(octets)
        }

        /// After an import was granted: everything behind it is transfers.
        public mutating func beginTransfers() {
            inTransfers = true
        }

        /// The next whole request; nil when more octets are needed.
        ///
        /// - Throws: what is no USB/IP. The stream can't be read on then, and every further call throws the same again.
        public mutating func next() throws(USBIPFailure) -> Request? {
            inTransfers ? try nextTransfer() : try nextOperation()
        }

        private mutating func nextOperation() throws(USBIPFailure) -> Request? {
            guard let header = stream.peek(8) else { return nil }
            let version = header.bigEndian16(at: 0)
            guard version == USBIP.version else {
                throw stream.failure("an operation", "version \(version) is not \(USBIP.version) (1.1.1)")
            }
            switch header.bigEndian16(at: 2) {
            case 0x8005:
                stream.drop(8)
                return .listDevices
            case 0x8003:
                guard let whole = stream.peek(40) else { return nil }
                let busID = text(whole.dropFirst(8))
                stream.drop(40)
                return .importDevice(busID: busID)
            case let code:
                throw stream.failure("an operation", "code \(code) is none that a server knows")
            }
        }

        private mutating func nextTransfer() throws(USBIPFailure) -> Request? {
            guard let header = stream.peek(48) else { return nil }
            switch header.bigEndian32(at: 0) {
            case 1: return try nextSubmission(header)
            case 2:
                let unlink = Request.unlink(
                    sequence: header.bigEndian32(at: 4), device: header.bigEndian32(at: 8),
                    unlinked: header.bigEndian32(at: 20))
                stream.drop(48)
                return unlink
            case let command:
                throw stream.failure("a transfer", "command \(command) is neither CMD_SUBMIT nor CMD_UNLINK")
            }
        }

        private mutating func nextSubmission(_ header: ArraySlice<UInt8>) throws(USBIPFailure) -> Request? {
            guard let setup = SetupPacket(octets: header.suffix(8)) else { return nil }
            var submission = Submission(header: header, setup: setup)
            guard submission.length <= USBIP.maximumTransferLength else {
                throw stream.failure("CMD_SUBMIT", "a transfer of \(submission.length) octets is too long")
            }
            let packets = header.bigEndian32(at: 32)
            guard packets == 0 || packets == USBIP.notIsochronous else {
                throw stream.failure("CMD_SUBMIT", "isochronous transfers are not supported")
            }
            if submission.direction == .out {
                guard let whole = stream.peek(48 + submission.length) else { return nil }
                submission.data = Array(whole.dropFirst(48))
            }
            stream.drop(48 + submission.data.count)
            return .submit(submission)
        }
    }
}
