import Documents
import Events
import Platform
import Synchronization

extension SystemProfile {
    /// How the rig says who it is: one request, whose answer holds a token that every later request bears.
    public struct Login: Sendable {
        public var port: Template
        public var method: String
        public var path: Template
        public var body: Template?
        public var withinNanoseconds: Int64
        public var done: [Int]
        /// JSON pointer to the token in the answer.
        public var token: String

        init(_ node: Node, known: [String]) throws(DocumentFailure) {
            _ = try node.entries(of: "login", keys: ["http", "done", "token"])
            let http = try node.required("http")
            _ = try http.entries(of: "http of login", keys: ["port", "method", "path", "body", "within"])
            port = try Template(http.required("port"), known: known)
            method = try http.required("method").text()
            path = try Template(http.required("path"), known: known)
            body = try http["body"].map { node throws(DocumentFailure) in try Template(node, known: known) }
            withinNanoseconds = try http.required("within").nanoseconds()
            done = try node.required("done").statuses()
            token = try node.required("token").pointer()
        }
    }
}

/// The token that a system knows the rig by. Asked for once and kept for the run, over restarts of the system too: systems count logins.
final class Session: Sendable {
    private let kept = Mutex<String?>(nil)

    /// nil before the login.
    var token: String? { kept.withLock { $0 } }

    func keep(_ token: String) { kept.withLock { $0 = token } }
}

/// What the rig does by itself with a system that is ready for the first time, before anything looks at it: it logs in, and makes known what it
/// will be asked about.
struct Admission: Sendable {
    let login: SystemProfile.Login?
    let provision: SystemProfile.Provision?
    let points: SystemProfile.Points
    let learns: [SystemProfile.Learned]
    let words: LearnedWords
    let session: Session
    let substitution: Substitution
    let network: Int32

    /// A word may come a moment after the line that says ready, since a system's output is read as it comes.
    private static let hearing: Instant.Span = .seconds(2)

    /// - Throws: which request was not answered as it should be, and how it was.
    func perform() throws(SystemFault) {
        guard login != nil || provision != nil else { return }
        let outcome: Result<Void, SystemFault>
        do throws(SystemFailure) {
            outcome = try HostNetwork.run(of: network) {
                do throws(SystemFault) {
                    try logIn()
                    try furnish()
                    return .success(())
                } catch {
                    return .failure(error)
                }
            }
        } catch {
            throw SystemFault("the system's network could not be entered: \(error)")
        }
        try outcome.get()
    }

    private func logIn() throws(SystemFault) {
        guard let login else { return }
        let answer: HTTPResponse
        do {
            var filled = substitution
            for (id, word) in try heard() { filled["learned." + id] = word }
            var client = HTTPClient(port: try login.port.port(by: filled))
            answer = try client.request(
                login.method, try login.path.filled(by: filled),
                body: try login.body?.filled(by: filled).utf8.map { $0 },
                until: MonotonicClock.now() + Instant.Span(nanoseconds: login.withinNanoseconds))
        } catch let fault as SystemFault {
            throw fault
        } catch {
            throw SystemFault("the login failed: \(error)")
        }
        guard login.done.contains(answer.status) else {
            throw SystemFault("the login was answered with status \(answer.status): \(Self.start(answer.body))")
        }
        guard let token = (try? JSON.parse(answer.body))?.at(pointer: login.token)?.text, !token.isEmpty else {
            throw SystemFault("the answer to the login has no text at \(login.token)")
        }
        session.keep(token)
    }

    private func heard() throws(SystemFault) -> [String: String] {
        let deadline = MonotonicClock.now() + Self.hearing
        while let missing = learns.first(where: { words.words[$0.id] == nil }) {
            guard MonotonicClock.now() < deadline else {
                throw SystemFault(
                    "'\(missing.id)' was never said: no line came after one with '\(missing.after)' in the system's output"
                )
            }
            MonotonicClock.sleep(for: .milliseconds(10))
        }
        return words.words
    }

    private func furnish() throws(SystemFault) {
        guard let provision else { return }
        let port: UInt16
        do throws(DocumentFailure) { port = try provision.port.port(by: substitution) } catch {
            throw SystemFault(error.description)
        }
        var client = HTTPClient(port: port, keepsAlive: true, session: session)
        for call in provision.calls {
            for point in call.points(of: points) { try make(call, point, &client, within: provision.withinNanoseconds) }
        }
    }

    private func make(
        _ call: SystemProfile.Provision.Call, _ point: SystemProfile.Provision.Point?, _ client: inout HTTPClient,
        within: Int64
    ) throws(SystemFault) {
        var filled = substitution
        if let point {
            filled.name(point.group)
            filled["status"] = GroupAddressText.text(point.status ?? point.group)
        }
        let path: String
        let answer: HTTPResponse
        do {
            path = try call.path.filled(by: filled)
            answer = try client.request(
                call.method, path, body: try call.body?.filled(by: filled).utf8.map { $0 },
                until: MonotonicClock.now() + Instant.Span(nanoseconds: within))
        } catch {
            throw SystemFault("provisioning failed at \(call.method) \(call.path.text): \(error)")
        }
        guard call.done.contains(answer.status) else {
            let whose = point.map { " for \(GroupAddressText.text($0.group))" } ?? ""
            throw SystemFault(
                "\(call.method) \(path)\(whose) was answered with status \(answer.status): \(Self.start(answer.body))")
        }
    }

    private static func start(_ body: [UInt8]) -> String { String(decoding: body.prefix(200), as: UTF8.self) }
}
