import Glibc

/// Ends a wait of another thread. A pipe, so that the wait can also be for descriptors.
final class Wakeup: Sendable {
    /// Readable when `signal()` was called since the last `clear()`.
    let descriptor: Int32
    private let sender: Int32

    init() {
        var ends: [Int32] = [0, 0]
        let result = unsafe pipe(&ends)
        precondition(result == 0, "cannot make a pipe: \(systemError())")
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        descriptor = ends[0]
        sender = ends[1]
    }

    deinit {
        close(descriptor)
        close(sender)
    }

    func signal() {
        // A full pipe has already said it.
        _ = unsafe [UInt8(0)].withUnsafeBytes { unsafe write(sender, $0.baseAddress, 1) }
    }

    func clear() {
        var bytes = [UInt8](repeating: 0, count: 64)
        while unsafe read(descriptor, &bytes, bytes.count) == bytes.count {}
    }

    /// Waits until signalled or until the time has passed, whichever is first.
    func wait(milliseconds: Int) {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        _ = unsafe poll(&entry, 1, Int32(clamping: milliseconds))
        clear()
    }
}
