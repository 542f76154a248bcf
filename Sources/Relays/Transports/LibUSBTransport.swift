private import CUSB
import Events
import Glibc
import Platform
import Synchronization
import USB

/// The USB devices of this machine, through libusb. Opening and transfers block, with finite times; a driver's thread owns the device.
///
/// Each listing and each opening has a session of its own: a session learns of devices that are plugged in later from udev only, and where udevd
/// does not run, as in a container, it never does (libusb 1.0.26, measured).
public final class LibUSBTransport: USBTransport {
    /// Why this machine has no USB to speak of; nil when it has. A container has none, and so has many a virtual machine.
    public let absence: String?

    public init() {
        do {
            _ = try LibUSBContext()
            absence = nil
        } catch {
            absence = "libusb finds no USB system here (\(error.code))"
        }
    }

    public var name: String { "libusb" }

    public func devices() throws(TransportFailure) -> [DeviceInfo] {
        guard absence == nil else { return [] }
        // The session has them in the order in which they came.
        return try unsafe session().withDevices { device in unsafe info(of: device) }.compactMap { $0 }
            .sorted { $0.path < $1.path }
    }

    public func open(_ path: String) throws(TransportFailure) -> any USBDevice {
        let context = try session()
        let opened = try unsafe context.withDevices { device -> Result<LibUSBDevice, TransportFailure>? in
            guard unsafe portPath(of: device) == path else { return nil }
            var handle: OpaquePointer?
            let code = unsafe libusb_open(device, &handle)
            guard code == 0, let handle = unsafe handle else {
                return unsafe .failure(failure(code, node: node(of: device), timeoutMilliseconds: 0))
            }
            // Without the right to detach a kernel driver the claim fails and says so.
            unsafe libusb_set_auto_detach_kernel_driver(handle, 1)
            return unsafe .success(LibUSBDevice(handle, context: context, node: node(of: device)))
        }
        guard let result = opened.lazy.compactMap({ $0 }).first else { throw .notFound(path: path) }
        return try result.get()
    }

    /// Calls `changed` whenever devices may have come or gone, until the watch is stopped.
    public func watch(_ changed: @escaping @Sendable (LibUSBWatch.Cause) -> Void) -> LibUSBWatch {
        LibUSBWatch(try? LibUSBContext(), changed)
    }

    private func session() throws(TransportFailure) -> LibUSBContext {
        if let absence { throw .unreachable(absence) }
        do {
            return try LibUSBContext()
        } catch {
            throw .unreachable("libusb can't begin (\(error.code))")
        }
    }

    /// nil for a device that vanished while it was looked at.
    private func info(of device: OpaquePointer) -> DeviceInfo? {
        var descriptor = libusb_device_descriptor()
        guard unsafe libusb_get_device_descriptor(device, &descriptor) == 0 else { return nil }
        let path = unsafe portPath(of: device)
        let node = unsafe node(of: device)
        // The kernel has read the texts when it enumerated the device, and shows them to everybody.
        func attribute(_ name: String) -> String? {
            guard let octets = try? Files.read("/sys/bus/usb/devices/\(path)/\(name)") else { return nil }
            return String(decoding: octets.prefix { $0 != 0x0A }, as: UTF8.self)
        }
        let isOpen = unsafe access(node, R_OK | W_OK) == 0
        return DeviceInfo(
            path: path, vendor: descriptor.idVendor, product: descriptor.idProduct,
            deviceVersion: descriptor.bcdDevice, manufacturer: attribute("manufacturer"),
            productName: attribute("product"), serialNumber: attribute("serial"), lockedNode: isOpen ? nil : node)
    }
}

/// An open device. The handle is closed exactly once, and libusb's calls on it may come from any thread.
@safe private final class LibUSBDevice: USBDevice {
    private nonisolated(unsafe) let handle: OpaquePointer
    /// Must outlive the handle.
    private let context: LibUSBContext
    private let node: String
    private let isOpen = Mutex(true)
    /// Whether the last transfer was left without an answer.
    private let isSilent = Atomic(false)

    /// How long another program may hold the interface before that is an error.
    private static let claimPatience = Instant.Span.seconds(1)

    init(_ handle: OpaquePointer, context: LibUSBContext, node: String) {
        unsafe self.handle = unsafe handle
        self.context = context
        self.node = node
    }

    deinit { close() }

    func close() {
        isOpen.withLock { isOpen in
            if isOpen { unsafe libusb_close(handle) }
            isOpen = false
        }
    }

