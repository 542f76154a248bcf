extension USBIP {
    /// What a server sends.
    public enum Reply: Hashable, Sendable {
        /// OP_REP_DEVLIST
        case devices([ExportedDevice])
        /// OP_REP_IMPORT, granted.
        case imported(ExportedDevice)
        /// OP_REP_DEVLIST or OP_REP_IMPORT with a status that is not OK; the raw value, since servers differ.
        case refused(status: UInt32)
        /// USBIP_RET_SUBMIT
        case completed(Completion)
        /// USBIP_RET_UNLINK: `reset` when the transfer was taken back, `ok` when it had ended before.
        case unlinked(sequence: UInt32, status: TransferStatus)
    }

    /// USBIP_RET_SUBMIT: 48 octets, then the data when it came in.
    ///
    /// | octet | field | | octet | field |
    /// |---|---|---|---|---|
    /// | 0–3 | command 3 | | 24–27 | actual_length |
    /// | 4–7 | seqnum | | 28–31 | start_frame |
    /// | 8–19 | 0 | | 32–35 | number_of_packets, −1 or 0 |
    /// | 20–23 | status | | 36–39 | error_count |
    /// | | | | 40–47 | 0 |
    public struct Completion: Hashable, Sendable {
        public var sequence: UInt32
        public var status: TransferStatus
        /// Octets that were moved.
        public var actualLength: Int
        /// What came in; empty for OUT.
        public var data: [UInt8]

        /// A transfer that brought `data`.
        public init(sequence: UInt32, status: TransferStatus = .ok, data: [UInt8]) {
            self.sequence = sequence
            self.status = status
            actualLength = data.count
            self.data = data
        }

        /// A transfer that sent `sent` octets.
        public init(sequence: UInt32, status: TransferStatus = .ok, sent: Int) {
            self.sequence = sequence
            self.status = status
            actualLength = sent
            data = []
        }
    }
}

extension USBIP.Reply {
    public var octets: [UInt8] {
        switch self {
        case .devices(let devices):
            operation(0x0005, .ok) + UInt32(devices.count).bigEndianOctets
                + devices.flatMap { $0.octets + $0.interfaceOctets }
        case .imported(let device):
            operation(0x0003, .ok) + device.octets
        case .refused(let status):
            USBIP.version.bigEndianOctets + UInt16(0x0003).bigEndianOctets + status.bigEndianOctets
        case .completed(let completion):
            [
                3, completion.sequence, 0, 0, 0, UInt32(bitPattern: completion.status.rawValue),
                UInt32(truncatingIfNeeded: completion.actualLength), 0, USBIP.notIsochronous, 0, 0, 0,
            ].flatMap(\.bigEndianOctets) + completion.data
        case .unlinked(let sequence, let status):
            [4, sequence, 0, 0, 0, UInt32(bitPattern: status.rawValue)].flatMap(\.bigEndianOctets)
                + [UInt8](repeating: 0, count: 24)
        }
    }

    private func operation(_ code: UInt16, _ status: USBIP.OperationStatus) -> [UInt8] {
        USBIP.version.bigEndianOctets + code.bigEndianOctets + status.rawValue.bigEndianOctets
    }
}

extension USBIP {
    /// The client's ear: octets in as they come, replies out as soon as each is whole. A completion does not say which way its transfer
    /// went, so the decoder is told of every submission.
    public struct ReplyDecoder: Sendable {
        private var stream = OctetStream()
        private var inTransfers = false
        /// The submissions not yet answered, and how much each may bring.
        private var pending: [UInt32: (direction: Direction, length: Int)] = [:]

        public init() {}

        public mutating func feed(_ octets: [UInt8]) {
            stream.append(octets)
        }

        /// Says that `submission` was sent.
        public mutating func expect(_ submission: Submission) {
            pending[submission.sequence] = (submission.direction, submission.length)
        }

