import CMosquitto
import Events
import Glibc
import Platform

/// A command that is published to the broker, told twice as `HTTPOperation` tells what is asked over HTTP: when it is begun, and what the system answered.
///
/// Each has a session of its own, which has the subscription to the answers before it publishes, so that none can be missed. One that could not be
/// published is `failed`; one whose answer is missing is `unknown`: it may have been done.
struct MQTTOperation {
    struct Publication {
        var topic: String
        var payload: [UInt8]
        var acknowledgeTopic: String
    }

    var way: SystemProfile.Command.MQTT
    var publication: Publication
    /// What the answer must carry.
    var id: String
    var told: Event.Operation
    var source: String

    func perform(port: UInt16, sink: EventSink) {
        var operation = told
        sink(Event(at: MonotonicClock.now(), source: source, .operation(operation)))
        let exchange = MQTTExchange(self)
        let deadline = MonotonicClock.now() + Instant.Span(nanoseconds: way.withinNanoseconds)
        let failure = exchange.run(port: port, until: deadline)
        if let answer = exchange.answer {
            let status = answer.document.at(pointer: way.status)?.text
            operation.action = status.map(way.success.contains) == true ? .ok : .failed
            if operation.action == .failed { operation.detail = answer.text }
        } else {
            operation.action = exchange.isPublished ? .unknown : .failed
            operation.detail =
                (exchange.isPublished ? "no answer to what was published: " : "not published: ") + failure
        }
        sink(Event(at: MonotonicClock.now(), source: source, .operation(operation)))
    }
}

/// One session with the broker, used by one thread alone: the library calls back within `mosquitto_loop` only.
@safe private final class MQTTExchange {
    private let operation: MQTTOperation
    private(set) var answer: (document: Value, text: String)?
    private(set) var isPublished = false
    private var refusal: String?

    init(_ operation: MQTTOperation) { self.operation = operation }

    /// - Returns: Why there is no answer, when there is none.
    func run(port: UInt16, until deadline: Instant) -> String {
        precondition(MQTTProbe.library == MOSQ_ERR_SUCCESS.rawValue, "libmosquitto cannot be set up")
        let data = unsafe Unmanaged.passUnretained(self).toOpaque()
        guard let client = unsafe mosquitto_new("knxrig-\(operation.id)-\(getpid())", true, data) else {
            preconditionFailure("no memory for an MQTT client")
        }
        defer { unsafe mosquitto_destroy(client) }
        unsafe mosquitto_connect_callback_set(client) { client, data, code in
            let exchange = unsafe MQTTExchange.of(data)
            guard code == 0 else {
                exchange.refusal = "the broker refuses the connection"
                return
            }
            unsafe mosquitto_subscribe(client, nil, exchange.operation.publication.acknowledgeTopic, 1)
        }
        unsafe mosquitto_subscribe_callback_set(client) { client, data, _, count, granted in
            let exchange = unsafe MQTTExchange.of(data)
            // 0x80 and above is a refusal (MQTT 3.1.1, 3.9.3).
            guard count > 0, let granted = unsafe granted, unsafe granted[0] < 0x80 else {
                exchange.refusal = "the broker refuses the subscription to the answers"
                return
            }
            let publication = exchange.operation.publication
            exchange.isPublished =
                unsafe mosquitto_publish(
                    client, nil, publication.topic, Int32(publication.payload.count), publication.payload, 1, false)
                == MOSQ_ERR_SUCCESS.rawValue
            if !exchange.isPublished { exchange.refusal = "the message is refused" }
        }
        unsafe mosquitto_message_callback_set(client) { _, data, message in
            guard let message = unsafe message?.pointee else { return }
            let payload = unsafe UnsafeRawBufferPointer(start: message.payload, count: Int(message.payloadlen))
            unsafe MQTTExchange.of(data).received(Array(payload))
        }
        var result = unsafe mosquitto_connect(client, "127.0.0.1", Int32(port), 60)
        while result == MOSQ_ERR_SUCCESS.rawValue, answer == nil, refusal == nil {
            let left = deadline - MonotonicClock.now()
            guard left > .zero else { return "the time is over" }
            result = unsafe mosquitto_loop(client, Int32(max(1, min(100, left.nanoseconds / 1_000_000))), 1)
        }
        if result == MOSQ_ERR_SUCCESS.rawValue {
            // An orderly end, and the acknowledgement of the answer before it.
            unsafe mosquitto_disconnect(client)
            unsafe mosquitto_loop(client, 1, 1)
            return refusal ?? ""
        }
        return unsafe refusal ?? String(cString: mosquitto_strerror(result))
    }

    private static func of(_ data: UnsafeMutableRawPointer?) -> MQTTExchange {
        unsafe Unmanaged<MQTTExchange>.fromOpaque(data!).takeUnretainedValue()
    }

    private func received(_ payload: [UInt8]) {
        guard let document = try? JSON.parse(payload), document.at(pointer: operation.way.id)?.text == operation.id
        else { return }
        answer = (document, String(decoding: payload.prefix(200), as: UTF8.self))
    }
}
