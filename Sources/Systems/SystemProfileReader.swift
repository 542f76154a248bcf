public import Documents
import Events
import Platform

extension SystemProfile {
    private static let keys = [
        "version", "name", "parameters", "programs", "services", "links", "start", "ready", "learns", "login",
        "provision",
        "points", "views", "health", "command", "mutation", "registry", "history", "flood", "host", "rows",
        "processes", "logs", "notices", "limits",
    ]

    /// Reads a parsed profile. Every key is known, every `${name}` refers to something.
    public init(_ node: Node) throws(DocumentFailure) {
        _ = try node.entries(of: "a system profile", keys: Self.keys)
        _ = try node.required("version").integer(1...1)
        name = try node.required("name").text()
        parameters = try node["parameters"].map(Self.parameters) ?? [:]
        directory = Self.directory(of: node.file)
        var values = Substitution(parameters)
        values["profile_directory"] = directory
        var known = ["data", "service_data", "interface", "program_directory"] + values.values.keys.sorted()
        let serviceNodes = try node["services"]?.elements() ?? []
        for service in serviceNodes {
            known.append("service." + (try service.required("id").text()))
            if let gate = service["gate"] { known.append("gate." + (try gate.text())) }
        }
        links = try Self.each(node["links"]) { node throws(DocumentFailure) in try Link(node, known: known) }
        known += links.map { "gate." + $0.id }
        programs = try Self.each(node["programs"]) { node throws(DocumentFailure) in
            try RequiredProgram(node, values: values)
        }
        services = try Self.each(node["services"]) { node throws(DocumentFailure) in try Service(node, known: known) }
        start = try Start(node.required("start"), known: known)
        points = try Points(node.required("points"))
        learns = try Self.each(node["learns"]) { node throws(DocumentFailure) in try Learned(node) }
        try Self.unique(learns.map(\.id), "word to learn", try node["learns"]?.elements() ?? [])
        let learned = learns.map { "learned." + $0.id }
        login = try node["login"].map { node throws(DocumentFailure) in
            try Login(node, known: known + learned)
        }
        provision = try node["provision"].map { node throws(DocumentFailure) in try Provision(node, known: known) }
        views = try Self.each(node["views"]) { node throws(DocumentFailure) in try View(node, known: known) }
        health = try node["health"].map { node throws(DocumentFailure) in try Health(node, known: known) }
        let commandPoints = points.commands
        command = try node["command"].map { node throws(DocumentFailure) in
            try Command(node, known: known, points: commandPoints)
        }
        mutation = try node["mutation"].map { node throws(DocumentFailure) in try Mutation(node, known: known) }
        registry = try node["registry"].map { node throws(DocumentFailure) in try Registry(node, known: known) }
        history = try node["history"].map { node throws(DocumentFailure) in try History(node, known: known) }
        flood = try node["flood"].map { node throws(DocumentFailure) in try Flood(node, known: known) }
        if let host = node["host"] { _ = try host.entries(of: "host", keys: ["files"]) }
        hostFiles = try Self.each(node["host"]?["files"]) { node throws(DocumentFailure) in
            try File(node, known: known)
        }
        rows = try node["rows"].map { node throws(DocumentFailure) in try Rows(node) }
        processes = try Self.each(node["processes"]) { node throws(DocumentFailure) in try ProcessRole(node) }
        logs = try Self.each(node["logs"]) { node throws(DocumentFailure) in try LogPattern(node) }
        let meanings = logs.map(\.means)
        ready = try Ready(node.required("ready"), meanings: meanings)
        notices = try Self.notices(node["notices"], meanings: meanings)
        limits = try Limits(node.required("limits"))
        let processNodes = try node["processes"]?.elements() ?? []
        guard processes.filter(\.isMain).count == 1 else {
            throw (node["processes"] ?? node).failure("exactly one of the processes should have 'main: true'")
        }
        // A service and the main process are units of one host.
        try Self.unique(services.map(\.id) + processes.map(\.id), "service or process", serviceNodes + processNodes)
        for node in processNodes where try node["main"]?.bool() == true {
            let id = try node.required("id")
            guard try id.text() == Self.main else {
                throw id.failure(
                    "the main process should be called '\(Self.main)': reports and checks speak of it by that name")
            }
        }
        let gates = serviceNodes.compactMap { $0["gate"] }
        try Self.unique(
            services.compactMap(\.gate) + links.map(\.id), "gate", gates + (node["links"]?.elements() ?? []))
        try checkRows(node)
        try Self.unique(views.map(\.id), "view", try node["views"]?.elements() ?? [], besides: Self.sources)
    }

