import KNX
import Testing

@testable import Twin

/// Frames of `octets` octets from a source to 1/1/1.
func frame(
    source: UInt16 = 0x1105, priority: Priority = .low, data: [UInt8] = [0x81], group: UInt16 = 0x0901
) -> [UInt8] {
    TP1Frame(
        priority: priority, source: IndividualAddress(raw: source), destination: .group(GroupAddress(raw: group)),
        transportUnit: [0x00] + data
    ).octets
}

/// Carries a line to `target`, stepping so that acknowledges can be said for each complete frame.
func run(
    _ line: inout TP1Line, to target: BitTime,
    onComplete: (inout TP1Line, [UInt8], [TP1Line.Participant]) -> Void = { _, _, _ in }
) -> [TP1Line.Effect] {
    var all: [TP1Line.Effect] = []
    while let due = line.nextDue, due <= target {
        let effects = line.advance(to: due)
        for case .complete(let octets, let senders, _) in effects { onComplete(&line, octets, senders) }
        all += effects
    }
    all += line.advance(to: target)
    return all
}

func frames(_ effects: [TP1Line.Effect]) -> [TP1Line.FrameRecord] {
    effects.compactMap { if case .frame(let record, _) = $0 { record } else { nil } }
}

func outcomes(_ effects: [TP1Line.Effect]) -> [Bool] {
    effects.compactMap { if case .outcome(_, _, let isConfirmed, _) = $0 { isConfirmed } else { nil } }
}

@Suite struct TP1LineTests {
    // Cycle bits at saturation for 1, 2, 4 and 14 data octets (and 0): start bit to start bit.
    static let cycles: [(Int, Priority, Int)] = [
        (0, .low, 194), (0, .system, 191), (1, .low, 207), (1, .urgent, 204), (2, .normal, 220), (2, .system, 217),
        (4, .low, 246), (4, .system, 243), (14, .low, 376), (14, .urgent, 373),
    ]

    @Test(arguments: cycles)
    func saturationKeepsTheCycleOfTheStandard(dataOctets: Int, priority: Priority, cycleBits: Int) {
        var line = TP1Line()
        let sender = line.addParticipant()
        let receiver = line.addParticipant()
        let data = [UInt8(0x80)] + Array(repeating: UInt8(0x55), count: dataOctets)
        for number in 0..<100 {
            line.enqueue(
                Transmission(number: number, octets: frame(priority: priority, data: data)), from: sender, at: 0)
        }
        let all = frames(run(&line, to: 100_000) { line, _, _ in line.say(.acknowledge, from: receiver) })
        #expect(all.count == 100)
        #expect(all.allSatisfy { $0.acknowledge == 0xCC })
        #expect(all[99].began - all[0].began == 99 * BitTime(cycleBits))
    }

    /// A sender that falls silent leaves a truncated frame, which nobody answers and nobody repeats; who comes next finds a free line.
    @Test func anAbandonedTransmissionEndsWhereItsSenderFallsSilent() {
        var line = TP1Line()
        let sender = line.addParticipant()
        let receiver = line.addParticipant()
        let octets = Array(frame(data: [0x80, 0x0C, 0x1A]).prefix(5))
        line.enqueue(Transmission(number: 7, octets: octets, isAbandoned: true), from: sender, at: 0)
        line.enqueue(Transmission(number: 8, octets: frame()), from: sender, at: 1)
        let effects = run(&line, to: 2_000) { line, _, _ in line.say(.acknowledge, from: receiver) }
        let all = frames(effects)
        #expect(all.map(\.octets) == [octets, frame()])
        #expect(all.map(\.isTruncated) == [true, false] && all.map(\.acknowledge) == [nil, 0xCC])
        #expect(all[0].ended == BitTime(BusTiming.frameBits(octets: octets.count)))
        #expect(outcomes(effects) == [false, true])
        #expect(!effects.contains { if case .complete(octets, _, _) = $0 { true } else { false } })
        #expect(line.pendingCount(of: sender) == 0)
    }

    /// Whoever has more to say than the one that falls silent goes on alone.
    @Test func anAbandonedTransmissionLeavesTheLineToWhoGoesOn() {
        var line = TP1Line()
        let silent = line.addParticipant()
        let other = line.addParticipant()
        line.enqueue(Transmission(number: 1, octets: Array(frame().prefix(4)), isAbandoned: true), from: silent, at: 0)
        line.enqueue(Transmission(number: 2, octets: frame(), repetitions: 0), from: other, at: 0)
        let all = frames(run(&line, to: 2_000) { line, _, _ in line.say(.acknowledge, from: silent) })
        #expect(all.map(\.octets) == [frame()] && all.map(\.senders) == [[other]])
        #expect(line.pendingCount(of: silent) == 0 && line.pendingCount(of: other) == 0)
    }

