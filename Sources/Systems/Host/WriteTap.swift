import Events
import Platform

/// Looks at the HTTP requests of one connection as they pass a gate, tells of each write what passed and what came back, and damages it where
/// it is told to. Requests of which it cannot tell the end, and what are no writes, pass as they are.
///
/// Touched by the gate's thread only. Tells `.operation` events named `row-write`, whose `key` is what the rig did to the write, and a sample of
/// the view `rows-passed` for each row in it.
final class WriteTap {
    /// What becomes of octets from the system.
    struct Passage: Equatable {
        var toService: [UInt8] = []
        /// Said to the system in the service's name.
        var toSystem: [UInt8] = []
        /// The connection ends now.
        var isCut = false
    }

    /// Which requests are writes, and what is in them.
    struct Writes: Sendable {
        let method: String
        let path: String
        let decoder: RowDecoder
    }

    static let operation = "row-write"
    static let rowView = "rows-passed"
    static let source = "gate"

    private enum Fate: String {
        case cut
        case refused
        case swallowed = "swallowed"
        case answerSwallowed = "answer swallowed"
    }

    private struct Request {
        var number: Int64
        var length: Int
        var body: [UInt8] = []
        var passed = 0
        var fate: Fate?
    }

    private enum Stage {
        case head
        case body(Request)
        /// Neither looked at nor damaged any more.
        case unseen
    }

    private let writes: Writes
    /// Asked once per write: its number, and what is to become of it.
    private let next: () -> (number: Int64, damage: WriteDamage?, turn: Int)
    private let tell: (Event.Payload) -> Void
    private var stage = Stage.head
    private var head: [UInt8] = []
    /// Writes that wait for their answer.
    private var unanswered: [Int64] = []
    private var answer = HTTPResponseParser()
    private var isAnswerLooked = true
    /// An answer is missing on this connection, and whatever followed would be taken for it; or the connection is to end without one.
    private(set) var swallowsAnswers = false

    private static let largestHead = 65_536

    init(
        _ writes: Writes, next: @escaping () -> (number: Int64, damage: WriteDamage?, turn: Int),
        tell: @escaping (Event.Payload) -> Void
    ) {
        self.writes = writes
        self.next = next
        self.tell = tell
    }

    /// Takes octets from the system.
    func fromSystem(_ octets: [UInt8]) -> Passage {
        var passage = Passage()
        var rest = octets[...]
        while !rest.isEmpty, !passage.isCut {
            switch stage {
            case .unseen:
                passage.toService += rest
                rest = []
            case .head: rest = takeHead(rest, &passage)
            case .body(let request): rest = takeBody(request, rest, &passage)
            }
        }
        return passage
    }

    private func takeHead(_ octets: ArraySlice<UInt8>, _ passage: inout Passage) -> ArraySlice<UInt8> {
        var rest = octets
        while let octet = rest.popFirst() {
            head.append(octet)
            guard head.suffix(4) == [0x0D, 0x0A, 0x0D, 0x0A] || head.count > Self.largestHead else { continue }
            begin(&passage)
            break
        }
        return rest
    }

    /// A head is whole.
    private func begin(_ passage: inout Passage) {
        defer { head = [] }
        let lines = String(decoding: head, as: UTF8.self).split(whereSeparator: \.isNewline)
        let words = lines.first?.split(separator: " ") ?? []
        let length = lines.dropFirst().lazy.compactMap { line -> Int? in
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "content-length" else { return nil }
            return Int(parts[1].drop { $0 == " " })
        }.first
        guard words.count >= 2, words[0] == writes.method, words[1].prefix(while: { $0 != "?" }) == writes.path,
            let length, length >= 0
        else {
            // What is no write passes; of a request with a body nobody knows the end.
            passage.toService += head
            if length ?? 0 > 0 || words.first == Substring(writes.method) { stage = .unseen }
            return
        }
        let (number, damage, turn) = next()
        var request = Request(number: number, length: length)
        request.fate =
            switch damage {
            case nil: nil
            case .cut: .cut
            case .refuse: .refused
            case .swallow: turn % 3 == 2 ? .swallowed : .answerSwallowed
            }
        switch request.fate {
        // The half of a write that is nothing but its head.
        case .cut where length == 0: passage.toService += head.prefix(head.count / 2)
        case nil, .cut, .answerSwallowed: passage.toService += head
        case .refused, .swallowed: break
        }
        if length == 0 { finish(request, &passage) } else { stage = .body(request) }
    }

