import Events
import KNX
import Testing

@testable import Twin

/// What only an NCN51xx does. The models are alike in all of it.
@Suite struct NCN51xxTests {
    /// One serial character at 38400 8N1.
    private static let character = Instant.Span(nanoseconds: 260_416)

    @Test func theStateOfAFrameFollowsASilence() throws {
        var line = lineWithChip(.ncn5120)
        line.send(unclaimed, at: 300)
        line.run(until: 320)
        #expect(line.heard() == unclaimed + [0x13])
        let due = try #require(line.toHost[0].last?.due)
        #expect(due == line.frames[0].ended + .microseconds(2_600) + Self.character)
    }

    @Test func theStateOfAnOwnFrameStandsBeforeItsConfirmation() {
        var line = lineWithChip(.ncn5120, devices: [actuator(), listener])
        let own = frame(source: 0x11C8, group: 0x3001)
        line.write(hostFrame(own), at: 300)
        line.run(until: 400)
        #expect(line.heard() == own + [0x13, 0x8B])
    }

    @Test func aDamagedFrameAndACutOneHaveAStateThatSaysSo() {
        var line = lineWithChip(.ncn5130)
        var damaged = unclaimed
        damaged[9] ^= 0x04
        line.send(damaged, at: 300)
        line.run(until: 320)
        #expect(line.heard() == damaged + [0x53])
        // The sender is another chip, and its reset cuts the frame.
        var two = VirtualLine(chips: [.init(id: "sut", model: .ncn5130), .init(id: "other")])
        two.write(hostFrame(unclaimed), chip: 1, at: 300)
        two.write([0x01], chip: 1, at: 318)
        two.run(until: 340)
        #expect(two.frames.map(\.isTruncated) == [true])
        #expect(two.heard() == two.frames[0].octets + [0x53])
    }

    @Test func inThe9BitModeAFrameHasNoState() {
        var line = lineWithChip(.ncn5121, hasParity: true)
        line.send(unclaimed, at: 300)
        line.run(until: 320)
        #expect(line.heard() == unclaimed)
    }

    /// What the chip says is what the decoder of the drivers reads, with any of its features.
    @Test(arguments: [TransceiverModel.tpuart2, .ncn5121], [false, true])
    func framesWithCRCAndMarkersAreReadAsTheyWereSent(model: TransceiverModel, hasMarkers: Bool) throws {
        guard model.chip == .ncn51xx || !hasMarkers else { return }
        var line = lineWithChip(model, devices: [actuator(), listener])
        line.write(
            model.chip == .ncn51xx
                ? TPUARTRequest.configure(frameEndMarker: hasMarkers, crc: true, autoPolling: false).octets
                : TPUARTRequest.activateCRC.octets, at: 250)
        // Two CB in the frame, one of them the check octet.
        let head: [UInt8] = [0xBC, 0x11, 0x0A, 0x30, 0x01, 0xE3, 0x00, 0x80, 0xCB]
        let marked = head + [TP1.checkOctet(head + [0xCB]), 0xCB]
        #expect(TP1.checkOctet(marked) == 0)
        line.run(until: 290)
        line.toHost[0] = []
        line.send(marked, at: 300)
        line.send(unclaimed, at: 340)
        line.write(hostFrame(frame(source: 0x11C8, group: 0x3001)), at: 700)
        line.run(until: 800)
        var stream = TransceiverStream(chip: model.chip, mode: .link)
        stream.hasFrameEndMarkers = hasMarkers
        stream.hasCRC = true
        var outputs = line.toHost[0].flatMap { stream.feed($0.octet, atNanoseconds: $0.due.nanoseconds) }
        while let deadline = stream.nextDeadlineNanoseconds { outputs += stream.tick(atNanoseconds: deadline) }
        var frames: [[UInt8]] = []
        var checks: [Bool] = []
        var ends = 0
        for output in outputs {
            switch output {
            case .line(.frame(let frame)):
                #expect(frame.flaw == nil)
                frames.append(frame.octets)
            case .frameCheck(let isGood, _): checks.append(isGood)
            case .frameEnd: ends += 1
            case .line(.frameState(let octet, _)): #expect(octet == 0x13)
            case .line(.confirmation(let isPositive, _)): #expect(isPositive)
            default: Issue.record("\(output)")
            }
        }
        #expect(frames == line.frames.map(\.octets) && frames.count == 6)
        #expect(checks == Array(repeating: true, count: 6))
        #expect(ends == (hasMarkers ? 6 : 0))
    }

    @Test func withMarkersNothingWaitsForASilence() throws {
        var line = lineWithChip(.ncn5121, hasParity: true)
        line.write([0x19], at: 250)
        line.run(until: 290)
        line.toHost[0] = []
        line.send(unclaimed, at: 300)
        line.run(until: 319)
        #expect(line.heard() == unclaimed + [0x13, 0xCB])
        let ended = try #require(line.frames.first?.ended)
        #expect(line.toHost[0].last.map { $0.due < ended + .milliseconds(2) } == true)
    }

