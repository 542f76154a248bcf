import Events
import KNX
import Testing

@testable import Bus

@Suite struct StimulusEngineTests {
    static let address = IndividualAddress(raw: 0x110A)
    static let group = GroupAddress(raw: 0x0901)

    private func bench(_ change: (inout TPUARTStimulus.Configuration) -> Void = { _ in }) -> EngineBench<StimulusEngine>
    {
        var configuration = TPUARTStimulus.Configuration(
            source: "stimulus", line: "main", port: .serial(path: "/dev/null"), address: Self.address)
        change(&configuration)
        return EngineBench(StimulusEngine(configuration))
    }

    private func ready(_ change: (inout TPUARTStimulus.Configuration) -> Void = { _ in }) -> EngineBench<StimulusEngine>
    {
        var bench = bench(change)
        bench.open()
        bench.pass(milliseconds: 20)
        bench.say(0x03)
        _ = bench.takeWritten()
        _ = bench.takeEvents()
        return bench
    }

    private func frame(_ service: GroupService, source: IndividualAddress, isRepetition: Bool = false) -> [UInt8] {
        TP1Frame(
            isRepetition: isRepetition, source: source, destination: .group(Self.group),
            transportUnit: service.transportUnit
        ).octets
    }

    private func sent(_ service: GroupService) -> [UInt8] {
        TPUARTRequest.transmit(frame(service, source: Self.address)).octets
    }

    private func send(
        _ bench: inout EngineBench<StimulusEngine>, _ value: UInt8, _ priority: Priority = .low, limit: Int = .max
    ) {
        bench.perform { engine, now in
            engine.send(engine.write(Self.group, .small(value), .other, priority), limit: limit, at: now)
        }
    }

    @Test(arguments: [(TPUARTStimulus.Chip.tpuart2, "28 11 0A"), (.ncn51xx, "F1 11 0A 00")])
    func givesItsChipAnAddress(_ chip: TPUARTStimulus.Chip, _ request: String) {
        var bench = bench { $0.chip = chip }
        bench.open()
        bench.pass(milliseconds: 20)
        #expect(!bench.engine.isReady)
        bench.say(0x03)
        #expect(bench.takeWritten() == [[0x01], hex(request)])
        #expect(bench.takeEvents().map(\.word) == ["opened", "reset", "armed"])
        #expect(bench.engine.isReady)
    }

    /// An NCN51xx takes what is longer than 64 octets, by index offsets.
    @Test func handsALongFrameToAChipThatTakesIt() {
        var bench = ready { $0.chip = .ncn51xx }
        let long = TP1Frame(
            source: Self.address, destination: .group(Self.group),
            transportUnit: [0x00, 0x80] + [UInt8](repeating: 0x41, count: 253))
        bench.perform { engine, now in engine.send(Telegram(frame: long, value: nil, role: .other), at: now) }
        #expect(bench.takeWritten() == [TPUARTRequest.transmitNCN51xx(long.octets).octets])
        bench.hear(long.octets)
        bench.say(0x8B)
        #expect(bench.takeEvents().map(\.word).last == "confirmed")
    }

    @Test func sendsFromAnotherAddressWithoutTakingItForItsOwn() {
        var bench = ready()
        let other = IndividualAddress(raw: 0x11FF)
        bench.perform { engine, now in
            engine.send(engine.write(Self.group, .small(1), .tracer, .low, from: other), at: now)
        }
        let octets = frame(.write(.small(1)), source: other)
        #expect(bench.takeWritten() == [TPUARTRequest.transmit(octets).octets])
        bench.hear(octets)
        bench.say(0x8B)
        #expect(bench.takeEvents().map(\.word).last == "confirmed")
        // Its own telegrams still come from its own.
        send(&bench, 2)
        #expect(bench.takeWritten() == [sent(.write(.small(2)))])
    }

