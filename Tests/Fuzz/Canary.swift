import KNX

/// A decoder with a planted defect, to show that the fuzzing finds one: behind the real decoders six checks one after the other, as decoders
/// have them, and behind those it reads the octet after the input's end. Chance hits these 24 bits once in 17 million inputs; what keeps an
/// input that gets one check further, and sees a read beyond the end, should sooner.
@_cdecl("LLVMFuzzerTestOneInput")
public func examine(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let message = unsafe UnsafeBufferPointer(start: data, count: count).span
    // Only what has the shape of the telegram goes on, so that the search is short.
    guard count == 13, message[0] == 0x29, message[1] == 0, message[8] == 3, message[10] == 0x80 else { return 0 }
    var faults = Faults()
    let frame = CEMIFrame(message, faults: &faults)
    let place = frame.transportUnit
    guard faults.isEmpty, frame.isGroupAddressed, place.count == 4 else { return 0 }
    let unit = TransportUnit(
        message.extracting(place), isGroup: true, destinationIsZero: false, isSystemBroadcast: false, faults: &faults,
        at: place.lowerBound)
    guard faults.isEmpty, unit.service == .groupValueWrite else { return 0 }
    let code = UInt32(frame.rawDestination) << 8 | UInt32(message[place.upperBound - 1])
    guard isPassed(code >> 20, 0x6), isPassed(code >> 16, 0xB), isPassed(code >> 12, 0x7), isPassed(code >> 8, 0x9),
        isPassed(code >> 4, 0xC), isPassed(code, 0x4)
    else { return 0 }
    // Something must come of it, or the compiler leaves the reading out.
    if unsafe data?[count] == 0x0A { write("a line ends here\n") }
    return 0
}

nonisolated(unsafe) private var passed = 0

/// Its side effect keeps the compiler from making one comparison of all.
@inline(__always)
private func isPassed(_ code: UInt32, _ digit: UInt32) -> Bool {
    guard code & 15 == digit else { return false }
    unsafe passed &+= 1
    return true
}
