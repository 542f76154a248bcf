import KNX
import Platform
import Testing

/// Plays a TP1 line with one chip: octets with their arrivals at the host, from what is on the line when.
struct PlayedLine {
    static let character: Int64 = 572_917
    private(set) var octets: [(octet: UInt8, arrival: Int64)] = []
    /// The next free bit on the line, nanoseconds.
    private(set) var now: Int64 = 1_000_000_000
    private(set) var ends: [Int64] = []
    private(set) var begins: [Int64] = []

    mutating func idle(bits: Int64) { now += BusTiming.nanoseconds(bits: bits) }
    mutating func idle(milliseconds: Int64) { now += milliseconds * 1_000_000 }

    /// Characters at the line's pace.
    mutating func send(_ characters: [UInt8]) {
        begins.append(now)
        for (index, octet) in characters.enumerated() {
            if index > 0 { idle(bits: 2) }
            idle(bits: 11)
            octets.append((octet, now + Self.character))
        }
        ends.append(now)
    }

    mutating func acknowledge(_ octet: UInt8 = 0xCC) {
        idle(bits: 15)
        send([octet])
        begins.removeLast()
        ends.removeLast()
    }

    /// What a host reads that is not scheduled while `window`: all that arrives in it is stamped with its end.
    func stalled(from start: Int64, for nanoseconds: Int64) -> [(octet: UInt8, arrival: Int64)] {
        octets.map {
            ($0.octet, (start..<(start + nanoseconds)).contains($0.arrival) ? start + nanoseconds : $0.arrival)
        }
    }
}

extension TPUARTStream {
    /// Feeds everything as a driver does: deadlines that pass before the next arrival are ticked.
    mutating func play(_ octets: [(octet: UInt8, arrival: Int64)]) -> [Output] {
        var outputs: [Output] = []
        for (octet, arrival) in octets {
            while let deadline = nextDeadlineNanoseconds, deadline < arrival {
                outputs += tick(atNanoseconds: deadline)
            }
            outputs += feed(octet, atNanoseconds: arrival)
        }
        while let deadline = nextDeadlineNanoseconds { outputs += tick(atNanoseconds: deadline) }
        return outputs
    }
}

extension TPUARTStream.Output {
    var frame: TPUARTStream.Frame? {
        if case .frame(let frame) = self { frame } else { nil }
    }
}

@Suite struct TPUARTStreamTests {
    static let write = hex("BC 1105 0901 E1 0081 3F")
    static let float = hex("BC 1105 0901 E3 0080 0C1A 2A")
    static let extended = TP1Frame(
        source: IndividualAddress(raw: 0x1105), destination: .group(GroupAddress(raw: 0x0901)),
        transportUnit: [0x00, 0x80] + [UInt8](repeating: 0x5A, count: 60)
    ).octets

    @Test(arguments: [UInt8(0xCC), 0x0C, 0xC0, 0x00]) func framesWithTheirAcknowledge(_ acknowledge: UInt8) throws {
        var line = PlayedLine()
        line.send(Self.write)
        line.acknowledge(acknowledge)
        line.idle(bits: 53)
        line.send(Self.extended)
        line.idle(bits: 50)
        line.send(Self.float)
        line.acknowledge(acknowledge)
        var stream = TPUARTStream(mode: .busmonitor)
        let frames = stream.play(line.octets).compactMap(\.frame)
        #expect(frames.map(\.octets) == [Self.write, Self.extended, Self.float])
        #expect(frames.map(\.acknowledge) == [acknowledge, nil, acknowledge])
        #expect(frames.allSatisfy { $0.flaw == nil })
        for (frame, (begin, end)) in zip(frames, zip(line.begins, line.ends)) {
            #expect(abs(frame.beginNanoseconds - begin) < 1000)
            #expect(abs(frame.endNanoseconds - end) < 1000)
        }
    }

    @Test func linkModeTellsFramesAtOnce() {
        var line = PlayedLine()
        line.send(Self.write)
        var stream = TPUARTStream(mode: .link)
        var outputs: [TPUARTStream.Output] = []
        for (octet, arrival) in line.octets { outputs += stream.feed(octet, atNanoseconds: arrival) }
        #expect(outputs.compactMap(\.frame).map(\.octets) == [Self.write])
        #expect(stream.nextDeadlineNanoseconds == nil)
    }

