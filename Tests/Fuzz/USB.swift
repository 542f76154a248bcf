import KNX

/// Reports of a KNX USB interface one after another, each behind an input octet with its length.
@_cdecl("LLVMFuzzerTestOneInput")
public func examine(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe octets(data, count)
    var stream = USBTransferStream()
    var padded = USBTransferStream()
    var isComparable = true
    for report in reports(input) {
        judgeReport(report)
        let outputs = stream.feed(report)
        for output in outputs { judgeOutput(output, report) }
        // Zeros that a host has left out say nothing.
        let zeros = [UInt8](repeating: 0, count: max(0, USBReport.length - report.count))
        let same = padded.feed(report + zeros)
        isComparable = isComparable && outputs.allSatisfy { if case .rejected = $0 { false } else { true } }
        if isComparable { require(outputs == same, "zeros behind a report change it") }
    }
    let isInside = stream.isInsideTransfer
    require(stream.reset().count == (isInside ? 1 : 0), "what had begun is not told")
    require(!stream.isInsideTransfer, "a stream that was reset has begun something")
    return 0
}

private func reports(_ input: [UInt8]) -> [[UInt8]] {
    var reports: [[UInt8]] = []
    var rest = input[...]
    while let length = rest.popFirst() {
        reports.append(Array(rest.prefix(Int(length))))
        rest = rest.dropFirst(Int(length))
    }
    return reports
}

private func judgeReport(_ octets: [UInt8]) {
    let report = USBReport(octets.span)
    judge(report.faults, within: octets.count, "USB report")
    judge(report.fields, "USB report")
    if let range = report.bodyRange { require(range.upperBound <= octets.count, "the body lies outside") }
}

private func judgeOutput(_ output: USBTransferStream.Output, _ report: [UInt8]) {
    switch output {
    case .rejected(let fault, let octets):
        require(octets == report && fault.offset <= octets.count, "\(fault) lies outside of the report")
    case .abandoned(let fault, let header, let body):
        require(fault.offset <= body.count, "\(fault) lies outside of the body")
        require(body.count < Int(header.bodyLength), "a whole body was abandoned")
    case .transfer(let transfer, let faults):
        judge(transfer.fields, "USB transfer")
        let reports: [[UInt8]]
        do {
            reports = try transfer.reports
        } catch {
            require(!faults.isEmpty, "a transfer without fault cannot be sent: \(error)")
            return
        }
        require(reports.allSatisfy { $0.count == USBReport.length }, "a report has another length")
        var stream = USBTransferStream()
        let again = reports.flatMap { stream.feed($0) }
        require(again == [.transfer(transfer, faults)], "a transfer changes when it is sent and read")
    }
}
