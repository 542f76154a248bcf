import Synchronization

/// Publishes points and health to the broker, and takes commands from it.
///
/// A change is published at once, in the thread that brought it. While the broker is away nothing is queued, only
/// counted; when it is slow, at most `greatestUnacknowledged` messages are on their way and the newest change of each
/// point waits for room; what a newer one replaces is counted. Each connection has a client of its own, so that
/// no message of an old connection can arrive after a newer one.
final class MqttLink: Sendable {
    private struct Content {
        /// Set while the broker takes messages.
        var client: MosquittoClient?
        var unacknowledged = 0
        /// When the broker last acknowledged something, or had nothing to acknowledge.
        var acknowledgedAt: Int64 = 0
        /// Newest states that are still to be published.
        var behind: [GroupAddress: PointState] = [:]
        var answer: Int32?
        /// Commands that the loop has brought and that are not worked on yet.
        var received: [MosquittoClient.Message] = []
        var stopping = false
    }

    /// The declared bound of what is on its way to a broker that does not acknowledge.
    static let greatestUnacknowledged = 64
    private static let keepaliveSeconds = 10
    private static let answerTimeoutNanoseconds: Int64 = 5_000_000_000
    private static let healthPeriodNanoseconds: Int64 = 5_000_000_000
    private static let impatienceNanoseconds: Int64 = 500_000_000
    private static let firstDelayMilliseconds = 1000
    private static let greatestDelayMilliseconds = 4000
    private static let loopMilliseconds = 100
    /// What a link waits that tries again at once.
    private static let impatientDelayMilliseconds = 10

    private let configuration: Configuration.MQTT
    private let points: PointTable
    private let protections: Set<Protection>
    private let status: Status
    /// How many messages may be on their way; without the protection any number.
    private let room: Int
    private let newestWins: Bool
    /// Without the protection of the order.
    private let workers: ParallelWorkers?
    /// Without the protection that lets go of connections.
    private let left: LeftConnections?
    private let content = Mutex(Content())
    private let wakeup = Wakeup()

    init(
        _ configuration: Configuration.MQTT, points: PointTable, protections: Set<Protection>, status: Status,
        left: LeftConnections?
    ) {
        self.configuration = configuration
        self.points = points
        self.protections = protections
        self.status = status
        self.left = left
        room = protections.contains(.queueBound) ? Self.greatestUnacknowledged : .max
        newestWins = protections.contains(.queueNewestWins)
        workers = protections.contains(.orderPerAddress) ? nil : ParallelWorkers()
    }

    private var healthTopic: String { configuration.prefix + "/health" }

    /// A point has new octets.
    func pointChanged(_ group: GroupAddress, _ state: PointState) {
        guard let workers else { return publish(group, state) }
        workers.give { [self] in publish(group, state) }
    }

    private func publish(_ group: GroupAddress, _ state: PointState) {
        content.withLock { content in
            guard content.client != nil, newestWins || content.unacknowledged < room else {
                status.mqttDropped.add(1, ordering: .relaxed)
                return
            }
            // What a point is behind with is replaced by the newer state, and so never published.
            if let older = content.behind.updateValue(state, forKey: group), older.sequence != state.sequence {
                status.mqttDropped.add(1, ordering: .relaxed)
            }
            publishBehind(&content)
        }
    }

    /// The connection to the bus or to the broker came or went.
    func healthChanged() {
        content.withLock { publishHealth(&$0, status.topicMessage) }
    }

    func stop() {
        workers?.stop()
        content.withLock { $0.stopping = true }
        wakeup.signal()
    }

    private var isStopping: Bool { content.withLock { $0.stopping } }

    /// The loop of the link's thread; it returns after `stop()`, or when a lost connection is not to be re-established.
    func run(_ commands: MqttCommands) {
        var delay = Self.firstDelayMilliseconds
        var isFirst = true
        while !isStopping {
            if connectAndServe(commands, isFirst: isFirst) {
                isFirst = false
                delay = Self.firstDelayMilliseconds
                if !protections.contains(.mqttReconnect) { return }
            }
            if isStopping { return }
            wakeup.wait(
                milliseconds: protections.contains(.mqttBackoff) ? delay : Self.impatientDelayMilliseconds)
            delay = min(delay * 2, Self.greatestDelayMilliseconds)
        }
    }

    /// - Returns: Whether there was a connection, which is over now.
    private func connectAndServe(_ commands: MqttCommands, isFirst: Bool) -> Bool {
        let events = MosquittoClient.Events(
            answered: { [self] answer in content.withLock { $0.answer = answer } },
            acknowledged: { [self] in
                content.withLock {
                    $0.unacknowledged -= 1
                    $0.acknowledgedAt = monotonicNanoseconds()
                }
            },
            subscribed: { isGranted in
                if !isGranted { Log.warning("mqtt subscription refused", ["topic": .string(commands.filter)]) }
            },
            received: { [self] message in content.withLock { $0.received.append(message) } })
        guard let client = MosquittoClient(id: configuration.clientID, events: events) else {
            Log.warning("mqtt connect failed", ["reason": "libmosquitto refuses the client identifier"])
            return false
        }
        client.limitInflight(to: Self.greatestUnacknowledged)
        client.setWill(topic: healthTopic, Status.offlineMessage.text)
        if let reason = connect(client) {
            if !isStopping { Log.warning("mqtt connect failed", ["reason": .string(reason)]) }
            return false
        }
        Log.info("mqtt connected")
        begin(client, commands, isFirst: isFirst)
        let reason = serve(client, commands)
        end()
        left?.keep()
        Log.write(ordinary: isStopping, "mqtt disconnected", ["reason": .string(reason)])
        return true
    }

