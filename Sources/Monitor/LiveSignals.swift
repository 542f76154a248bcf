import Glibc
import Platform

/// The signals that a live command reads instead of dying of them.
enum LiveSignals {
    /// Those that end it in order.
    static let ending: Set<Int32> = [SIGINT, SIGTERM, SIGHUP]

    /// - Parameter isScreen: the size of the terminal, and Ctrl-Z, are of interest too. Called before any thread is there.
    static func descriptor(isScreen: Bool) throws(SystemFailure) -> Descriptor {
        let all = Array(ending) + (isScreen ? [SIGWINCH, SIGTSTP] : [])
        Signals.block(all)
        return try Signals.descriptor(for: all)
    }
}