    func claim(interface: UInt8) throws(TransportFailure) {
        let deadline = MonotonicClock.now() + Self.claimPatience
        while true {
            let code = try call { unsafe libusb_claim_interface(handle, Int32(interface)) }
            if code == 0 { return }
            let failure = failure(code, node: node, timeoutMilliseconds: 0)
            guard failure == .busy, MonotonicClock.now() < deadline else { throw failure }
            try Urgency.giveWay()
            MonotonicClock.sleep(for: .milliseconds(20))
        }
    }

    /// A device that did not answer is not given back to the kernel's driver, before it answers: usbhid, for one, waits 5 s for it on its return, and whoever
    /// releases waits with it (Linux 6.1, measured).
    func release(interface: UInt8) {
        _ = try? call {
            let isSilent = isSilent.load(ordering: .relaxed)
            if isSilent { unsafe libusb_set_auto_detach_kernel_driver(handle, 0) }
            defer { if isSilent { unsafe libusb_set_auto_detach_kernel_driver(handle, 1) } }
            return unsafe libusb_release_interface(handle, Int32(interface))
        }
    }

    func control(_ setup: SetupPacket, data: [UInt8], timeoutMilliseconds: Int) throws(TransportFailure) -> [UInt8] {
        let isIn = setup.direction == .in
        let length = isIn ? Int(setup.length) : data.count
        var octets = [UInt8](repeating: 0, count: Self.setupLength)
        octets += isIn ? [UInt8](repeating: 0, count: length) : data
        let moved = unsafe try perform(&octets, timeoutMilliseconds) { transfer, buffer in
            unsafe libusb_fill_control_setup(
                buffer, setup.requestType, setup.request, setup.value, setup.index, UInt16(length))
            unsafe libusb_fill_control_transfer(transfer, handle, buffer, nil, nil, UInt32(timeoutMilliseconds))
        }
        if isIn { return Array(octets[Self.setupLength..<Self.setupLength + moved]) }
        guard moved == data.count else { throw .shortAnswer(got: moved, wanted: data.count) }
        return []
    }

    private static let setupLength = 8

    func send(_ octets: [UInt8], to endpoint: UInt8, timeoutMilliseconds: Int) throws(TransportFailure) {
        var octets = octets
        let moved = try transfer(&octets, endpoint & 0x7F, timeoutMilliseconds)
        guard moved == octets.count else { throw .shortAnswer(got: moved, wanted: octets.count) }
    }

    func receive(_ length: Int, from endpoint: UInt8, timeoutMilliseconds: Int) throws(TransportFailure) -> [UInt8] {
        var octets = [UInt8](repeating: 0, count: length)
        let moved = try transfer(&octets, endpoint | 0x80, timeoutMilliseconds)
        return Array(octets.prefix(moved))
    }

    /// Bulk and interrupt alike: usbfs looks at the endpoint's descriptor and makes an interrupt transfer where it is one.
    private func transfer(
        _ octets: inout [UInt8], _ endpoint: UInt8, _ timeoutMilliseconds: Int
    ) throws(TransportFailure) -> Int {
        let count = Int32(octets.count)
        do throws(TransportFailure) {
            return unsafe try perform(&octets, timeoutMilliseconds) { transfer, buffer in
                unsafe libusb_fill_bulk_transfer(
                    transfer, handle, endpoint, buffer, count, nil, nil, UInt32(timeoutMilliseconds))
            }
        } catch {
            // An endpoint that refused goes on refusing until it is told to forget it, and the kernel has to know.
            if error == .stall { _ = try? call { unsafe libusb_clear_halt(handle, endpoint) } }
            throw error
        }
    }

    /// How long it takes at the most to see that something is urgent: short beside what that may take, long beside a transfer that is answered.
    private static let sliceMilliseconds = 5

