import CPlatform
import Glibc

/// Signals as something to read. Blocked in main before any thread exists, none is lost (a Dispatch source loses the first one).
public enum Signals {
    /// Blocks `signals` in the calling thread and in every thread it starts from now on.
    public static func block(_ signals: [Int32]) {
        var set = signalSet(signals)
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Lets `signals` do again what they do by themselves, in the calling thread: for a program that only reads and writes.
    public static func unblock(_ signals: [Int32]) {
        var set = signalSet(signals)
        unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }

    /// A descriptor from which blocked signals are read with `next`.
    public static func descriptor(for signals: [Int32]) throws(SystemFailure) -> Descriptor {
        var set = signalSet(signals)
        let number = unsafe platform_signalfd(&set)
        guard number >= 0 else { throw SystemFailure("make", "a signal descriptor") }
        return Descriptor(owning: number)
    }

    /// The next signal that waits on such a descriptor; nil when there is none.
    public static func next(from descriptor: Descriptor) -> Int32? {
        // struct signalfd_siginfo is 128 octets and starts with the signal's number.
        guard let octets = try? descriptor.read(maximum: 128), octets.count == 128 else { return nil }
        return Int32(octets[0])
    }

    /// A write to a socket whose reader is gone is an error to be handled where it happens, not the end of the process.
    public static func ignorePipe() {
        _ = signal(SIGPIPE, SIG_IGN)
    }

    private static func signalSet(_ signals: [Int32]) -> sigset_t {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for signal in signals { unsafe sigaddset(&set, signal) }
        return set
    }
}
