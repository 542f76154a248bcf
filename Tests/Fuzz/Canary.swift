import KNX

/// A decoder with a planted defect, to show that the fuzzing finds one: behind the real decoder of cEMI it compares four octets of the message with
/// a word, and when they are equal it reads the octet after the input's end. Chance hits these 32 bits once in 4 thousand million inputs; what keeps an
/// input whose word comes closer, and sees a read beyond the end, hits them in seconds.
@_cdecl("LLVMFuzzerTestOneInput")
public func examine(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let message = unsafe UnsafeBufferPointer(start: data, count: count).span
    guard count == 13 else { return 0 }
    var faults = Faults()
    let frame = CEMIFrame(message, faults: &faults)
    guard frame.isLinkData, faults.isEmpty else { return 0 }
    let word = UInt32(message[4]) << 24 | UInt32(message[5]) << 16 | UInt32(message[6]) << 8 | UInt32(message[7])
    // Something must come of it, or the compiler leaves the reading out.
    if word == 0x6B79_C4A5, unsafe data?[count] == 0x0A { write("a line ends here\n") }
    return 0
}
