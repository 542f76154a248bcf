import KNX

/// Any octets as a cEMI message: description, value and text line.
@_cdecl("LLVMFuzzerTestOneInput")
public func examine(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let message = unsafe octets(data, count)
    let description = CEMIDescription(message)
    judge(description.faults, within: count, "cEMI")
    judge(description.fields, "cEMI")
    judge(description.decoded, "cEMI")
    var line = BusMonitorLine()
    line.show(cemi: message.span)
    require(String(validating: line.utf8, as: UTF8.self) != nil, "the line of a cEMI message is no UTF-8")
    require(line.utf8.allSatisfy { $0 >= 0x20 }, "the line of a cEMI message has an end in it")

    var faults = Faults()
    let frame = CEMIFrame(message.span, faults: &faults)
    require(frame == description.frame, "the frame depends on who reads it")
    guard let value = try? CEMIMessage(message.span) else {
        require(faults.isRejected, "a message that nothing rejects has no value")
        return 0
    }
    require(!faults.isRejected, "a message that is rejected has a value")
    let written = value.octets
    require(
        (try? CEMIMessage(written.span))?.octets == written,
        "a cEMI message changes when it is written, read and written")
    // Items of additional information are written in the order of their types, and the reserved bit of Ctrl1 is not written.
    let types = types(of: frame, message)
    let isInOrder = types == types.sorted()
    if isInOrder {
        require((try? CEMIMessage(written.span)) == value, "a cEMI message changes when it is written and read")
    }
    // Nor are other reserved octets of T_Data than 00.
    let begin = frame.bodyOffset
    let hasReserved =
        switch value {
        case .linkData: frame.control1 & 0x40 != 0
        case .transportData: message[begin..<(begin + 6)].contains { $0 != 0 }
        default: false
        }
    if faults.isEmpty, !hasReserved, isInOrder {
        require(written == message, "a cEMI message without fault is written otherwise: \(Hexadecimal.text(written))")
    }
    if case .linkData(let data) = value { judge(data) }
    return 0
}

private func types(of frame: CEMIFrame, _ message: [UInt8]) -> [UInt8] {
    var types: [UInt8] = []
    var cursor = AdditionalInformationCursor(block: frame.additionalInformation)
    while let item = cursor.next(message.span) { types.append(item.type) }
    return types
}

/// A telegram goes onto the line and comes back as it was.
private func judge(_ data: LinkData) {
    guard let frame = data.tp1Frame(ownAddress: IndividualAddress(raw: 0x1101)) else { return }
    let line = frame.octets
    require((try? TP1Frame(octets: line)) == frame, "a TP1 frame changes when it is written and read")
    guard let back = try? LinkData(indicationOf: line.span) else {
        require(data.extendedFormat != 0, "the line's frame is not read")
        return
    }
    require(
        back.transportUnit == data.transportUnit && back.destination == data.destination
            && back.hopCount == data.hopCount && back.priority == data.priority
            && back.extendedFormat == data.extendedFormat, "a telegram changes on its way over the line")
}