    @Test func aLongIdleLineIsTakenAtOnce() {
        var line = TP1Line()
        let sender = line.addParticipant()
        _ = line.advance(to: 1_000)
        line.enqueue(Transmission(number: 1, octets: frame()), from: sender, at: 1_234)
        #expect(run(&line, to: 2_000).first == .began(at: 1_234, contenders: 1))
    }

    @Test func whatIsWantedInThePastBeginsNow() {
        var line = TP1Line()
        let sender = line.addParticipant()
        _ = line.advance(to: 5_000)
        line.enqueue(Transmission(number: 1, octets: frame()), from: sender, at: 100)
        #expect(run(&line, to: 6_000).first == .began(at: 5_000, contenders: 1))
    }

    @Test func aLateCallerNeverCatchesUp() {
        var line = TP1Line()
        let sender = line.addParticipant()
        for number in 0..<3 {
            line.enqueue(
                Transmission(number: number, octets: frame(), repetitions: 0), from: sender, at: 0)
        }
        var all: [TP1Line.Effect] = []
        // The first frame ends at 115; the caller sleeps until bit 700 while the second was due at 168.
        all += line.advance(to: 150)
        #expect(line.holdStarts(until: 700) == 700 - 168)
        all += line.advance(to: 2_000)
        #expect(frames(all).map(\.began) == [0, 700, 700 + 115 + 53])
    }

    // Who wins the bit in which both begin: the first difference, least significant bit first, 0 dominant.
    struct Contention: Sendable {
        let left: UInt16
        let leftPriority: Priority
        let right: UInt16
        let rightPriority: Priority
        let winner: Int

        init(_ left: UInt16, _ leftPriority: Priority, _ right: UInt16, _ rightPriority: Priority, _ winner: Int) {
            (self.left, self.leftPriority, self.right) = (left, leftPriority, right)
            (self.rightPriority, self.winner) = (rightPriority, winner)
        }
    }

    static let contentions = [
        Contention(0x1105, .system, 0x1101, .urgent, 0), Contention(0x1105, .urgent, 0x1101, .normal, 0),
        Contention(0x1105, .normal, 0x1101, .low, 0), Contention(0x1101, .low, 0x1105, .system, 1),
        Contention(0x1110, .low, 0x110F, .low, 0), Contention(0x110E, .low, 0x1110, .low, 1),
        Contention(0x1102, .low, 0x1104, .low, 1), Contention(0x1002, .low, 0x1100, .low, 0),
    ]

    @Test(arguments: contentions)
    func arbitration(_ contention: Contention) {
        let (left, leftPriority) = (contention.left, contention.leftPriority)
        let (right, rightPriority) = (contention.right, contention.rightPriority)
        let winner = contention.winner
        var line = TP1Line()
        let senders = [line.addParticipant(), line.addParticipant()]
        let receiver = line.addParticipant()
        line.enqueue(
            Transmission(number: 0, octets: frame(source: left, priority: leftPriority)), from: senders[0], at: 10)
        line.enqueue(
            Transmission(number: 0, octets: frame(source: right, priority: rightPriority)), from: senders[1], at: 10)
        let effects = run(&line, to: 2_000) { line, _, _ in line.say(.acknowledge, from: receiver) }
        #expect(effects.first == .began(at: 10, contenders: 2))
        let all = frames(effects)
        #expect(all.map(\.senders) == [[senders[winner]], [senders[1 - winner]]])
        #expect(outcomes(effects) == [true, true])
        #expect(all.allSatisfy { TP1.checkOctet($0.octets) == 0 })
    }

    @Test func whoWantsTheBitInWhichAFrameBeganContends() {
        for (at, contenders) in [(BitTime(10), 2), (11, 1)] {
            var line = TP1Line()
            let senders = [line.addParticipant(), line.addParticipant()]
            line.enqueue(Transmission(number: 0, octets: frame(), repetitions: 0), from: senders[0], at: 10)
            _ = line.advance(to: at)
            line.enqueue(Transmission(number: 0, octets: frame(), repetitions: 0), from: senders[1], at: at)
            #expect(frames(line.advance(to: 500)).first?.senders.count == contenders)
        }
    }

