import KNX

/// Any octets as a unit of the TP1 line; the check octet is made right when the first input octet asks for it.
@_cdecl("LLVMFuzzerTestOneInput")
public func examine(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe octets(data, count)
    guard let choice = input.first else { return 0 }
    var unit = Array(input.dropFirst())
    if choice & 1 != 0 { unit.append(TP1.checkOctet(unit)) }
    let description = LPDUDescription(unit.span)
    judge(description.faults, within: unit.count, "TP1")
    judge(description.fields, "TP1")
    judge(description.decoded, "TP1")
    var line = BusMonitorLine()
    line.show(lpdu: unit.span)
    require(String(validating: line.utf8, as: UTF8.self) != nil, "the line of a TP1 unit is no UTF-8")

    let shifted = LPDUDescription(unit.span, at: 100)
    require(
        shifted.faults.map(\.offset) == description.faults.map { $0.offset + 100 }, "faults do not follow their base")

    var faults = Faults()
    let frame = LPDUFrame(unit.span, faults: &faults)
    let value: LPDU
    do {
        value = try LPDU(octets: unit)
    } catch {
        require(
            faults.contains { $0.severity == .reject && $0.code.name == error.rawValue },
            "the decoders disagree: \(error.rawValue), \(faults.map(\.code.name))")
        return 0
    }
    require(!faults.contains { $0.layer != .linkUnsupported && $0.severity == .reject }, "the decoders disagree: good")
    let written = value.octets
    require((try? LPDU(octets: written)) == value, "a TP1 unit changes when it is written and read")
    // Short frames are written in the standard format, and the reserved bits of a poll as 0.
    let isUsual =
        switch frame.kind {
        case .extended: frame.length > 15 || frame.extendedFormat != 0
        case .poll: unit[5] < 16
        default: true
        }
    if isUsual { require(written == unit, "a TP1 unit is written otherwise: \(Hexadecimal.text(written))") }
    if let data = try? LinkData(indicationOf: unit.span) {
        require((try? LinkData(data.octets.span)) == data, "the indication of a frame changes")
    }
    return 0
}