    @Test func whatIsConfiguredStaysUntilTheNextReset() {
        var line = lineWithChip(.ncn5121)
        line.write([0x19, 0x1A, 0x18, 0xF1, 0x11, 0xC8, 0x00, 0x03, 0x18, 0x04, 0x18], at: 300)
        line.run(until: 320)
        #expect(line.heard() == [0x05, 0x0D, 0x0D, 0x2D, 0x6D, 0x2D])
        line.toHost[0] = []
        line.write([0x01, 0x18], at: 330)
        line.run(until: 350)
        #expect(line.heard() == [0x03, 0x01] || line.heard() == [0x01, 0x03])
    }

    @Test func framesBeyond64OctetsGoOutWithOffsets() {
        let long = TP1Frame(
            source: IndividualAddress(raw: 0x11C8), destination: .group(GroupAddress(raw: 0x3001)),
            transportUnit: [0x00, 0x80] + (0..<200).map { UInt8($0) }
        ).octets
        var line = lineWithChip(.ncn5130, devices: [actuator(), listener])
        line.write(TPUARTRequest.transmitNCN51xx(long).octets, at: 300)
        line.run(until: 1_200)
        #expect(line.heard() == long + [0x13, 0x8B])
    }

    @Test func registersKeepWhatIsWrittenUntilTheNextReset() {
        var line = lineWithChip(.ncn5130)
        line.write([0x2A, 0xAB, 0x3A, 0x39], at: 300)
        line.write([0x01], at: 330)
        line.write([0x3A], at: 360)
        line.run(until: 380)
        #expect(line.heard() == [0xAB, 0x00, 0x03, 0x00])
    }

    @Test func whileItIsStoppedItHearsAndSendsNothing() {
        var line = lineWithChip(.ncn5120)
        // Within a frame: it stops when that is over.
        line.send(unclaimed, at: 300)
        line.write([0x0E], at: 305)
        line.run(until: 390)
        let attempts = line.frames.count
        #expect(attempts == 4)
        #expect(line.heard() == unclaimed + [0x13, 0x2B])
        line.toHost[0] = []
        line.write([0x0E, 0x02, 0x0D, 0x11], at: 400)
        line.write(hostFrame(frame(source: 0x11C8)), at: 420)
        line.run(until: 600)
        #expect(line.heard() == [0x07, 0x4B, 0xFA, 0x17, 0x17])
        #expect(line.frames.count == attempts)
        line.toHost[0] = []
        line.write([0x0F], at: 610)
        line.run(until: 620)
        #expect(line.heard() == [0x03])
        line.send(unclaimed, at: 630)
        line.run(until: 650)
        #expect(line.heard() == [0x03] + unclaimed + [0x13])
    }

    @Test func betweenResetAndItsAnswerItAnswersButSendsNothing() {
        var line = lineWithChip(.ncn5120)
        line.send(unclaimed, at: 300)
        line.write([0x01, 0x0D, 0x02], at: 300.2)
        line.write(hostFrame(frame(source: 0x11C8)), at: 303)
        line.run(until: 321)
        // Synchronising, then one protocol error for the frame, then the answer, which waits for an idle line.
        #expect(line.heard() == [0x4B, 0xF9, 0x07, 0x17, 0x03])
    }

    @Test func inBusmonitorModeFramesAndAcknowledgesComeBare() {
        var line = VirtualLine(
            chips: [.init(id: "sut"), .init(id: "witness", model: .ncn5121)], devices: [actuator(), listener])
        line.write([0x01], chip: 1, at: 100)
        line.write([0x19], chip: 1, at: 130)
        line.write([0x05], chip: 1, at: 150)
        line.write([0x02, 0x0D, 0xF1, 0x11, 0xC8, 0x00, 0x11], chip: 1, at: 160)
        line.run(until: 200)
        line.toHost[1] = []
        line.write(hostFrame(frame(source: 0x11C9, group: 0x3001)), at: 300)
        line.run(until: 400)
        #expect(line.heard(by: 1) == frame(source: 0x11C9, group: 0x3001) + [0xCC])
    }

    @Test func itTellsThatTheBusVoltageIsGoneAndThatItIsBack() {
        var line = lineWithChip(.ncn5121, supply: SupplyParameters(riseNanoseconds: 2_000_000))
        line.supply(on: false, at: 300)
        line.supply(on: true, at: 310)
        line.run(until: 400)
        #expect(line.powers(of: "sut").map(\.state) == [.saving, .running])
        #expect(line.heard() == [0x4B, 0xCB, 0x4B, 0xFB])
        // Without any voltage it comes back reset.
        line.toHost[0] = []
        line.supply(on: false, at: 500)
        line.supply(on: true, at: 600)
        line.run(until: 800)
        #expect(line.heard() == [0x4B, 0xCB, 0x03])
        // A TP-UART says nothing of it.
        for model in [TransceiverModel.tpuart1, .tpuart2] {
            var line = lineWithChip(model, supply: SupplyParameters(riseNanoseconds: 2_000_000))
            line.supply(on: false, at: 300)
            line.supply(on: true, at: 310)
            line.run(until: 400)
            #expect(line.heard().isEmpty, "\(model)")
        }
    }
}
