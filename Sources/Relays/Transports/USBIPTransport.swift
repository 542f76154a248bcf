import Events
import Platform
import Synchronization
public import USB

/// USB devices on a USB/IP server: the twin's boards, or those of a bench on another machine. One connection for each open device.
public final class USBIPTransport: USBTransport {
    private let host: String
    private let port: UInt16
    private let timeoutMilliseconds: Int

    /// - Parameters:
    ///   - host: IPv4 address of the server.
    ///   - timeoutMilliseconds: how long connecting, listing and importing may take, each.
    public init(host: String, port: UInt16 = USBIP.port, timeoutMilliseconds: Int = 2_000) {
        self.host = host
        self.port = port
        self.timeoutMilliseconds = timeoutMilliseconds
    }

    public var name: String { "usbip \(host):\(port)" }

    public func devices() throws(TransportFailure) -> [DeviceInfo] {
        let deadline = MonotonicClock.now() + .milliseconds(Int64(timeoutMilliseconds))
        var link = try USBIPLink(host: host, port: port, until: deadline)
        try link.send(.listDevices, until: deadline)
        guard case .devices(let devices) = try reply(&link, deadline) else {
            throw .unreachable("\(host):\(port) refused to list its devices")
        }
        return devices.map { device in
            DeviceInfo(
                path: device.busID, vendor: device.vendor, product: device.product, deviceVersion: device.deviceVersion)
        }
    }

    /// How long another client may have the device before that is an error; a server takes a moment to see that its last client has gone, too.
    private static let importPatience = Instant.Span.seconds(1)

    public func open(_ path: String) throws(TransportFailure) -> any USBDevice {
        let deadline = MonotonicClock.now() + Self.importPatience
        while true {
            do throws(TransportFailure) {
                return try importDevice(path)
            } catch {
                guard error == .busy, MonotonicClock.now() < deadline else { throw error }
                // Only here: whoever opens a board anew has closed it before, and what is urgent needs it open.
                try Urgency.giveWay()
                MonotonicClock.sleep(for: .milliseconds(20))
            }
        }
    }

    private func importDevice(_ path: String) throws(TransportFailure) -> any USBDevice {
        let deadline = MonotonicClock.now() + .milliseconds(Int64(timeoutMilliseconds))
        var link = try USBIPLink(host: host, port: port, until: deadline)
        try link.send(.importDevice(busID: path), until: deadline)
        switch try reply(&link, deadline) {
        case .imported(let device): return USBIPDevice(link, id: device.id)
        // Old servers say "not available" for a device that another client has.
        case .refused(USBIP.OperationStatus.busy.rawValue), .refused(USBIP.OperationStatus.failed.rawValue):
            throw .busy
        case .refused: throw .notFound(path: path)
        default: throw .unreachable("\(host):\(port) did not answer an import with one")
        }
    }

    private func reply(_ link: inout USBIPLink, _ deadline: Instant) throws(TransportFailure) -> USBIP.Reply {
        do throws(TransportFailure) {
            guard let reply = try link.receive(until: deadline) else {
                throw .timedOut(milliseconds: timeoutMilliseconds)
            }
            return reply
        } catch {
            throw error == .gone ? .unreachable("\(host):\(port) closed the connection") : error
        }
    }
}

/// The client's end of one connection.
private struct USBIPLink: Sendable {
    let descriptor: Descriptor
    var decoder = USBIP.ReplyDecoder()

    init(host: String, port: UInt16, until deadline: Instant) throws(TransportFailure) {
        do {
            descriptor = try Socket.connectTCP(host: host, port: port, until: deadline)
        } catch {
            throw .unreachable("\(error)")
        }
    }

    mutating func send(_ request: USBIP.Request, until deadline: Instant) throws(TransportFailure) {
        if case .submit(let submission) = request { decoder.expect(submission) }
        do {
            try descriptor.writeAll(request.octets, until: deadline)
        } catch {
            throw .gone
        }
    }

    /// The next reply; nil at the deadline.
    ///
    /// - Parameter givesWay: whether it ends as `gaveWay` for what is urgent.
    mutating func receive(until deadline: Instant, givesWay: Bool = false) throws(TransportFailure) -> USBIP.Reply? {
        while true {
            do {
                if let reply = try decoder.next() { return reply }
            } catch {
                descriptor.close()
                throw .io("\(error)")
            }
            let isReadable =
                givesWay
                ? try Urgency.waitToRead(descriptor, until: deadline)
                : !Poll.wait([(descriptor, .readable)], until: deadline)[0].isEmpty
            if !isReadable { return nil }
            let octets: [UInt8]?
            do {
                octets = try descriptor.read(maximum: 65_536)
            } catch {
                throw .gone
            }
            guard let octets else { continue }
            guard !octets.isEmpty else { throw .gone }
            decoder.feed(octets)
        }
    }
}

/// An imported device.
private final class USBIPDevice: USBDevice {
    private struct State {
        /// nil once the connection has ended.
        var link: USBIPLink?
        var sequence: UInt32 = 0
    }

    private let state: Mutex<State>
    private let id: UInt32

    /// How long the server may take to confirm that a transfer is taken back.
    private static let unlinkMilliseconds: Int64 = 500

    init(_ link: USBIPLink, id: UInt32) {
        self.id = id
        state = Mutex(State(link: link))
    }

