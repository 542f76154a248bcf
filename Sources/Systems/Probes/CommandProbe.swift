import Documents
import Events
import Platform
import Synchronization

/// Gives the system commands, one at a time, over the profile's command points in turn with values that alternate, and
/// tells what it claims: `.operation` events named `command` of the source `commands`. `ok`: an answer that claims success; `failed`: one that
/// does not, or a connection refused (nothing was asked); `unknown`: no answer, so nobody knows what was done.
///
/// Through its API; by both ways, for a scenario that asks for it, each point with each value in turn by the one and by the other.
final class CommandProbe: Probe {
    private let command: SystemProfile.Command
    private let points: [SystemProfile.CommandPoint]
    private let port: UInt16
    private let mqtt: (way: SystemProfile.Command.MQTT, port: UInt16)?
    private let substitution: Substitution
    private let session: Session?
    private let sink: EventSink
    /// Goes on over a stop and a start, so that no number of an operation comes twice.
    private let turns = Atomic(0)
    private let isPaused = Atomic(false)
    private let thread = Mutex<ProbeThread?>(nil)

    private static let source = "commands"

    /// - Throws: a reference without a value.
    init(
        command: SystemProfile.Command, points: [SystemProfile.CommandPoint], bothWays: Bool = false,
        substitution: Substitution, session: Session? = nil, sink: @escaping EventSink
    ) throws(DocumentFailure) {
        self.command = command
        self.points = points
        self.substitution = substitution
        self.session = session
        self.sink = sink
        port = try command.port.port(by: substitution)
        mqtt = try (bothWays ? command.mqtt : nil).map { way throws(DocumentFailure) in
            (way, try way.port.port(by: substitution))
        }
        for point in points {
            guard let value = CommandValue.alternating(type: point.type, turn: 0) else {
                preconditionFailure("a profile with a command of type \(point.type) is refused when it is read")
            }
            _ = try request(to: point, value)
            if let mqtt { _ = try publication(mqtt.way, to: point, value, id: "") }
        }
    }

    func start(network: Int32?) throws(SystemFailure) {
        guard !points.isEmpty else { return }
        let started = try ProbeThread("probe commands", network: network) { [self] thread in
            let interval = Instant.Span(nanoseconds: command.everyNanoseconds)
            thread.poll(every: { interval }, source: Self.source, sink: sink) {
                guard !isPaused.load(ordering: .acquiring) else { return }
                give(turns.wrappingAdd(1, ordering: .relaxed).oldValue)
            }
        }
        thread.withLock { $0 = started }
    }

    /// Waits for the answer under way: an invocation always gets its end.
    func stop() {
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        running?.stop()
    }

    /// No command is given from here on, or they are again.
    func pause(_ isPaused: Bool) { self.isPaused.store(isPaused, ordering: .releasing) }

    private func publication(
        _ way: SystemProfile.Command.MQTT, to point: SystemProfile.CommandPoint, _ value: CommandValue, id: String
    ) throws(DocumentFailure) -> MQTTOperation.Publication {
        var substitution = substitution
        substitution.name(point.group)
        substitution["value"] = command.words[value.json] ?? value.json
        substitution["command"] = id
        return MQTTOperation.Publication(
            topic: try way.topic.filled(by: substitution),
            payload: Array(try way.payload.filled(by: substitution).utf8),
            acknowledgeTopic: try way.acknowledgeTopic.filled(by: substitution))
    }

    private func request(
        to point: SystemProfile.CommandPoint, _ value: CommandValue
    ) throws(DocumentFailure) -> (path: String, body: [UInt8]?) {
        var substitution = substitution
        substitution.name(point.group)
        substitution["value"] = command.words[value.json] ?? value.json
        let body = try command.body?.filled(by: substitution)
        return (try command.path.filled(by: substitution), body.map { Array($0.utf8) })
    }

    private func give(_ turn: Int) {
        let point = points[turn % points.count]
        guard let value = CommandValue.alternating(type: point.type, turn: turn / points.count),
            let request = try? request(to: point, value)
        else { return }
        // Not always the same point or the same value by the same way.
        if let mqtt, !(turn % points.count + turn / points.count).isMultiple(of: 2) {
            let id = "rig-\(turn)"
            guard let publication = try? publication(mqtt.way, to: point, value, id: id) else { return }
            return MQTTOperation(
                way: mqtt.way, publication: publication, id: id,
                told: Event.Operation(
                    id: Int64(turn), name: "command", action: .invoke, group: point.group, raw: value.raw, way: "mqtt"),
                source: Self.source
            ).perform(port: mqtt.port, sink: sink)
        }
        HTTPOperation(
            method: command.method, path: request.path, body: request.body,
            withinNanoseconds: command.withinNanoseconds,
            success: command.success,
            told: Event.Operation(
                id: Int64(turn), name: "command", action: .invoke, group: point.group, raw: value.raw),
            source: Self.source
        ).perform(port: port, session: session, sink: sink)
    }
}
