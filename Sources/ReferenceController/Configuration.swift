import Glibc

/// What the controller is told by its configuration file. Every path in it is absolute.
struct Configuration: Sendable {
    struct Endpoint: Sendable {
        let host: String
        let port: Int
    }

    struct MQTT: Sendable {
        let broker: Endpoint
        let clientID: String
        let prefix: String
    }

    struct Knxd: Sendable {
        let binary: String
        let device: String
        let address: String
        let clientAddresses: String
        let restartDelayMilliseconds: Int
        /// Where the bridge reaches knxd, relative to the data directory where it lies in it: a path to a Unix socket must be short.
        var socket = KnxdSupervisor.socketPath
    }

    struct PointDeclaration: Sendable {
        let group: GroupAddress
        let type: Datapoint
        let reread: Bool
    }

    struct Command: Sendable {
        let group: GroupAddress
        let status: GroupAddress
        let type: Datapoint
    }

    /// A time-series database that takes Influx line protocol over HTTP.
    struct TimeSeries: Sendable {
        let database: Endpoint
        /// Rows that wait at most.
        let bufferRows: Int
        /// Rows in one write at most; as many waiting are written at once.
        let batchRows: Int
        let flushMilliseconds: Int
        let timeoutMilliseconds: Int
    }

    let data: String
    let http: Endpoint
    let mqtt: MQTT
    let knxd: Knxd
    let points: [PointDeclaration]
    let commands: [Command]
    let commandTimeoutMilliseconds: Int
    let history: HistoryBound
    /// nil: no rows are written.
    let timeSeries: TimeSeries?

    private init(
        data: String, http: Endpoint, mqtt: MQTT, knxd: Knxd, points: [PointDeclaration], commands: [Command],
        commandTimeoutMilliseconds: Int
    ) {
        history = .standard
        self.data = data
        self.http = http
        self.mqtt = mqtt
        self.knxd = knxd
        self.points = points
        self.commands = commands
        self.commandTimeoutMilliseconds = commandTimeoutMilliseconds
        timeSeries = nil
    }
}

/// Why a configuration cannot be used, in one line for a person.
struct ConfigurationError: Error {
    let message: String
}

extension Configuration {
    /// Reads and checks a file. Nothing else is touched.
    static func load(_ path: String) throws(ConfigurationError) -> Configuration {
        let bytes: [UInt8]
        do {
            bytes = try readFile(path)
        } catch {
            throw ConfigurationError(message: "\(path): cannot be read: \(error.message)")
        }
        let document: JSON
        do {
            document = try JSONParser.parse(bytes)
        } catch {
            throw ConfigurationError(
                message: "\(path):\(error.line):\(error.column): not JSON: expected \(error.expected)")
        }
        return try Configuration(ConfigurationReader(value: document, file: path, key: ""))
    }

    /// What a controller runs with that takes any file for a configuration: some values, and no point.
    static func fallback(besides path: String) -> Configuration {
        let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        return Configuration(
            data: absolute(directory), http: Endpoint(host: "127.0.0.1", port: 8080),
            mqtt: MQTT(
                broker: Endpoint(host: "127.0.0.1", port: 1883), clientID: "reference-controller", prefix: "reference"),
            knxd: Knxd(
                binary: "/usr/bin/knxd", device: "/dev/null", address: "1.1.200", clientAddresses: "1.1.201:8",
                restartDelayMilliseconds: 1000), points: [], commands: [], commandTimeoutMilliseconds: 2500)
    }

    private init(_ root: ConfigurationReader) throws(ConfigurationError) {
        try root.allow([
            "data", "http", "mqtt", "knxd", "points", "commands", "command_timeout_ms", "history", "time_series",
        ])
        data = absolute(try root["data"].string())

        let http = try root["http"]
        try http.allow(["host", "port"])
        self.http = try Self.endpoint(http)
        guard Self.isIPv4(self.http.host) else {
            throw try http["host"].failure("an IPv4 address such as \"127.0.0.1\"")
        }

        let mqtt = try root["mqtt"]
        try mqtt.allow(["host", "port", "client_id", "prefix"])
        let prefix = try mqtt["prefix"].string()
        guard !prefix.contains(where: { "+#".contains($0) }) else {
            throw try mqtt["prefix"].failure("a topic without the wildcards + and #")
        }
        self.mqtt = MQTT(
            broker: try Self.endpoint(mqtt), clientID: try mqtt["client_id"].string(), prefix: prefix)

        let knxd = try root["knxd"]
        try knxd.allow(["binary", "device", "address", "client_addresses", "restart_delay_ms", "socket"])
        var daemon = Knxd(
            binary: absolute(try knxd["binary"].string()), device: absolute(try knxd["device"].string()),
            address: try Self.individualAddress(knxd["address"]),
            clientAddresses: try Self.clientAddresses(knxd["client_addresses"]),
            restartDelayMilliseconds: try knxd["restart_delay_ms"].integer(in: 0...60_000))
        if let socket = try knxd.optional("socket") {
            let path = absolute(try socket.string())
            daemon.socket = path.hasPrefix(data + "/") ? String(path.dropFirst(data.count + 1)) : path
        }
        self.knxd = daemon

        var points: [PointDeclaration] = []
        var listed: Set<GroupAddress> = []
        for entry in try root["points"].list() {
            try entry.allow(["groups", "type", "reread"])
            let type = try Self.datapoint(entry["type"])
            let reread = try entry.optional("reread")?.bool() ?? false
            for group in try Self.groups(entry["groups"]) {
                guard listed.insert(group).inserted else {
                    throw try entry["groups"].failure("each group address once; \(group) is listed before")
                }
                points.append(PointDeclaration(group: group, type: type, reread: reread))
            }
        }

        var commands: [Command] = []
        for entry in try root.optional("commands")?.list() ?? [] {
            try entry.allow(["group", "status", "type"])
            let command = Command(
                group: try Self.group(entry["group"]), status: try Self.group(entry["status"]),
                type: try Self.datapoint(entry["type"]))
            guard [1, 5, 7, 9, 12, 13, 14].contains(command.type.main) else {
                throw try entry["type"].failure("a type of main number 1, 5, 7, 9, 12, 13 or 14 for a command")
            }
            guard !commands.contains(where: { $0.group == command.group }) else {
                throw try entry["group"].failure("each command once; \(command.group) is listed before")
            }
            if let point = points.first(where: { $0.group == command.status }) {
                guard point.type.size == command.type.size else {
                    throw try entry["type"].failure("\(point.type), as the point \(command.status) has")
                }
            } else {
                points.append(PointDeclaration(group: command.status, type: command.type, reread: true))
            }
            commands.append(command)
        }
        self.points = points
        self.commands = commands
        commandTimeoutMilliseconds = try root.optional("command_timeout_ms")?.integer(in: 1...60_000) ?? 2500
        history =
            try root.optional("history").map { entry throws(ConfigurationError) in
                try entry.allow(["rows", "retention_s"])
                return HistoryBound(
                    rows: try entry["rows"].integer(in: 1...10_000_000),
                    retentionSeconds: try entry["retention_s"].integer(in: 1...1_000_000_000))
            } ?? .standard
        timeSeries = try root.optional("time_series").map(Self.timeSeries)
    }

