import CPlatform
import Glibc

/// Wakes a thread that polls: an event descriptor.
public final class Wakeup: Sendable {
    public let descriptor: Descriptor

    public init() throws(SystemFailure) {
        let number = platform_eventfd()
        guard number >= 0 else { throw SystemFailure("make", "an event descriptor") }
        descriptor = Descriptor(owning: number)
    }

    /// Makes the descriptor readable until `drain()`. Callable from any thread.
    public func signal() {
        var one: UInt64 = 1
        _ = unsafe write(descriptor.number, &one, 8)
    }

    public func drain() {
        var count: UInt64 = 0
        _ = unsafe read(descriptor.number, &count, 8)
    }
}
