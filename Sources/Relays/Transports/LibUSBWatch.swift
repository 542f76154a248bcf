import Events
import Platform
import Synchronization

/// Says when USB devices may have come or gone: as soon as libusb tells so, and each second anyhow. libusb hears of devices from udev only, and
/// in a container, or without udevd, it hears of none (libusb 1.0.26, measured). It lives until `stop()`.
public final class LibUSBWatch: Sendable {
    /// What made it speak.
    public enum Cause: String, Sendable {
        /// libusb told it at once.
        case event
        /// A second has passed.
        case poll
    }

    private let isStopping = Atomic(false)
    private let context: LibUSBContext?
    private let thread = Mutex<NamedThread?>(nil)

    /// - Parameter changed: called on the watch's own thread, never under a lock of libusb's, so it may list and open devices.
    init(_ context: LibUSBContext?, _ changed: @escaping @Sendable (Cause) -> Void) {
        self.context = context
        let started = NamedThread.start("usb watch") { [self] in run(changed) }
        thread.withLock { $0 = started }
    }

    public func stop() {
        isStopping.store(true, ordering: .relaxed)
        context?.interruptEvents()
        thread.withLock { thread in
            defer { thread = nil }
            return thread
        }?.join()
    }

    private func run(_ changed: @Sendable (Cause) -> Void) {
        _ = context?.registerHotplug()
        while !isStopping.load(ordering: .relaxed) {
            let next = MonotonicClock.now() + .seconds(1)
            if let context { context.handleEvents(seconds: 1) } else { MonotonicClock.sleep(until: next) }
            changed(MonotonicClock.now() < next ? .event : .poll)
        }
    }
}