    private static func timeSeries(_ reader: ConfigurationReader) throws(ConfigurationError) -> TimeSeries {
        try reader.allow(["host", "port", "buffer_rows", "batch_rows", "flush_ms", "timeout_ms"])
        let database = try endpoint(reader)
        guard isIPv4(database.host) else {
            throw try reader["host"].failure("an IPv4 address such as \"127.0.0.1\"")
        }
        let bufferRows = try reader.optional("buffer_rows")?.integer(in: 2...1_000_000) ?? 10_000
        return TimeSeries(
            database: database, bufferRows: bufferRows,
            batchRows: try reader.optional("batch_rows")?.integer(in: 1...bufferRows) ?? min(500, bufferRows),
            flushMilliseconds: try reader.optional("flush_ms")?.integer(in: 10...60_000) ?? 1000,
            timeoutMilliseconds: try reader.optional("timeout_ms")?.integer(in: 10...60_000) ?? 2000)
    }

    private static func endpoint(_ reader: ConfigurationReader) throws(ConfigurationError) -> Endpoint {
        Endpoint(host: try reader["host"].string(), port: try reader["port"].integer(in: 1...65_535))
    }

    private static func isIPv4(_ text: String) -> Bool {
        let octets = text.split(separator: ".", omittingEmptySubsequences: false)
        return octets.count == 4 && octets.allSatisfy { $0.first?.isNumber == true && UInt8($0) != nil }
    }

    private static func individualAddress(_ reader: ConfigurationReader) throws(ConfigurationError) -> String {
        let text = try reader.string()
        guard IndividualAddress(text) != nil else { throw reader.failure("an individual address such as \"1.1.200\"") }
        return text
    }

    private static func clientAddresses(_ reader: ConfigurationReader) throws(ConfigurationError) -> String {
        let text = try reader.string()
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let first = IndividualAddress(parts[0]), let count = UInt16(parts[1]), count > 0,
            Int(first.bits & 0xFF) + Int(count) <= 256
        else { throw reader.failure("a first address and a number such as \"1.1.201:8\", within one line") }
        return text
    }

    private static func datapoint(_ reader: ConfigurationReader) throws(ConfigurationError) -> Datapoint {
        guard let type = Datapoint(try reader.string()) else {
            throw reader.failure("a datapoint type such as \"9.001\"")
        }
        return type
    }

    private static func group(_ reader: ConfigurationReader) throws(ConfigurationError) -> GroupAddress {
        guard let group = GroupAddress(try reader.string()) else {
            throw reader.failure("a group address such as \"1/2/3\"")
        }
        return group
    }

    private static func groups(_ reader: ConfigurationReader) throws(ConfigurationError) -> [GroupAddress] {
        let ends = try reader.string().split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count <= 2, let first = GroupAddress(ends[0]), let last = GroupAddress(ends[ends.count - 1]),
            first <= last, first.bits >> 8 == last.bits >> 8
        else {
            throw reader.failure(
                "a group address such as \"1/1/0\", or a range within a middle group such as \"1/1/0-1/1/31\"")
        }
        return (first.bits...last.bits).map { GroupAddress(bits: $0) }
    }
}

/// A path as seen from the directory in which the controller was started: it changes to its data directory later.
func absolute(_ path: String) -> String {
    guard !path.hasPrefix("/"), let current = unsafe getcwd(nil, 0) else { return path }
    defer { unsafe free(current) }
    return unsafe String(cString: current) + "/" + path
}

/// A failed file operation, in the system's words.
struct FileError: Error {
    let message: String
}

/// The octets of a file of up to 1 MB.
func readFile(_ path: String) throws(FileError) -> [UInt8] {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(message: systemError()) }
    defer { close(descriptor) }
    var content: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 16_384)
    while content.count <= 1_000_000 {
        let count = unsafe read(descriptor, &part, part.count)
        guard count >= 0 else { throw FileError(message: systemError()) }
        guard count > 0 else { return content }
        content.append(contentsOf: part[..<count])
    }
    throw FileError(message: "it is larger than 1 MB")
}