    /// Names under which the rig itself speaks in the evidence; a view's id is such a name too.
    private static let sources = [
        "rig", "keeper", "witness", "tracers", "sense", "truth", "health", "process", "log", "gate", "attempts",
        "broker",
        "broker-probe", "commands", "write-probe", "database-check", "mutations", "shutdown", "requests", "registry",
        "registry-rows", "registry-ids", "registry-values", "registry-references", "registry-parents", "registry-looks",
        "name-probe", "history", "clients", "client-count", "service-probe", "link-probe", "rows", "rows-passed",
        "kept-rows", "kept-history", "dropped",
    ]

    /// Rows need their view, their gate, and a health that counts them, if anything does; and a view of rows needs to know how to read them.
    private func checkRows(_ node: Node) throws(DocumentFailure) {
        let ofRows = views.filter { if case .rows = $0.source { true } else { false } }.map(\.id)
        guard let rows, let rowsNode = node["rows"] else {
            guard let first = ofRows.first else { return }
            throw (node["views"] ?? node).failure(
                "the view '\(first)' shows rows, and 'rows' is missing: it says how to read them")
        }
        guard ofRows.contains(rows.view) else {
            throw try rowsNode.required("view").failure(
                "no view of the kind 'rows' is called '\(rows.view)'"
                    + Nearest.suggestion(for: rows.view, among: ofRows))
        }
        let gates = services.compactMap(\.gate)
        guard gates.contains(rows.gate) else {
            throw try rowsNode.required("gate").failure(
                "no service has a gate '\(rows.gate)'" + Nearest.suggestion(for: rows.gate, among: gates))
        }
        guard rows.dropped == nil || health != nil else {
            throw (rowsNode["dropped"] ?? rowsNode).failure(
                "'dropped' points into the answer of 'health', which is missing")
        }
    }

    /// What every system's main process is called, whatever its program's name is.
    private static let main = "controller"

    /// The directory of a file, absolute where it is there.
    private static func directory(of file: String) -> String {
        let path = file.lastIndex(of: "/").map { String(file[..<$0]) } ?? "."
        return Files.resolved(path) ?? path
    }

    static func each<Element>(
        _ node: Node?, _ read: (Node) throws(DocumentFailure) -> Element
    ) throws(DocumentFailure) -> [Element] {
        var elements: [Element] = []
        for node in try node?.elements() ?? [] { elements.append(try read(node)) }
        return elements
    }

    private static func parameters(_ node: Node) throws(DocumentFailure) -> [String: String] {
        var parameters: [String: String] = [:]
        for entry in try node.entries(of: "parameters") { parameters[entry.key] = try entry.value.text() }
        return parameters
    }

    private static func notices(_ node: Node?, meanings: [String]) throws(DocumentFailure) -> [String: [String]] {
        var notices: [String: [String]] = [:]
        for entry in try node?.entries(of: "notices") ?? [] {
            notices[entry.key] = try each(entry.value) { node throws(DocumentFailure) in
                try node.meaning(among: meanings)
            }
        }
        return notices
    }

    /// Refuses ids that occur twice, are taken by the rig, or would not do as the name of a file.
    private static func unique(
        _ ids: [String], _ what: String, _ nodes: [Node], besides taken: [String] = []
    ) throws(DocumentFailure) {
        for (index, id) in ids.enumerated() {
            guard !ids[..<index].contains(id) else {
                throw nodes[index].failure("there is another \(what) '\(id)' above")
            }
            guard !taken.contains(id) else {
                throw nodes[index].failure("'\(id)' is a name of the rig's own: the \(what) needs another")
            }
            guard !id.isEmpty, id.utf8.allSatisfy({ isPlain($0) }) else {
                throw nodes[index].failure("'\(id)' should be made of a-z, A-Z, 0-9, - and _ only")
            }
        }
    }

