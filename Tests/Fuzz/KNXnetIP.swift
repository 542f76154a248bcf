import KNX

/// Any octets as a KNXnet/IP frame, and as what comes over a TCP connection in pieces.
@_cdecl("LLVMFuzzerTestOneInput")
public func examine(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe octets(data, count)
    judgeFrame(input)
    // With the total length that it has, so that mutations reach the body.
    if count >= 6, count <= 0xFFFF {
        var fitted = input
        fitted[4] = UInt8(count >> 8)
        fitted[5] = UInt8(count & 255)
        if fitted != input { judgeFrame(fitted) }
    }
    judgeStream(input)
    return 0
}

private func judgeFrame(_ octets: [UInt8]) {
    let frame = KNXnetIPFrame(octets.span)
    judge(frame.faults, within: octets.count, "KNXnet/IP")
    judge(frame.fields, "KNXnet/IP")
    judge(frame.decoded, "KNXnet/IP")
    if let range = frame.payloadRange { require(range.upperBound <= octets.count, "the payload lies outside") }
    if let range = frame.codeRange { require(range.upperBound <= octets.count, "the code lies outside") }
    let carriesCEMI = frame.cemi != nil
    if carriesCEMI, let range = frame.payloadRange {
        let cemi = Array(octets[range])
        judge(CEMIDescription(cemi).faults, within: cemi.count, "cEMI in KNXnet/IP")
    }
    let isRejected = frame.faults.isRejected
    guard let message = frame.message else {
        require(isRejected, "a frame that nothing rejects has no meaning")
        return
    }
    require(!isRejected, "a frame that is rejected has a meaning")
    guard let written = try? message.octets else {
        require(false, "what was read cannot be written: \(message)")
        return
    }
    require(
        meaning(of: written) == message, "a frame changes when it is written and read: \(Hexadecimal.text(written))")
    // Behind the end of a device's name any octets may stand, a refused connection has an endpoint that says nothing, and a list of description
    // types is filled to an even length.
    let namesDevice = frame.descriptionBlocks.contains { $0.type == 0x01 }
    let isRefused = frame.service == .connectResponse && frame.status != .noError
    let asksForTypes = !frame.searchParameters.isEmpty
    if frame.faults.isEmpty, !namesDevice, !isRefused, !asksForTypes {
        require(written == octets, "a frame without fault is written otherwise: \(Hexadecimal.text(written))")
    }
}

private func meaning(of octets: [UInt8]) -> KNXnetIPMessage? { KNXnetIPFrame(octets.span).message }

private func judgeStream(_ octets: [UInt8]) {
    var whole = KNXnetIPStream()
    let frames = whole.feed(octets)
    for salt in 0..<2 as Range<UInt8> {
        var stream = KNXnetIPStream()
        var told: [[UInt8]] = []
        for piece in pieces(octets, salt: salt) { told += stream.feed(piece) }
        require(told == frames, "the frames depend on the cuts")
        require(
            stream.fault == whole.fault && stream.isInsideFrame == whole.isInsideFrame, "the end depends on the cuts")
    }
    let joined = frames.flatMap { $0 }
    require(octets.starts(with: joined), "the frames are not the octets")
    if let fault = whole.fault {
        require(joined.count + fault.offset <= octets.count, "\(fault) lies outside")
    } else {
        require(whole.isInsideFrame == (joined.count < octets.count), "octets are lost")
    }
}