    @Test(arguments: [
        (UInt8(0x03), TPUARTStream.Output.reset(nanoseconds: 7)), (0x07, .state(0x07, nanoseconds: 7)),
        (0x97, .state(0x97, nanoseconds: 7)), (0x8B, .confirmation(isPositive: true, nanoseconds: 7)),
        (0x0B, .confirmation(isPositive: false, nanoseconds: 7)), (0xCC, .acknowledge(0xCC, nanoseconds: 7)),
        (0x13, .frameState(0x13, nanoseconds: 7)), (0x21, .configuration(0x21, nanoseconds: 7)),
    ]) func services(_ octet: UInt8, _ output: TPUARTStream.Output) {
        for mode in [TPUARTStream.Mode.link, .busmonitor] {
            var stream = TPUARTStream(mode: mode)
            #expect(stream.feed(octet, atNanoseconds: 7) == [output])
        }
    }

    @Test func systemStateHasASecondOctet() {
        var stream = TPUARTStream(mode: .link)
        #expect(stream.feed(0x4B, atNanoseconds: 0).isEmpty)
        #expect(stream.feed(0x03, atNanoseconds: 600_000) == [.systemState(0x03, nanoseconds: 600_000)])
        #expect(stream.feed(0x4B, atNanoseconds: 2_000_000).isEmpty)
        #expect(stream.tick(atNanoseconds: 100_000_000) == [.noise([0x4B], nanoseconds: 2_000_000)])
    }

