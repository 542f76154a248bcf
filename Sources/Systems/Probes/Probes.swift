import Documents
import Events
import Platform

/// Something that looks at a system, on a thread of its own, and tells what it saw as events.
protocol Probe: Sendable {
    /// - Parameter network: a process in whose network namespace the probe looks; nil for ours.
    func start(network: Int32?) throws(SystemFailure)
    /// Ends the probe and waits for its thread. Without a start it does nothing.
    func stop()
}

/// The probes of one system: one per view, and those that watch what is no view. A new kind of view is one file beside this one, its case
/// in `ViewSource`, and its line in `init`.
final class Probes: Sendable {
    let mqtt: [(port: UInt16, probe: MQTTProbe)]
    let gates: [GateProbe]
    let rows: RowsProbe?
    let databases: [SQLiteProbe]
    let commands: CommandProbe?
    let processes: ProcessProbe
    private let all: [any Probe]
    private let network: Int32

    /// Makes the probes and starts none.
    init(
        profile: SystemProfile, substitution: Substitution, host: Host, links: SystemLinks? = nil,
        session: Session? = nil, commandsBothWays: Bool = false, sink: @escaping EventSink
    ) throws(DocumentFailure) {
        var mqtt: [(port: UInt16, probe: MQTTProbe)] = []
        var gates: [GateProbe] = []
        var rows: RowsProbe?
        var databases: [SQLiteProbe] = []
        var commands: CommandProbe?
        var all: [any Probe] = []
        for view in profile.views {
            switch view.source {
            case .mqtt(let source):
                let port = try source.port.port(by: substitution)
                let probe = MQTTProbe(
                    view: view.id, port: port, topic: try source.topic.filled(by: substitution),
                    group: source.group, value: source.value,
                    status: try source.status.map { status throws(DocumentFailure) in
                        (try status.topic.filled(by: substitution), status.offline)
                    }, sink: sink)
                mqtt.append((port, probe))
                all.append(probe)
            case .websocket(let source):
                let endpoint = try source.endpoint(by: substitution, session: session)
                all.append(WebSocketProbe(view: view.id, endpoint: endpoint, source: source, sink: sink))
                if let count = source.clients?.count {
                    let probe = ClientCountProbe(
                        port: endpoint.port, path: try count.path.filled(by: substitution), pointer: count.pointer,
                        session: session, sink: sink)
                    all.append(probe)
                }
            case .http(let source):
                let probe = HTTPStateProbe(
                    view: view.id, port: try source.port.port(by: substitution),
                    path: try source.path.filled(by: substitution), source: source, session: session, sink: sink)
                all.append(probe)
            case .sqlite(let source):
                let probe = SQLiteProbe(
                    view: view.id, path: try source.path.filled(by: substitution), query: source.query,
                    documents: source.documents, interval: Instant.Span(nanoseconds: source.everyNanoseconds),
                    sink: sink)
                databases.append(probe)
                all.append(probe)
            case .rows(let source):
                guard let decoder = profile.rowDecoder else { continue }
                let probe = RowsProbe(
                    view: view.id, port: try source.port.port(by: substitution), path: source.path,
                    substitution: substitution, decoder: decoder,
                    interval: Instant.Span(nanoseconds: source.everyNanoseconds), sink: sink)
                rows = probe
                all.append(probe)
            case .promql(let source):
                let probe = PromQLProbe(
                    view: view.id, port: try source.port.port(by: substitution),
                    path: try source.path?.filled(by: substitution) ?? ViewSource.PromQL.usualPath,
                    query: try source.query.filled(by: substitution),
                    answer: PromQLAnswer(label: source.label, group: source.group, types: profile.pointTypes),
                    interval: Instant.Span(nanoseconds: source.everyNanoseconds), sink: sink)
                all.append(probe)
            case .output: break  // It is read where the host's lines arrive.
            }
        }
        for view in profile.views {
            guard let queue = view.queue else { continue }
            all.append(try DropProbe(view: view.id, queue: queue, substitution: substitution, sink: sink))
        }
        if let health = profile.health {
            let probe = try HealthProbe(
                health: health, substitution: substitution, session: session, droppedRows: profile.rows?.dropped,
                sink: sink)
            all.append(probe)
        }
        if let command = profile.command {
            let probe = try CommandProbe(
                command: command, points: profile.points.commands, bothWays: commandsBothWays,
                substitution: substitution, session: session, sink: sink)
            commands = probe
            all.append(probe)
        }
        for service in profile.services
        where mqtt.contains(where: { String($0.port) == substitution["service.\(service.id)"] }) {
            // Only what speaks MQTT can be asked for a CONNACK.
            guard let gate = service.gate, let ends = Self.ends(gate, service.id, substitution) else { continue }
            let probe = GateProbe(gate: gate, ends: ends, source: "broker-probe", sink: sink) {
                BrokerQuestion.answer(at: $0, until: $1)
            }
            gates.append(probe)
            all.append(probe)
        }
        if let rows = profile.rows, let service = profile.services.first(where: { $0.gate == rows.gate }),
            let ends = Self.ends(rows.gate, service.id, substitution)
        {
            let probe = GateProbe(gate: rows.gate, ends: ends, source: "service-probe", sink: sink) {
                WriteQuestion.answer(at: $0, method: rows.method, path: rows.path, until: $1)
            }
            gates.append(probe)
            all.append(probe)
        }
        let linkProbes = links?.probes(sink: sink) ?? []
        gates += linkProbes
        all += linkProbes as [any Probe]
        let main = profile.mainProcess
        processes = ProcessProbe(host: host, main: main, roles: profile.processes, sink: sink)
        all.append(processes)
        self.mqtt = mqtt
        self.gates = gates
        self.rows = rows
        self.databases = databases
        self.commands = commands
        self.all = all
        network = host.pid
    }

    /// Of a gate, and of the service behind it.
    private static func ends(
        _ gate: String, _ service: String, _ substitution: Substitution
    ) -> (gate: LinkEnd, service: LinkEnd)? {
        guard let port = substitution["gate.\(gate)"].flatMap({ UInt16($0) }),
            let behind = substitution["service.\(service)"].flatMap({ UInt16($0) })
        else { return nil }
        return (.tcp(port), .tcp(behind))
    }

    func start() throws(SystemFailure) {
        for probe in all { try probe.start(network: network) }
    }

    func stop() {
        for probe in all { probe.stop() }
    }
}

extension ViewSource.WebSocket {
    /// - Parameter session: whose token a request for a ticket bears.
    func endpoint(
        by substitution: Substitution, session: Session?
    ) throws(DocumentFailure) -> WebSocketConnection.Endpoint {
        let port = try port.port(by: substitution)
        let path: WebSocketConnection.Endpoint.Path
        if let ticket {
            path = .byTicket(
                WebSocketTicket(
                    request: ticket, path: self.path, port: port, substitution: substitution, session: session))
        } else {
            path = .fixed(try self.path.filled(by: substitution))
        }
        return WebSocketConnection.Endpoint(
            port: port, path: path,
            token: try token.map { token throws(DocumentFailure) in try token.filled(by: substitution) },
            subscription: try subscribe.map { text throws(DocumentFailure) in try text.filled(by: substitution) })
    }
}

extension SystemProfile {
    /// Id of the main process, which is the name of its unit on the host too.
    public var mainProcess: String {
        processes.first(where: \.isMain)?.id ?? "system"
    }
}
