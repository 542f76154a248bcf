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

    /// What has come and not been taken.
    private struct Buffer {
        var octets: [UInt8] = []
        /// Octets in which there is no line's end.
        var searched = 0
        var longestLine: Int

        mutating func takeLine(from descriptor: Descriptor) throws(SystemFailure) -> [UInt8]? {
            let end = octets[searched...].firstIndex(of: 0x0A)
            guard end ?? octets.count <= longestLine else {
                throw SystemFailure("take", "so long a line from descriptor \(descriptor.number)", code: EMSGSIZE)
            }
            guard let end else {
                searched = octets.count
                return nil
            }
            let line = Array(octets[..<end])
            octets.removeSubrange(...end)
            searched = 0
            return line
        }
    }

    private let sending = Mutex(())
    private let received: Mutex<Buffer>
    private let patience: Instant.Span

    /// - Parameters:
    ///   - longestLine: a longer one is an error of the other side, not a reason to eat all memory.
    ///   - patience: how long sending waits for a reader that does not read.
    public init(_ descriptor: Descriptor, longestLine: Int = 64 << 20, patience: Instant.Span = .seconds(5)) {
        self.descriptor = descriptor
        self.patience = patience
        received = Mutex(Buffer(longestLine: longestLine))
        try? descriptor.setNonblocking(true)
    }

    /// Takes lines of that length from now on.
    public func allow(longestLine: Int) { received.withLock { $0.longestLine = longestLine } }

    /// Sends one record as one line. A reader that does not read is waited for no longer than this channel's patience lasts.
    public func send(_ value: Value) throws(SystemFailure) {
        var line: [UInt8] = []
        JSON.append(value, to: &line)
        line.append(0x0A)
        let result = sending.withLock { _ -> Result<Void, SystemFailure> in
            Result { () throws(SystemFailure) in
                try descriptor.writeAll(line, until: MonotonicClock.now() + patience)
            }
        }
        try result.get()
    }

    /// The next record.
    ///
    /// - Throws: EBADMSG when the other side sends what is no JSON line, EMSGSIZE when a line does not end.
    public func receive(until deadline: Instant? = nil) throws(SystemFailure) -> Received {
        while true {
            if let value = try takeRecord() { return .record(value) }
            guard let octets = try readSome() else {
                if Poll.wait([(descriptor, .readable)], until: deadline)[0].isEmpty { return .timeout }
                continue
            }
            if octets.isEmpty { return .end }
            received.withLock { $0.octets += octets }
        }
    }

    /// The next record of what is here. Waits for nothing, and reads once at the most: whoever sends without an end holds nobody up.
    ///
    /// - Parameter reading: whether to read at all.
    /// - Throws: as `receive`.
    public func take(reading: Bool = true) throws(SystemFailure) -> Received {
        if let value = try takeRecord() { return .record(value) }
        guard reading, let octets = try readSome() else { return .timeout }
        if octets.isEmpty { return .end }
        received.withLock { $0.octets += octets }
        return try takeRecord().map(Received.record) ?? .timeout
    }

    /// Whether `take` would find a record without reading: nothing that can be waited for says so.
    public var holdsRecord: Bool { received.withLock { $0.octets[$0.searched...].contains(0x0A) } }

    private func takeRecord() throws(SystemFailure) -> Value? {
        let result = received.withLock { buffer in
            Result { () throws(SystemFailure) in try buffer.takeLine(from: descriptor) }
        }
        guard let line = try result.get() else { return nil }
        guard let value = try? JSON.parse(line) else {
            throw SystemFailure("understand", "a line from descriptor \(descriptor.number)", code: EBADMSG)
        }
        return value
    }

    private func readSome() throws(SystemFailure) -> [UInt8]? {
        do {
            return try descriptor.read(maximum: 65_536)
        } catch {
            if error.code == ECONNRESET { return [] }
            throw error
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