    // An import is exclusive already.
    func claim(interface: UInt8) {}
    func release(interface: UInt8) {}

    func close() {
        state.withLock { state in
            state.link?.descriptor.close()
            state.link = nil
        }
    }

    func control(_ setup: SetupPacket, data: [UInt8], timeoutMilliseconds: Int) throws(TransportFailure) -> [UInt8] {
        try transfer(timeoutMilliseconds) { sequence in
            USBIP.Submission(sequence: sequence, device: id, setup: setup, data: data)
        }
    }

    func send(_ octets: [UInt8], to endpoint: UInt8, timeoutMilliseconds: Int) throws(TransportFailure) {
        _ = try clearingHalt(endpoint & 0x7F, timeoutMilliseconds) { () throws(TransportFailure) in
            try transfer(timeoutMilliseconds) { sequence in
                USBIP.Submission(sequence: sequence, device: id, out: UInt32(endpoint & 0x0F), data: octets)
            }
        }
    }

    func receive(_ length: Int, from endpoint: UInt8, timeoutMilliseconds: Int) throws(TransportFailure) -> [UInt8] {
        try clearingHalt(endpoint | 0x80, timeoutMilliseconds) { () throws(TransportFailure) in
            try transfer(timeoutMilliseconds) { sequence in
                USBIP.Submission(
                    sequence: sequence, device: id, interruptIn: UInt32(endpoint & 0x0F), length: length, interval: 0)
            }
        }
    }

    /// An endpoint that refused goes on refusing until it is told to forget it.
    private func clearingHalt(
        _ endpoint: UInt8, _ timeoutMilliseconds: Int, _ transfer: () throws(TransportFailure) -> [UInt8]
    ) throws(TransportFailure) -> [UInt8] {
        do throws(TransportFailure) {
            return try transfer()
        } catch {
            if error == .stall {
                _ = try? control(.clearHalt(endpoint), data: [], timeoutMilliseconds: timeoutMilliseconds)
            }
            throw error
        }
    }

    private func transfer(
        _ timeoutMilliseconds: Int, _ submission: (UInt32) -> USBIP.Submission
    ) throws(TransportFailure) -> [UInt8] {
        precondition(timeoutMilliseconds > 0, "a transfer has a finite time")
        try Urgency.giveWay()
        return try state.withLock { state throws(TransportFailure) in
            do throws(TransportFailure) {
                state.sequence += 1
                return try transfer(submission(state.sequence), timeoutMilliseconds, &state)
            } catch {
                if Self.endsLink(error) {
                    state.link?.descriptor.close()
                    state.link = nil
                }
                throw error
            }
        }
    }

    private static func endsLink(_ failure: TransportFailure) -> Bool {
        switch failure {
        case .gone, .unreachable: true
        default: false
        }
    }

    private func transfer(
        _ submission: USBIP.Submission, _ timeoutMilliseconds: Int, _ state: inout State
    ) throws(TransportFailure) -> [UInt8] {
        guard var link = state.link else { throw .gone }
        defer { if state.link != nil { state.link = link } }
        var deadline = MonotonicClock.now() + .milliseconds(Int64(timeoutMilliseconds))
        try link.send(.submit(submission), until: deadline)
        var failure = TransportFailure.timedOut(milliseconds: timeoutMilliseconds)
        var completed: USBIP.Completion?
        do throws(TransportFailure) {
            completed = try completion(of: submission, &link, until: deadline)
        } catch {
            guard error == .gaveWay else { throw error }
            failure = error
        }
        if let completed { return try result(completed, submission) }
        state.sequence += 1
        let unlink = USBIP.Request.unlink(sequence: state.sequence, device: id, unlinked: submission.sequence)
        deadline = MonotonicClock.now() + .milliseconds(Self.unlinkMilliseconds)
        try link.send(unlink, until: deadline)
        while let reply = try link.receive(until: deadline) {
            switch reply {
            case .unlinked(state.sequence, _):
                link.decoder.forget(submission.sequence)
                throw failure
            // It ended while the order to take it back was on its way.
            case .completed(let completion) where completion.sequence == submission.sequence:
                continue
            default: continue
            }
        }
        throw .unreachable("the server does not take a transfer back")
    }

    private func completion(
        of submission: USBIP.Submission, _ link: inout USBIPLink, until deadline: Instant
    ) throws(TransportFailure) -> USBIP.Completion? {
        while let reply = try link.receive(until: deadline, givesWay: true) {
            if case .completed(let completion) = reply, completion.sequence == submission.sequence { return completion }
        }
        return nil
    }

    private func result(
        _ completion: USBIP.Completion, _ submission: USBIP.Submission
    ) throws(TransportFailure) -> [UInt8] {
        switch completion.status {
        case .ok where submission.direction == .out && completion.actualLength < submission.data.count:
            throw .shortAnswer(got: completion.actualLength, wanted: submission.data.count)
        case .ok: return completion.data
        case .stall: throw .stall
        case .overflow: throw .overflow
        case .noDevice, .shutdown: throw .gone
        case .shortAnswer: throw .shortAnswer(got: completion.actualLength, wanted: submission.length)
        case let status: throw .io(SystemFailure.text(code: 0 &- status.rawValue))
        }
    }
}
