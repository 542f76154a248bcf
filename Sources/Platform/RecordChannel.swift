public import Events
import Glibc
import Synchronization

/// JSON lines over a stream socket: how the rig's processes talk. Any thread may send; one thread receives. End of file is the death of
/// the other side.
public final class RecordChannel: Sendable {
    public let descriptor: Descriptor

    /// What receiving came to.
    public enum Received: Sendable {
        case record(Value)
        /// The other side is gone.
        case end
        /// The deadline passed.
        case timeout
    }

    private let sending = Mutex(())
    private let received = Mutex<[UInt8]>([])

    /// Longest line taken; a longer one is an error of the other side, not a reason to eat all memory.
    private static let longestLine = 64 << 20

    public init(_ descriptor: Descriptor) {
        self.descriptor = descriptor
        try? descriptor.setNonblocking(true)
    }

    /// Sends one record as one line, waiting at most 5 s for a reader that does not read.
    public func send(_ value: Value) throws(SystemFailure) {
        var line: [UInt8] = []
        JSON.append(value, to: &line)
        line.append(0x0A)
        let result = sending.withLock { _ -> Result<Void, SystemFailure> in
            Result { () throws(SystemFailure) in
                try descriptor.writeAll(line, until: MonotonicClock.now() + .seconds(5))
            }
        }
        try result.get()
    }

    /// The next record.
    ///
    /// - Throws: EBADMSG when the other side sends what is no JSON line.
    public func receive(until deadline: Instant? = nil) throws(SystemFailure) -> Received {
        while true {
            if let line = takeLine() {
                guard let value = try? JSON.parse(line) else {
                    throw SystemFailure("understand", "a line from descriptor \(descriptor.number)", code: EBADMSG)
                }
                return .record(value)
            }
            guard let octets = try readSome() else {
                if Poll.wait([(descriptor, .readable)], until: deadline)[0].isEmpty { return .timeout }
                continue
            }
            if octets.isEmpty { return .end }
            let length = received.withLock { buffer in
                buffer += octets
                return buffer.count
            }
            guard length <= RecordChannel.longestLine else {
                throw SystemFailure("take", "so long a line from descriptor \(descriptor.number)", code: EMSGSIZE)
            }
        }
    }

    private func readSome() throws(SystemFailure) -> [UInt8]? {
        do {
            return try descriptor.read(maximum: 65_536)
        } catch {
            if error.code == ECONNRESET { return [] }
            throw error
        }
    }

    private func takeLine() -> [UInt8]? {
        received.withLock { buffer in
            guard let end = buffer.firstIndex(of: 0x0A) else { return nil }
            let line = Array(buffer[..<end])
            buffer.removeSubrange(...end)
            return line
        }
    }
}

/// What ties a process of the rig to the one that started it: a record channel on descriptor 3 whose end of file is death.
public enum Lifeline {
    public static let childDescriptorNumber: Int32 = 3

    /// In the child: the channel on descriptor 3, from now on close-on-exec so that no process of the system under test inherits it; nil when the
    /// process was started by hand.
    public static func inherited() -> RecordChannel? {
        var kind = stat()
        guard unsafe fstat(childDescriptorNumber, &kind) == 0, kind.st_mode & S_IFMT == S_IFSOCK else { return nil }
        return RecordChannel(Descriptor(owning: childDescriptorNumber))
    }
}
