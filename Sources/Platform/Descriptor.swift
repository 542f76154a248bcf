public import Events
import Glibc
import Synchronization

/// An open file, socket or terminal with exactly one owner: closed by `close()` or with its last reference, always close-on-exec.
public final class Descriptor: Sendable {
    /// The number in the process's table; stays the same after `close()`, so don't use it then.
    public let number: Int32
    private let isOpen = Atomic(true)

    /// Takes over `number` and marks it close-on-exec.
    public init(owning number: Int32) {
        precondition(number >= 0, "a descriptor number is not negative")
        self.number = number
        _ = fcntl(number, F_SETFD, FD_CLOEXEC)
    }

    /// `/dev/null`, for reading and writing.
    ///
    /// - Throws: when this process has no descriptor left, for one.
    public static func null() throws(SystemFailure) -> Descriptor {
        let number = unsafe open("/dev/null", O_RDWR | O_CLOEXEC)
        guard number >= 0 else { throw SystemFailure("open", "/dev/null") }
        return Descriptor(owning: number)
    }

    deinit { close() }

    /// Closes the file. Calling it again does nothing.
    public func close() { close { _ in } }

    /// Closes the file after a last act on it; neither happens when it is closed already.
    func close(after last: (Int32) -> Void) {
        guard isOpen.exchange(false, ordering: .acquiringAndReleasing) else { return }
        last(number)
        _ = Glibc.close(number)
    }

    public func setNonblocking(_ nonblocking: Bool) throws(SystemFailure) {
        let flags = fcntl(number, F_GETFL)
        guard flags >= 0, fcntl(number, F_SETFL, nonblocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK) == 0 else {
            throw SystemFailure("set flags of", "descriptor \(number)")
        }
    }

    /// Reads what is there, at most `maximum` octets: nil when a non-blocking descriptor has nothing, no octets at the end of the file.
    public func read(maximum: Int) throws(SystemFailure) -> [UInt8]? {
        var count = 0
        var code: Int32 = 0
        let octets = unsafe [UInt8](unsafeUninitializedCapacity: maximum) { buffer, initialized in
            repeat { count = unsafe Glibc.read(number, buffer.baseAddress, maximum) } while count < 0 && errno == EINTR
            code = errno
            initialized = max(0, count)
        }
        if count >= 0 { return octets }
        if code == EAGAIN { return nil }
        throw SystemFailure("read", "descriptor \(number)", code: code)
    }

    /// Writes what the descriptor takes and returns how many octets that was; 0 when a non-blocking descriptor is full.
    public func write(_ octets: some Collection<UInt8>) throws(SystemFailure) -> Int {
        let contiguous = Array(octets)
        var count = 0
        var code: Int32 = 0
        unsafe contiguous.withUnsafeBytes { buffer in
            repeat {
                count = unsafe Glibc.write(number, buffer.baseAddress, buffer.count)
            } while count < 0 && errno == EINTR
            code = errno
        }
        if count >= 0 { return count }
        if code == EAGAIN { return 0 }
        throw SystemFailure("write", "descriptor \(number)", code: code)
    }

    /// Writes all octets, waiting for room until `deadline`.
    ///
    /// - Throws: ETIMEDOUT when the deadline passes first.
    public func writeAll(_ octets: some Collection<UInt8>, until deadline: Instant? = nil) throws(SystemFailure) {
        var rest = Array(octets)[...]
        while !rest.isEmpty {
            let count = try write(rest)
            rest = rest.dropFirst(count)
            guard count == 0 else { continue }
            if Poll.wait([(self, .writable)], until: deadline)[0].isEmpty {
                throw SystemFailure("write", "descriptor \(number)", code: ETIMEDOUT)
            }
        }
    }
}