    @Test func everyTruncationEndsAndTheNextFrameIsFound() {
        for frame in [Self.write, Self.float, Self.extended] {
            for count in 1..<frame.count {
                for pause in [50, 60, 100, 300, 9600] as [Int64] {
                    var line = PlayedLine()
                    line.send(Array(frame.prefix(count)))
                    line.idle(bits: pause)
                    line.send(Self.float)
                    line.acknowledge()
                    var stream = TPUARTStream(mode: .busmonitor)
                    let frames = stream.play(line.octets).compactMap(\.frame)
                    #expect(
                        frames.map(\.octets) == [Array(frame.prefix(count)), Self.float], "\(count), \(pause) bits")
                    #expect(frames.map(\.flaw) == [.truncated, nil])
                    #expect(frames.last?.acknowledge == 0xCC)
                    #expect(abs((frames.first?.endNanoseconds ?? 0) - line.ends[0]) < 1000)
                }
            }
        }
    }

    @Test func aHostThatStallsCutsNothing() {
        for stall in [3, 8, 15, 19] as [Int64] {
            for start in stride(from: Int64(0), to: 90, by: 1) {
                var line = PlayedLine()
                for _ in 0..<3 {
                    line.send(Self.float)
                    line.acknowledge()
                    line.idle(bits: 53)
                }
                line.idle(milliseconds: 1)
                let late = line.stalled(from: 1_000_000_000 + start * 1_000_000, for: stall * 1_000_000)
                var stream = TPUARTStream(mode: .busmonitor)
                let frames = stream.play(late).compactMap(\.frame)
                #expect(frames.map(\.octets) == [Self.float, Self.float, Self.float], "\(stall) ms from \(start) ms")
                #expect(frames.allSatisfy { $0.flaw == nil && $0.acknowledge == 0xCC }, "\(stall) ms from \(start) ms")
                for (frame, end) in zip(frames, line.ends) {
                    // Two octets in time are enough for the schedule; a frame that came late as a whole says so.
                    let error = frame.endNanoseconds - end
                    #expect(error >= -1000 && error <= (frame.isBurst ? stall * 1_000_000 : 400_000))
                }
            }
        }
    }

    /// What delays a terminal on a busy computer may delay each octet by as much: they then come at the line's own pace after a silence.
    @Test func octetsThatAreAllLateByAsMuchAreOneFrame() {
        for mode in [TPUARTStream.Mode.busmonitor, .link] {
            for delay in [1_500_000, 2_600_000, 3_500_000, 4_400_000] as [Int64] {
                for frame in [Self.write, Self.float, Self.extended] {
                    for start in 1..<frame.count {
                        var line = PlayedLine()
                        line.send(frame)
                        line.acknowledge()
                        let late = line.octets.enumerated().map { index, octet in
                            (octet: octet.octet, arrival: octet.arrival + (index >= start ? delay : 0))
                        }
                        var stream = TPUARTStream(mode: mode)
                        let frames = stream.play(late).compactMap(\.frame)
                        #expect(frames.map(\.octets) == [frame], "\(delay) ns from octet \(start)")
                        #expect(frames.first?.flaw == nil)
                    }
                }
            }
        }
    }

    /// A computer that is busy goes on after one octet of those that are overdue, and stands still once more.
    @Test func aSecondStallRightAfterTheFirstCutsNothing() {
        for (first, second) in [(8, 3), (14, 3), (14, 5), (10, 8)] as [(Int64, Int64)] {
            for frame in [Self.write, Self.float, Self.extended] {
                for start in 1..<(frame.count - 1) {
                    var line = PlayedLine()
                    line.send(frame)
                    line.acknowledge()
                    let again = line.octets[start].arrival + first * 1_000_000
                    let late = line.octets.enumerated().map { index, octet in
                        let until = index < start ? 0 : index == start ? again : again + second * 1_000_000
                        return (octet: octet.octet, arrival: max(octet.arrival, until))
                    }
                    var stream = TPUARTStream(mode: .busmonitor)
                    let frames = stream.play(late).compactMap(\.frame)
                    #expect(frames.map(\.octets) == [frame], "\(first) and \(second) ms from octet \(start)")
                    #expect(frames.first?.flaw == nil && frames.first?.acknowledge == 0xCC)
                }
            }
        }
    }

    @Test func aStallInsideAFrameDoesNotMoveItsStamp() throws {
        var line = PlayedLine()
        line.send(Self.float)
        for octet in 1..<Self.float.count {
            let late = line.stalled(from: line.octets[octet].arrival - 1, for: 12_000_000)
            var stream = TPUARTStream(mode: .busmonitor)
            let frame = try #require(stream.play(late).compactMap(\.frame).first)
            #expect(abs(frame.endNanoseconds - line.ends[0]) < 1000)
            #expect(frame.longestSilenceNanoseconds >= 12_000_000)
        }
    }

    @Test func anAdapterThatCollectsOctetsCutsNothing() {
        var line = PlayedLine()
        for _ in 0..<20 {
            line.send(Self.float)
            line.acknowledge()
            line.idle(bits: 53)
        }
        // A USB adapter with a latency timer of 16 ms.
        let collected = line.octets.map { (octet: $0.octet, arrival: ($0.arrival / 16_000_000 + 1) * 16_000_000) }
        var stream = TPUARTStream(mode: .busmonitor)
        let frames = stream.play(collected).compactMap(\.frame)
        #expect(frames.count == 20)
        #expect(frames.allSatisfy { $0.octets == Self.float && $0.flaw == nil && $0.acknowledge == 0xCC })
    }

    @Test func everyDamagedOctetIsToldAndTheNextFrameIsFound() {
        for frame in [Self.write, Self.float] {
            for index in frame.indices {
                for octet in UInt8.min...255 where octet != frame[index] {
                    var damaged = frame
                    damaged[index] = octet
                    var line = PlayedLine()
                    line.send(damaged)
                    line.acknowledge(0x0C)
                    line.idle(bits: 50)
                    line.send(Self.float)
                    line.acknowledge()
                    var stream = TPUARTStream(mode: .busmonitor)
                    let outputs = stream.play(line.octets)
                    let good = outputs.compactMap(\.frame).filter { $0.flaw == nil }
                    #expect(good.map(\.octets) == [Self.float], "\(damaged)")
                    #expect(good.first?.acknowledge == 0xCC)
                    #expect(outputs.count > 1, "\(damaged) left no trace")
                }
            }
        }
    }

    @Test func powerLossInsideAFrame() {
        var line = PlayedLine()
        line.send(Array(Self.float.prefix(5)))
        line.idle(milliseconds: 3000)
        line.send([0x03])
        var stream = TPUARTStream(mode: .busmonitor)
        let outputs = stream.play(line.octets)
        #expect(outputs.count == 2)
        #expect(outputs.first?.frame?.flaw == .truncated)
        #expect(outputs.last == .reset(nanoseconds: line.octets[5].arrival))
    }

    /// A reader that was asleep finds both in its buffer, without a deadline in between.
    @Test func silenceCountsWithoutATick() {
        var line = PlayedLine()
        line.send(Array(Self.float.prefix(5)))
        line.idle(milliseconds: 3000)
        line.send([0x03])
        var stream = TPUARTStream(mode: .busmonitor)
        var outputs: [TPUARTStream.Output] = []
        for (octet, arrival) in line.octets { outputs += stream.feed(octet, atNanoseconds: arrival) }
        #expect(outputs.first?.frame?.flaw == .truncated)
        // Told once it is sure that the octet stands alone.
        outputs += stream.tick(atNanoseconds: line.octets[5].arrival + 2_500_000)
        #expect(outputs.last == .reset(nanoseconds: line.octets[5].arrival))
    }

    /// A host that slept long has ticked nothing: all that happened is in its buffer.
    @Test(arguments: [30, 60, 95] as [Int64]) func aHostThatSleepsLosesNothing(_ milliseconds: Int64) {
        for start in 0..<60 as Range<Int64> {
            var line = PlayedLine()
            for _ in 0..<8 {
                line.send(Self.float)
                line.acknowledge()
                line.idle(bits: 53)
            }
            let late = line.stalled(from: 1_000_000_000 + start * 1_000_000, for: milliseconds * 1_000_000)
            var stream = TPUARTStream(mode: .busmonitor)
            var outputs: [TPUARTStream.Output] = []
            var wake = Int64.min
            for (octet, arrival) in late {
                // Ticks come only while the host is awake.
                if arrival != wake, arrival != 1_000_000_000 + (start + milliseconds) * 1_000_000 {
                    while let deadline = stream.nextDeadlineNanoseconds, deadline < arrival {
                        outputs += stream.tick(atNanoseconds: deadline)
                    }
                }
                wake = arrival
                outputs += stream.feed(octet, atNanoseconds: arrival)
            }
            #expect(outputs.compactMap(\.frame).count == 8, "from \(start) ms")
            #expect(outputs.allSatisfy { $0.frame?.acknowledge == 0xCC && $0.frame?.flaw == nil }, "from \(start) ms")
        }
    }

    /// Octets of data that look like services, from a frame that was wrongly cut or whose length was damaged.
    @Test func noOctetOfDataPassesForAService() {
        let data = TP1Frame(
            source: IndividualAddress(raw: 0x1103), destination: .group(GroupAddress(raw: 0x0B03)),
            transportUnit: [0x00, 0x80, 0x03, 0x8B, 0x0B, 0x07, 0xCC, 0x03, 0x8B]
        ).octets
        for index in 1..<data.count {
            for damage in [nil, 1, 4] as [Int?] {
                var octets = data
                if let damage { octets[5] = octets[5] & 0xF0 | UInt8(damage) }
                var line = PlayedLine()
                line.send(Array(octets.prefix(index)))
                line.idle(milliseconds: damage == nil ? 150 : 0)
                line.idle(bits: 2)
                line.send(Array(octets.dropFirst(index)))
                line.idle(bits: 60)
                line.send([0x8B])
                line.idle(bits: 60)
                line.send(Self.float)
                var stream = TPUARTStream(mode: .link)
                let outputs = stream.play(line.octets)
                let services = outputs.filter {
                    switch $0 {
                    case .frame, .noise: false
                    default: true
                    }
                }
                // The last octet of the cut frame may stand alone; the confirmation after it does.
                let alone = line.octets.count - Self.float.count - 1
                let expected = TPUARTStream.Output.confirmation(
                    isPositive: true, nanoseconds: line.octets[alone].arrival)
                #expect(services.contains(expected), "\(index) \(damage ?? 0)")
                #expect(index == data.count - 1 || services.count == 1, "\(index) \(damage ?? 0): \(services)")
                #expect(outputs.last?.frame?.octets == Self.float)
            }
        }
    }

    @Test(arguments: [UInt64(7), UInt64.random(in: 0...UInt64.max)]) func jitterAfterAStallCutsNothing(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            var line = PlayedLine()
            for _ in 0..<3 {
                line.send(Self.extended)
                line.acknowledge()
                line.idle(bits: 53)
            }
            line.idle(milliseconds: 1)
            let start = line.octets[0].arrival + Int64.random(in: 0...200_000_000, using: &random)
            var last: Int64 = 0
            let late = line.stalled(from: start, for: Int64.random(in: 3_000_000...19_000_000, using: &random)).map {
                last = max(last, $0.arrival + Int64.random(in: 0...800_000, using: &random))
                return (octet: $0.octet, arrival: last)
            }
            var stream = TPUARTStream(mode: .busmonitor)
            let frames = stream.play(late).compactMap(\.frame)
            #expect(frames.map(\.octets) == [Self.extended, Self.extended, Self.extended], "seed \(seed)")
            #expect(frames.allSatisfy { $0.acknowledge == 0xCC }, "seed \(seed)")
            for (frame, end) in zip(frames, line.ends) {
                #expect(abs(frame.endNanoseconds - end) < 400_000, "seed \(seed)")
            }
        }
    }

    @Test func aStrayControlOctetSwallowsNothing() {
        // 12…1F, 3x, 9x and Bx look like the start of a frame; an extended one may claim 263 octets.
        for stray in [hex("BC"), hex("3C"), hex("10"), hex("3C E0 00 02 09 03 FE 00"), hex("3C E0 00 02 09 03 FF")] {
            var line = PlayedLine()
            line.send(stray)
            line.idle(bits: 55)
            for _ in 0..<5 {
                line.send(Self.float)
                line.acknowledge()
                line.idle(bits: 53)
            }
            var stream = TPUARTStream(mode: .busmonitor)
            let frames = stream.play(line.octets).compactMap(\.frame)
            #expect(frames.map(\.octets) == [stray] + [[UInt8]](repeating: Self.float, count: 5))
            #expect(frames.dropFirst().allSatisfy { $0.acknowledge == 0xCC })
        }
    }

    @Test func reservedLengthIsToldAsSuch() {
        var octets = [UInt8](repeating: 0x11, count: 263)
        octets[0] = 0x3C
        octets[6] = 0xFF
        var line = PlayedLine()
        line.send(octets + [TP1.checkOctet(octets)])
        var stream = TPUARTStream(mode: .link)
        #expect(stream.play(line.octets).compactMap(\.frame).map(\.flaw) == [.lengthEscape])
    }

    @Test func pollingRequestIsAFrame() {
        var line = PlayedLine()
        line.send(hex("F0 1105 0E00 03 16"))
        var stream = TPUARTStream(mode: .busmonitor)
        let frames = stream.play(line.octets).compactMap(\.frame)
        #expect(frames.map(\.octets) == [hex("F0 1105 0E00 03 16")])
        #expect(frames.first?.flaw == nil)
    }

    @Test func noiseIsCollected() {
        var line = PlayedLine()
        line.send(hex("AA 56 FE AA"))
        line.idle(milliseconds: 10)
        line.send(hex("AA"))
        var stream = TPUARTStream(mode: .busmonitor)
        #expect(
            stream.play(line.octets) == [
                .noise(hex("AA 56 FE AA"), nanoseconds: line.octets[0].arrival),
                .noise([0xAA], nanoseconds: line.octets[4].arrival),
            ])
    }

    /// No octet is lost or invented whatever comes, and a good frame after a second of silence is always found.
    @Test(arguments: [UInt64(1), 2, 3, UInt64.random(in: 0...UInt64.max)]) func anythingAtAnyTime(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for mode in [TPUARTStream.Mode.link, .busmonitor] {
            for _ in 0..<300 {
                var stream = TPUARTStream(mode: mode)
                var arrival: Int64 = 0
                var fed = 0
                var told = 0
                for _ in 0..<Int.random(in: 0...400, using: &random) {
                    let gaps: [Int64] = [0, 1_354_000, 1_354_000, 2_600_000, 6_000_000, 25_000_000, -5_000_000]
                    arrival += gaps.randomElement(using: &random) ?? 0
                    let octets: [UInt8] = [0xBC, 0x3C, 0x00, 0xCC, 0x03, 0x4B, 0xE1]
                    let octet =
                        Bool.random(using: &random)
                        ? octets.randomElement(using: &random) ?? 0 : UInt8.random(in: 0...255, using: &random)
                    fed += 1
                    told += count(stream.feed(octet, atNanoseconds: arrival))
                    if Int.random(in: 0..<5, using: &random) == 0 { told += count(stream.tick(atNanoseconds: arrival)) }
                }
                arrival += 1_000_000_000
                told += count(stream.tick(atNanoseconds: arrival))
                #expect(fed == told, "seed \(seed)")
                var line = PlayedLine()
                line.send(Self.float)
                let late = line.octets.map { (octet: $0.octet, arrival: $0.arrival + arrival) }
                #expect(stream.play(late).compactMap(\.frame).map(\.octets) == [Self.float], "seed \(seed)")
            }
        }
    }

    @Test func extremeInstantsEnd() {
        for octets in [Self.write, hex("4B 4B"), hex("AA AA")] {
            for arrivals in [[Int64.min, .max], [.max, .min], [0, .max], [.min, 0]] {
                var stream = TPUARTStream(mode: .busmonitor)
                for (index, octet) in octets.enumerated() {
                    _ = stream.feed(octet, atNanoseconds: arrivals[index % 2])
                    _ = stream.tick(atNanoseconds: arrivals[(index + 1) % 2])
                }
            }
        }
    }

    private func count(_ outputs: [TPUARTStream.Output]) -> Int {
        outputs.reduce(0) { sum, output in
            switch output {
            case .frame(let frame): sum + frame.octets.count + (frame.acknowledge == nil ? 0 : 1)
            case .noise(let octets, _): sum + octets.count
            case .systemState: sum + 2
            default: sum + 1
            }
        }
    }
}

