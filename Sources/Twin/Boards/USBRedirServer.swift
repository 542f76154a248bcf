public import Events
public import Platform
import Synchronization
import USB

/// Serves device models over usb-redir, each on a Unix socket of its own that QEMU's `usb-redir` connects to: a real kernel in the virtual
/// machine then meets the device on a bus of its own. One thread serves all; it lives until `stop()`.
public final class USBRedirServer: DeviceServer {
    /// As the USB/IP server's.
    public typealias ContactChange = USBIPServer.ContactChange

    private struct Slot {
        let id: String
        let path: String
        var model: any USBDeviceModel
        var isPlugged: Bool
        /// New at each plugging in.
        var plugging = 1
    }

    private struct State {
        var slots: [Slot]
        var connectionCount = 0
        var isStopping = false
    }

    private let listeners: [Descriptor]
    private let wakeup: Wakeup
    private let state: Mutex<State>
    private let changed: ContactChange
    private let thread = Mutex<NamedThread?>(nil)

    /// Makes the sockets `<directory>/<id>.usbredir` and serves from then on.
    ///
    /// - Parameters:
    ///   - devices: ids and models; not yet powered.
    ///   - areUnplugged: ids of devices that are put in later, with `plug`.
    ///   - changed: called for contacts of switching boards; must not call the server back.
    public init(
        directory: String, devices: [(id: String, model: any USBDeviceModel)], unplugged: Set<String> = [],
        changed: @escaping ContactChange = { _, _, _, _ in }
    ) throws(SystemFailure) {
        wakeup = try Wakeup()
        self.changed = changed
        var listeners: [Descriptor] = []
        var slots: [Slot] = []
        for device in devices {
            let path = "\(directory)/\(device.id).usbredir"
            let listener = try Socket.listenUnix(path: path)
            try listener.setNonblocking(true)
            listeners.append(listener)
            var model = device.model
            let isPlugged = !unplugged.contains(device.id)
            if isPlugged { model.powerUp(at: MonotonicClock.now()) }
            slots.append(Slot(id: device.id, path: path, model: model, isPlugged: isPlugged))
        }
        self.listeners = listeners
        state = Mutex(State(slots: slots))
        let started = NamedThread.start("usb-redir server") { [self] in run() }
        thread.withLock { $0 = started }
    }

    public func stop() {
        state.withLock { $0.isStopping = true }
        wakeup.signal()
        thread.withLock { thread in
            defer { thread = nil }
            return thread
        }?.join()
    }

    public var connectedClients: Int { state.withLock { $0.connectionCount } }

    /// Where a virtual machine finds the device; nil for an id that is none of its devices.
    public func socket(of device: String) -> String? {
        state.withLock { state in state.slots.first { $0.id == device }?.path }
    }

    public func contacts(of device: String) -> [Bool] {
        state.withLock { state in
            (state.slots.first { $0.id == device }?.model as? any SwitchingBoardModel)?.contacts ?? []
        }
    }

    public func unplug(_ device: String) {
        withSlot(device) { slot, now in
            slot.isPlugged = false
            slot.model.powerDown(at: now)
        }
    }

    public func plug(_ device: String) {
        withSlot(device) { slot, now in
            guard !slot.isPlugged else { return }
            slot.model.powerDown(at: now)
            slot.model.powerUp(at: now)
            slot.isPlugged = true
            slot.plugging += 1
        }
    }

    @discardableResult
    public func withModel<Model: USBDeviceModel, Result>(
        of device: String, as kind: Model.Type, _ body: (inout Model) -> Result
    ) -> Result? {
        var result: Result?
        withSlot(device) { slot, _ in
            guard var model = slot.model as? Model else { return }
            result = body(&model)
            slot.model = model
        }
        return result
    }

    private func withSlot(_ device: String, _ body: (inout Slot, Instant) -> Void) {
        state.withLock { state in
            guard let index = state.slots.firstIndex(where: { $0.id == device }) else { return }
            reporting(&state.slots[index]) { slot, now in body(&slot, now) }
        }
        wakeup.signal()
    }

