import Bus
import Events
import KNX
import Platform
import Testing

@Suite(.serialized) struct DriverTests {
    static let group = GroupAddress(raw: 0x0901)
    static let frame = hex("BC 1105 0901 E3 0080 0C1A 2A")

    init() {
        Signals.ignorePipe()
    }

    private func witness(_ path: String, _ log: EventLog) throws -> TPUARTWitness {
        try TPUARTWitness(.init(source: "witness", line: "main", port: .serial(path: path)), sink: log.sink)
    }

    private func stimulus(_ path: String, _ log: EventLog) throws -> TPUARTStimulus {
        try TPUARTStimulus(
            .init(
                source: "stimulus", line: "main", port: .serial(path: path), address: IndividualAddress(raw: 0x110A)),
            sink: log.sink)
    }

    @Test func witnessArmsHearsAndArmsAgain() throws {
        let chip = try ScriptedChip()
        defer { chip.stop() }
        let log = EventLog()
        let witness = try witness(chip.terminal.path, log)
        #expect(eventually { chip.isBusmonitor && witness.isArmed })
        chip.say(Self.frame + [0xCC])
        #expect(eventually { log.count("frame") == 1 })
        chip.setPowered(false)
        chip.setPowered(true)
        #expect(eventually { chip.isBusmonitor && log.count("armed") == 2 })
        witness.stop()
        #expect(log.words == ["opened", "reset", "armed", "frame", "reset", "armed", "gap"])
        guard case .frame(let frame) = log.events[3].payload else { return }
        #expect(frame.octets == Self.frame && frame.acknowledge == 0xCC)
    }

    @Test func armingAgainTakesLessThanItMay() throws {
        let chip = try ScriptedChip()
        defer { chip.stop() }
        let log = EventLog()
        let witness = try witness(chip.terminal.path, log)
        #expect(eventually { chip.isBusmonitor })
        var worst = Instant.Span.zero
        for _ in 0..<20 {
            chip.setPowered(false)
            let start = MonotonicClock.now()
            chip.setPowered(true)
            #expect(eventually { chip.isBusmonitor })
            worst = max(worst, MonotonicClock.now() - start)
        }
        witness.stop()
        #expect(worst < .milliseconds(100), "\(worst.nanoseconds / 1000) µs")
    }

    @Test func stimulusSendsAndAnswers() throws {
        let chip = try ScriptedChip()
        defer { chip.stop() }
        let log = EventLog()
        let stimulus = try stimulus(chip.terminal.path, log)
        #expect(eventually { stimulus.isReady })
        for value in 0..<20 as Range<UInt8> { stimulus.send(Self.group, .small(value), role: .other) }
        stimulus.setPoint(Self.group, .octets([0x0C, 0x1A]), announce: false, role: .sentinel)
        let read = TP1Frame(
            source: IndividualAddress(raw: 0x11C8), destination: .group(Self.group), transportUnit: [0, 0])
        #expect(eventually { log.count("confirmed") == 20 && stimulus.pendingCount == 0 })
        chip.say(read.octets)
        #expect(eventually { log.count("confirmed") == 21 })
        stimulus.stop()
        #expect(chip.requests.prefix(2) == [0x01, 0x28])
        let sent = try chip.frames.map { try GroupService.of(TP1Frame(octets: $0)) }
        #expect(sent.map(\.group) == [GroupAddress](repeating: Self.group, count: 21))
        #expect(sent.map(\.service) == (0..<20).map { .write(.small($0)) } + [.response(.octets([0x0C, 0x1A]))])
    }

