import KNX

/// A value of a datapoint type: an input octet for its main number, two for the subtype (0 is none), one that says whether a text follows (b0)
/// or octets, and whether they are six bits (b1).
@_cdecl("LLVMFuzzerTestOneInput")
public func examine(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe octets(data, count)
    guard count > 3 else { return 0 }
    let sub = UInt16(input[1]) << 8 | UInt16(input[2])
    guard let type = DatapointType(main: UInt16(input[0]), sub: sub == 0 ? nil : sub) else { return 0 }
    let octets = Array(input.dropFirst(4))
    if input[3] & 1 != 0 {
        judgeText(String(decoding: octets, as: UTF8.self), type)
    } else {
        judgeOctets(octets, type, isSixBit: input[3] & 2 != 0)
    }
    return 0
}

private func judgeOctets(_ octets: [UInt8], _ type: DatapointType, isSixBit: Bool) {
    let (decoded, faults) = type.decode(octets.span, isSixBit: isSixBit)
    judge(faults, within: octets.count, "\(type)")
    let report = DecodingReport(octets, as: type, isSixBit: isSixBit)
    var text: [UInt8] = []
    report.writeText(into: &text)
    report.writeJSON(into: &text)
    require(text.last == 0x0A && String(validating: text, as: UTF8.self) != nil, "\(type): the report is no text")
    guard let value = decoded else {
        require(faults.isRejected, "\(type): neither a value nor a fault")
        return
    }
    require(!faults.isRejected, "\(type): a value that is rejected")
    judge(type.fields(of: value), "\(type)")
    judge(type.decodedFields(of: value), "\(type)")
    // An octet beyond ASCII is no character that can be written.
    if case .text(let text) = value, text.unicodeScalars.contains("\u{FFFD}") { return }
    guard let encoded = try? type.encode(value) else {
        require(false, "\(type): \(value) was read and cannot be written")
        return
    }
    let again = type.decode(encoded)
    require(again.value == value, "\(type): \(value) is \(String(describing: again.value)) once it is written and read")
    require(again.faults.allSatisfy { $0.code == .unknownEnum }, "\(type): \(value) is written with a fault")
    judgeSpelling(of: value, type, encoded)
}

/// What a person reads gives the same octets when it is written.
private func judgeSpelling(of value: DatapointValue, _ type: DatapointType, _ encoded: GroupValue) {
    for text in Set([type.text(of: value), type.textWithUnit(of: value)]) {
        // A unit behind a text is part of the text.
        if case .text = value, text != type.text(of: value) { continue }
        let reread = try? type.encode(parsing: text)
        require(reread == encoded, "\(type): '\(text)' is \(String(describing: reread?.raw)), not \(encoded.raw)")
    }
}

private func judgeText(_ text: String, _ type: DatapointType) {
    _ = DatapointType(parsing: text)
    guard let value = try? type.value(parsing: text) else { return }
    _ = type.text(of: value)
    judge(type.fields(of: value), "\(type)")
    guard let encoded = try? type.encode(value) else { return }
    let (decoded, faults) = type.decode(encoded)
    require(decoded != nil && !faults.isRejected, "\(type): '\(text)' is written as \(encoded.raw), which is rejected")
    // A tie between two codes may go to the one with the larger exponent, so what counts is the value.
    guard let decoded, let again = try? type.encode(decoded) else {
        require(decoded == nil, "\(type): '\(text)' was written, read, and cannot be written again")
        return
    }
    require(type.decode(again).value == decoded, "\(type): '\(text)' is \(encoded.raw), then \(again.raw)")
}