    @Test(arguments: [(UInt8(0x8B), "confirmed"), (0x0B, "unacknowledged")])
    func oneFrameInFlight(_ confirmation: UInt8, _ outcome: String) {
        var bench = ready()
        send(&bench, 1)
        send(&bench, 2)
        #expect(bench.takeWritten() == [sent(.write(.small(1)))])
        #expect(bench.engine.pendingCount == 2)
        bench.hear(frame(.write(.small(1)), source: Self.address))
        bench.say(confirmation)
        #expect(bench.takeWritten() == [sent(.write(.small(2)))])
        bench.say(0x8B)
        #expect(bench.takeEvents().map(\.word) == ["due", "due", outcome, "confirmed"])
        #expect(bench.engine.pendingCount == 0)
    }

    @Test func answersGoFirstThenUrgentOnes() {
        var bench = ready()
        bench.perform { $0.setPoint(Self.group, .small(9), announce: false, role: .sentinel, at: $1) }
        send(&bench, 1)
        send(&bench, 2)
        send(&bench, 3, .urgent)
        send(&bench, 4, .system)
        bench.hear(frame(.read, source: IndividualAddress(raw: 0x11C8)))
        for _ in 0..<5 { bench.say(0x8B) }
        let values = bench.takeWritten().map { $0[15] & 0xBF }
        #expect(values == [0x81, 0x09, 0x84, 0x83, 0x82])
        #expect(bench.takeEvents().first?.word == "changed")
    }

    @Test func answersAReadOnceWithThePresentValue() {
        var bench = ready()
        let reader = IndividualAddress(raw: 0x11C8)
        bench.perform { $0.setPoint(Self.group, .octets([0x0C, 0x1A]), announce: false, role: .sentinel, at: $1) }
        bench.hear(frame(.read, source: reader))
        bench.hear(frame(.read, source: reader, isRepetition: true))
        #expect(bench.takeWritten() == [sent(.response(.octets([0x0C, 0x1A])))])
        bench.say(0x8B)
        bench.pass(milliseconds: 100)
        bench.perform { $0.setPoint(Self.group, .octets([0x0C, 0x1B]), announce: false, role: .sentinel, at: $1) }
        bench.hear(frame(.read, source: reader))
        #expect(bench.takeWritten() == [sent(.response(.octets([0x0C, 0x1B])))])
        #expect(bench.takeEvents().map(\.word) == ["changed", "due", "confirmed", "changed", "due"])
    }

    @Test(arguments: [true, false])
    func aTracerIsAnsweredForWhereThatIsAskedFor(answers: Bool) {
        var bench = ready { $0.answersForTracers = answers }
        let reader = IndividualAddress(raw: 0x11C8)
        for value in [UInt8(1), 2] {
            bench.perform { engine, now in
                engine.send(engine.write(Self.group, .small(value), .tracer, .low), limit: 3, at: now)
            }
        }
        _ = bench.takeWritten()
        // The second waits: an answer now would be of the first, and goes before it.
        bench.hear(frame(.read, source: reader))
        bench.say(0x8B)
        #expect(bench.takeWritten() == [answers ? sent(.response(.small(1))) : sent(.write(.small(2)))])
        bench.say(0x8B)
        bench.say(0x8B)
        _ = bench.takeWritten()
        bench.hear(frame(.read, source: reader))
        #expect(bench.takeWritten() == (answers ? [sent(.response(.small(2)))] : []))
    }

    @Test func readsOfOthersAndDamagedReadsAreNotAnswered() {
        var bench = ready()
        bench.hear(frame(.read, source: IndividualAddress(raw: 0x11C8)))
        bench.perform { $0.setPoint(Self.group, .small(1), announce: false, role: .sentinel, at: $1) }
        var damaged = frame(.read, source: IndividualAddress(raw: 0x11C8))
        damaged[8] ^= 1
        bench.hear(damaged)
        bench.hear(frame(.write(.small(1)), source: IndividualAddress(raw: 0x11C8)))
        #expect(bench.takeWritten().isEmpty)
    }

    @Test func announcingSends() {
        var bench = ready()
        bench.perform { $0.setPoint(Self.group, .small(1), announce: true, role: .sentinel, at: $1) }
        #expect(bench.takeWritten() == [sent(.write(.small(1)))])
        #expect(bench.takeEvents().map(\.word) == ["due"])
        #expect(bench.engine.value(of: Self.group) == .small(1))
    }

