import Synchronization

/// What a controller keeps that does not let go of a connection that is over: the buffer that it had for what came, and the thread that waited for it. No
/// descriptor is kept, so that whoever counts those sees nothing of it.
final class LeftConnections: Sendable {
    private static let bufferOctets = 256 * 1024

    private let buffers = Mutex<[[UInt8]]>([])
    /// Never signalled: the threads wait for as long as the process lives.
    private let wakeup = Wakeup()

    /// A connection is over.
    func keep() {
        // Filled, so that its memory is the process's own and not only promised.
        buffers.withLock { $0.append([UInt8](repeating: 0x55, count: Self.bufferOctets)) }
        let wakeup = wakeup
        _ = NamedThread("old connection") { wakeup.wait(milliseconds: -1) }
    }
}
