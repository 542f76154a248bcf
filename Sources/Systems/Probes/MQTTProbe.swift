import CMosquitto
import Events
import Glibc
import Platform
import Synchronization

/// Watches an MQTT view: every publication is a sample at the instant of its arrival. A lost connection is tried again every 100 ms, and
/// the time without a subscription is a gap, because nobody knows what was published then.
///
/// Samples: the view's id with the group address as the point; the point `connection`, `connected` (subscribed) or `lost`; and where the system says whether
/// it is online, the point `status`, `online` or `offline`.
final class MQTTProbe: Probe {
    private struct State {
        var isConnected = false
        var isSubscribed = false
        /// Subscriptions of the present connection that the broker has acknowledged.
        var acknowledged = 0
        var messages: Int64 = 0
    }

    private let view: String
    private let source: String
    private let port: UInt16
    private let topic: String
    private let group: PointName
    private let value: ValueReading
    private let status: (topic: String, offline: TextPattern)?
    private let sink: EventSink
    private let state = Mutex(State())
    private let thread = Mutex<ProbeThread?>(nil)

    /// Arrival is stamped by a thread of normal priority that waits for the socket.
    private static let stampUncertainty: Int64 = 1_000_000
    private static let retry: Instant.Span = .milliseconds(100)
    /// From the connection to the broker's acknowledgement; a stopped broker's kernel connects too.
    private static let acknowledgeWithin: Instant.Span = .seconds(2)
    /// Longer than any stall: a broker that was stopped first ends whoever was silent for half as long again, and what then comes nobody sees.
    fileprivate static let keepAliveSeconds: Int32 = 60

    /// mosquitto_lib_init must come before everything else, once.
    static let library: Int32 = mosquitto_lib_init()

    /// - Parameter view: id of the view, which is the source of the events too.
    init(
        view: String, port: UInt16, topic: String, group: PointName, value: ValueReading,
        status: (topic: String, offline: TextPattern)? = nil, sink: @escaping EventSink
    ) {
        self.view = view
        source = view
        self.port = port
        self.topic = topic
        self.group = group
        self.value = value
        self.status = status
        self.sink = sink
        precondition(MQTTProbe.library == MOSQ_ERR_SUCCESS.rawValue, "libmosquitto cannot be set up")
    }

    /// - Parameter network: a process in whose network namespace the broker is; nil for ours.
    func start(network: Int32?) throws(SystemFailure) {
        let started = try ProbeThread("probe \(view)", network: network) { thread in self.run(thread) }
        thread.withLock { $0 = started }
    }

    func stop() {
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        running?.stop()
    }

    /// True between the broker's acknowledgement and the loss of the connection.
    var isConnected: Bool { state.withLock { $0.isConnected } }

    /// True while the broker has acknowledged the subscription of the present connection.
    var isSubscribed: Bool { state.withLock { $0.isSubscribed } }

    /// Publications seen since the start.
    var messages: Int64 { state.withLock { $0.messages } }

    /// Waits for the subscription; false when it is not there at `deadline`.
    func waitSubscribed(until deadline: Instant) -> Bool {
        while !isSubscribed {
            guard MonotonicClock.now() < deadline else { return false }
            MonotonicClock.sleep(for: .milliseconds(2))
        }
        return true
    }

    private func run(_ thread: ProbeThread) {
        let session = MQTTSession(self)
        var blindSince: Instant?
        while !thread.isStopping {
            let begun = MonotonicClock.now()
            if session.connect(port: port) {
                watch(session, thread, blindSince: &blindSince)
                session.disconnect()
            }
            state.withLock { state in
                state.isConnected = false
                state.isSubscribed = false
            }
            guard thread.sleep(until: begun + Self.retry) else { break }
        }
        if let blindSince { gap(from: blindSince) }
    }

    /// Serves one connection until it is lost, is not acknowledged in time, or the probe is to stop.
    private func watch(_ session: MQTTSession, _ thread: ProbeThread, blindSince: inout Instant?) {
        let deadline = MonotonicClock.now() + Self.acknowledgeWithin
        var wasSubscribed = false
        while !thread.isStopping, wasSubscribed || MonotonicClock.now() < deadline {
            guard session.serve(wakeup: thread.wakeup) else { break }
            guard isSubscribed, !wasSubscribed else { continue }
            wasSubscribed = true
            if let from = blindSince { gap(from: from) }
            blindSince = nil
            emit("connection", reading: "connected", at: MonotonicClock.now())
        }
        if wasSubscribed, !thread.isStopping {
            let now = MonotonicClock.now()
            blindSince = now
            emit("connection", reading: "lost", at: now)
        }
    }

    private func gap(from: Instant) {
        let now = MonotonicClock.now()
        sink(
            Event(
                at: now, source: source,
                .gap(.init(blind: source, from: from, to: now, reason: "no subscription at the broker"))))
    }

