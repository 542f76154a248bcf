import Documents
import Events
import KNX
import Platform
import Testing

@testable import Systems

/// The profile of Gray Logic Core, and every key that came with it.
@Suite struct GrayLogicCoreProfileTests {
    static let path = Repository.path("rigs/systems/graylogic-core.yaml")

    static func text() throws -> String { String(decoding: try DataDirectories.read(path), as: UTF8.self) }

    @Test func itSaysWhatItShould() throws {
        let profile = try SystemProfile.load(Self.path)
        #expect(profile.name == "graylogic-core")
        #expect(profile.learns.map(\.id) == ["password"])
        #expect(profile.login?.token == "/access_token")
        #expect(profile.login?.done == [200])
        let provision = try #require(profile.provision)
        #expect(provision.calls.compactMap(\.each) == [.tracers, .spares, .sentinels, .repeats, .commands])
        let made = provision.calls.map { $0.points(of: profile.points).count }
        #expect(made == [24, 4, 8, 2, 2, 1, 1, 1, 1, 1, 1])
        #expect(provision.calls.last?.path.text == "/api/v1/system/factory-reset")
        #expect(profile.points.tracers?.isAnswered == true)
        #expect(profile.start.environment.keys.sorted() == ["GRAYLOGIC_CONFIG"])
        #expect(profile.start.files.filter(\.isExecutable).map(\.path.text) == ["${data}/knxd", "${data}/start"])
        #expect(profile.command?.words == ["true": "on", "false": "off"])
        #expect(profile.health?.holds == ["/knx_bridge/connected": true, "/mqtt/connected": true])
        #expect(profile.mutation?.key == "/id")
        #expect(profile.views.map(\.id) == ["mqtt", "websocket", "http", "database", "timeseries"])
        #expect(profile.registry?.calls.keys.sorted() == ["change", "create", "delete", "get"])
        #expect(profile.registry?.key == "/id" && profile.registry?.changes == "/config")
        #expect(profile.rows?.name == PointName(after: "point-", separator: "-"))
        #expect(profile.notices["start-locked"] == [])
        #expect(profile.webSocket?.ticket?.at == "/ticket")
    }

    /// What the rig sends is JSON, for every point.
    @Test func everyBodyIsJSON() throws {
        let profile = try SystemProfile.load(Self.path)
        for call in try #require(profile.provision).calls {
            for point in call.points(of: profile.points) {
                var substitution = Substitution(["data": "/run/x"])
                if let point {
                    substitution.name(point.group)
                    substitution["status"] = GroupAddressText.text(point.status ?? point.group)
                }
                let body = try JSON.parse(try #require(call.body).filled(by: substitution).utf8)
                guard let point else { continue }
                let functions = try #require(body.at(pointer: "/address/functions")?.fields)
                #expect(functions.first?.value["ga"]?.text == GroupAddressText.text(point.group))
                #expect(functions.count == (call.each == .commands ? 2 : 1))
            }
        }
    }

