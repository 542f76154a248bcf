/// An answer of an HTTP/1.1 server.
struct HTTPResponse: Hashable, Sendable {
    var status: Int
    /// Names in lower case.
    var headers: [String: String]
    var body: [UInt8]
}

/// What is wrong with an exchange with an HTTP server.
enum HTTPFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// Nothing could be sent: the connection was refused or did not come about.
    case noConnection(String)
    /// The deadline passed first.
    case noAnswerInTime
    /// The server closed in the middle, or before, its answer.
    case cutOff
    /// What it sent is no HTTP answer.
    case malformed(String)

    var description: String {
        switch self {
        case .noConnection(let reason): reason
        case .noAnswerInTime: "no answer in time"
        case .cutOff: "connection ended before the answer did"
        case .malformed(let reason): "malformed answer: \(reason)"
        }
    }
}

/// Reads one answer (RFC 9112) from octets as they come: Content-Length, chunked, or up to the end of the connection. Interim answers
/// (1xx) are passed over.
struct HTTPResponseParser {
    private enum Stage {
        case head
        case length(Int)
        case chunkSize
        case chunk(Int)
        case chunkEnd
        case trailer
        case untilEnd
        case done
    }

    static let largestHead = 65_536
    static let largestBody = 16 << 20

    private var stage = Stage.head
    private var buffer: [UInt8] = []
    private var response = HTTPResponse(status: 0, headers: [:], body: [])

    /// True once any octet came.
    private(set) var hasBegun = false

    /// Takes octets; the answer once it is whole. Whatever follows it is left alone.
    mutating func feed(_ octets: [UInt8]) throws(HTTPFailure) -> HTTPResponse? {
        if !octets.isEmpty { hasBegun = true }
        buffer += octets
        while try step() {}
        if case .done = stage { return response }
        return nil
    }

    /// The connection ended: the answer, if it is one that ends so.
    mutating func end() throws(HTTPFailure) -> HTTPResponse {
        switch stage {
        case .untilEnd, .done: return response
        default: throw .cutOff
        }
    }

    /// True when something was taken from the buffer.
    private mutating func step() throws(HTTPFailure) -> Bool {
        switch stage {
        case .head:
            guard let line = try line(within: Self.largestHead) else { return false }
            try headLine(line)
            return true
        case .length(let missing):
            return try take(missing) { missing in missing == 0 ? .done : .length(missing) }
        case .untilEnd:
            return try take(buffer.count) { _ in .untilEnd }
        case .chunkSize:
            guard let line = try line(within: 1_024) else { return false }
            let digits = line.prefix { $0 != ";" && $0 != " " }
            guard let size = Int(digits, radix: 16), size >= 0, size <= Self.largestBody else {
                throw .malformed("'\(line.prefix(20))' is no chunk size")
            }
            stage = size == 0 ? .trailer : .chunk(size)
            return true
        case .chunk(let missing):
            return try take(missing) { missing in missing == 0 ? .chunkEnd : .chunk(missing) }
        case .chunkEnd:
            guard let line = try line(within: 2) else { return false }
            guard line.isEmpty else { throw .malformed("a chunk is longer than its size") }
            stage = .chunkSize
            return true
        case .trailer:
            guard let line = try line(within: Self.largestHead) else { return false }
            if line.isEmpty { stage = .done }
            return true
        case .done: return false
        }
    }

    private mutating func take(_ wanted: Int, _ next: (Int) -> Stage) throws(HTTPFailure) -> Bool {
        let count = min(wanted, buffer.count)
        guard response.body.count + count <= Self.largestBody else { throw .malformed("the body is too long") }
        response.body += buffer[..<count]
        buffer.removeFirst(count)
        stage = next(wanted - count)
        return count > 0 || wanted == 0 && !isUntilEnd
    }

    private var isUntilEnd: Bool { if case .untilEnd = stage { true } else { false } }

    /// The next line without its end; nil when it has not come whole.
    private mutating func line(within limit: Int) throws(HTTPFailure) -> String? {
        guard let end = buffer.firstIndex(of: 0x0A) else {
            guard buffer.count <= limit else { throw .malformed("a line is too long") }
            return nil
        }
        var line = buffer[..<end]
        if line.last == 0x0D { line.removeLast() }
        let text = String(decoding: line, as: UTF8.self)
        buffer.removeFirst(end + 1)
        return text
    }

    private mutating func headLine(_ line: String) throws(HTTPFailure) {
        if response.status == 0 {
            let parts = line.split(separator: " ", maxSplits: 2)
            guard parts.count >= 2, parts[0].hasPrefix("HTTP/1."), let status = Int(parts[1]),
                (100...599).contains(status)
            else { throw .malformed("'\(line.prefix(40))' is no status line") }
            response.status = status
        } else if line.isEmpty {
            try headEnded()
        } else {
            guard let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")), response.headers.count < 200 else {
                throw .malformed("'\(line.prefix(40))' is no header")
            }
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            response.headers[line[..<colon].lowercased()] = String(value)
        }
    }

    private mutating func headEnded() throws(HTTPFailure) {
        if response.status < 200 {
            response = HTTPResponse(status: 0, headers: [:], body: [])
        } else if response.status == 204 || response.status == 304 {
            stage = .done
        } else if let coding = response.headers["transfer-encoding"] {
            guard coding.lowercased() == "chunked" else { throw .malformed("transfer coding '\(coding)'") }
            stage = .chunkSize
        } else if let text = response.headers["content-length"] {
            guard let length = Int(text), (0...Self.largestBody).contains(length) else {
                throw .malformed("'\(text.prefix(20))' is no content length")
            }
            stage = .length(length)
        } else {
            stage = .untilEnd
        }
    }
}