    @Test func aDeadChipGetsNothingLate() {
        var bench = ready()
        send(&bench, 1)
        send(&bench, 2)
        send(&bench, 3)
        bench.pass(milliseconds: 10_000)
        // Silent for 1 s: asked; no answer for 0.5 s: reset, which also makes the chip forget the frame it may hold.
        let written = bench.takeWritten()
        #expect(written[0] == sent(.write(.small(1))))
        #expect(written[1] == [0x02])
        #expect(written.dropFirst(2).allSatisfy { $0 == [0x01] } && written.count > 15)
        #expect(
            bench.takeEvents().map(\.word) == ["due", "due", "due", "silent", "unanswered", "unanswered", "unanswered"])
        send(&bench, 4)
        #expect(bench.takeEvents().map(\.word) == ["due", "unanswered"])
        bench.say(0x03)
        #expect(bench.takeWritten() == [hex("28 11 0A")])
        send(&bench, 5)
        #expect(bench.takeWritten() == [sent(.write(.small(5)))])
    }

    @Test func aChipThatTalksButNeverConfirmsIsReset() {
        var bench = ready()
        send(&bench, 1)
        for _ in 0..<17 {
            bench.pass(milliseconds: 100)
            bench.hear(frame(.write(.small(9)), source: IndividualAddress(raw: 0x1114)))
        }
        #expect(bench.takeWritten() == [sent(.write(.small(1)))])
        bench.pass(milliseconds: 150)
        #expect(bench.takeWritten() == [[0x01]])
        #expect(bench.takeEvents().map(\.word) == ["due", "silent", "unanswered"])
    }

    @Test func aResetOfTheChipsOwnDropsWhatWaits() {
        var bench = ready()
        send(&bench, 1)
        send(&bench, 2)
        _ = bench.takeWritten()
        bench.pass(milliseconds: 300)
        bench.say(0x03)
        #expect(bench.takeWritten() == [hex("28 11 0A")])
        #expect(bench.takeEvents().map(\.word) == ["due", "due", "reset", "unanswered", "unanswered", "armed"])
        #expect(bench.engine.pendingCount == 0)
    }

    @Test func aLivingChipOnAQuietLineIsAskedWithoutHarm() {
        var bench = ready()
        for _ in 0..<10 {
            bench.pass(milliseconds: 1001)
            bench.say(0x07)
        }
        #expect(bench.takeWritten() == [[UInt8]](repeating: [0x02], count: 10))
        #expect(bench.takeEvents().map(\.word) == ["state"])
        #expect(bench.engine.isReady)
    }

    @Test func aDeviceThatWentAwayDropsWhatWaits() {
        var bench = ready()
        send(&bench, 1)
        bench.close()
        bench.close("no such file")
        send(&bench, 2)
        #expect(bench.takeEvents().map(\.word) == ["due", "unanswered", "closed", "due", "unanswered"])
    }

    @Test func aTracerThatFindsTwoWaitingIsOnlyTold() {
        var bench = ready()
        for value in 1...6 as ClosedRange<UInt8> { send(&bench, value, limit: 3) }
        #expect(bench.engine.pendingCount == 3)
        #expect(bench.takeEvents().map(\.word) == [String](repeating: "due", count: 6))
    }

    @Test(arguments: [(TPUARTStimulus.ReportedFrames.none, 0), (.foreign, 1), (.all, 2)])
    func framesAreToldWhenAskedFor(_ reported: TPUARTStimulus.ReportedFrames, _ count: Int) {
        var bench = ready { $0.reportedFrames = reported }
        send(&bench, 1)
        bench.hear(frame(.write(.small(1)), source: Self.address, isRepetition: true))
        bench.hear(frame(.write(.small(1)), source: IndividualAddress(raw: 0x1114)))
        #expect(bench.takeEvents().filter { $0.word == "frame" }.count == count)
    }
}