    private static func isPlain(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

extension Node {
    /// A meaning that one of the profile's log patterns has.
    fileprivate func meaning(among meanings: [String]) throws(DocumentFailure) -> String {
        let text = try text()
        guard meanings.contains(text) else {
            throw failure("no line of 'logs' means '\(text)'" + Nearest.suggestion(for: text, among: meanings))
        }
        return text
    }

    fileprivate func templates(_ known: [String]) throws(DocumentFailure) -> [Template] {
        try SystemProfile.each(self) { node throws(DocumentFailure) in try Template(node, known: known) }
    }

    fileprivate func durations() throws(DocumentFailure) -> [String: Int64] {
        var durations: [String: Int64] = [:]
        for entry in try entries(of: "limits by kind of fault") {
            durations[entry.key] = try entry.value.nanoseconds()
        }
        return durations
    }
}

extension SystemProfile.File {
    init(_ node: Node, known: [String]) throws(DocumentFailure) {
        _ = try node.entries(of: "a file", keys: ["path", "text", "executable"])
        path = try Template(node.required("path"), known: known)
        text = try Template(node.required("text"), known: known)
        isExecutable = try node["executable"]?.bool() ?? false
    }
}

extension SystemProfile.Service {
    init(_ node: Node, known: [String]) throws(DocumentFailure) {
        _ = try node.entries(of: "a service", keys: ["id", "run", "files", "ready", "gate", "restart", "own_network"])
        needsOwnNetwork = try node["own_network"]?.bool() ?? false
        id = try node.required("id").text()
        run = try node.required("run").templates(known)
        guard !run.isEmpty else { throw try node.required("run").failure("a program was expected here") }
        files = try SystemProfile.each(node["files"]) { node throws(DocumentFailure) in
            try SystemProfile.File(node, known: known)
        }
        if let ready = node["ready"] {
            _ = try ready.entries(of: "ready of a service", keys: ["tcp"])
            readyPort = try Template(ready.required("tcp"), known: known)
        }
        gate = try node["gate"]?.text()
        if let restart = node["restart"] {
            _ = try restart.entries(of: "restart of a service", keys: ["after"])
            restartAfterNanoseconds = try restart.required("after").nanoseconds()
        }
    }
}

extension SystemProfile.Start {
    init(_ node: Node, known: [String]) throws(DocumentFailure) {
        _ = try node.entries(
            of: "start",
            keys: ["run", "environment", "build", "without", "protections", "stop_within", "files", "on_boot"])
        run = try node.required("run").templates(known)
        guard !run.isEmpty else { throw try node.required("run").failure("a program was expected here") }
        environment = [:]
        for entry in try node["environment"]?.entries(of: "environment") ?? [] {
            environment[entry.key] = try Template(entry.value, known: known)
        }
        build = try node["build"].map { node throws(DocumentFailure) in try Template(node, known: known) }
        without = try node["without"]?.templates(known + ["protection"]) ?? []
        protections = try SystemProfile.each(node["protections"]) { node throws(DocumentFailure) in try node.text() }
        stopWithinNanoseconds = try node["stop_within"]?.nanoseconds() ?? 10_000_000_000
        files = try SystemProfile.each(node["files"]) { node throws(DocumentFailure) in
            try SystemProfile.File(node, known: known)
        }
        onBoot = try node["on_boot"].map { node throws(DocumentFailure) in try Template(node, known: known) }
        if !protections.isEmpty, without.isEmpty {
            throw node.failure("'without' is missing here: it says how a protection is switched off")
        }
    }
}

extension SystemProfile.Ready {
    init(_ node: Node, meanings: [String]) throws(DocumentFailure) {
        _ = try node.entries(of: "ready", keys: ["log", "within"])
        log = try node.required("log").meaning(among: meanings)
        withinNanoseconds = try node.required("within").nanoseconds()
    }
}

extension SystemProfile.PointRange {
    init(_ node: Node, otherKeys: [String] = []) throws(DocumentFailure) {
        _ = try node.entries(of: "points of one use", keys: ["groups", "type"] + otherKeys)
        addresses = try GroupAddressText.range(node.required("groups"))
        type = try node.required("type").datapointType()
        isAnswered = try node["answered"]?.bool() ?? false
    }
}

extension Node {
    /// A datapoint type such as `9.001`.
    fileprivate func datapointType() throws(DocumentFailure) -> String {
        let text = try text()
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, UInt16(parts[0]) != nil, UInt16(parts[1]) != nil else {
            throw failure("'\(text)' should be a datapoint type such as 9.001")
        }
        return text
    }

    fileprivate func groupAddress() throws(DocumentFailure) -> UInt16 {
        let text = try text()
        guard let address = GroupAddressText.address(text) else {
            throw failure("'\(text)' should be a group address such as 1/2/0")
        }
        return address
    }
}

extension SystemProfile.Points {
    init(_ node: Node) throws(DocumentFailure) {
        _ = try node.entries(of: "points", keys: ["tracers", "sentinels", "repeats", "spares", "devices", "commands"])
        let range = { (node: Node) throws(DocumentFailure) in try SystemProfile.PointRange(node) }
        tracers = try node["tracers"].map { node throws(DocumentFailure) in
            try SystemProfile.PointRange(node, otherKeys: ["answered"])
        }
        sentinels = try node["sentinels"].map(range)
        repeats = try node["repeats"].map(range)
        spares = try node["spares"].map(range)
        devices = try node["devices"].map(range)
        commands = try SystemProfile.each(node["commands"]) { node throws(DocumentFailure) in
            _ = try node.entries(of: "a command", keys: ["group", "status", "type"])
            let type = try node.required("type")
            guard CommandValue.alternating(type: try type.datapointType(), turn: 0) != nil else {
                throw type.failure(
                    "the rig has no values to command for type \(try type.text()): expected one such as 1.001, 5.001, 9.001 or 14.056"
                )
            }
            return SystemProfile.CommandPoint(
                group: try node.required("group").groupAddress(), status: try node.required("status").groupAddress(),
                type: try node.required("type").datapointType())
        }
    }
}

extension SystemProfile.View {
    init(_ node: Node, known: [String]) throws(DocumentFailure) {
        _ = try node.entries(of: "a view")
        id = try node.required("id").text()
        source = try ViewSource(node, known: known)
        isStreaming = try node["streaming"]?.bool() ?? false
        suppresses = try node["suppresses"]?.choice("suppression")
        if node["limit"] == nil, let usual = source.usualLimitNanoseconds {
            limitNanoseconds = usual
        } else {
            limitNanoseconds = try node.required("limit").nanoseconds()
        }
        queue = try node["queue"].map { node throws(DocumentFailure) in try Queue(node, known: known) }
        if let queue = node["queue"], !isStreaming {
            throw queue.failure("a 'queue' stands before a view that streams: of others nobody sees single telegrams")
        }
    }
}

extension SystemProfile.View.Queue {
    init(_ node: Node, known: [String]) throws(DocumentFailure) {
        _ = try node.entries(of: "a queue", keys: ["bound", "dropped"])
        bound = try node.required("bound").integer(1...1999)
        let counter = try node.required("dropped")
        _ = try counter.entries(of: "dropped of a queue", keys: ["port", "path", "count"])
        port = try Template(counter.required("port"), known: known)
        path = try Template(counter.required("path"), known: known)
        dropped = try counter.required("count").text()
    }
}

extension SystemProfile.Health {
    init(_ node: Node, known: [String]) throws(DocumentFailure) {
        _ = try node.entries(of: "health", keys: ["http", "every"])
        let http = try node.required("http")
        _ = try http.entries(of: "http of health", keys: ["port", "path", "healthy", "holds"])
        port = try Template(http.required("port"), known: known)
        path = try Template(http.required("path"), known: known)
        healthyStatus = try http.required("healthy").integer(100...599)
        holds = [:]
        for entry in try http["holds"]?.entries(of: "holds") ?? [] {
            guard entry.key.hasPrefix("/") else {
                throw DocumentFailure(
                    file: http.file, position: entry.keyPosition,
                    message: "'\(entry.key)' should be a JSON pointer such as /mqtt/connected")
            }
            let text = try entry.value.text()
            // A truth or a number as JSON has it, or else a text.
            switch try? JSON.parse(text) {
            case .some(let value) where value.bool != nil || value.integer != nil: holds[entry.key] = value
            default: holds[entry.key] = .text(text)
            }
        }
        everyNanoseconds = try node.required("every").interval()
    }
}

extension SystemProfile.Command {
    init(_ node: Node, known: [String], points: [SystemProfile.CommandPoint]) throws(DocumentFailure) {
        _ = try node.entries(of: "command", keys: ["http", "success", "words", "every", "mqtt"])
        let http = try node.required("http")
        _ = try http.entries(of: "http of command", keys: ["port", "method", "path", "body", "within"])
        let known = known + ["group", "id", "value"]
        port = try Template(http.required("port"), known: known)
        method = try http.required("method").text()
        path = try Template(http.required("path"), known: known)
        body = try http["body"].map { node throws(DocumentFailure) in try Template(node, known: known) }
        withinNanoseconds = try http.required("within").nanoseconds()
        success = try SystemProfile.each(node.required("success")) { node throws(DocumentFailure) in
            try node.integer(100...599)
        }
        words = [:]
        let values = Set(
            points.flatMap { point in [0, 1].compactMap { CommandValue.alternating(type: point.type, turn: $0)?.json } }
        )
        for entry in try node["words"]?.entries(of: "words") ?? [] {
            guard values.contains(entry.key) else {
                throw DocumentFailure(
                    file: node.file, position: entry.keyPosition,
                    message: "there is no value '\(entry.key)' to command"
                        + Nearest.suggestion(for: entry.key, among: values.sorted()))
            }
            words[entry.key] = try entry.value.text()
        }
        everyNanoseconds = try node.required("every").interval()
        mqtt = try node["mqtt"].map { node throws(DocumentFailure) in try MQTT(node, known: known) }
    }
}

extension SystemProfile.Command.MQTT {
    /// - Parameter known: What topic and payload may refer to.
    init(_ node: Node, known: [String]) throws(DocumentFailure) {
        _ = try node.entries(
            of: "mqtt of command", keys: ["port", "topic", "payload", "within", "acknowledge"])
        port = try Template(node.required("port"), known: known)
        topic = try Template(node.required("topic"), known: known)
        let payloadNode = try node.required("payload")
        payload = try Template(payloadNode, known: known + ["command"])
        guard try payloadNode.text().contains("${command}") else {
            throw payloadNode.failure(
                "'${command}' is missing here: without the command's id nobody can tell which answer is its own")
        }
        withinNanoseconds = try node.required("within").nanoseconds()
        let acknowledge = try node.required("acknowledge")
        _ = try acknowledge.entries(of: "acknowledge", keys: ["topic", "id", "status", "success"])
        acknowledgeTopic = try Template(acknowledge.required("topic"), known: known)
        id = try acknowledge.required("id").text()
        status = try acknowledge.required("status").text()
        success = try SystemProfile.each(acknowledge.required("success")) { node throws(DocumentFailure) in
            try node.text()
        }
    }
}

extension SystemProfile.Mutation {
    init(_ node: Node, known: [String]) throws(DocumentFailure) {
        _ = try node.entries(of: "mutation", keys: ["http", "success", "every", "keys", "read"])
        let http = try node.required("http")
        _ = try http.entries(of: "http of mutation", keys: ["port", "method", "path", "body", "within"])
        let filled = known + ["key", "text"]
        port = try Template(http.required("port"), known: known)
        method = try http.required("method").text()
        path = try Template(http.required("path"), known: filled)
        body = try http["body"].map { node throws(DocumentFailure) in try Template(node, known: filled) }
        withinNanoseconds = try http.required("within").nanoseconds()
        success = try SystemProfile.each(node.required("success")) { node throws(DocumentFailure) in
            try node.integer(100...599)
        }
        everyNanoseconds = try node.required("every").interval()
        keys = try node.required("keys").integer(1...1000)
        let read = try node.required("read")
        _ = try read.entries(of: "read of mutation", keys: ["path", "entries", "key", "text"])
        readPath = try Template(read.required("path"), known: known)
        entries = try read.required("entries").text()
        key = try read["key"]?.pointer()
        text = try read.required("text").text()
    }
}

extension SystemProfile.History {
    init(_ node: Node, known: [String]) throws(DocumentFailure) {
        _ = try node.entries(of: "history", keys: ["path", "bound", "rows", "repeats", "old", "age", "entries"])
        path = try Template(node.required("path"), known: known)
        bound = Int64(try node.required("bound").integer(1...100_000_000))
        rows = try node.required("rows").text()
        repeats = try node.required("repeats").text()
        old = try node.required("old").text()
        age = try node.required("age").text()
        entries = try node["entries"]?.text()
    }
}

extension SystemProfile.Flood {
    init(_ node: Node, known: [String]) throws(DocumentFailure) {
        _ = try node.entries(of: "flood", keys: ["port", "read", "oversize"])
        port = try Template(node.required("port"), known: known)
        readPath = try Template(node.required("read"), known: known)
        let oversize = try node.required("oversize")
        _ = try oversize.entries(of: "oversize", keys: ["method", "path", "body", "octets", "refused"])
        oversizeMethod = try oversize.required("method").text()
        oversizePath = try Template(oversize.required("path"), known: known)
        oversizeBody = try oversize.required("body").text()
        oversizeOctets = try oversize.required("octets").integer(1...100_000_000)
        refused = try SystemProfile.each(oversize.required("refused")) { node throws(DocumentFailure) in
            try node.integer(400...499)
        }
    }
}

extension SystemProfile.Rows {
    init(_ node: Node) throws(DocumentFailure) {
        _ = try node.entries(of: "rows", keys: ["view", "gate", "write", "bound", "dropped"])
        view = try node.required("view").text()
        gate = try node.required("gate").text()
        let write = try node.required("write")
        _ = try write.entries(of: "write of rows", keys: ["method", "path", "label", "group", "field"])
        method = try write.required("method").text()
        path = try write.required("path").text()
        label = try write.required("label").text()
        name =
            try write["group"].map { node throws(DocumentFailure) in try PointName(node, key: "after") }
            ?? PointName(after: "")
        field = try write.required("field").text()
        bound = try node.required("bound").integer(1...1_000_000)
        dropped = try node["dropped"].map { node throws(DocumentFailure) in try node.pointer() }
    }
}

extension SystemProfile.ProcessRole {
    init(_ node: Node) throws(DocumentFailure) {
        _ = try node.entries(of: "a process", keys: ["id", "main", "command"])
        id = try node.required("id").text()
        isMain = try node["main"]?.bool() ?? false
        command = try node["command"]?.text()
        guard isMain || command != nil else {
            throw node.failure("'command' is missing here: the program's name of a process below the main one")
        }
    }
}

extension SystemProfile.LogPattern {
    init(_ node: Node) throws(DocumentFailure) {
        _ = try node.entries(of: "a pattern", keys: ["pattern", "means"])
        pattern = try TextPattern(notEmpty: node.required("pattern"))
        means = try node.required("means").text()
    }
}

extension SystemProfile.Limits {
    init(_ node: Node) throws(DocumentFailure) {
        _ = try node.entries(
            of: "limits",
            keys: [
                "recover", "recover_damaged_link", "detect", "descriptors", "memory_kilobytes", "growth_kilobytes",
                "growth_permille",
                "daemon_detects_after",
            ])
        recover = try node["recover"]?.durations() ?? [:]
        detect = try node["detect"]?.durations() ?? [:]
        descriptors = try node["descriptors"]?.integer(0...10_000) ?? 2
        memoryKilobytes = try node["memory_kilobytes"]?.integer(1...100_000_000) ?? 16_384
        recoverDamagedNanoseconds = try node["recover_damaged_link"]?.nanoseconds()
        growthKilobytes = try node["growth_kilobytes"]?.integer(0...100_000_000) ?? 128
        growthPermille = try node["growth_permille"]?.integer(0...100_000) ?? 200
        daemonDetectsAfter = try SystemProfile.each(node["daemon_detects_after"]) { node throws(DocumentFailure) in
            try node.nanoseconds()
        }
    }
}
