import Glibc
import KNX

/// The input that libFuzzer hands over, as octets of our own.
func octets(_ data: UnsafePointer<UInt8>?, _ count: Int) -> [UInt8] {
    unsafe Array(UnsafeBufferPointer(start: data, count: count))
}

/// Ends the process when a property does not hold, so that libFuzzer keeps the input.
func require(_ holds: Bool, _ property: @autoclosure () -> String) {
    guard !holds else { return }
    write("property broken: " + property() + "\n")
    abort()
}

func write(_ line: String) {
    let octets = Array(line.utf8)
    _ = unsafe Glibc.write(2, octets, octets.count)
}

/// Faults lie within the octets they are about, or at their end where one is missing; the worst has a name and a sentence.
func judge(_ faults: Faults, within count: Int, _ decoder: String) {
    for fault in faults {
        require(fault.offset <= min(count, 0xFFFF), "\(decoder): \(fault) lies outside of \(count) octets")
        require(!fault.description.isEmpty && !fault.layer.name.isEmpty, "\(decoder): a fault has no words")
    }
    require(faults.ranked.count == faults.count, "\(decoder): ranking lost a fault")
    require(faults.isEmpty == (faults.worst == nil), "\(decoder): worst fault")
}

/// Fields have names, none twice, and become JSON that is text of one line.
func judge(_ fields: [Field], _ decoder: String) {
    var text: [UInt8] = []
    JSONWriter.write(fields, into: &text)
    require(text.first == 0x7B && text.last == 0x7D, "\(decoder): JSON has no braces")
    require(text.allSatisfy { $0 >= 0x20 }, "\(decoder): JSON has a control character")
    require(String(validating: text, as: UTF8.self) != nil, "\(decoder): JSON is no UTF-8")
    require(fields.allSatisfy { !$0.name.isEmpty }, "\(decoder): a field has no name")
}

/// Cuts octets into pieces whose sizes follow from the octets themselves: the same input gives the same cuts.
func pieces(_ octets: [UInt8], salt: UInt8) -> [ArraySlice<UInt8>] {
    var state = octets.reduce(UInt32(salt) &+ 2_166_136_261) { ($0 ^ UInt32($1)) &* 16_777_619 }
    var pieces: [ArraySlice<UInt8>] = []
    var start = 0
    while start < octets.count {
        state = state &* 1_664_525 &+ 1_013_904_223
        // Small pieces mostly, an empty one now and then.
        let size = min(Int(state >> 24) % 7 * (state & 0x0070_0000 == 0 ? 40 : 1), octets.count - start)
        pieces.append(octets[start..<(start + size)])
        start += size
    }
    return pieces
}