    /// - Returns: Why there is no connection; nil when there is one.
    private func connect(_ client: MosquittoClient) -> String? {
        content.withLock { $0.answer = nil }
        if !protections.contains(.offlineFirst) { NameLookup.wait(for: NameLookup.cloud) }
        let broker = configuration.broker
        let result = client.connect(host: broker.host, port: broker.port, keepaliveSeconds: Self.keepaliveSeconds)
        guard result == 0 else { return MosquittoClient.describe(result) }
        let deadline = monotonicNanoseconds() + Self.answerTimeoutNanoseconds
        while !isStopping, monotonicNanoseconds() < deadline {
            let result = client.loop(milliseconds: Self.loopMilliseconds)
            if let answer = content.withLock({ $0.answer }) {
                return answer == 0 ? nil : MosquittoClient.describe(connectionAnswer: answer)
            }
            guard result == 0 else { return MosquittoClient.describe(result) }
        }
        return "the broker does not answer"
    }

    private func begin(_ client: MosquittoClient, _ commands: MqttCommands, isFirst: Bool) {
        // Each connection has a session of its own, and the broker forgets the subscriptions of the one before.
        if isFirst || protections.contains(.mqttResubscribe), !client.subscribe(to: commands.filter) {
            Log.warning("mqtt subscription refused", ["topic": .string(commands.filter)])
        }
        let resyncs = isFirst || protections.contains(.stateResync)
        status.mqttConnected.store(true, ordering: .relaxed)
        let count = content.withLock { content in
            content.client = client
            content.unacknowledged = 0
            content.acknowledgedAt = monotonicNanoseconds()
            content.received = []
            content.behind = resyncs ? Dictionary(uniqueKeysWithValues: points.all.map { ($0.group, $0.state) }) : [:]
            let count = content.behind.count
            publishHealth(&content, status.topicMessage)
            publishBehind(&content)
            return count
        }
        if resyncs { Log.info("mqtt resync", ["points": JSON(count)]) }
    }

    /// Without the protection of patience: nothing that is on its way has been acknowledged for half a second.
    private var isSlow: Bool {
        content.withLock { content in
            let now = monotonicNanoseconds()
            if content.unacknowledged == 0 { content.acknowledgedAt = now }
            return now - content.acknowledgedAt > Self.impatienceNanoseconds
        }
    }

    private func serve(_ client: MosquittoClient, _ commands: MqttCommands) -> String {
        var limit = MqttCommands.limit()
        var nextHealth = monotonicNanoseconds() + Self.healthPeriodNanoseconds
        while true {
            let result = client.loop(milliseconds: Self.loopMilliseconds)
            guard result == 0 else { return MosquittoClient.describe(result) }
            if isStopping {
                sayGoodbye(client)
                return "stopping"
            }
            content.withLock { publishBehind(&$0) }
            if !protections.contains(.mqttPatience), isSlow { return "the broker is slow" }
            let received = content.withLock { content in
                defer { content.received = [] }
                return content.received
            }
            for message in received {
                commands.take(message, &limit) { [self] topic, answer in tell(answer, topic: topic) }
            }
            if monotonicNanoseconds() >= nextHealth {
                nextHealth += Self.healthPeriodNanoseconds
                healthChanged()
            }
        }
    }

    /// The offline message, acknowledged if the broker is quick, and an orderly end, which discards the will.
    private func sayGoodbye(_ client: MosquittoClient) {
        content.withLock { content in
            publishHealth(&content, Status.offlineMessage)
            content.client = nil
        }
        let deadline = monotonicNanoseconds() + 500_000_000
        while content.withLock({ $0.unacknowledged }) > 0, monotonicNanoseconds() < deadline,
            client.loop(milliseconds: 20) == 0
        {}
        client.disconnect()
        _ = client.loop(milliseconds: 20)
    }

    private func end() {
        content.withLock { content in
            content.client = nil
            // Nobody knows which of these the broker had taken: they count as dropped.
            status.mqttDropped.add(content.unacknowledged + content.behind.count, ordering: .relaxed)
            content.unacknowledged = 0
            content.behind = [:]
        }
        status.mqttConnected.store(false, ordering: .relaxed)
    }

    /// Publishes what points are behind with, as far as there is room. The lock is held from taking a state to handing
    /// its message over: two threads can never publish the values of a point in the wrong order.
    private func publishBehind(_ content: inout Content) {
        guard let client = content.client else { return }
        while content.unacknowledged < room, let (group, state) = content.behind.popFirst() {
            if client.publish(topic: "\(configuration.prefix)/state/\(group)", state.message(group).text) {
                content.unacknowledged += 1
            } else {
                status.mqttDropped.add(1, ordering: .relaxed)
            }
        }
    }

    /// The answer to a command, by whatever connection there is when it is known. When there is none it is lost: whoever asked has no answer,
    /// which is true.
    private func tell(_ answer: JSON, topic: String) {
        let isTold = content.withLock { content in
            guard let client = content.client, content.unacknowledged < room,
                client.publish(topic: topic, answer.text, isRetained: false)
            else { return false }
            content.unacknowledged += 1
            return true
        }
        if !isTold { Log.warning("command answer not sent", ["topic": .string(topic), "answer": answer]) }
    }

    private func publishHealth(_ content: inout Content, _ message: JSON) {
        guard let client = content.client, content.unacknowledged < room else { return }
        if client.publish(topic: healthTopic, message.text) { content.unacknowledged += 1 }
    }
}
