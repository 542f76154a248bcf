private import CUSB

/// libusb's session. libusb_context may be used from several threads at once (libusb manual, "Multi-threaded applications").
@safe final class LibUSBContext: Sendable {
    /// libusb did not begin, for this reason of its own.
    struct Refusal: Error {
        var code: String
    }

    private nonisolated(unsafe) let pointer: OpaquePointer

    init() throws(Refusal) {
        var pointer: OpaquePointer?
        let code = unsafe libusb_init(&pointer)
        guard code == 0, let pointer = unsafe pointer else { throw Refusal(code: text(of: code)) }
        unsafe self.pointer = unsafe pointer
    }

    deinit { unsafe libusb_exit(pointer) }

    /// Does `body` to each device there is now; the pointers are good for that long.
    func withDevices<Result>(_ body: (OpaquePointer) -> Result) throws(TransportFailure) -> [Result] {
        var list: UnsafeMutablePointer<OpaquePointer?>?
        let count = unsafe libusb_get_device_list(pointer, &list)
        guard count >= 0, let list = unsafe list else { throw .unreachable(text(of: Int32(count))) }
        defer { unsafe libusb_free_device_list(list, 1) }
        return (0..<count).compactMap { index in unsafe list[index].map { unsafe body($0) } }
    }

    /// Waits for something to happen, at most that long.
    func handleEvents(seconds: Int) {
        var time = timeval(tv_sec: seconds, tv_usec: 0)
        unsafe libusb_handle_events_timeout_completed(pointer, &time, nil)
    }

    /// Waits for something to happen, at most that long, and not at all once `isDone` is not 0.
    ///
    /// - Returns: libusb's code.
    func handleEvents(milliseconds: Int, until isDone: UnsafeMutablePointer<Int32>) -> Int32 {
        var time = timeval(tv_sec: 0, tv_usec: milliseconds * 1_000)
        return unsafe libusb_handle_events_timeout_completed(pointer, &time, isDone)
    }

    /// Ends a `handleEvents` under way on another thread, or the next one.
    func interruptEvents() {
        unsafe libusb_interrupt_event_handler(pointer)
    }

    /// Has `handleEvents` return at arrivals and departures; nil where libusb has no hot-plug. Ends with the session.
    func registerHotplug() -> Int32? {
        guard libusb_has_capability(LIBUSB_CAP_HAS_HOTPLUG.rawValue) != 0 else { return nil }
        let events = LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED.rawValue | LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT.rawValue
        let any = Int32(LIBUSB_HOTPLUG_MATCH_ANY)
        var handle: libusb_hotplug_callback_handle = 0
        // What happened is read from the list afterwards: a callback may not open devices.
        let code = unsafe libusb_hotplug_register_callback(
            pointer, Int32(events), 0, any, any, any, { _, _, _, _ in 0 }, nil, &handle)
        return code == 0 ? handle : nil
    }
}
