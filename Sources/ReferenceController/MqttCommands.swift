/// Commands that come over MQTT: `<prefix>/command/1/2/0` with `{"id":"…","value":…}`, each answered on `<prefix>/ack/1/2/0` as over HTTP, with success only when
/// the actuator has reported.
struct MqttCommands: Sendable {
    private static let perSecond: Int64 = 5
    private static let greatestPayload = 4096

    private let prefix: String
    private let commands: CommandService
    private let send: @Sendable (GroupAddress, [UInt8]) -> Bool

    /// - Parameter send: Hands a telegram to the bus; false when that is not possible.
    init(
        prefix: String, commands: CommandService, send: @escaping @Sendable (GroupAddress, [UInt8]) -> Bool
    ) {
        self.prefix = prefix
        self.commands = commands
        self.send = send
    }

    /// What to subscribe to: a group address has three levels.
    var filter: String { prefix + "/command/+/+/+" }

    /// As many commands as HTTP takes, so that nobody can fill the line from the broker.
    static func limit() -> RateLimit { RateLimit(perSecond: perSecond, at: monotonicNanoseconds()) }

    /// Works on one message.
    /// - Parameter tell: Publishes an answer; called once, now or when it is known what became of the command.
    func take(
        _ message: MosquittoClient.Message, _ limit: inout RateLimit,
        tell: @escaping @Sendable (_ topic: String, _ answer: JSON) -> Void
    ) {
        let start = prefix + "/command/"
        guard message.topic.hasPrefix(start) else { return }
        let address = String(message.topic.dropFirst(start.count))
        let topic = "\(prefix)/ack/\(address)"
        let document =
            message.payload.count > Self.greatestPayload ? nil : try? JSONParser.parse(message.payload)
        let id: JSON = if case .string(let id)? = document?["id"] { .string(id) } else { nil }
        func refuse(_ error: String) {
            Log.warning("command refused", ["group": .string(address), "error": .string(error)])
            tell(topic, ["id": id, "status": "refused", "error": .string(error)])
        }

        // Whoever had it kept meant a moment that is over.
        if message.isRetained { return refuse("a retained command is not taken") }
        guard limit.take(at: monotonicNanoseconds()) else {
            return refuse("too many commands: ask again in a second")
        }
        guard let group = GroupAddress(address), let command = commands[group] else {
            return refuse("\(address) is not a command")
        }
        guard let document, case .object(let members) = document, members.count == 2, id != .null,
            let wanted = document["value"]
        else { return refuse("the payload must be {\"id\":\"…\",\"value\":…}") }
        guard let value = command.type.encode(wanted) else {
            return refuse("\(wanted.text) is not a value of type \(command.type)")
        }
        let sent = commands.start(command, value, send: send) { outcome in
            switch outcome {
            case .done: tell(topic, ["id": id, "status": "done"])
            case .failed(let error): tell(topic, ["id": id, "status": "failed", "error": .string(error)])
            }
        }
        if !sent { tell(topic, ["id": id, "status": "failed", "error": "knxd is not connected"]) }
    }
}
