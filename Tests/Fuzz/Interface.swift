import Events
import KNX

/// Any octets as what clients say to the KNXnet/IP interface of the twin: `length, octets` again and again, each a datagram, with what the line
/// does between them. It must take everything, write nothing that cannot be read, and keep its own books.
@_cdecl("LLVMFuzzerTestOneInput")
public func examine(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe octets(data, count)
    var parameters = IPInterfaceParameters(
        address: IndividualAddress(raw: 0x1101), slots: [0x1102, 0x1103].map { IndividualAddress(raw: $0) })
    parameters.longestQueue = 4
    parameters.sendBuffers = 4
    let address = InternetAddress(127, 0, 0, 1)
    var interface = IPInterface(
        parameters, endpoint: IPEndpoint(address, port: 3671), at: Instant(nanoseconds: 0))
    var now = Instant(nanoseconds: 0)
    var numbers: [Int] = []
    var offset = 0
    // A tunnel is there from the beginning, so that mutations need not find that out first.
    let open = KNXnetIPMessage.connectRequest(
        control: .routeBack(.udp), data: .routeBack(.udp), .tunnelling(.link))
    judge(
        interface.next(.datagram((try? open.octets) ?? [], from: IPEndpoint(address, port: 40_000)), at: now), &numbers)
    while offset < input.count {
        let length = Int(input[offset])
        let end = min(offset + 1 + length, input.count)
        let datagram = Array(input[(offset + 1)..<end])
        let sender = IPEndpoint(address, port: 40_000 + UInt16(length & 1))
        judge(interface.next(.datagram(datagram, from: sender), at: now), &numbers)
        // Every length stands for something that the line does as well.
        switch length % 8 {
        case 0: judge(interface.next(.line(.frame(datagram, isOwn: false, at: now)), at: now), &numbers)
        case 1: judge(interface.next(.line(.truncated(datagram, at: now)), at: now), &numbers)
        case 2: judge(interface.next(.line(.acknowledge(0xCC, at: now)), at: now), &numbers)
        case 3:
            if let number = numbers.first {
                numbers.removeFirst()
                judge(interface.next(.line(.sent(number: number, isConfirmed: true, at: now)), at: now), &numbers)
            }
        case 4: judge(interface.next(.line(.power(.off, at: now)), at: now), &numbers)
        case 5: judge(interface.next(.line(.power(.running, at: now)), at: now), &numbers)
        default: now = now + .milliseconds(Int64(length) * 10)
        }
        judge(interface.next(.time, at: now), &numbers)
        require(interface.connections.count <= 2, "more connections than slots")
        require(Set(interface.connections).count == interface.connections.count, "a slot is given twice")
        require(interface.nextDue.map { $0 > now } ?? true, "something is due and not done")
        offset = end
    }
    // Without a word of anybody every connection ends.
    for _ in 0..<4 {
        now = now + .seconds(121)
        judge(interface.next(.time, at: now), &numbers)
    }
    require(interface.connections.isEmpty, "a connection outlives its client")
    return 0
}

private func judge(_ effects: [IPInterface.Effect], _ numbers: inout [Int]) {
    for effect in effects {
        switch effect {
        case .datagram(let octets, _):
            let isRejected = KNXnetIPFrame(octets.span).message == nil
            require(!isRejected, "the interface writes what cannot be read: \(Hexadecimal.text(octets))")
        case .send(let transmission):
            require((try? TP1Frame(octets: transmission.octets)) != nil, "no frame is put on the line")
            numbers.append(transmission.number)
        case .attitude: break
        }
    }
}
