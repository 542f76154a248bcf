import Events
import Glibc
import Platform
import Synchronization

/// Starts a service again after it failed, as systemd does for a unit with `Restart=on-failure` and `RestartSec`: a thread of its own waits for
/// its ends. A service that the rig took away stays away until the rig starts it.
final class ServiceRestart: Sendable {
    private let id: String
    private let host: Host
    private let unit: Host.Unit
    private let delay: Instant.Span
    private let isHeld = Atomic(true)
    private let isStopping = Atomic(false)
    private let thread = Mutex<NamedThread?>(nil)

    /// How soon a hold or a stop is heard.
    private static let poll: Instant.Span = .milliseconds(50)

    init(_ unit: Host.Unit, host: Host, delay: Instant.Span) {
        id = unit.id
        self.unit = unit
        self.host = host
        self.delay = delay
        let started = NamedThread.start("restart \(unit.id)") { [self] in run() }
        thread.withLock { $0 = started }
    }

    /// From now on the service is started again when it fails, or left alone.
    func hold(_ isHeld: Bool) { self.isHeld.store(isHeld, ordering: .releasing) }

    func stop() {
        isStopping.store(true, ordering: .releasing)
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        running?.join()
    }

    /// What systemd calls a clean end (systemd.service, `Restart=`): status 0, or SIGHUP, SIGINT, SIGTERM, SIGPIPE.
    static func isFailure(_ exit: ChildProcess.Exit) -> Bool {
        switch exit {
        case .status(let status): status != 0
        case .signal(let signal): ![SIGHUP, SIGINT, SIGTERM, SIGPIPE].contains(signal)
        }
    }

    private func run() {
        while waits(until: MonotonicClock.now() + Self.poll) {
            guard !isHeld.load(ordering: .acquiring),
                let end = host.waitEnd(of: id, until: MonotonicClock.now() + Self.poll),
                Self.isFailure(end.exit)
            else { continue }
            guard waits(until: max(end.instant, lastTry.withLock { $0 }) + delay) else { return }
            lastTry.withLock { $0 = MonotonicClock.now() }
            if !isHeld.load(ordering: .acquiring), !host.isRunning(id) { _ = try? host.start(unit) }
        }
    }

    /// A start that failed leaves the end of the one before in place.
    private let lastTry = Mutex(Instant(nanoseconds: 0))

    private func waits(until instant: Instant) -> Bool {
        while !isStopping.load(ordering: .acquiring), MonotonicClock.now() < instant {
            MonotonicClock.sleep(until: min(instant, MonotonicClock.now() + Self.poll))
        }
        return !isStopping.load(ordering: .acquiring)
    }
}
