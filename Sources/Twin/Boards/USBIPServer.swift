public import Events
public import Platform
import Synchronization
import USB

/// Serves emulated devices, most of them relay boards, over USB/IP, so that what drives a board meets it as it would meet one on another machine. One
/// thread serves all connections; each board can be imported by one client at a time and by another one as soon as the first is gone. It lives until `stop()`.
public final class USBIPServer: Sendable {
    /// A channel's contact moved: the board's id, the channel from 1 on, whether it is in its energised position, and when, as stamped at the
    /// transfer that did it. Called one at a time in the order of events; it must not call the server back.
    public typealias ContactChange =
        @Sendable (_ board: String, _ channel: Int, _ energised: Bool, _ at: Instant) -> Void

    private struct Slot {
        let id: String
        let busID: String
        var model: any USBDeviceModel
        var isPlugged: Bool
        /// New at each plugging in, as the address of a USB device is.
        var deviceNumber: UInt32
        var isImported = false

        var contacts: [Bool] { (model as? any SwitchingBoardModel)?.contacts ?? [] }
        var nextChange: Instant? { (model as? any SwitchingBoardModel)?.nextChange }
    }

    private struct State {
        var slots: [Slot]
        var nextDeviceNumber: UInt32
        var connectionCount = 0
        var isStopping = false
    }

    /// One client, on the server's thread only.
    private final class Connection {
        let descriptor: Descriptor
        var decoder = USBIP.RequestDecoder()
        /// The board it has imported: index of the slot and device number at that time.
        var imported: (slot: Int, deviceNumber: UInt32)?
        /// Transfers that the device leaves unanswered, in order.
        var pending: [Unanswered] = []

        init(_ descriptor: Descriptor) {
            self.descriptor = descriptor
        }
    }

    private struct Unanswered {
        let submission: USBIP.Submission
        /// Offered to the device again; false for one that it has met with silence for good.
        let isOffered: Bool
    }

    /// The TCP port that it listens on.
    public let port: UInt16
    private let listener: Descriptor
    private let wakeup: Wakeup
    private let state: Mutex<State>
    private let changed: ContactChange
    private let thread = Mutex<NamedThread?>(nil)

    /// Listens on a TCP port and serves `boards` from then on, all plugged in: the first as bus id `1-1`, the next as `1-2`, and so on.
    ///
    /// - Parameters:
    ///   - host: IPv4 address to listen on.
    ///   - port: 0 takes a free one.
    public convenience init(
        host: String = "127.0.0.1", port: UInt16 = 0, boards: [(id: String, model: any USBDeviceModel)],
        changed: @escaping ContactChange
    ) throws(SystemFailure) {
        let (listener, port) = try Socket.listenTCP(host: host, port: port)
        try self.init(listener: listener, port: port, boards: boards, changed: changed)
    }

    /// Serves on a listener that is there already.
    public init(
        listener: Descriptor, port: UInt16, boards: [(id: String, model: any USBDeviceModel)],
        changed: @escaping ContactChange
    ) throws(SystemFailure) {
        try listener.setNonblocking(true)
        wakeup = try Wakeup()
        self.listener = listener
        self.port = port
        self.changed = changed
        let now = MonotonicClock.now()
        var slots: [Slot] = []
        for (index, board) in boards.enumerated() {
            var model = board.model
            model.powerUp(at: now)
            slots.append(
                Slot(
                    id: board.id, busID: "1-\(index + 1)", model: model, isPlugged: true,
                    deviceNumber: UInt32(index + 2)))
        }
        state = Mutex(State(slots: slots, nextDeviceNumber: UInt32(boards.count + 2)))
        let started = NamedThread.start("usbip server") { [self] in run() }
        thread.withLock { $0 = started }
    }

    /// Ends all connections and waits for the thread's end. Calling it again does nothing.
    public func stop() {
        state.withLock { $0.isStopping = true }
        wakeup.signal()
        thread.withLock { thread in
            defer { thread = nil }
            return thread
        }?.join()
    }

    /// How many clients are connected now, whether they have imported a board or not.
    public var connectedClients: Int { state.withLock { $0.connectionCount } }

    /// What a client imports the board by; nil for an id that is none of its boards.
    public func busID(of board: String) -> String? {
        state.withLock { state in state.slots.first { $0.id == board }?.busID }
    }

    /// The contacts of a board, true for energised; empty for an id that is none of its boards.
    public func contacts(of board: String) -> [Bool] {
        state.withLock { state in state.slots.first { $0.id == board }?.contacts ?? [] }
    }

    /// Pulls the board's plug: its power goes, its relays fall, its client's connection ends.
    public func unplug(_ board: String) {
        withSlot(board) { slot, now in
            slot.isPlugged = false
            slot.model.powerDown(at: now)
        }
        wakeup.signal()
    }

    /// Puts the board's plug in again. A board that was not unplugged, but has dropped off the bus, loses its power for a moment too.
    public func plug(_ board: String) {
        withSlot(board) { slot, now in
            guard !slot.isPlugged else { return }
            slot.model.powerDown(at: now)
            slot.model.powerUp(at: now)
            slot.isPlugged = true
        }
    }