    private func takeBody(
        _ request: Request, _ octets: ArraySlice<UInt8>, _ passage: inout Passage
    ) -> ArraySlice<UInt8> {
        var request = request
        let part = octets.prefix(request.length - request.body.count)
        request.body += part
        switch request.fate {
        case nil, .answerSwallowed:
            passage.toService += part
            request.passed += part.count
        case .cut:
            // Whole lines only: of a part of one a database may make a row that nobody wrote.
            let half = request.body.prefix(request.length / 2)
            let whole = half.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            passage.toService += request.body[request.passed..<whole]
            request.passed = whole
            if request.body.count >= request.length / 2 {
                finish(request, &passage)
                return []
            }
        case .refused, .swallowed: break
        }
        if request.body.count == request.length { finish(request, &passage) } else { stage = .body(request) }
        return octets.dropFirst(part.count)
    }

    /// All of a write has come, or as much of it as is to come.
    private func finish(_ request: Request, _ passage: inout Passage) {
        stage = .head
        tell(
            .operation(
                Event.Operation(
                    id: request.number, name: Self.operation, action: .invoke,
                    detail: "\(request.passed) of \(request.length) octets passed", key: request.fate?.rawValue)))
        for row in writes.decoder.lines(request.body) {
            tell(
                .sample(
                    Event.Sample(
                        view: Self.rowView, point: row.point, raw: row.raw,
                        reading: ["write": .integer(request.number), "stamp": .integer(row.stamp)])))
        }
        switch request.fate {
        case nil: unanswered.append(request.number)
        case .cut:
            passage.isCut = true
            swallowsAnswers = true
            conclude(request.number, .failed, detail: "the rig cut it after \(request.passed) octets", .cut)
        case .refused:
            passage.toSystem += Array(
                "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".utf8)
            conclude(request.number, .failed, status: 503, detail: "the rig refused it", .refused)
        case .swallowed, .answerSwallowed:
            swallowsAnswers = true
            conclude(request.number, .unknown, detail: "the rig let nobody answer it", request.fate)
        }
    }

    /// Takes octets from the service: what of them the system gets.
    func fromService(_ octets: [UInt8]) -> [UInt8] {
        if swallowsAnswers { return [] }
        guard isAnswerLooked, !unanswered.isEmpty else { return octets }
        do {
            if let response = try answer.feed(octets) {
                conclude(
                    unanswered.removeFirst(), (200...299).contains(response.status) ? .ok : .failed,
                    status: Int64(response.status))
                answer = HTTPResponseParser()
            }
        } catch {
            isAnswerLooked = false
        }
        return octets
    }

    /// The connection is over: what waited for an answer gets none.
    func ended(_ why: String) {
        if case .body(let request) = stage {
            tell(
                .operation(
                    Event.Operation(
                        id: request.number, name: Self.operation, action: .invoke,
                        detail: "\(request.passed) of \(request.length) octets passed", key: request.fate?.rawValue)))
            unanswered.append(request.number)
        }
        for number in unanswered { conclude(number, .unknown, detail: "no answer: \(why)") }
        unanswered = []
        stage = .unseen
    }

    private func conclude(
        _ number: Int64, _ action: Event.Operation.Action, status: Int64? = nil, detail: String? = nil,
        _ fate: Fate? = nil
    ) {
        tell(
            .operation(
                Event.Operation(
                    id: number, name: Self.operation, action: action, status: status, detail: detail,
                    key: fate?.rawValue)))
    }
}