    private func emit(_ point: String, raw: [UInt8]? = nil, reading: Value? = nil, at instant: Instant) {
        sink(
            Event(
                at: instant, uncertaintyNanoseconds: Self.stampUncertainty, source: source,
                .sample(.init(view: view, point: point, raw: raw, reading: reading))))
    }

    fileprivate var subscriptions: [String] { [topic] + (status.map { [$0.topic] } ?? []) }
    fileprivate var name: String { view }

    fileprivate func acknowledged() {
        state.withLock { state in
            state.isConnected = true
            state.acknowledged = 0
        }
    }

    fileprivate func subscribed() {
        state.withLock { state in
            state.acknowledged += 1
            state.isSubscribed = state.acknowledged >= subscriptions.count
        }
    }

    fileprivate func received(topic: String, payload: [UInt8]) {
        let now = MonotonicClock.now()
        if let status, topic == status.topic {
            let isOffline = status.offline.matches(String(decoding: payload, as: UTF8.self))
            return emit("status", reading: isOffline ? "offline" : "online", at: now)
        }
        state.withLock { $0.messages += 1 }
        let point = group.group(in: topic) ?? topic
        let octets = (try? JSON.parse(payload, keepsFractions: true)).flatMap { value.octets(in: $0) }
        let text = String(decoding: payload.prefix(200), as: UTF8.self)
        emit(point, raw: octets, reading: octets == nil ? .text("unreadable: " + text) : nil, at: now)
    }
}

/// libmosquitto's client, used by the probe's thread alone.
@safe private final class MQTTSession {
    private let client: OpaquePointer
    /// Keeps the object alive that the callbacks reach through the client's user data.
    private let probe: MQTTProbe

    init(_ probe: MQTTProbe) {
        self.probe = probe
        let id = "knxrig-\(probe.name)-\(getpid())"
        guard let client = unsafe mosquitto_new(id, true, Unmanaged.passUnretained(probe).toOpaque()) else {
            preconditionFailure("no memory for an MQTT client")
        }
        unsafe self.client = unsafe client
        unsafe mosquitto_connect_callback_set(client) { client, data, code in
            guard code == 0, let probe = unsafe MQTTSession.probe(data) else { return }
            probe.acknowledged()
            for topic in probe.subscriptions { unsafe mosquitto_subscribe(client, nil, topic, 1) }
        }
        unsafe mosquitto_subscribe_callback_set(client) { _, data, _, count, granted in
            // 0x80 and above: the broker refuses (MQTT 3.1.1, 3.9.3), and nothing will ever come.
            guard count > 0, let granted = unsafe granted, unsafe granted[0] < 0x80 else { return }
            unsafe MQTTSession.probe(data)?.subscribed()
        }
        unsafe mosquitto_message_callback_set(client) { _, data, message in
            guard let message = unsafe message, let probe = unsafe MQTTSession.probe(data),
                let topic = unsafe message.pointee.topic
            else { return }
            let payload = unsafe UnsafeRawBufferPointer(
                start: message.pointee.payload, count: Int(message.pointee.payloadlen))
            unsafe probe.received(topic: String(cString: topic), payload: Array(payload))
        }
    }

    deinit { unsafe mosquitto_destroy(client) }

    private static func probe(_ data: UnsafeMutableRawPointer?) -> MQTTProbe? {
        unsafe data.map { unsafe Unmanaged<MQTTProbe>.fromOpaque($0).takeUnretainedValue() }
    }

    func connect(port: UInt16) -> Bool {
        unsafe mosquitto_connect(client, "127.0.0.1", Int32(port), MQTTProbe.keepAliveSeconds)
            == MOSQ_ERR_SUCCESS.rawValue
    }

    func disconnect() {
        unsafe mosquitto_disconnect(client)
        // Hands the farewell to the socket and closes it.
        unsafe mosquitto_loop_write(client, 1)
        unsafe mosquitto_loop_read(client, 1)
    }

    /// Waits for the socket at most 100 ms and serves it; false when the connection is lost.
    func serve(wakeup: Wakeup) -> Bool {
        let number = unsafe mosquitto_socket(client)
        guard number >= 0 else { return false }
        let events = unsafe Int16(POLLIN) | (mosquitto_want_write(client) ? Int16(POLLOUT) : 0)
        var polls = [
            pollfd(fd: number, events: events, revents: 0),
            pollfd(fd: wakeup.descriptor.number, events: Int16(POLLIN), revents: 0),
        ]
        guard unsafe poll(&polls, 2, 100) >= 0 || errno == EINTR else { return false }
        if polls[0].revents & Int16(POLLIN | POLLHUP | POLLERR) != 0 {
            guard unsafe mosquitto_loop_read(client, 100) == MOSQ_ERR_SUCCESS.rawValue else { return false }
        }
        if unsafe mosquitto_want_write(client) {
            guard unsafe mosquitto_loop_write(client, 1) == MOSQ_ERR_SUCCESS.rawValue else { return false }
        }
        return unsafe mosquitto_loop_misc(client) == MOSQ_ERR_SUCCESS.rawValue
    }
}