    /// Changes the model of a board, such as its faults.
    ///
    /// - Returns: what `body` returns; nil when the board is not there or of another kind.
    @discardableResult
    public func withModel<Model: USBDeviceModel, Result>(
        of board: String, as kind: Model.Type, _ body: (inout Model) -> Result
    ) -> Result? {
        var result: Result?
        withSlot(board) { slot, _ in
            guard var model = slot.model as? Model else { return }
            result = body(&model)
            slot.model = model
        }
        // It may have a report now that somebody waits for, or take what it did not.
        wakeup.signal()
        return result
    }

    /// Does `body` to the board and reports what that did to its contacts.
    private func withSlot(_ board: String, _ body: (inout Slot, Instant) -> Void) {
        state.withLock { state in
            guard let index = state.slots.firstIndex(where: { $0.id == board }) else { return }
            let wasPlugged = state.slots[index].isPlugged
            reporting(&state.slots[index], body)
            if state.slots[index].isPlugged && !wasPlugged {
                state.slots[index].deviceNumber = state.nextDeviceNumber
                state.nextDeviceNumber += 1
                state.slots[index].isImported = false
            }
        }
    }

    /// What is due by itself happens.
    private func passTime() {
        state.withLock { state in
            for index in state.slots.indices where state.slots[index].nextChange != nil {
                reporting(&state.slots[index]) { _, _ in }
            }
        }
    }

    private func reporting<Result>(_ slot: inout Slot, _ body: (inout Slot, Instant) -> Result) -> Result {
        let before = slot.contacts
        let now = MonotonicClock.now()
        if var board = slot.model as? any SwitchingBoardModel {
            board.pass(until: now)
            slot.model = board
        }
        let result = body(&slot, now)
        for (index, (old, new)) in zip(before, slot.contacts).enumerated() where old != new {
            changed(slot.id, index + 1, new, now)
        }
        return result
    }
}

extension USBIPServer {
    private func run() {
        var connections: [Connection] = []
        while !state.withLock({ $0.isStopping }) {
            let wanted = [(wakeup.descriptor, Readiness.readable), (listener, .readable)]
            let change = state.withLock { state in state.slots.compactMap(\.nextChange).min() }
            let due = [change, nextOffer(connections)].compactMap(\.self).min()
            let ready = Poll.wait(wanted + connections.map { ($0.descriptor, .readable) }, until: due)
            if change != nil { passTime() }
            if !ready[0].isEmpty { wakeup.drain() }
            var kept = zip(connections, ready.dropFirst(2)).filter { connection, readiness in
                guard isStillThere(connection), readiness.isEmpty || serve(connection), offerAgain(connection) else {
                    end(connection)
                    return false
                }
                return true
            }.map(\.0)
            if !ready[1].isEmpty, let descriptor = try? Socket.accept(listener, until: MonotonicClock.now()) {
                kept.append(Connection(descriptor))
            }
            connections = kept
            let count = connections.count
            state.withLock { $0.connectionCount = count }
        }
        for connection in connections { end(connection) }
        listener.close()
        state.withLock { $0.connectionCount = 0 }
    }

    /// False when the board that the connection has imported was unplugged.
    private func isStillThere(_ connection: Connection) -> Bool {
        guard let imported = connection.imported else { return true }
        return state.withLock { state in
            let slot = state.slots[imported.slot]
            return slot.isPlugged && slot.deviceNumber == imported.deviceNumber
        }
    }

    private func end(_ connection: Connection) {
        connection.descriptor.close()
        guard let imported = connection.imported else { return }
        state.withLock { state in
            if state.slots[imported.slot].deviceNumber == imported.deviceNumber {
                state.slots[imported.slot].isImported = false
            }
        }
    }

    /// When a device will answer a transfer that it has left unanswered so far; nil when nothing is known of that.
    private func nextOffer(_ connections: [Connection]) -> Instant? {
        let slots = connections.filter { $0.pending.contains { $0.isOffered && $0.submission.direction == .in } }
            .compactMap { $0.imported?.slot }
        return state.withLock { state in slots.compactMap { state.slots[$0].model.nextReport }.min() }
    }

    /// Has the device look again at what it has not taken, or had no report for; false when the connection is to be closed.
    private func offerAgain(_ connection: Connection) -> Bool {
        var index = 0
        for _ in connection.pending {
            let unanswered = connection.pending[index]
            guard unanswered.isOffered, isAnswerable(unanswered.submission, connection) else {
                index += 1
                continue
            }
            connection.pending.remove(at: index)
            let (reply, keep) = transfer(unanswered.submission, connection)
            if let reply, (try? write(reply, connection)) == nil { return false }
            guard keep else { return false }
        }
        return true
    }

    private func isAnswerable(_ submission: USBIP.Submission, _ connection: Connection) -> Bool {
        guard let imported = connection.imported else { return false }
        return state.withLock { state in
            let model = state.slots[imported.slot].model
            guard submission.direction == .in else { return model.takesOutput(endpoint: submission.endpoint) }
            return model.nextReport.map { $0 <= MonotonicClock.now() } ?? false
        }
    }

