/// Cuts what comes from a socket into the contents of messages: what follows the length.
struct KnxdMessageCutter: Sendable {
    private var pending: [UInt8] = []

    mutating func feed(_ octets: some Sequence<UInt8>) -> [[UInt8]] {
        pending += octets
        var contents: [[UInt8]] = []
        var start = 0
        while pending.count - start >= 2 {
            let end = start + 2 + Int(pending[start]) << 8 + Int(pending[start + 1])
            guard pending.count >= end else { break }
            contents.append(Array(pending[(start + 2)..<end]))
            start = end
        }
        pending.removeFirst(start)
        return contents
    }

    var isInsideMessage: Bool { !pending.isEmpty }
}

/// Cuts what comes from knxd's socket into messages. Follows the mode through knxd's own echoes, because what an APDU_PACKET or a
/// busmonitor packet holds depends on it.
public struct KnxdStream: Sendable {
    private var cutter = KnxdMessageCutter()
    /// The mode that knxd has said is open.
    public private(set) var mode: KnxdMode?

    public init() {}

    /// Takes what a read gave, in pieces of any size; gives the messages that are whole.
    public mutating func feed(_ octets: some Sequence<UInt8>) -> [KnxdReply] {
        var replies: [KnxdReply] = []
        for content in cutter.feed(octets) {
            let reply = KnxdReply(content: content, mode: mode)
            if case .opened = reply {
                mode = KnxdMessageType(rawValue: content.span.bigEndian16(at: 0)).flatMap(KnxdMode.init(openedBy:))
            } else if reply == .failure(.reset) {
                mode = nil
            }
            replies.append(reply)
        }
        return replies
    }

    /// True when a message has begun and is not whole.
    public var isInsideMessage: Bool { cutter.isInsideMessage }
}

/// Cuts what a client sends into requests, as knxd does: for whoever plays knxd or listens to a conversation. Follows the mode as if every
/// request to open one were granted.
public struct KnxdRequestStream: Sendable {
    private var cutter = KnxdMessageCutter()
    public private(set) var mode: KnxdMode?

    public init() {}

    /// Takes what a read gave, in pieces of any size; gives the requests that are whole.
    public mutating func feed(_ octets: some Sequence<UInt8>) -> [KnxdRequest] {
        var requests: [KnxdRequest] = []
        for content in cutter.feed(octets) {
            let request = KnxdRequest(content: content, mode: mode)
            mode = request.mode(after: mode)
            requests.append(request)
        }
        return requests
    }

    /// True when a message has begun and is not whole.
    public var isInsideMessage: Bool { cutter.isInsideMessage }
}
