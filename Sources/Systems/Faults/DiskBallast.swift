import Glibc
import Platform
import Synchronization

/// Fills the file system that a system keeps its data on, to the last octet, and makes room again.
public final class DiskBallast: Sendable {
    private let path: String
    private let probePath: String
    private let beforeFillingAgain: @Sendable () -> Void
    /// Held while it is filled or removed: whoever watches the disk must not fill it again after it was healed.
    private let isFull = Mutex(false)

    /// - Parameter directory: on the file system; a small one of its own, never this computer's.
    public convenience init(directory: String) { self.init(directory: directory) {} }

    /// - Parameter beforeFillingAgain: called when an attempt is going to fill what has become free.
    init(directory: String, beforeFillingAgain: @escaping @Sendable () -> Void) {
        self.beforeFillingAgain = beforeFillingAgain
        path = directory + "/.ballast"
        probePath = directory + "/.write-probe"
    }

    /// Writes until there is no room for a single octet.
    public func fill() throws(SystemFault) {
        try isFull.withLock { isFull throws(SystemFault) in
            isFull = true
            try pad()
        }
    }

    public func remove() {
        isFull.withLock { isFull in
            isFull = false
            _ = unsafe unlink(path)
        }
    }

    /// Whether anybody could write now: `ok`, `full`, or what the system says. What the system under test gives free while the disk is to be full
    /// is filled again first.
    public func attempt() -> String {
        isFull.withLock { isFull in
            guard isFull else { return }
            beforeFillingAgain()
            try? pad()
        }
        let number = unsafe open(probePath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard number >= 0 else { return errno == ENOSPC ? "full" : unsafe String(cString: strerror(errno)) }
        defer {
            close(number)
            unsafe unlink(probePath)
        }
        let octets = [UInt8](repeating: 0x6B, count: 4096)
        let written = unsafe octets.withUnsafeBytes { unsafe write(number, $0.baseAddress, $0.count) }
        if written == octets.count { return "ok" }
        return written >= 0 || errno == ENOSPC ? "full" : unsafe String(cString: strerror(errno))
    }

    private func pad() throws(SystemFault) {
        let number = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard number >= 0 else {
            if errno == ENOSPC { return }
            throw SystemFault("\(path) could not be made: \(unsafe String(cString: strerror(errno)))")
        }
        defer { close(number) }
        var size = 1 << 16
        let octets = [UInt8](repeating: 0x6B, count: size)
        while size > 0 {
            let written = unsafe octets.withUnsafeBytes { unsafe write(number, $0.baseAddress, size) }
            if written == size { continue }
            guard written >= 0 || errno == ENOSPC || errno == EINTR else {
                throw SystemFault("\(path) could not be filled: \(unsafe String(cString: strerror(errno)))")
            }
            size /= 2
        }
    }
}