    private func write(_ reply: USBIP.Reply, _ connection: Connection) throws(SystemFailure) {
        try connection.descriptor.writeAll(reply.octets, until: MonotonicClock.now() + .seconds(1))
    }

    /// Reads what came and answers it; false when the connection is to be closed.
    private func serve(_ connection: Connection) -> Bool {
        do {
            guard let octets = try connection.descriptor.read(maximum: 65_536) else { return true }
            guard !octets.isEmpty else { return false }
            connection.decoder.feed(octets)
            while let request = try connection.decoder.next() {
                let answer = answer(request, connection)
                if let reply = answer.reply { try write(reply, connection) }
                guard answer.keep else { return false }
            }
            return true
        } catch {
            return false
        }
    }

    private func answer(_ request: USBIP.Request, _ connection: Connection) -> (reply: USBIP.Reply?, keep: Bool) {
        switch request {
        case .listDevices:
            let devices = state.withLock { state in state.slots.filter(\.isPlugged).map(exported) }
            return (.devices(devices), false)
        case .importDevice(let busID):
            return grant(busID, connection)
        case .submit(let submission):
            guard submission.endpoint != 0, mustWait(submission, connection) else {
                return transfer(submission, connection)
            }
            connection.pending.append(Unanswered(submission: submission, isOffered: true))
            return (nil, true)
        case .unlink(let sequence, _, let unlinked):
            let count = connection.pending.count
            connection.pending.removeAll { $0.submission.sequence == unlinked }
            let wasPending = connection.pending.count < count
            return (.unlinked(sequence: sequence, status: wasPending ? .reset : .ok), true)
        }
    }

    private func exported(_ slot: Slot) -> ExportedDevice {
        ExportedDevice(
            path: "/sys/devices/twin/usb1/\(slot.busID)", busID: slot.busID, busNumber: 1,
            deviceNumber: slot.deviceNumber,
            speed: slot.model.speed, device: slot.model.deviceDescriptor,
            configuration: slot.model.configurationDescriptor)
    }

    private func grant(_ busID: String, _ connection: Connection) -> (reply: USBIP.Reply?, keep: Bool) {
        state.withLock { state in
            guard let index = state.slots.firstIndex(where: { $0.busID == busID && $0.isPlugged }) else {
                return (.refused(status: USBIP.OperationStatus.noDevice.rawValue), false)
            }
            guard !state.slots[index].isImported else {
                return (.refused(status: USBIP.OperationStatus.busy.rawValue), false)
            }
            state.slots[index].isImported = true
            reporting(&state.slots[index]) { slot, now in slot.model.busReset(at: now) }
            connection.imported = (index, state.slots[index].deviceNumber)
            connection.decoder.beginTransfers()
            return (.imported(exported(state.slots[index])), true)
        }
    }

    private func transfer(
        _ submission: USBIP.Submission, _ connection: Connection
    ) -> (reply: USBIP.Reply?, keep: Bool) {
        guard let imported = connection.imported else { return (nil, false) }
        let reply = state.withLock { state -> USBReply? in
            guard state.slots[imported.slot].isPlugged,
                state.slots[imported.slot].deviceNumber == imported.deviceNumber
            else { return nil }
            let reply = reporting(&state.slots[imported.slot]) { slot, now -> USBReply in
                switch (submission.endpoint, submission.direction) {
                case (0, _): slot.model.control(submission.setup, data: submission.data, at: now)
                case (let endpoint, .in):
                    slot.model.interruptIn(endpoint: endpoint, length: submission.length, at: now)
                case (let endpoint, .out):
                    slot.model.interruptOut(endpoint: endpoint, data: submission.data, at: now)
                }
            }
            guard state.slots[imported.slot].model.isPresent else {
                state.slots[imported.slot].isPlugged = false
                return nil
            }
            return reply
        }
        switch reply {
        case nil: return (nil, false)
        case .data(let data):
            let data = Array(data.prefix(submission.length))
            return (.completed(USBIP.Completion(sequence: submission.sequence, data: data)), true)
        case .acknowledged:
            let sent = submission.data.count
            return (.completed(USBIP.Completion(sequence: submission.sequence, sent: sent)), true)
        case .stall:
            return (.completed(USBIP.Completion(sequence: submission.sequence, status: .stall, data: [])), true)
        case .silence:
            let isOffered = submission.direction == .in && submission.endpoint != 0
            connection.pending.append(Unanswered(submission: submission, isOffered: isOffered))
            return (nil, true)
        }
    }

    /// Whether the device does not take what is sent now, or an earlier transfer of the same endpoint has to be answered first.
    private func mustWait(_ submission: USBIP.Submission, _ connection: Connection) -> Bool {
        let isBehindAnother = connection.pending.contains {
            $0.isOffered && $0.submission.direction == submission.direction
                && $0.submission.endpoint == submission.endpoint
        }
        guard submission.direction == .in else { return isBehindAnother || !isAnswerable(submission, connection) }
        // Only a device that says when it has a report is asked again for one.
        guard isBehindAnother, let imported = connection.imported else { return false }
        return state.withLock { $0.slots[imported.slot].model.nextReport != nil }
    }
}
