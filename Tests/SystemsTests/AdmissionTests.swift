import Documents
import Events
import Glibc
import Platform
import Testing

@testable import Systems

/// Logging in and making points known, against a server on this computer.
@Suite(.enabled(if: geteuid() == 0, "needs root to enter a network namespace")) struct AdmissionTests {
    static let said = ["PASSWORD:", "  5ec3e7  ", "ready"]

    func profile() throws -> SystemProfile {
        let text = """
            version: 1
            name: small
            start: {run: [/bin/true]}
            ready: {log: ready, within: 1 s}
            learns: [{id: password, after: "PASSWORD*:"}]
            login:
              http: {port: "${service.api}", method: POST, path: /login, body: '{"password": "${learned.password}"}', within: 2 s}
              done: [200]
              token: /token
            provision:
              port: "${service.api}"
              within: 2 s
              calls:
                - {method: PUT, path: /site, done: [200, 204]}
                - {each: sentinels, method: POST, path: "/points/${id}", body: '{"ga": "${group}"}', done: [201]}
                - {each: commands, method: POST, path: /points, body: '{"ga": "${group}", "status": "${status}"}', done: [201]}
            services: [{id: api, run: [/bin/true]}]
            points:
              sentinels: {groups: 1/3/0-1/3/1, type: "1.001"}
              commands: [{group: 1/2/0, status: 1/2/100, type: "1.001"}]
            processes: [{id: controller, main: true}]
            logs: [{pattern: ready, means: ready}]
            limits: {}
            """
        return try SystemProfile(Node.parse(text, file: "small.yaml"))
    }

    func admission(_ server: RequestServer, session: Session = Session(), said: [String] = said) throws -> Admission {
        let profile = try profile()
        let words = LearnedWords(profile)
        for line in said {
            words.observe(
                Event(at: MonotonicClock.now(), source: "log", .log(.init(process: "controller", line: line))))
        }
        return Admission(
            login: profile.login, provision: profile.provision, points: profile.points, learns: profile.learns,
            words: words, session: session, substitution: Substitution(["service.api": String(server.port)]),
            network: getpid())
    }

    @Test func theLearnedWordLogsInAndTheTokenComesWithEveryCall() throws {
        let server = try RequestServer { request, _ in
            switch (request.method, request.path) {
            case ("POST", "/login"): (200, #"{"token": "abc", "expires_in": 1.5}"#)
            case ("PUT", "/site"): (204, "")
            default: (201, "{}")
            }
        }
        defer { server.stop() }
        let session = Session()
        try admission(server, session: session).perform()
        #expect(session.token == "abc")
        let requests = server.requests
        #expect(
            requests.map { "\($0.method) \($0.path)" } == [
                "POST /login", "PUT /site", "POST /points/1-3-0", "POST /points/1-3-1", "POST /points",
            ])
        #expect(
            requests.map(\.body) == [
                #"{"password": "5ec3e7"}"#, "", #"{"ga": "1/3/0"}"#, #"{"ga": "1/3/1"}"#,
                #"{"ga": "1/2/0", "status": "1/2/100"}"#,
            ])
        #expect(requests.map { $0.headers["authorization"] } == [nil] + Array(repeating: "Bearer abc", count: 4))
    }

    /// What the server answers to login, site and points, and what is said of it.
    @Test(arguments: [
        (
            (401, #"{"code":"unauthorized"}"#), 204, 201,
            #"the login was answered with status 401: {"code":"unauthorized"}"#
        ),
        ((200, "{}"), 204, 201, "the answer to the login has no text at /token"),
        ((200, #"{"token": 7}"#), 204, 201, "the answer to the login has no text at /token"),
        ((200, "no JSON"), 204, 201, "the answer to the login has no text at /token"),
        ((200, #"{"token":"t"}"#), 500, 201, "PUT /site was answered with status 500: why"),
        ((200, #"{"token":"t"}"#), 204, 409, "POST /points/1-3-0 for 1/3/0 was answered with status 409: why"),
    ])
    func whatIsNotAnsweredAsItShouldBeIsNamed(
        login: (Int, String), site: Int, points: Int, message: String
    ) throws {
        let server = try RequestServer { request, _ in
            switch request.path {
            case "/login": (login.0, login.1)
            case "/site": (site, site == 204 ? "" : "why")
            default: (points, "why")
            }
        }
        defer { server.stop() }
        let fault = #expect(throws: SystemFault.self) { try admission(server).perform() }
        #expect(fault?.description == message)
    }

    @Test func aWordThatIsNeverSaidIsNamed() throws {
        let server = try RequestServer { _, _ in (200, "") }
        defer { server.stop() }
        let fault = #expect(throws: SystemFault.self) { try admission(server, said: ["ready"]).perform() }
        #expect(
            fault?.description
                == "'password' was never said: no line came after one with 'PASSWORD*:' in the system's output")
        #expect(server.requests.isEmpty)
    }

    @Test func nobodyThereIsAFault() throws {
        let server = try RequestServer { _, _ in (200, "") }
        server.stop()
        let admission = try admission(server)
        let fault = #expect(throws: SystemFault.self) { try admission.perform() }
        #expect(fault?.description.hasPrefix("the login failed: ") == true)
    }

    @Test func aSystemWithoutALoginIsLeftAlone() throws {
        let profile = try SystemProfile.load(SystemProfileTests.path)
        let admission = Admission(
            login: nil, provision: nil, points: profile.points, learns: [], words: LearnedWords(profile),
            session: Session(), substitution: Substitution([:]), network: -1)
        #expect(throws: Never.self) { try admission.perform() }
    }
}

@Suite struct LearnedWordsTests {
    private func words(_ lines: [(process: String, line: String)]) throws -> [String: String] {
        var profile = try SystemProfile.load(SystemProfileTests.path)
        profile.learns = [
            try .init(Node.parse("{id: password, after: PASSWORD}", file: "p.yaml")),
            try .init(Node.parse("{id: token, after: 'a token*:'}", file: "p.yaml")),
        ]
        let words = LearnedWords(profile)
        for line in lines {
            words.observe(
                Event(
                    at: Instant(nanoseconds: 0), source: "log", .log(.init(process: line.process, line: line.line))))
        }
        return words.words
    }

    @Test func theNextLineThatIsNotEmptyIsTheWord() throws {
        let said = ["SEED PASSWORD:", "", " \tabc \r", "def", "here is a token for you:", "t"].map {
            ("controller", $0)
        }
        #expect(try words(said) == ["password": "abc", "token": "t"])
    }

    @Test func theFirstThatWasSaidStays() throws {
        let said = ["PASSWORD", "abc", "PASSWORD", "other"].map { ("controller", $0) }
        #expect(try words(said) == ["password": "abc"])
    }

    @Test func onlyTheMainProcessIsHeard() throws {
        #expect(try words([("broker", "PASSWORD"), ("broker", "abc")]) == [:])
        #expect(
            try words([("controller", "PASSWORD"), ("broker", "noise"), ("controller", "abc")]) == ["password": "abc"])
        #expect(try words([("controller", "PASSWORD")]) == [:])
    }
}
