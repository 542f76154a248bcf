/// An answer: a status code and one JSON object.
struct HttpResponse: Sendable {
    let status: Int
    let body: JSON
    /// The methods for the Allow header of a 405.
    var allow: String?

    static func error(_ status: Int, _ message: String) -> HttpResponse {
        HttpResponse(status: status, body: ["error": .string(message)])
    }
}

/// What the interface offers: which request means what. It does not know how requests arrive.
struct HttpRoutes: Sendable {
    enum Answer {
        case ready(HttpResponse)
        /// To be sent, and answered when the actuator has reported.
        case command(Configuration.Command, GroupValue)
        /// To be answered when the registry has done it.
        case registry(Registry.Request)
    }

    let points: PointTable
    let commands: CommandService
    let status: Status
    let registry: Registry

    func answer(_ method: String, _ path: String, _ body: [UInt8]) -> Answer {
        if path == "/health" {
            return get(method) { HttpResponse(status: status.isHealthy ? 200 : 503, body: status.report) }
        }
        if path == "/ws" { return .ready(.error(426, "a WebSocket is here: the request must ask for the upgrade")) }
        if path == "/state" { return get(method) { HttpResponse(status: 200, body: ["points": state]) } }
        if let address = path.dropping(prefix: "/state/") { return get(method) { point(address) } }
        if let address = path.dropping(prefix: "/command/") {
            guard method == "PUT" else { return .ready(Self.notAllowed(method, allow: "PUT")) }
            return command(address, body)
        }
        for table in RegistryTable.allCases {
            if path == "/\(table)" { return entries(method, of: table, body) }
            if let id = path.dropping(prefix: "/\(table)/") { return entry(method, table, id, body) }
        }
        return .ready(
            .error(
                404,
                "nothing is at \(path); there are /health, /state, /state/1/2/3, /command/1/2/3, /areas, /rooms, /devices, /tiles, each with /id, and the WebSocket /ws"
            ))
    }

    private func get(_ method: String, _ response: () -> HttpResponse) -> Answer {
        .ready(method == "GET" || method == "HEAD" ? response() : Self.notAllowed(method, allow: "GET, HEAD"))
    }

    private static func notAllowed(_ method: String, allow: String) -> HttpResponse {
        HttpResponse(status: 405, body: ["error": .string("\(method) is not possible here, \(allow) is")], allow: allow)
    }

    private var state: JSON {
        .object(points.all.map { JSON.Member(name: "\($0.group)", value: $0.state.brief) })
    }

    private func point(_ address: String) -> HttpResponse {
        guard let group = GroupAddress(address) else { return .error(400, "\(address) is not a group address") }
        guard points.declarations[group] != nil else { return .error(404, "\(group) is not a point") }
        guard let state = points[group] else { return .error(404, "\(group) has no value yet") }
        guard case .object(let members) = state.message(group) else { return .error(500, "no object") }
        return HttpResponse(
            status: 200,
            body: .object(members + [.init(name: "updated_at_ms", value: JSON(state.updatedAtMilliseconds))]))
    }

    private func entries(_ method: String, of table: RegistryTable, _ body: [UInt8]) -> Answer {
        switch method {
        case "GET": .registry(.list(table))
        case "POST": create(table, body)
        default: .ready(Self.notAllowed(method, allow: "GET, POST"))
        }
    }

    private func entry(_ method: String, _ table: RegistryTable, _ id: String, _ body: [UInt8]) -> Answer {
        if let objection = Registry.objection(toID: id) { return .ready(.error(400, objection)) }
        return switch method {
        case "GET": .registry(.get(table, id: id))
        case "DELETE": .registry(.delete(table, id: id))
        case "PATCH": table == .devices ? changeAttributes(id, body) : change(table, id, body)
        case "PUT" where table == .devices: put(id, body)
        default:
            .ready(Self.notAllowed(method, allow: "GET, \(table == .devices ? "PUT, " : "")PATCH, DELETE"))
        }
    }

    private func create(_ table: RegistryTable, _ body: [UInt8]) -> Answer {
        let form =
            "the body must be {\"id\":\"…\",\"name\":\"…\"\(table.reference.map { ",\"\($0)\":\"…\"" } ?? "")}"
        guard let members = Self.texts(body, keys: ["id", "name"], table), let id = members["id"],
            let name = members["name"]
        else { return .ready(.error(400, form)) }
        if let objection = Registry.objection(toID: id) ?? Registry.objection(toName: name) {
            return .ready(.error(400, objection))
        }
        return .registry(.create(table, id: id, name: name, parent: table.reference.flatMap { members[$0] }))
    }

    private func change(_ table: RegistryTable, _ id: String, _ body: [UInt8]) -> Answer {
        guard let members = Self.texts(body, keys: ["name"], table), !members.isEmpty else {
            let keys = ["name"] + (table.reference.map { [$0] } ?? [])
            return .ready(.error(400, "the body must be an object with \(keys.joined(separator: " or "))"))
        }
        if let objection = members["name"].flatMap(Registry.objection(toName:)) {
            return .ready(.error(400, objection))
        }
        return .registry(
            .change(table, id: id, name: members["name"], parent: table.reference.flatMap { members[$0] }))
    }

    /// The members of a body that has texts alone, under these keys and that of what is referred to; nil for any other.
    private static func texts(_ body: [UInt8], keys: [String], _ table: RegistryTable) -> [String: String]? {
        guard let document = try? JSONParser.parse(body), case .object(let members) = document else { return nil }
        var texts: [String: String] = [:]
        for member in members {
            guard keys.contains(member.name) || member.name == table.reference, case .string(let text) = member.value
            else { return nil }
            texts[member.name] = text
        }
        return texts
    }

    private func changeAttributes(_ id: String, _ body: [UInt8]) -> Answer {
        guard let document = try? JSONParser.parse(body), case .object(let members) = document, members.count == 1,
            case .object(let attributes) = document["attributes"]
        else { return .ready(.error(400, "the body must be {\"attributes\":{\"…\":…}}")) }
        return .registry(.patch(id: id, attributes: attributes))
    }

    private func put(_ id: String, _ body: [UInt8]) -> Answer {
        guard let document = try? JSONParser.parse(body), case .object(let members) = document, members.count == 1,
            case .string(let name) = document["name"]
        else { return .ready(.error(400, "the body must be {\"name\":\"…\"}")) }
        if let objection = Registry.objection(toName: name) { return .ready(.error(400, objection)) }
        return .registry(.put(id: id, name: name))
    }

    private func command(_ address: String, _ body: [UInt8]) -> Answer {
        guard let group = GroupAddress(address) else {
            return .ready(.error(400, "\(address) is not a group address"))
        }
        guard let command = commands[group] else { return .ready(.error(404, "\(group) is not a command")) }
        let document: JSON
        do throws(JSONParser.Failure) {
            document = try JSONParser.parse(body)
        } catch {
            return .ready(
                .error(
                    400, "the body is not JSON: line \(error.line), column \(error.column): expected \(error.expected)")
            )
        }
        guard case .object(let members) = document, members.count == 1, let wanted = document["value"] else {
            return .ready(.error(400, "the body must be {\"value\":…}"))
        }
        guard let value = command.type.encode(wanted) else {
            return .ready(.error(400, "\(wanted.text) is not a value of type \(command.type)"))
        }
        return .command(command, value)
    }
}

extension String {
    fileprivate func dropping(prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}