    @Test func repetitionAndExtendedFrameWinByTheirControlOctets() {
        var line = TP1Line()
        let first = line.addParticipant()
        let second = line.addParticipant()
        var repetition = TP1Frame(
            isRepetition: true, source: IndividualAddress(raw: 0x1105),
            destination: .group(GroupAddress(raw: 1)), transportUnit: [0, 0x81])
        line.enqueue(Transmission(number: 0, octets: frame(source: 0x1000), repetitions: 0), from: first, at: 0)
        line.enqueue(Transmission(number: 0, octets: repetition.octets, repetitions: 0), from: second, at: 0)
        #expect(frames(run(&line, to: 1_000))[0].senders == [second])
        repetition.isRepetition = false
        let extended = TP1Frame(
            source: IndividualAddress(raw: 0x1FFF), destination: .group(GroupAddress(raw: 1)),
            transportUnit: Array(repeating: 0, count: 17))
        line.enqueue(Transmission(number: 1, octets: repetition.octets, repetitions: 0), from: first, at: 2_000)
        line.enqueue(Transmission(number: 1, octets: extended.octets, repetitions: 0), from: second, at: 2_000)
        #expect(frames(run(&line, to: 4_000))[0].senders == [second])
    }

    @Test func identicalFramesNeverNoticeEachOther() {
        var line = TP1Line()
        let senders = [line.addParticipant(), line.addParticipant()]
        let receiver = line.addParticipant()
        for sender in senders { line.enqueue(Transmission(number: 7, octets: frame()), from: sender, at: 3) }
        let effects = run(&line, to: 1_000) { line, _, _ in line.say(.acknowledge, from: receiver) }
        #expect(frames(effects).map(\.senders) == [senders])
        #expect(outcomes(effects) == [true, true])
    }

    static let answers: [([Acknowledgement], UInt8, Int)] = [
        ([.acknowledge], 0xCC, 1), ([.notAcknowledge], 0x0C, 4), ([.busy], 0xC0, 4),
        ([.acknowledge, .notAcknowledge], 0x0C, 4), ([.acknowledge, .busy], 0xC0, 4),
        ([.notAcknowledge, .busy], 0x00, 4),
        ([.acknowledge, .acknowledge, .acknowledge], 0xCC, 1), ([.acknowledge, .notAcknowledge, .busy], 0x00, 4),
    ]

    @Test(arguments: answers)
    func acknowledgesAreWiredAND(said: [Acknowledgement], character: UInt8, attempts: Int) {
        var line = TP1Line()
        let sender = line.addParticipant()
        let receivers = said.map { _ in line.addParticipant() }
        line.enqueue(Transmission(number: 0, octets: frame()), from: sender, at: 0)
        let effects = run(&line, to: 5_000) { line, _, _ in
            for (receiver, acknowledgement) in zip(receivers, said) { line.say(acknowledgement, from: receiver) }
        }
        let all = frames(effects)
        #expect(all.count == attempts)
        #expect(all.allSatisfy { $0.acknowledge == character })
        #expect(outcomes(effects) == [attempts == 1])
        // The acknowledge character stands 15 bits after the check octet and is 11 bits long.
        #expect(effects.contains(.acknowledge(character, at: 115 + 15 + 11)))
    }

    // Starts of the attempts after NAK (50 idle bits), after silence (50 bits after the check octet) and after BUSY (150).
    static let pitches: [([Acknowledgement], BitTime)] = [
        ([], 115 + 50), ([.notAcknowledge], 115 + 26 + 50), ([.busy], 115 + 26 + 150),
        ([.notAcknowledge, .busy], 115 + 26 + 150),
    ]

    @Test(arguments: pitches)
    func repetitionsAreMarkedCorrectedAndSpaced(answers: [Acknowledgement], pitch: BitTime) {
        var line = TP1Line()
        let sender = line.addParticipant()
        let receiver = line.addParticipant()
        line.enqueue(Transmission(number: 0, octets: frame()), from: sender, at: 0)
        let effects = run(&line, to: 5_000) { line, _, _ in
            for answer in answers { line.say(answer, from: receiver) }
        }
        let all = frames(effects)
        #expect(all.map(\.began) == [0, pitch, 2 * pitch, 3 * pitch])
        #expect(all.map { $0.octets[0] } == [0xBC, 0x9C, 0x9C, 0x9C])
        #expect(all.allSatisfy { TP1.checkOctet($0.octets) == 0 })
        #expect(outcomes(effects) == [false])
    }