        /// The next whole reply; nil when more octets are needed.
        ///
        /// - Throws: what is no USB/IP, or answers nothing that was asked. The stream can't be read on then.
        public mutating func next() throws(USBIPFailure) -> Reply? {
            inTransfers ? try nextTransfer() : try nextOperation()
        }

        private mutating func nextOperation() throws(USBIPFailure) -> Reply? {
            guard let header = stream.peek(8) else { return nil }
            let version = header.bigEndian16(at: 0)
            guard version == USBIP.version else {
                throw stream.failure("an operation", "version \(version) is not \(USBIP.version) (1.1.1)")
            }
            let code = header.bigEndian16(at: 2)
            let status = header.bigEndian32(at: 4)
            guard code == 0x0005 || code == 0x0003 else {
                throw stream.failure("an operation", "code \(code) is none that a client knows")
            }
            guard status == OperationStatus.ok.rawValue else {
                stream.drop(8)
                return .refused(status: status)
            }
            if code == 0x0005 { return try nextList() }
            guard let whole = stream.peek(8 + ExportedDevice.length) else { return nil }
            let device = ExportedDevice(whole.dropFirst(8))
            stream.drop(whole.count)
            inTransfers = true
            return .imported(device)
        }

        private mutating func nextList() throws(USBIPFailure) -> Reply? {
            guard let header = stream.peek(12) else { return nil }
            let count = header.bigEndian32(at: 8)
            guard count <= UInt32(USBIP.maximumDeviceCount) else {
                throw stream.failure("OP_REP_DEVLIST", "a list of \(count) devices is too long")
            }
            var length = 12
            var devices: [ExportedDevice] = []
            for _ in 0..<count {
                guard let upToDevice = stream.peek(length + ExportedDevice.length) else { return nil }
                var device = ExportedDevice(upToDevice.dropFirst(length))
                length += ExportedDevice.length
                let interfaces = 4 * Int(device.interfaceCount)
                guard let upToInterfaces = stream.peek(length + interfaces) else { return nil }
                device.interfaces = stride(from: length, to: length + interfaces, by: 4).map {
                    let start = upToInterfaces.startIndex + $0
                    return ExportedDevice.Interface(
                        interfaceClass: upToInterfaces[start], interfaceSubclass: upToInterfaces[start + 1],
                        interfaceProtocol: upToInterfaces[start + 2])
                }
                length += interfaces
                devices.append(device)
            }
            stream.drop(length)
            return .devices(devices)
        }

        private mutating func nextTransfer() throws(USBIPFailure) -> Reply? {
            guard let header = stream.peek(48) else { return nil }
            let sequence = header.bigEndian32(at: 4)
            let status = TransferStatus(rawValue: Int32(bitPattern: header.bigEndian32(at: 20)))
            switch header.bigEndian32(at: 0) {
            case 3:
                guard let (direction, length) = pending[sequence] else {
                    throw stream.failure("RET_SUBMIT", "it answers transfer \(sequence), which is not under way")
                }
                let actual = Int(header.bigEndian32(at: 24))
                guard actual <= length else {
                    throw stream.failure("RET_SUBMIT", "it moved \(actual) octets where \(length) were asked")
                }
                var completion = Completion(sequence: sequence, status: status, sent: actual)
                if direction == .in {
                    guard let whole = stream.peek(48 + actual) else { return nil }
                    completion.data = Array(whole.dropFirst(48))
                }
                stream.drop(48 + completion.data.count)
                pending[sequence] = nil
                return .completed(completion)
            case 4:
                stream.drop(48)
                return .unlinked(sequence: sequence, status: status)
            case let command:
                throw stream.failure("a transfer", "command \(command) is neither RET_SUBMIT nor RET_UNLINK")
            }
        }

        /// Says that the transfer was taken back, and that the server confirmed it: no completion of it follows.
        public mutating func forget(_ sequence: UInt32) {
            pending[sequence] = nil
        }
    }
}
