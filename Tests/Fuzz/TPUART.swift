import KNX

/// Both directions of a transceiver's serial line. The first input octet says which (b0), the chip (b1), and of what the chip says the mode
/// (b2), markers (b3), CRC (b4) and whether `TPUARTStream` alone is meant (b5).
///
/// What the chip says comes in pairs: how long after the octet before, and the octet.
@_cdecl("LLVMFuzzerTestOneInput")
public func examine(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe octets(data, count)
    guard let choice = input.first else { return 0 }
    let chip: TransceiverChip = choice & 2 != 0 ? .ncn51xx : .tpuart2
    let mode: TPUARTStream.Mode = choice & 4 != 0 ? .busmonitor : .link
    if choice & 1 != 0 {
        judgeRequests(Array(input.dropFirst()), chip)
    } else if choice & 0x20 != 0 {
        judgeLine(arrivals(input.dropFirst()), mode)
    } else {
        var stream = TransceiverStream(chip: chip, mode: mode)
        stream.hasFrameEndMarkers = choice & 8 != 0
        stream.hasCRC = choice & 16 != 0
        judgeTransceiver(stream, arrivals(input.dropFirst()))
    }
    return 0
}

private struct Arrival {
    var octet: UInt8
    var nanoseconds: Int64
    /// The host asks before it.
    var asks: Bool
    /// The clock went as clocks go.
    var isOrderly: Bool
}

/// Waits that mean something to the decoder, just below and above its limits, and clocks that jump.
private let waits: [Int64] = [
    1_354_167, 0, 100_000, 572_917, 1_354_166, 2_499_999, 2_500_000, 2_500_001, 4_000_000, 19_999_999, 20_000_001,
    21_354_167, 22_700_000, 22_700_001, 99_999_999, 100_000_001, 500_000_000, 10_000_000_000, -1_354_167, -500_000_000,
    .max, .min, Int64.max / 2,
]

private func arrivals(_ input: ArraySlice<UInt8>) -> [Arrival] {
    var now: Int64 = 1_000_000_000
    var isOrderly = true
    var arrivals: [Arrival] = []
    var rest = input
    while let wait = rest.popFirst(), let octet = rest.popFirst() {
        let code = Int(wait & 0x7F)
        let pause = code < waits.count ? waits[code] : Int64(code) * 60_000
        now = now &+ pause
        isOrderly = isOrderly && pause >= 0 && now >= 0 && now < Int64.max / 4
        arrivals.append(Arrival(octet: octet, nanoseconds: now, asks: wait & 0x80 != 0, isOrderly: isOrderly))
    }
    return arrivals
}

private func judgeLine(_ arrivals: [Arrival], _ mode: TPUARTStream.Mode) {
    var stream = TPUARTStream(mode: mode)
    var ticked = TPUARTStream(mode: mode)
    var once = TPUARTStream(mode: mode)
    var outputs: [TPUARTStream.Output] = []
    var ofTicked: [TPUARTStream.Output] = []
    var ofOnce: [TPUARTStream.Output] = []
    var last = arrivals.first?.nanoseconds ?? 0
    for arrival in arrivals {
        outputs += stream.feed(arrival.octet, atNanoseconds: arrival.nanoseconds)
        _ = stream.acknowledgeWindow
        guard arrival.isOrderly else { continue }
        // How often time is told makes no difference, only what was told last before an octet.
        let wait = arrival.nanoseconds - last
        for part in 1...4 as ClosedRange<Int64> { ofTicked += ticked.tick(atNanoseconds: last + wait * part / 4) }
        ofTicked += ticked.feed(arrival.octet, atNanoseconds: arrival.nanoseconds)
        ofOnce += once.tick(atNanoseconds: arrival.nanoseconds)
        ofOnce += once.feed(arrival.octet, atNanoseconds: arrival.nanoseconds)
        require(ofTicked == ofOnce, "the frames depend on how often time is told")
        last = arrival.nanoseconds
    }
    drain { deadline in
        outputs += stream.tick(atNanoseconds: deadline)
        return stream.nextDeadlineNanoseconds
    }
    let told = outputs.flatMap(octets)
    require(told == arrivals.map(\.octet), "octets are lost or come in another order: \(Hexadecimal.text(told))")
}

/// Tells the stream of time until it waits for nothing.
private func drain(_ step: (Int64) -> Int64?) {
    var deadline = step(.min)
    for _ in 0..<10_000 {
        guard let due = deadline else { return }
        deadline = step(due)
    }
    require(false, "the stream waits for ever")
}

/// What an output was made of.
private func octets(_ output: TPUARTStream.Output) -> [UInt8] {
    switch output {
    case .frame(let frame): frame.octets + (frame.acknowledge.map { [$0] } ?? [])
    case .reset: [0x03]
    case .confirmation(let isPositive, _): [isPositive ? 0x8B : 0x0B]
    case .state(let octet, _), .acknowledge(let octet, _), .configuration(let octet, _), .frameState(let octet, _):
        [octet]
    case .systemState(let octet, _): [0x4B, octet]
    case .noise(let octets, _): octets
    }
}

private func judgeTransceiver(_ given: TransceiverStream, _ arrivals: [Arrival]) {
    var stream = given
    var count = 0
    let tell = { (outputs: [TransceiverStream.Output]) in
        for case .line(let output) in outputs { count += octets(output).count }
    }
    for arrival in arrivals {
        if arrival.asks {
            let question: TransceiverStream.Question =
                given.chip == .tpuart2 ? .productIdentification : .register(arrival.octet & 3)
            stream.ask(question, atNanoseconds: arrival.nanoseconds)
        }
        tell(stream.feed(arrival.octet, atNanoseconds: arrival.nanoseconds))
        _ = stream.acknowledgeWindow
    }
    drain { deadline in
        tell(stream.tick(atNanoseconds: deadline))
        return stream.nextDeadlineNanoseconds
    }
    require(count <= arrivals.count, "more octets are told than came")
}

private func judgeRequests(_ octets: [UInt8], _ chip: TransceiverChip) {
    var stream = TPUARTRequestStream(chip: chip)
    for octet in octets {
        switch stream.feed(octet) {
        case nil, .transmissionBegins: break
        case .refused(let fault, let octets):
            require(fault.offset <= octets.count, "\(fault) lies outside")
        case .request(let request):
            var again = TPUARTRequestStream(chip: chip)
            let outputs = request.octets.compactMap { again.feed($0) }
            require(outputs.last == .request(request), "a request changes when it is written and read: \(request)")
            require(!again.isInsideService, "a request is longer than it was")
        }
    }
}