    @Test func refusalsAndBusyAreCountedApart() {
        var line = TP1Line()
        let sender = line.addParticipant()
        let receiver = line.addParticipant()
        line.enqueue(
            Transmission(number: 0, octets: frame(), repetitions: 1, busyRepetitions: 2), from: sender, at: 0)
        var answers: [Acknowledgement] = [.busy, .notAcknowledge, .busy, .acknowledge]
        let effects = run(&line, to: 5_000) { line, _, _ in line.say(answers.removeFirst(), from: receiver) }
        #expect(frames(effects).count == 4)
        #expect(outcomes(effects) == [true])
    }

    @Test func anAcknowledgeCountsUntilItsSlotBegins() {
        let cases: [(BitTime, UInt8?)] = [(14, 0xCC), (15, nil), (20, nil)]
        for (delay, expected) in cases {
            var line = TP1Line()
            let sender = line.addParticipant()
            let receiver = line.addParticipant()
            line.enqueue(Transmission(number: 0, octets: frame(), repetitions: 0), from: sender, at: 0)
            _ = line.advance(to: 115 + delay)
            line.say(.acknowledge, from: receiver)
            #expect(frames(line.advance(to: 500)).map(\.acknowledge) == [expected])
        }
    }

    @Test func aCutEndsTheFrameInTheMiddleOfTheOctet() {
        let octets = frame(data: [0x80, 0x0C, 0x1A])
        for bit in BitTime(0)...BitTime(BusTiming.frameBits(octets: octets.count)) {
            var line = TP1Line()
            let sender = line.addParticipant()
            _ = line.addParticipant()
            line.enqueue(Transmission(number: 0, octets: octets), from: sender, at: 0)
            var effects = line.advance(to: 0)
            line.cut(at: bit, dropping: true, effects: &effects)
            effects += line.advance(to: 10_000)
            // Octet k is complete after its 11 bits; cut on its last bit it is lost.
            let whole = (0..<octets.count).count { BitTime(13 * $0 + 11) < bit }
            let received = effects.compactMap { if case .octet(let octet, _, _) = $0 { octet } else { nil } }
            #expect(received == Array(octets.prefix(whole)), "cut at bit \(bit)")
            if whole < octets.count {
                #expect(frames(effects).map(\.isTruncated) == [true])
                #expect(frames(effects).map(\.ended) == [bit])
            }
            #expect(line.nextDue == nil)
        }
    }

    @Test func whatIsKeptThroughACutGoesOutAfterIt() {
        var line = TP1Line()
        let sender = line.addParticipant()
        let receiver = line.addParticipant()
        line.enqueue(Transmission(number: 0, octets: frame()), from: sender, at: 0)
        var effects = line.advance(to: 30)
        line.cut(at: 40, dropping: false, effects: &effects)
        effects += line.advance(to: 9_000)
        line.restore(at: 9_000)
        effects += run(&line, to: 10_000) { line, _, _ in line.say(.acknowledge, from: receiver) }
        #expect(frames(effects).map(\.isTruncated) == [true, false])
        #expect(frames(effects)[1].began >= 9_000)
        #expect(frames(effects)[1].octets == frame())
        #expect(outcomes(effects) == [true])
    }

    @Test func extendedFramesOf263OctetsPass() {
        var line = TP1Line()
        let sender = line.addParticipant()
        let octets = TP1Frame(
            source: IndividualAddress(raw: 1), destination: .group(GroupAddress(raw: 1)),
            transportUnit: Array(repeating: 0xA5, count: 255)
        ).octets
        #expect(octets.count == 263)
        line.enqueue(Transmission(number: 0, octets: octets, repetitions: 0), from: sender, at: 0)
        let all = frames(run(&line, to: 10_000))
        #expect(all.map(\.octets) == [octets])
        #expect(all[0].ended == 13 * 262 + 11)
    }

    @Test func withdrawingSparesOnlyWhatIsOnTheLine() {
        var line = TP1Line()
        let sender = line.addParticipant()
        for number in 0..<3 {
            line.enqueue(Transmission(number: number, octets: frame(), repetitions: 0), from: sender, at: 0)
        }
        _ = line.advance(to: 20)
        line.withdraw(sender)
        #expect(frames(line.advance(to: 5_000)).count == 1)
        line.enqueue(Transmission(number: 9, octets: frame(), repetitions: 0), from: sender, at: 6_000)
        line.withdraw(sender)
        #expect(line.advance(to: 9_000).isEmpty)
    }
}
