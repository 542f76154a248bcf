import Events
import KNX

/// Any octets as the reports of a KNX USB interface's host: `length, octets` again and again, with what the line does between them. It must take
/// everything, write nothing that its host could not read, and keep its own books.
@_cdecl("LLVMFuzzerTestOneInput")
public func examine(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe octets(data, count)
    var parameters = USBInterfaceParameters(address: IndividualAddress(raw: 0x1101))
    parameters.longestQueue = 6
    parameters.sendBuffers = 4
    var now = Instant(nanoseconds: 0)
    var interface = USBInterface(parameters, at: now)
    var host = USBTransferStream()
    var number: Int?
    func judge(_ effects: [USBInterface.Effect]) {
        for case .send(let transmission) in effects {
            require((try? TP1Frame(octets: transmission.octets)) != nil, "no frame is put on the line")
            require(transmission.number > number ?? 0, "a number is used twice")
            number = transmission.number
        }
        require(interface.pendingCount <= parameters.sendBuffers, "it took more telegrams than it has room for")
        if !interface.isPluggedIn { require(interface.nextReport == nil, "it says something without power") }
    }
    judge(interface.next(.pluggedIn, at: now))
    var offset = 0
    while offset < input.count {
        let length = Int(input[offset])
        let end = min(offset + 1 + length, input.count)
        let said = Array(input[(offset + 1)..<end])
        // A host goes on offering what is not taken.
        if interface.takesReports { judge(interface.next(.report(said), at: now)) }
        // Every length stands for something that the line or the host does as well.
        switch length % 8 {
        case 0: judge(interface.next(.line(.frame(said, isOwn: false, at: now)), at: now))
        case 1: judge(interface.next(.line(.truncated(said, at: now)), at: now))
        case 2: judge(interface.next(.line(.acknowledge(0xCC, at: now)), at: now))
        case 3:
            if let number { judge(interface.next(.line(.sent(number: number, isConfirmed: true, at: now)), at: now)) }
        case 4: judge(interface.next(.line(.power(length < 128 ? .off : .running, at: now)), at: now))
        case 5: judge(interface.next(length < 128 ? .unplugged : .pluggedIn, at: now))
        case 6: judge(interface.next(.busReset, at: now))
        default: now = now + .milliseconds(Int64(length))
        }
        if length % 8 > 3 { host = USBTransferStream() }
        while let report = interface.takeReport(at: now) {
            require(report.count == USBReport.length, "a report has another length")
            for output in host.feed(report) {
                guard case .transfer(let transfer, _) = output else { fatalError("its host cannot read \(report)") }
                if case .tunnel(_, let message) = transfer.content {
                    require((try? CEMIMessage(message.span)) != nil, "no cEMI: \(Hexadecimal.text(message))")
                }
            }
        }
        offset = end
    }
    return 0
}
