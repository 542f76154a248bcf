import KNX

/// A decoder with a planted defect, to show that the fuzzing finds one: behind the real decoders, a value of four octets that is written to one
/// group makes it read the octet behind the input's end. That are 48 bits, which no chance hits.
@_cdecl("LLVMFuzzerTestOneInput")
public func examine(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let message = unsafe UnsafeBufferPointer(start: data, count: count).span
    // Only what may be the telegram at all goes on, so that the search is short.
    guard count == 15, message[0] == 0x29, message[1] == 0, message[8] == 5 else { return 0 }
    var faults = Faults()
    let frame = CEMIFrame(message, faults: &faults)
    guard faults.isEmpty, frame.isLinkData, frame.isGroupAddressed else { return 0 }
    let place = frame.transportUnit
    let unit = TransportUnit(
        message.extracting(place), isGroup: true, destinationIsZero: false, isSystemBroadcast: false, faults: &faults,
        at: place.lowerBound)
    guard faults.isEmpty, unit.service == .groupValueWrite, unit.asduCount == 4 else { return 0 }
    guard frame.rawDestination == 0x6B79 else { return 0 }
    var value: UInt32 = 0
    for offset in (place.upperBound - 4)..<place.upperBound { value = value << 8 | UInt32(message[offset]) }
    guard value == 0xC4A1_2E55 else { return 0 }
    return unsafe CInt(data?[count] ?? 0) & 0
}