    /// One transfer, waited for on this thread. libusb's own calls that wait can't be ended by anybody; this takes the transfer back when something is urgent.
    ///
    /// - Returns: how many octets moved, a setup packet not counted.
    private func perform(
        _ octets: inout [UInt8], _ timeoutMilliseconds: Int,
        _ fill: (UnsafeMutablePointer<libusb_transfer>, UnsafeMutablePointer<UInt8>?) -> Void
    ) throws(TransportFailure) -> Int {
        precondition(timeoutMilliseconds > 0, "libusb takes a time-out of 0 as none")
        try Urgency.giveWay()
        var status = LIBUSB_TRANSFER_ERROR
        var moved = 0
        var hasGivenWay = false
        let code = try call {
            guard let transfer = unsafe libusb_alloc_transfer(0) else { return LIBUSB_ERROR_NO_MEM.rawValue }
            let isDone = UnsafeMutablePointer<Int32>.allocate(capacity: 1)
            unsafe isDone.initialize(to: 0)
            defer {
                unsafe libusb_free_transfer(transfer)
                unsafe isDone.deallocate()
            }
            return unsafe octets.withUnsafeMutableBufferPointer { buffer in
                unsafe fill(transfer, buffer.baseAddress)
                unsafe transfer.pointee.user_data = UnsafeMutableRawPointer(isDone)
                unsafe transfer.pointee.callback = { transfer in
                    unsafe transfer?.pointee.user_data.assumingMemoryBound(to: Int32.self).pointee = 1
                }
                let code = unsafe libusb_submit_transfer(transfer)
                guard code == 0 else { return code }
                var isTakenBack = false
                // The buffer is libusb's until the transfer has ended, one way or the other.
                while unsafe isDone.pointee == 0 {
                    let code = unsafe context.handleEvents(milliseconds: Self.sliceMilliseconds, until: isDone)
                    let isBroken = code < 0 && code != LIBUSB_ERROR_INTERRUPTED.rawValue
                    guard !isTakenBack, isBroken || Urgency.isPressing else { continue }
                    unsafe libusb_cancel_transfer(transfer)
                    isTakenBack = true
                    hasGivenWay = !isBroken
                }
                status = unsafe transfer.pointee.status
                moved = unsafe Int(transfer.pointee.actual_length)
                return 0
            }
        }
        guard code == 0 else { throw failure(code, node: node, timeoutMilliseconds: timeoutMilliseconds) }
        isSilent.store(
            status == LIBUSB_TRANSFER_TIMED_OUT || status == LIBUSB_TRANSFER_CANCELLED, ordering: .relaxed)
        switch status {
        case LIBUSB_TRANSFER_COMPLETED: return moved
        case LIBUSB_TRANSFER_TIMED_OUT: throw .timedOut(milliseconds: timeoutMilliseconds)
        case LIBUSB_TRANSFER_STALL: throw .stall
        case LIBUSB_TRANSFER_OVERFLOW: throw .overflow
        case LIBUSB_TRANSFER_NO_DEVICE: throw .gone
        case LIBUSB_TRANSFER_CANCELLED where hasGivenWay: throw .gaveWay
        default: throw .io(text(of: LIBUSB_ERROR_IO.rawValue))
        }
    }

    /// Calls libusb while the handle is open.
    private func call(_ body: () -> Int32) throws(TransportFailure) -> Int32 {
        try isOpen.withLock { isOpen throws(TransportFailure) in
            guard isOpen else { throw .gone }
            return body()
        }
    }
}

/// The device's name in sysfs: `1-1.4`, or `usb1` for a root hub.
private func portPath(of device: OpaquePointer) -> String {
    let bus = unsafe libusb_get_bus_number(device)
    // USB 3 allows seven tiers.
    var ports = [UInt8](repeating: 0, count: 7)
    let count = unsafe libusb_get_port_numbers(device, &ports, Int32(ports.count))
    guard count > 0 else { return "usb\(bus)" }
    return "\(bus)-" + ports.prefix(Int(count)).map(String.init).joined(separator: ".")
}

private func node(of device: OpaquePointer) -> String {
    func threeDigits(_ number: UInt8) -> String { String(String(1_000 + Int(number)).dropFirst()) }
    let bus = unsafe libusb_get_bus_number(device)
    let address = unsafe libusb_get_device_address(device)
    return "/dev/bus/usb/\(threeDigits(bus))/\(threeDigits(address))"
}

func text(of code: Int32) -> String {
    unsafe String(cString: libusb_error_name(code))
}

private func failure(_ code: Int32, node: String, timeoutMilliseconds: Int) -> TransportFailure {
    switch code {
    case LIBUSB_ERROR_PIPE.rawValue: .stall
    case LIBUSB_ERROR_TIMEOUT.rawValue: .timedOut(milliseconds: timeoutMilliseconds)
    case LIBUSB_ERROR_OVERFLOW.rawValue: .overflow
    case LIBUSB_ERROR_NO_DEVICE.rawValue: .gone
    case LIBUSB_ERROR_BUSY.rawValue: .busy
    case LIBUSB_ERROR_ACCESS.rawValue: .access(node: node)
    default: .io(text(of: code))
    }
}
