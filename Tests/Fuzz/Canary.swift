import KNX

/// A decoder with a planted defect, to show that the fuzzing finds one: behind the real decoders, a four-octet value that is written to one
/// group makes it read the octet behind the input's end.
@_cdecl("LLVMFuzzerTestOneInput")
public func examine(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let message = unsafe octets(data, count)
    var faults = Faults()
    let frame = CEMIFrame(message.span, faults: &faults)
    guard faults.isEmpty, frame.isLinkData, frame.rawDestination == 0x6B79 else { return 0 }
    let tpdu = Array(message[frame.transportUnit])
    guard let service = try? GroupService(transportUnit: tpdu), case .write(.octets(let value)) = service,
        value.count == 4, value.reduce(0 as UInt32, { $0 << 8 | UInt32($1) }) == 0xC4A1_2E55
    else { return 0 }
    return unsafe CInt(data?[count] ?? 0) & 0
}
