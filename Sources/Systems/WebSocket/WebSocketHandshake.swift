/// The opening handshake of a client (RFC 6455, section 4.1): what it asks, and whether the answer is one.
struct WebSocketHandshake {
    private static let identifier = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    private static let longestHead = 16_384

    let key: String
    private var head: [UInt8] = []

    /// - Parameter nonce: sixteen octets that nobody can guess.
    init(nonce: [UInt8] = (0..<16).map { _ in UInt8.random(in: 0...255) }) {
        precondition(nonce.count == 16, "a nonce has sixteen octets")
        key = Base64.text(nonce)
    }

    /// - Parameter token: sent as `Authorization: Bearer …`, where the system wants one.
    func request(port: UInt16, path: String, token: String?) -> [UInt8] {
        var text = "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        text += "Sec-WebSocket-Key: \(key)\r\nSec-WebSocket-Version: 13\r\n"
        if let token { text += "Authorization: Bearer \(token)\r\n" }
        return Array((text + "\r\n").utf8)
    }

    /// What a server must answer to this key.
    var acceptance: String { Base64.text(SHA1.digest(Array((key + Self.identifier).utf8))) }

    /// Takes octets of the answer.
    ///
    /// - Returns: nil while the head is not whole; then what follows it, which are frames already.
    /// - Throws: why this is no WebSocket.
    mutating func feed(_ octets: [UInt8]) throws(WebSocketFailure) -> [UInt8]? {
        head += octets
        guard let end = head.firstRange(of: Array("\r\n\r\n".utf8)) else {
            guard head.count <= Self.longestHead else { throw .refused("its head does not end") }
            return nil
        }
        let lines = String(decoding: head[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        try check(lines)
        return Array(head[end.upperBound...])
    }

    private func check(_ lines: [Substring]) throws(WebSocketFailure) {
        let status = lines.first ?? ""
        let words = status.split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0] == "HTTP/1.1", words[1] == "101" else {
            throw .refused("the answer to the upgrade is '\(status.prefix(60))'")
        }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")) else {
                throw .refused("'\(line.prefix(40))' is no header")
            }
            let value = line[line.utf8.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            headers[line[..<colon].lowercased()] = String(value)
        }
        guard headers["upgrade"]?.lowercased() == "websocket",
            headers["connection"]?.lowercased().contains("upgrade") == true
        else { throw .refused("the answer does not upgrade to a WebSocket") }
        guard headers["sec-websocket-accept"] == acceptance else {
            throw .refused("the answer accepts another key than was sent")
        }
        if let agreed = headers["sec-websocket-extensions"] ?? headers["sec-websocket-protocol"] {
            throw .refused("the answer agrees to '\(agreed.prefix(40))', which nobody asked for")
        }
    }
}
