import KNX

/// Both directions of a conversation with knxd: the first input octet says which, and in which mode a frame is looked at.
@_cdecl("LLVMFuzzerTestOneInput")
public func examine(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe octets(data, count)
    guard let choice = input.first else { return 0 }
    let octets = Array(input.dropFirst())
    let isFromClient = choice & 1 != 0
    let number = Int(choice >> 1) % (KnxdMode.allCases.count + 1)
    judgeFrame(
        octets, from: isFromClient ? .client : .knxd,
        mode: number < KnxdMode.allCases.count ? KnxdMode.allCases[number] : nil)
    if isFromClient { judgeRequests(octets) } else { judgeReplies(octets) }
    return 0
}

private func judgeFrame(_ octets: [UInt8], from sender: KnxdFrame.Sender, mode: KnxdMode?) {
    let frame = KnxdFrame(octets.span, from: sender, mode: mode)
    judge(frame.faults, within: octets.count, "knxd")
    judge(frame.fields, "knxd")
    judge(frame.decoded, "knxd")
    if let range = frame.bodyRange { require(range.upperBound <= octets.count, "the body lies outside") }
}

/// The messages by their lengths, with them.
private func messages(_ octets: [UInt8]) -> [[UInt8]] {
    var messages: [[UInt8]] = []
    var rest = octets[...]
    while rest.count > 1 {
        let length = Int(rest[rest.startIndex]) << 8 | Int(rest[rest.startIndex + 1])
        guard rest.count >= length + 2 else { break }
        messages.append(Array(rest.prefix(length + 2)))
        rest = rest.dropFirst(length + 2)
    }
    return messages
}

private func judgeReplies(_ octets: [UInt8]) {
    var whole = KnxdStream()
    let replies = whole.feed(octets)
    for salt in 0..<2 as Range<UInt8> {
        var stream = KnxdStream()
        let told = pieces(octets, salt: salt).flatMap { stream.feed($0) }
        require(told == replies && stream.mode == whole.mode, "the replies depend on the cuts")
        require(stream.isInsideMessage == whole.isInsideMessage, "the end depends on the cuts")
    }
    let messages = messages(octets)
    require(messages.count == replies.count, "messages are lost")
    var stream = KnxdStream()
    for (message, reply) in zip(messages, replies) {
        let before = stream
        require(stream.feed(message) == [reply], "a reply depends on more than its mode")
        let isOpened = if case .opened = reply { true } else { false }
        guard let written = try? reply.octets(in: isOpened ? stream.mode : before.mode) else {
            require(isOpened || isText(reply), "what was read cannot be written: \(reply)")
            continue
        }
        var again = before
        require(again.feed(written) == [reply], "a reply changes when it is written and read")
        // Octets behind a text's end, and behind what says all with its type, are not kept.
        let isBare = if case .failure = reply { true } else { isOpened || isText(reply) }
        if !isBare { require(written == message, "a reply is written otherwise: \(Hexadecimal.text(written))") }
    }
}

private func isText(_ reply: KnxdReply) -> Bool { if case .busmonitorText = reply { true } else { false } }

private func judgeRequests(_ octets: [UInt8]) {
    var whole = KnxdRequestStream()
    let requests = whole.feed(octets)
    for salt in 0..<2 as Range<UInt8> {
        var stream = KnxdRequestStream()
        let told = pieces(octets, salt: salt).flatMap { stream.feed($0) }
        require(told == requests && stream.mode == whole.mode, "the requests depend on the cuts")
        require(stream.isInsideMessage == whole.isInsideMessage, "the end depends on the cuts")
    }
    let messages = messages(octets)
    require(messages.count == requests.count, "messages are lost")
    var stream = KnxdRequestStream()
    for (message, request) in zip(messages, requests) {
        let before = stream
        require(stream.feed(message) == [request], "a request depends on more than its mode")
        // What would end knxd is read and never written.
        guard let written = try? request.octets else { continue }
        var again = before
        require(again.feed(written) == [request], "a request changes when it is written and read")
        // Requests that open something have octets that knxd does not look at.
        let isOpening = message.count == 7 && message[2] == 0 && message[3] & 0xF0 == 0x20
        if !isOpening { require(written == message, "a request is written otherwise: \(Hexadecimal.text(written))") }
    }
}
