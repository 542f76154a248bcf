import CMosquitto

/// One client of libmosquitto for one connection. Its loop runs on the thread that made it; publishing is for any
/// thread, since libmosquitto is told that it is used with threads and locks its own queues.
@safe final class MosquittoClient: Sendable {
    /// What the library reports while its loop runs, on the loop's thread. No library call may be made from them.
    struct Events: Sendable {
        /// The broker's answer to CONNECT; 0 is success.
        let answered: @Sendable (Int32) -> Void
        let acknowledged: @Sendable () -> Void
        /// The broker's answer to a subscription: whether it grants it.
        let subscribed: @Sendable (Bool) -> Void
        let received: @Sendable (Message) -> Void
    }

    /// A message that the broker delivers.
    struct Message: Sendable {
        let topic: String
        let payload: [UInt8]
        /// The broker had kept it: it was published before there was the subscription.
        let isRetained: Bool
    }

    nonisolated(unsafe) private let handle: OpaquePointer
    private let events: Events

    static let initializeLibrary: Void = { _ = mosquitto_lib_init() }()

    /// - Returns: nil when the library refuses the identifier or has no memory.
    init?(id: String, events: Events) {
        Self.initializeLibrary
        guard let handle = unsafe mosquitto_new(id, true, nil) else { return nil }
        unsafe self.handle = unsafe handle
        self.events = events
        unsafe mosquitto_user_data_set(handle, Unmanaged.passUnretained(self).toOpaque())
        unsafe mosquitto_threaded_set(handle, true)
        unsafe mosquitto_int_option(handle, MOSQ_OPT_TCP_NODELAY, 1)
        unsafe mosquitto_connect_callback_set(handle) { _, user, result in
            let client = unsafe Unmanaged<MosquittoClient>.fromOpaque(user!).takeUnretainedValue()
            client.events.answered(result)
        }
        unsafe mosquitto_publish_callback_set(handle) { _, user, _ in
            let client = unsafe Unmanaged<MosquittoClient>.fromOpaque(user!).takeUnretainedValue()
            client.events.acknowledged()
        }
        unsafe mosquitto_subscribe_callback_set(handle) { _, user, _, count, granted in
            let client = unsafe Unmanaged<MosquittoClient>.fromOpaque(user!).takeUnretainedValue()
            // 0x80 and above is a refusal (MQTT 3.1.1, 3.9.3).
            if count > 0, let granted = unsafe granted { client.events.subscribed(unsafe granted[0] < 0x80) }
        }
        unsafe mosquitto_message_callback_set(handle) { _, user, message in
            let client = unsafe Unmanaged<MosquittoClient>.fromOpaque(user!).takeUnretainedValue()
            guard let message = unsafe message?.pointee, let topic = unsafe message.topic else { return }
            let payload = unsafe UnsafeRawBufferPointer(start: message.payload, count: Int(message.payloadlen))
            client.events.received(
                unsafe Message(
                    topic: String(cString: topic), payload: Array(payload), isRetained: message.retain))
        }
    }

    deinit {
        unsafe mosquitto_destroy(handle)
    }

    /// Messages on their way at a time; further ones would pile up in the library without bound.
    func limitInflight(to count: Int) {
        unsafe mosquitto_max_inflight_messages_set(handle, UInt32(count))
    }

    func setWill(topic: String, _ payload: String) {
        let bytes = Array(payload.utf8)
        unsafe mosquitto_will_set(handle, topic, Int32(bytes.count), bytes, 1, true)
    }

    /// Begins to connect; `loop` goes on with it.
    func connect(host: String, port: Int, keepaliveSeconds: Int) -> Int32 {
        unsafe mosquitto_connect_async(handle, host, Int32(port), Int32(keepaliveSeconds))
    }

    /// Sends and receives what there is, waiting at most the given time; anything but 0 means the connection is gone.
    func loop(milliseconds: Int) -> Int32 {
        unsafe mosquitto_loop(handle, Int32(milliseconds), 1)
    }

    /// Hands a message of quality of service 1 to the loop, without waiting.
    func publish(topic: String, _ payload: String, isRetained: Bool = true) -> Bool {
        let bytes = Array(payload.utf8)
        return unsafe mosquitto_publish(handle, nil, topic, Int32(bytes.count), bytes, 1, isRetained) == 0
    }

    /// Asks for what is published under a filter, with quality of service 1; the session, and so the subscription, ends with the connection.
    func subscribe(to filter: String) -> Bool {
        unsafe mosquitto_subscribe(handle, nil, filter, 1) == 0
    }

    func disconnect() {
        unsafe mosquitto_disconnect(handle)
    }

    static func describe(_ result: Int32) -> String {
        switch result {
        case MOSQ_ERR_ERRNO.rawValue: systemError()
        // libmosquitto 2.0.11 has no words for this one.
        case MOSQ_ERR_KEEPALIVE.rawValue: "the broker did not answer a ping in time"
        default: unsafe String(cString: mosquitto_strerror(result))
        }
    }

    static func describe(connectionAnswer: Int32) -> String {
        unsafe String(cString: mosquitto_connack_string(connectionAnswer))
    }
}