    /// What is written wrong, and what the message must say about it.
    @Test(arguments: [
        (
            "learns:\n  - {id: password, after", "learns:\n  - {id: password, befor",
            "a word to learn has no key 'befor'"
        ),
        (
            "learns:\n  - {id: password, after: \"SEED OWNER PASSWORD\"}", "learns:\n  - {id: password, after: \"*\"}",
            "a pattern that every line matches"
        ),
        ("learns:\n  - {id: password, ", "learns:\n  - {", "'id' is missing"),
        (
            "learns:\n", "learns:\n  - {id: password, after: other}\n",
            "there is another word to learn 'password' above"
        ),
        ("${learned.password}\"}'", "${learned.pasword}\"}'", "did you mean 'learned.password'?"),
        ("login:\n  http:", "login:\n  htp:", "login has no key 'htp': did you mean 'http'?"),
        (
            "    within: 10 s\n  done: [200]", "    wthin: 10 s\n  done: [200]",
            "http of login has no key 'wthin': did you mean 'within'?"
        ),
        ("  done: [200]\n  token", "  done: [20]\n  token", "20 is outside 100…599"),
        ("  token: /access_token", "", "'token' is missing"),
        ("  token: /access_token", "  token: access_token", "a JSON pointer such as /raw"),
        ("provision:\n  port: \"${api_port}\"", "provision:\n  port: \"${api_prt}\"", "did you mean 'api_port'?"),
        ("provision:\n  port:", "provision:\n  prt:", "provision has no key 'prt': did you mean 'port'?"),
        ("  within: 10 s\n  calls", "  within: 10\n  calls", "'10' should be a length of time"),
        ("- each: tracers", "- each: tracer", "did you mean 'tracers'?"),
        ("- each: tracers", "- eech: tracers", "a call has no key 'eech': did you mean 'each'?"),
        ("{\"id\": \"point-${id}\"", "{\"id\": \"point-${status}\"", "nothing is called '${status}' here"),
        ("\"id\": \"rig-0\"", "\"id\": \"${id}\"", "nothing is called '${id}' here"),
        ("answered: true", "answred: true", "points of one use has no key 'answred': did you mean 'answered'?"),
        ("answered: true", "answered: perhaps", "'perhaps'"),
        (
            "sentinels: {groups: 1/3/0-1/3/7, type: \"1.001\"}",
            "sentinels: {groups: 1/3/0-1/3/7, type: \"1.001\", answered: true}",
            "points of one use has no key 'answered'"
        ),
        (
            "environment: {GRAYLOGIC_CONFIG: \"${data}/config.yaml\"}", "environment: {GRAYLOGIC_CONFIG: \"${dta}\"}",
            "did you mean 'data'?"
        ),
        ("environment: {GRAYLOGIC_CONFIG", "enviroment: {GRAYLOGIC_CONFIG", "did you mean 'environment'?"),
        ("executable: true", "executeable: true", "did you mean 'executable'?"),
        ("executable: true", "executable: maybe", "'maybe'"),
        ("separator: \"%2F\"", "separater: \"%2F\"", "group has no key 'separater': did you mean 'separator'?"),
        ("separator: \"%2F\"", "separator: \"\"", "at least one character was expected"),
        ("group: {at: /id, after", "group: {at: id, after", "a JSON pointer such as /raw"),
        ("group: {at: /id, after", "group: {after", "'at' is missing"),
        (
            "group: {after: \"point-\", separator: \"-\"}\n    values: [{at: /temp", "values: [{at: /temp",
            "'group' is missing"
        ),
        ("    values: [{at: /temperature, type: \"9.001\"}, {at: /on, type: \"1.001\"}]\n", "", "'values' is missing"),
        (
            "values: [{at: /state/temperature, type: \"9.001\"}", "values: [{at: /state/temperature, type: \"warm\"}",
            "'warm' is no datapoint type"
        ),
        (
            "holds: {/knx_bridge/connected: true", "holds: {knx_bridge/connected: true",
            "should be a JSON pointer such as /mqtt/connected"
        ),
        ("holds: {/knx", "hold: {/knx", "http of health has no key 'hold': did you mean 'holds'?"),
        ("words: {true: \"on\"", "wrds: {true: \"on\"", "command has no key 'wrds': did you mean 'words'?"),
        ("words: {true: \"on\"", "words: {yes: \"on\"", "there is no value 'yes' to command"),
        ("key: /id, text", "key: id, text", "a JSON pointer such as /raw"),
        ("ticket: {method", "ticket: {methd", "ticket has no key 'methd': did you mean 'method'?"),
        ("at: /ticket}", "at: ticket}", "should be a JSON pointer such as /raw"),
        ("ws?ticket=${ticket}", "ws?ticket=${tiket}", "nothing is called '${tiket}' here: did you mean 'ticket'?"),
        (
            "{at: /payload/device_id, after", "{at: /payload/device_id, aftr",
            "group has no key 'aftr': did you mean 'after'?"
        ),
        (
            "label: device_id, group: {after", "label: device_id, group: {aftr",
            "group has no key 'aftr': did you mean 'after'?"
        ),
        ("  create:\n", "  creat:\n", "registry has no key 'creat': did you mean 'create'?"),
        ("key: /id, changes: /config", "key: /id", "'changes' is missing"),
        ("key: /id, changes", "key: id, changes", "a JSON pointer such as /raw"),
        ("key: /id, text", "kee: /id, text", "read of mutation has no key 'kee': did you mean 'key'?"),
    ])
    func mistakesAreNamed(written: String, instead: String, message: String) throws {
        let wrong = try #require(try Self.text().replacingFirst(written, with: instead), "\(written)")
        let failure = #expect(throws: DocumentFailure.self) {
            _ = try SystemProfile(Node.parse(wrong, file: "profile.yaml"))
        }
        #expect(failure?.message.contains(message) == true, "\(failure?.message ?? "")")
        #expect(failure?.position != nil)
        #expect(failure?.description.contains("\n") == false, "one line")
    }

    @Test(arguments: [
        (200, #"{"knx_bridge":{"connected":true},"mqtt":{"connected":true},"uptime_seconds":1.5}"#, true),
        (200, #"{"knx_bridge":{"connected":false},"mqtt":{"connected":true}}"#, false),
        (200, #"{"knx_bridge":{"connected":"true"},"mqtt":{"connected":true}}"#, false),
        (200, #"{"mqtt":{"connected":true}}"#, false), (200, "ok", false),
        (503, #"{"knx_bridge":{"connected":true},"mqtt":{"connected":true}}"#, false),
    ])
    func healthyIsWhatHoldsEverything(status: Int, body: String, isHealthy: Bool) throws {
        let health = try #require(try SystemProfile.load(Self.path).health)
        var parser = HTTPResponseParser()
        let text = "HTTP/1.1 \(status) X\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        let answer = try #require(try parser.feed(Array(text.utf8)))
        #expect(health.isHealthy(answer) == isHealthy)
    }

    @Test func aRegistryMayBeAListOrAnObject() throws {
        var registry = try #require(try SystemProfile.load(Self.path).registry)
        let list = try JSON.parse(#"[{"id":"a","config":{"k":"1"}},{"id":7},{"name":"c"}]"#.utf8)
        #expect(registry.entries(of: list)?.map(\.id) == ["a"])
        #expect(registry.entries(of: list)?.first?.value["config"]?["k"]?.text == "1")
        let object = try JSON.parse(#"{"a":{"name":"b"}}"#.utf8)
        #expect(registry.entries(of: object) == nil)
        registry.key = nil
        #expect(registry.entries(of: object)?.map(\.id) == ["a"])
        #expect(registry.entries(of: nil) == nil)
    }

    /// A ticket is good for one opening, so that every opening asks for another; and what is pushed is read as every view's values are.
    @Test func aWebSocketIsOpenedWithATicketAndItsMessagesAreValues() throws {
        let profile = try SystemProfile.load(Self.path)
        let source = try #require(profile.webSocket)
        let server = try RequestServer { request, before in
            guard request.path == "/api/v1/auth/ws-ticket" else { return (403, "") }
            guard request.method == "POST", request.headers["authorization"] == "Bearer abc" else { return (401, "{}") }
            return (200, "{\"ticket\":\"t\(before.count)\",\"expires_in\":120}")
        }
        defer { server.stop() }
        let (collector, session) = (Collector(), Session())
        let endpoint = try source.endpoint(by: Substitution(["api_port": String(server.port)]), session: session)
        let probe = WebSocketProbe(view: "websocket", endpoint: endpoint, source: source, sink: collector.sink)
        func says(_ link: String) -> Bool {
            collector.first {
                $0.payload == .sample(.init(view: "websocket", point: "link", reading: .text(link)))
            } != nil
        }
        try probe.start(network: nil)
        #expect(says("no WebSocket: the request for a ticket is answered with status 401"))
        session.keep("abc")
        #expect(says("no WebSocket: the answer to the upgrade is 'HTTP/1.1 403 X'"))
        #expect(eventually { server.requests.filter { $0.method == "GET" }.count > 1 })
        probe.stop()
        let opened = server.requests.filter { $0.method == "GET" }.map(\.path)
        #expect(opened.allSatisfy { $0.hasPrefix("/api/v1/ws?ticket=t") })
        #expect(Set(opened).count == opened.count, "another ticket every time: \(opened)")

        for message in [
            #"{"type":"event","payload":{"device_id":"point-1-1-5","state":{"temperature":21.5},"address":"1/1/5"}}"#,
            #"{"type":"event","payload":{"device_id":"point-1-3-0","state":{"on":true}}}"#,
            #"{"type":"event","payload":{"device_id":"command-1-2-0","state":{"on":true}}}"#,
            #"{"type":"response","id":"rig","payload":{"subscribed":["device.state_changed"]}}"#,
        ] {
            probe.received(message, at: MonotonicClock.now())
        }
        let shown = collector.all.compactMap { event -> Event.Sample? in
            if case .sample(let sample) = event.payload, sample.point != "link" { sample } else { nil }
        }
        #expect(shown.map(\.point) == ["1/1/5", "1/3/0"])
        #expect(shown.map(\.raw) == [[0x0C, 0x33], [1]])
    }

    @Test func aChangeIsFoundInAListAndInAnObject() throws {
        var mutation = try #require(try SystemProfile.load(Self.path).mutation)
        let list = try JSON.parse(#"[{"id":"rig-1","name":"a"},{"id":"rig-0","name":"b"},{"name":"c"}]"#.utf8)
        #expect(mutation.entry("rig-0", of: list)?["name"]?.text == "b")
        #expect(mutation.entry("rig-2", of: list) == nil)
        mutation.key = nil
        let object = try JSON.parse(#"{"rig-0":{"name":"b"}}"#.utf8)
        #expect(mutation.entry("rig-0", of: object)?["name"]?.text == "b")
        #expect(mutation.entry("rig-0", of: nil) == nil)
    }
}

/// Probes of a system that wants to know who asks.
@Suite struct SessionTests {
    let collector = Collector()

    @Test func everyProbeBearsTheTokenAndReadsWhatItIsGiven() throws {
        let profile = try SystemProfile.load(GrayLogicCoreProfileTests.path)
        let devices = #"""
            {"devices":[{"id":"point-1-1-5","state":{"temperature":21.5}},{"id":"point-1-3-0","state":{"on":true}},
            {"id":"point-1-3-1","state":{}},{"id":"command-1-2-0","state":{"on":true}},{"id":7}],"count":5}
            """#
        let server = try RequestServer { request, _ in
            guard request.headers["authorization"] == "Bearer abc" else { return (401, "{}") }
            switch request.path {
            case "/api/v1/devices": return (200, devices)
            case "/api/v1/metrics":
                return (200, #"{"knx_bridge":{"connected":true},"mqtt":{"connected":true}}"#)
            default: return (request.method == "PUT" ? 202 : 404, "{}")
            }
        }
        defer { server.stop() }
        let session = Session()
        let substitution = Substitution(["api_port": String(server.port), "data": "/nowhere"])
        guard case .http(let source) = profile.views.first(where: { $0.id == "http" })?.source else {
            Issue.record("the view 'http' is no HTTP view")
            return
        }
        let state = HTTPStateProbe(
            view: "http", port: server.port, path: "/api/v1/devices", source: source, session: session,
            sink: collector.sink)
        try state.start(network: nil)
        let refused = collector.first {
            if case .sample(let sample) = $0.payload { sample.reading != nil } else { false }
        }
        #expect(refused.map { "\($0.payload)".contains("401") } == true, "before the login")
        session.keep("abc")
        #expect(sample("http", "1/1/5") == [0x0C, 0x33])
        state.stop()
        #expect(sample("http", "1/3/0") == [1])
        let points = Set(
            collector.all.compactMap { if case .sample(let sample) = $0.payload { sample.point } else { nil } })
        #expect(points == ["1/1/5", "1/3/0", "poll"], "no point without a value, and none that is not the rig's")

        let health = try HealthProbe(
            health: try #require(profile.health), substitution: substitution, session: session, sink: collector.sink)
        try health.start(network: nil)
        let healthy = collector.first {
            if case .sample(let sample) = $0.payload { sample.reading == "healthy" } else { false }
        }
        #expect(healthy != nil)
        health.stop()

        let commands = try CommandProbe(
            command: try #require(profile.command), points: profile.points.commands, substitution: substitution,
            session: session, sink: collector.sink)
        try commands.start(network: nil)
        let done = collector.first {
            if case .operation(let operation) = $0.payload { operation.action == .ok } else { false }
        }
        commands.stop()
        #expect(done != nil)
        let command = try #require(server.requests.first { $0.method == "PUT" })
        #expect(command.path == "/api/v1/devices/command-1-2-0/state")
        #expect(command.body == #"{"command": "on"}"#)
    }

    private func sample(_ view: String, _ point: String) -> [UInt8]? {
        let event = collector.first {
            if case .sample(let sample) = $0.payload { sample.view == view && sample.point == point } else { false }
        }
        guard case .sample(let sample)? = event?.payload else { return nil }
        return sample.raw
    }
}