@Suite struct TPUARTServicesTests {
    @Test(arguments: [
        (TPUARTRequest.reset, "01"), (.state, "02"), (.activateBusmonitor, "05"),
        (.acknowledgeInformation(isAddressed: false), "10"), (.acknowledgeInformation(isAddressed: true), "11"),
        (.acknowledgeInformation(isAddressed: true, isBusy: true, isNotAcknowledged: true), "17"),
        (.productIdentification, "20"), (.setBusyMode(true), "21"), (.setBusyMode(false), "22"),
        (.setAddress(IndividualAddress(raw: 0x11C8)), "28 11 C8"),
        (.setAddressNCN51xx(IndividualAddress(raw: 0x11C8)), "F1 11 C8 00"),
        (.setRepetitions(busy: 3, notAcknowledged: 1), "24 61"),
        (.transmit(hex("BC 0002 0901 E1 0081 19")), "80 BC 81 00 82 02 83 09 84 01 85 E1 86 00 87 81 48 19"),
        (
            .transmit(hex("BC 0002 0901 E1 0081 19"), isRepeated: false),
            "80 9C 81 00 82 02 83 09 84 01 85 E1 86 00 87 81 48 19"
        ),
    ]) func octets(_ request: TPUARTRequest, _ octets: String) {
        #expect(request.octets == hex(octets))
    }

    @Test func longestTransmission() {
        let octets = TPUARTRequest.transmit([UInt8](repeating: 0xBC, count: 64)).octets
        #expect(octets.count == 128)
        #expect(octets[124] == 0xBE)
        #expect(octets[126] == 0x7F)
    }

    @Test func tooLongATransmissionTraps() async {
        await #expect(processExitsWith: .failure) {
            _ = TPUARTRequest.transmit([UInt8](repeating: 0xBC, count: 65)).octets
        }
    }
}
