import Documents
import Testing

@testable import Systems

@Suite struct SystemProfileTests {
    static let path = Repository.path("rigs/systems/reference-controller.yaml")

    static func text() throws -> String {
        String(decoding: try DataDirectories.read(path), as: UTF8.self)
    }

    @Test func theReferenceProfileSaysWhatItShould() throws {
        let profile = try SystemProfile.load(Self.path)
        #expect(profile.name == "reference-controller")
        #expect(profile.programs.map(\.package) == ["knxd", "mosquitto", "dnsmasq-base", "victoria-metrics"])
        #expect(profile.services.map(\.id) == ["broker", "resolver", "victoria-metrics"])
        #expect(profile.services.first?.gate == "broker")
        #expect(
            profile.start.protections == [
                "knxd.restart", "knxd.restart-unlimited", "knxd.reread", "knxd.reread-interrupted", "knxd.watchdog",
                "interface.reopen", "mqtt.reconnect", "mqtt.resubscribe", "mqtt.backoff", "mqtt.patience",
                "state.resync",
                "db.busy-retry",
                "db.off-live-path", "db.write-errors-handled", "start.mqtt-optional", "db.commit-before-answer",
                "shutdown.flush", "shutdown.order", "shutdown.close", "parser.skip-malformed", "parser.keep-connection",
                "parser.fresh-message",
                "start.lock-hint",
                "config.validate",
                "config.place", "config.before-listening", "config.before-writing", "db.unique", "db.foreign-keys",
                "db.references-declared", "api.serialise", "bridge.supervise", "history.dedup", "history.prune",
                "api.limits", "api.busy-wait",
                "api.busy-bound", "api.errors-told", "offline-first", "start.on-boot", "ws.cleanup", "ws.try-send",
                "tsdb.buffer-bound", "tsdb.async", "tsdb.retry", "tsdb.same-stamp", "queue.bound", "queue.newest-wins",
                "order.per-address", "commands.confirmed", "intake.after-loss", "reconnect.releases",
                "intake.after-silence",
            ])
        #expect(profile.start.stopWithinNanoseconds == 5_000_000_000)
        #expect(profile.points.tracers?.addresses.count == 24)
        #expect(profile.points.tracers?.addresses.first == 0x0900)
        #expect(profile.points.commands.map(\.status) == [0x0A64, 0x0A65])
        #expect(profile.command?.mqtt?.success == ["done"])
        #expect(profile.views.map(\.id) == ["mqtt", "websocket", "http", "database", "timeseries"])
        #expect(profile.views.map(\.isStreaming) == [true, true, false, false, false])
        #expect(profile.webSocketClients?.silentWithinNanoseconds == 20_000_000_000)
        #expect(profile.webSocketClients?.backlog == 256)
        #expect(profile.webSocketClients?.count?.pointer == "/websocket_clients")
        #expect(profile.views.map(\.isHistory) == [false, false, false, false, true])
        #expect(profile.rows?.bound == 40 && profile.rows?.gate == "time-series-database")
        #expect(profile.views.first?.suppresses == .sameValue)
        #expect(profile.views.map(\.queue?.bound) == [256, nil, nil, nil, nil])
        #expect(profile.views.first?.queue?.dropped == "/mqtt_dropped")
        #expect(profile.health?.everyNanoseconds == 200_000_000)
        #expect(profile.command?.success == [200])
        #expect(profile.limits.recover["bus-cut"] == 30_000_000_000)
        #expect(profile.limits.daemonDetectsAfter == [5_000_000_000, 12_800_000_000])
        #expect(profile.notices["broker-down"] == ["broker lost"])
    }

    @Test func referencesAreFilled() throws {
        let profile = try SystemProfile.load(Self.path)
        var substitution = Substitution(["data": "/run/x", "service.broker": "18830", "gate.broker": "18831"])
        let file = try #require(profile.services.first?.files.first)
        #expect(try file.path.filled(by: substitution) == "/run/x/mosquitto.conf")
        #expect(try file.text.filled(by: substitution).hasPrefix("listener 18830 127.0.0.1\n"))
        #expect(try profile.services.first?.readyPort?.port(by: substitution) == 18830)
        let controller = try #require(profile.start.files.first)
        let failure = #expect(throws: DocumentFailure.self) { try controller.text.filled(by: substitution) }
        #expect(failure?.message.contains("'${http_port}' has no value") == true)
        substitution["service.broker"] = "0"
        #expect(throws: DocumentFailure.self) { try profile.services.first?.readyPort?.port(by: substitution) }
    }

    /// What is written wrong, and what the message must say about it.
    @Test(arguments: [
        ("    - parents: areas", "    - parents: rooms", "two relations have the parents 'rooms'"),
        ("    - parents: areas", "    - parent: areas", "a relation has no key 'parent': did you mean 'parents'?"),
        ("reference: {from: rooms.area,", "reference: {from: rooms,", "'rooms' should be a column of a table such as"),
        ("to: areas.id}", "to: 'areas.id]--'}", "'areas.id]--' should be a column of a table such as devices.room"),
        ("      reference: {from: rooms.area, to: areas.id}\n", "", "'reference' is missing"),
        ("declined: [429]", "declined: [200]", "200 is outside 400…499"),
        ("absent: [404]}\n  get", "absent: [500]}\n  get", "500 is outside 400…499"),
        ("done: [200], conflict: [409], absent", "done: [409], conflict: [409], absent", "409 is outside 200…299"),
        ("conflict: [409], absent: [404]", "conflict: [404], absent: [404]", "one status cannot mean two things"),
        ("declined: [429]", "declines: [429]", "registry has no key 'declines': did you mean 'declined'?"),
        ("text: /name, changes", "text: name, changes", "should be a JSON pointer"),
        ("views:", "veiws:", "a system profile has no key 'veiws': did you mean 'views'?"),
        ("    group: /group", "    grup: /group", "a websocket view has no key 'grup': did you mean 'group'?"),
        ("    group: /group", "    group: group", "'group' should be a JSON pointer such as /raw"),
        ("silent_within: 20 s, ", "", "silent_within"),
        ("pointer: /websocket", "pointr: /websocket", "has no key 'pointr'"),
        ("queue: {bound: 256", "queue: {bound: 2000", "2000 is outside 1…1999"),
        ("queue: {bound: 256", "queue: {limit: 160", "a queue has no key 'limit'"),
        ("/health, count: /mqtt", "/health, counts: /mqtt", "did you mean 'count'?"),
        (
            "    kind: http\n", "    kind: http\n    queue: {bound: 5, dropped: {port: \"80\", path: /x, count: /y}}\n",
            "a 'queue' stands before a view that streams"
        ),
        ("    topic:", "    topics:", "an mqtt view has no key 'topics': did you mean 'topic'?"),
        (
            "kind: sqlite", "kind: sqlte",
            "'sqlte' is no kind of view: expected mqtt, websocket, http, sqlite, rows, promql, output: did you mean 'sqlite'?"
        ),
        ("gate: broker", "gate: brocker", "nothing is called '${gate.broker}' here: did you mean '${gate.brocker}'?"),
        ("${http_port}\"\n    path: /state", "${http_prot}\"\n    path: /state", "did you mean 'http_port'?"),
        ("ready: {log: ready", "ready: {log: redy", "no line of 'logs' means 'redy': did you mean 'ready'?"),
        ("broker-down: [broker lost]", "broker-down: [broker lots]", "did you mean 'broker lost'?"),
        ("stop_within: 5 s", "stop_within: 5", "'5' should be a length of time"),
        ("groups: 1/1/0-1/1/23", "groups: 1/1/0-1/2/23", "should rise within one middle group"),
        ("group: 1/2/0,", "group: 1/8/0,", "'1/8/0' should be a group address"),
        ("suppresses: same-value", "suppresses: same-values", "did you mean 'same-value'?"),
        ("  - id: http", "  - id: mqtt", "there is another view 'mqtt' above"),
        ("  - id: http", "  - id: health", "'health' is a name of the rig's own"),
        ("  - id: http", "  - id: a/b", "'a/b' should be made of a-z"),
        ("{id: controller, main: true}", "{id: broker, main: true}", "there is another service or process 'broker'"),
        (
            "status: 1/2/100, type: \"1.001\"", "status: 1/2/100, type: \"16.000\"",
            "no values to command for type 16.000"
        ),
        ("{id: controller, main: true}", "{id: controller, command: x}", "exactly one of the processes"),
        ("{id: controller, main: true}", "{id: xknx, main: true}", "the main process should be called 'controller'"),
        (", package: knxd}", "}", "'package' is missing here, the Debian package that brings the program, or 'get'"),
        ("path: /usr/bin/knxd", "path: \"${profile_directry}/knxd\"", "did you mean 'profile_directory'?"),
        ("    gate: broker", "    gate: broker\n    restart: {afer: 1 s}", "did you mean 'after'?"),
        ("    gate: broker", "    gate: broker\n    restart: {after: soon}", "'soon' should be a length of time"),
        ("    kind: http\n", "    kind: output\n", "an output view has no key 'port'"),
        ("type: \"9.001\"", "type: \"nine\"", "'nine' should be a datapoint type"),
        ("every: 500 ms", "every: 1 ms", "at least 20 ms"),
        ("    topic: \"reference/command", "    topics: \"reference/command", "did you mean 'topic'?"),
        ("{\"id\": \"${command}\", ", "{", "without the command's id nobody can tell which answer is its own"),
        ("acknowledge: {topic", "acknowledge: {topics", "acknowledge has no key 'topics': did you mean 'topic'?"),
        ("package: knxd", "packages: knxd", "a program has no key 'packages': did you mean 'package'?"),
        ("  without: [--without, \"${protection}\"]\n", "", "'without' is missing"),
        ("version: 1", "version: 2", "2 is outside 1…1"),
        (
            "view: timeseries", "view: timeserie",
            "no view of the kind 'rows' is called 'timeserie': did you mean 'timeseries'?"
        ),
        (
            "  gate: time-series-database\n  write", "  gate: brokr\n  write",
            "no service has a gate 'brokr': did you mean 'broker'?"
        ),
        ("  bound: 40", "  bound: 0", "0 is outside 1…1000000"),
        ("dropped: /time_series", "dropped: time_series", "should be a JSON pointer"),
        ("label: group, ", "", "'label' is missing"),
        ("start=${since}", "start=${sinc}", "nothing is called '${sinc}' here: did you mean 'since'?"),
        (
            "  - id: knxd\n    unix:", "  - id: ../knxd\n    unix:",
            "a link is called by small letters, digits and hyphens"
        ),
        (
            "links:\n", "links:\n  - {id: knxd, tcp: 1, ask: {send: \"00\", answer: \"00\"}}\n",
            "there is another gate 'knxd' above"
        ),
        ("    unix: \"${data}/knxd.sock\"", "    tcp: 1\n    unix: x", "either 'tcp', a port, or 'unix', a path"),
        ("send: \"00 02", "send: \"0 02", "octets in hex were expected here"),
        ("\"socket\": \"${gate.knxd}\"", "\"socket\": \"${gate.knxx}\"", "did you mean 'gate.knxd'?"),
        ("pattern: '\"message\":\"ready\"'", "pattern: '*'", "a pattern that every line matches"),
    ])
    func mistakesAreNamed(written: String, instead: String, message: String) throws {
        let text = try Self.text()
        let wrong = try #require(text.replacingFirst(written, with: instead))
        let failure = #expect(throws: DocumentFailure.self) {
            _ = try SystemProfile(Node.parse(wrong, file: "profile.yaml"))
        }
        let said = failure?.message ?? ""
        #expect(said.contains(message.replacingOccurrences("'${gate.brocker}'", with: "'gate.brocker'")), "\(said)")
        #expect(failure?.position != nil)
    }

    @Test func aViewOfRowsNeedsToKnowHowToReadThem() throws {
        let text = try Self.text()
        let rows = try #require(text.firstRange(of: "\nrows:"))
        let health = try #require(text.firstRange(of: "\nhealth:"))
        let wrong = String(text[..<rows.lowerBound] + text[health.lowerBound...])
        let failure = #expect(throws: DocumentFailure.self) { try SystemProfile(Node.parse(wrong, file: "p.yaml")) }
        #expect(failure?.message.hasPrefix("the view 'timeseries' shows rows, and 'rows' is missing") == true)
    }

    @Test func oneGateStandsBeforeOneService() throws {
        let other = "services:\n  - id: other\n    run: [/bin/true]\n    gate: broker"
        let wrong = try #require(try Self.text().replacingFirst("services:", with: other))
        let failure = #expect(throws: DocumentFailure.self) { try SystemProfile(Node.parse(wrong, file: "p.yaml")) }
        #expect(failure?.message.contains("there is another gate 'broker' above") == true)
    }

    @Test(arguments: [
        ("1.001", "true", [1], "false", [0]), ("5.001", "100", [255], "0", [0]), ("7.001", "1", [0, 1], "0", [0, 0]),
        ("9.001", "1", [0, 100], "0", [0, 0]), ("13.010", "1", [0, 0, 0, 1], "0", [0, 0, 0, 0]),
        ("14.056", "1", [0x3F, 0x80, 0, 0], "0", [0, 0, 0, 0]),
    ])
    func commandsCarryTheOctetsOfTheirType(type: String, on: String, onRaw: [UInt8], off: String, offRaw: [UInt8]) {
        #expect(CommandValue.alternating(type: type, turn: 0) == CommandValue(json: on, raw: onRaw))
        #expect(CommandValue.alternating(type: type, turn: 1) == CommandValue(json: off, raw: offRaw))
    }

    @Test func missingProgramsNameTheirPackage() throws {
        var profile = try SystemProfile.load(Self.path)
        profile.programs = [
            .init(path: "/bin/sh", package: "dash"), .init(path: "/nowhere/knxd", package: "knxd"),
            .init(path: "/nowhere/own", get: "build it"),
        ]
        #expect(
            profile.missingPrograms() == [
                "/nowhere/knxd is not installed, and reference-controller needs it: apt-get install knxd",
                "/nowhere/own is not installed, and reference-controller needs it: build it",
            ])
    }

    @Test func anUnknownProtectionIsRefused() throws {
        let profile = try SystemProfile.load(Self.path)
        #expect(throws: Never.self) { try profile.check(without: ["mqtt.reconnect"]) }
        let fault = #expect(throws: SystemFault.self) { try profile.check(without: ["mqtt.reconect"]) }
        #expect(fault?.description.contains("did you mean 'mqtt.reconnect'?") == true)
    }

    @Test(arguments: [
        ("ready", "it is ready now", true), ("re*dy", "reXXdy", true), ("a*b", "b a", false), ("a*b", "a b", true),
        ("aa*aa", "aaa", false), ("*end", "the end", true), ("long", "lo", false), ("x", "", false),
    ])
    func patterns(pattern: String, line: String, isMatch: Bool) {
        #expect(TextPattern(pattern).matches(line) == isMatch)
    }

    @Test func groupAddressesReadBack() {
        for address in stride(from: 0, through: 65535, by: 13) {
            let address = UInt16(address)
            #expect(GroupAddressText.address(GroupAddressText.text(address)) == address)
        }
        for wrong in ["", "1/2", "32/0/0", "1/8/1", "1/1/256", "1/1/+1", "1//1", "1/1/1/1"] {
            #expect(GroupAddressText.address(wrong) == nil)
        }
    }
}