    @Test func nothingIsSentLateAfterTheChipWasDead() throws {
        let chip = try ScriptedChip()
        defer { chip.stop() }
        let log = EventLog()
        let stimulus = try stimulus(chip.terminal.path, log)
        #expect(eventually { stimulus.isReady })
        chip.setPowered(false)
        for value in 0..<5 as Range<UInt8> { stimulus.send(Self.group, .small(value), role: .tracer) }
        #expect(eventually { log.count("unanswered") == 5 && log.count("silent") == 1 })
        stimulus.send(Self.group, .small(5), role: .tracer)
        #expect(eventually { log.count("unanswered") == 6 })
        chip.setPowered(true)
        #expect(eventually { stimulus.isAlive })
        stimulus.send(Self.group, .small(6), role: .tracer)
        #expect(eventually { log.count("confirmed") == 1 })
        stimulus.stop()
        #expect(chip.frames.count == 1)
    }

    @Test func bothDriversOpenAgainWhatWasUnplugged() throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-bus")
        defer { directory.remove() }
        let path = directory.path + "/chip"
        let log = EventLog()
        let witness = try witness(path, log)
        // Not there yet.
        #expect(eventually { log.words == ["closed"] })
        var chip = try ScriptedChip()
        try chip.terminal.publish(as: path)
        #expect(eventually { witness.isArmed })
        let before = chip
        chip = try ScriptedChip()
        before.stop()
        #expect(eventually { log.count("closed") == 2 })
        #expect(!witness.isArmed)
        try chip.terminal.publish(as: path)
        let start = MonotonicClock.now()
        #expect(eventually { witness.isArmed })
        #expect(MonotonicClock.now() - start < .seconds(1))
        witness.stop()
        chip.stop()
        #expect(log.words == ["closed", "opened", "reset", "armed", "closed", "opened", "reset", "armed", "gap"])
    }

    @Test func aChipBehindTCP() throws {
        let (listener, port) = try Socket.listenTCP()
        let log = EventLog()
        let witness = try TPUARTWitness(
            .init(source: "witness", line: "main", port: .tcp(host: "127.0.0.1", port: port)), sink: log.sink)
        let chip = try #require(try Socket.accept(listener, until: MonotonicClock.now() + .seconds(20)))
        _ = Poll.wait([(chip, .readable)], until: MonotonicClock.now() + .seconds(20))
        #expect(try chip.read(maximum: 10) == [0x01])
        try chip.writeAll([0x03] + Self.frame + [0x0C], until: nil)
        #expect(eventually { log.count("frame") == 1 })
        chip.close()
        #expect(eventually { log.count("closed") == 1 })
        witness.stop()
        listener.close()
    }

    @Test func tracersGoRoundInOrder() throws {
        let chips = [try ScriptedChip(), try ScriptedChip()]
        defer { for chip in chips { chip.stop() } }
        let log = EventLog()
        let stimuli = try chips.map { try stimulus($0.terminal.path, log) }
        #expect(eventually { stimuli.allSatisfy(\.isReady) })
        let groups = (0..<6).map { GroupAddress(raw: 0x0A00 + UInt16($0)) }
        let load = try TracerLoad(.init(groups: groups, millihertz: 200_000), through: stimuli, sink: log.sink)
        #expect(eventually { log.count("due") >= 100 })
        load.pause()
        let paused = log.count("due")
        MonotonicClock.sleep(for: .milliseconds(50))
        #expect(log.count("due") - paused <= 1)
        load.resume()
        #expect(eventually { log.count("due") >= 150 })
        load.stop()
        #expect(eventually { stimuli.allSatisfy { $0.pendingCount == 0 } })
        for stimulus in stimuli { stimulus.stop() }
        for (index, chip) in chips.enumerated() {
            let sent = try chip.frames.map { try GroupService.of(TP1Frame(octets: $0)) }
            #expect(Set(sent.map { Int($0.group.raw - 0x0A00) % 2 }) == [index])
            for group in Set(sent.map(\.group)) {
                let codes = try sent.filter { $0.group == group }
                    .map { try DPT9($0.service.value ?? .small(0)).hundredths }
                #expect(zip(codes, codes.dropFirst()).allSatisfy { ($1 - $0 + 4096) % 4096 >= 1 })
                #expect(Set(codes).count == codes.count)
            }
        }
    }
}