    private func reporting<Result>(_ slot: inout Slot, _ body: (inout Slot, Instant) -> Result) -> Result {
        let before = (slot.model as? any SwitchingBoardModel)?.contacts ?? []
        let now = MonotonicClock.now()
        let result = body(&slot, now)
        let after = (slot.model as? any SwitchingBoardModel)?.contacts ?? []
        for (index, (old, new)) in zip(before, after).enumerated() where old != new {
            changed(slot.id, index + 1, new, now)
        }
        return result
    }
}

extension USBRedirServer {
    /// One virtual machine, on the server's thread only.
    private final class Connection {
        let descriptor: Descriptor
        let slot: Int
        var protocolState: USBRedirDevice

        init(_ descriptor: Descriptor, slot: Int) {
            self.descriptor = descriptor
            self.slot = slot
            protocolState = USBRedirDevice()
        }
    }

    private func run() {
        var connections: [Connection] = []
        while !state.withLock({ $0.isStopping }) {
            let wanted = ([wakeup.descriptor] + listeners + connections.map(\.descriptor)).map {
                ($0, Readiness.readable)
            }
            // A report that no guest asks for waits for one that does.
            let receivers = connections.filter(\.protocolState.isReceiving).map(\.slot)
            let due = state.withLock { state in receivers.compactMap { state.slots[$0].model.nextReport }.min() }
            let ready = Poll.wait(wanted, until: due)
            if !ready[0].isEmpty { wakeup.drain() }
            let present = connections
            connections = connections.enumerated().filter { index, connection in
                serve(connection, isReadable: !ready[1 + listeners.count + index].isEmpty)
            }.map(\.element)
            for connection in present where !connections.contains(where: { $0 === connection }) {
                connection.descriptor.close()
            }
            for (slot, listener) in listeners.enumerated() where !ready[1 + slot].isEmpty {
                accept(listener, slot, &connections)
            }
            let count = connections.count
            state.withLock { $0.connectionCount = count }
        }
        for connection in connections { connection.descriptor.close() }
        for listener in listeners { listener.close() }
        state.withLock { $0.connectionCount = 0 }
    }

    /// A device has one host: the first that comes, until it goes.
    private func accept(_ listener: Descriptor, _ slot: Int, _ connections: inout [Connection]) {
        guard let descriptor = try? Socket.accept(listener, until: MonotonicClock.now()) else { return }
        guard !connections.contains(where: { $0.slot == slot }), (try? descriptor.setNonblocking(true)) != nil else {
            descriptor.close()
            return
        }
        let connection = Connection(descriptor, slot: slot)
        if send(connection.protocolState.hello, on: connection) { connections.append(connection) }
    }

    private func send(_ octets: [UInt8], on connection: Connection) -> Bool {
        octets.isEmpty
            || (try? connection.descriptor.writeAll(octets, until: MonotonicClock.now() + .seconds(1))) != nil
    }

    /// Reads what came, answers it, and says what has changed since; false when the connection is to be closed.
    private func serve(_ connection: Connection, isReadable: Bool) -> Bool {
        do {
            if isReadable {
                guard let octets = try connection.descriptor.read(maximum: 65_536) else { return true }
                guard !octets.isEmpty else { return false }
                connection.protocolState.feed(octets)
            }
            let answer = try state.withLock { state throws(USBRedirFailure) -> [UInt8] in
                try reporting(&state.slots[connection.slot], connection)
            }
            return send(answer, on: connection)
        } catch {
            return false
        }
    }

    private func reporting(_ slot: inout Slot, _ connection: Connection) throws(USBRedirFailure) -> [UInt8] {
        let result = reporting(&slot) { slot, now -> Result<[UInt8], USBRedirFailure> in
            do throws(USBRedirFailure) {
                return .success(
                    try connection.protocolState.serve(
                        &slot.model, plugging: slot.isPlugged ? slot.plugging : nil, at: now))
            } catch {
                return .failure(error)
            }
        }
        if !slot.model.isPresent { slot.isPlugged = false }
        return try result.get()
    }
}
