import KNX
import Platform
import Testing

@Suite struct TransceiverStreamTests {
    private static let write = hex("BC 1105 0901 E1 0081 3F")
    /// Two CB in the frame, one of them the check octet.
    private static let marked: [UInt8] = {
        let head = hex("BC 1105 0901 E3 0080 CB")
        let last = TP1.checkOctet(head + [0xCB])
        let frame = head + [last, 0xCB]
        return frame
    }()

    private static func doubled(_ octets: [UInt8]) -> [UInt8] { octets.flatMap { $0 == 0xCB ? [$0, $0] : [$0] } }

    private static func play(
        _ stream: inout TransceiverStream, _ octets: [UInt8], from start: Int64 = 1_000_000_000,
        pitch: Int64 = 1_354_167
    ) -> [TransceiverStream.Output] {
        var outputs: [TransceiverStream.Output] = []
        for (index, octet) in octets.enumerated() {
            outputs += stream.feed(octet, atNanoseconds: start + Int64(index) * pitch)
        }
        return outputs
    }

    private static func drain(_ stream: inout TransceiverStream) -> [TransceiverStream.Output] {
        var outputs: [TransceiverStream.Output] = []
        while let deadline = stream.nextDeadlineNanoseconds { outputs += stream.tick(atNanoseconds: deadline) }
        return outputs
    }

    private static func frames(_ outputs: [TransceiverStream.Output]) -> [TPUARTStream.Frame] {
        outputs.compactMap { if case .line(.frame(let frame)) = $0 { frame } else { nil } }
    }

    @Test func theFrameWithMarkersIsOne() {
        #expect(Self.marked.filter { $0 == 0xCB }.count == 2)
        #expect(TP1.checkOctet(Self.marked) == 0)
    }

    @Test func stopModeIsToldByNCN51xxOnly() {
        var ncn = TransceiverStream(chip: .ncn51xx, mode: .link)
        #expect(ncn.feed(0x2B, atNanoseconds: 7) == [.stopMode(nanoseconds: 7)])
        var siemens = TransceiverStream(chip: .tpuart2, mode: .link)
        #expect(siemens.feed(0x2B, atNanoseconds: 7) == [])
        #expect(Self.drain(&siemens) == [.line(.noise([0x2B], nanoseconds: 7))])
        // Behind a damaged frame it is believed once it stands alone.
        var lost = TransceiverStream(chip: .ncn51xx, mode: .link)
        let damaged = Array(Self.write.dropLast()) + [0x00]
        #expect(Self.frames(Self.play(&lost, damaged)).map(\.flaw) == [.checksum])
        #expect(lost.feed(0x2B, atNanoseconds: 1_030_000_000) == [])
        #expect(Self.drain(&lost) == [.stopMode(nanoseconds: 1_030_000_000)])
    }

    @Test func servicesOfTheLinePass() {
        var stream = TransceiverStream(chip: .ncn51xx, mode: .link)
        #expect(stream.feed(0x03, atNanoseconds: 1) == [.line(.reset(nanoseconds: 1))])
        #expect(stream.feed(0x17, atNanoseconds: 2) == [.line(.state(0x17, nanoseconds: 2))])
        #expect(stream.feed(0x53, atNanoseconds: 3) == [.line(.frameState(0x53, nanoseconds: 3))])
        #expect(stream.feed(0x25, atNanoseconds: 4) == [.line(.configuration(0x25, nanoseconds: 4))])
        #expect(stream.feed(0x4B, atNanoseconds: 5) == [])
        // 2B is the second octet of U_SystemState.ind here, not U_StopMode.ind.
        #expect(stream.feed(0x2B, atNanoseconds: 6) == [.line(.systemState(0x2B, nanoseconds: 6))])
        #expect(stream.feed(0x8B, atNanoseconds: 7) == [.line(.confirmation(isPositive: true, nanoseconds: 7))])
    }

    @Test(arguments: [TPUARTStream.Mode.link, .busmonitor]) func markers(_ mode: TPUARTStream.Mode) {
        for frame in [Self.write, Self.marked] {
            var stream = TransceiverStream(chip: .ncn51xx, mode: mode)
            stream.hasFrameEndMarkers = true
            // Twice the octets in the time of one, as at 38 400 baud.
            let octets = Self.doubled(frame)
            var outputs = Self.play(&stream, octets, pitch: 677_083)
            let end = 1_000_000_000 + Int64(octets.count) * 677_083
            outputs += stream.feed(0x13, atNanoseconds: end) + stream.feed(0xCB, atNanoseconds: end + 286_000)
            #expect(Self.frames(outputs).map(\.octets) == [frame])
            #expect(Self.frames(outputs).map(\.flaw) == [nil])
            #expect(outputs.last == .frameEnd(nanoseconds: end + 286_000))
            #expect(outputs.dropLast().last == .line(.frameState(0x13, nanoseconds: end)))
            #expect(Self.drain(&stream) == [])
        }
    }

    @Test func aMarkerEndsACutFrame() {
        for count in 1..<Self.write.count {
            var stream = TransceiverStream(chip: .ncn51xx, mode: .link)
            stream.hasFrameEndMarkers = true
            var outputs = Self.play(&stream, Array(Self.write.prefix(count)) + [0xCB])
            #expect(outputs == [])
            outputs = Self.drain(&stream)
            #expect(Self.frames(outputs).map(\.octets) == [Array(Self.write.prefix(count))])
            #expect(Self.frames(outputs).map(\.flaw) == [.truncated])
            #expect(outputs.last == .frameEnd(nanoseconds: 1_000_000_000 + Int64(count) * 1_354_167))
        }
    }

    @Test func crcBehindFrames() {
        // The check values that the NCN5121 data sheet and the TP-UART 2 manual print.
        #expect(TransceiverCRC.value("123456789".utf8) == 0x29B1)
        #expect(TransceiverCRC.value("123456789".utf8, of: .tpuart2) == 0xE5CC)
        let crc = TransceiverCRC.value(Self.write)
        for (low, isGood) in [(UInt8(crc & 255), true), (UInt8(crc & 255) ^ 1, false)] {
            var stream = TransceiverStream(chip: .ncn51xx, mode: .link)
            stream.hasCRC = true
            var outputs = Self.play(&stream, Self.write + [low, UInt8(crc >> 8)])
            #expect(Self.frames(outputs).map(\.octets) == [Self.write])
            let end = 1_000_000_000 + Int64(10) * 1_354_167
            #expect(outputs.last == .frameCheck(isGood: isGood, nanoseconds: end))
            outputs = stream.feed(0x8B, atNanoseconds: end + 1_000_000)
            #expect(outputs == [.line(.confirmation(isPositive: true, nanoseconds: end + 1_000_000))])
        }
        let high = TransceiverCRC.value(Self.write, of: .tpuart2)
        var siemens = TransceiverStream(chip: .tpuart2, mode: .link)
        siemens.hasCRC = true
        let told = Self.play(&siemens, Self.write + [UInt8(high >> 8), UInt8(high & 255)])
        #expect(told.last == .frameCheck(isGood: true, nanoseconds: 1_000_000_000 + Int64(10) * 1_354_167))
        var stream = TransceiverStream(chip: .tpuart2, mode: .link)
        stream.hasCRC = true
        _ = Self.play(&stream, Self.write + [0x00])
        let outputs = Self.drain(&stream)
        #expect(outputs.count == 1)
        if case .frameCheck(let isGood, _) = outputs.first { #expect(!isGood) } else { Issue.record("\(outputs)") }
    }

    /// Any octet answers, even one that begins a frame, once nothing follows it.
    @Test func answers() {
        for octet in UInt8.min...255 {
            var stream = TransceiverStream(chip: .ncn51xx, mode: .link)
            stream.ask(.register(1), atNanoseconds: 0)
            let outputs = stream.feed(octet, atNanoseconds: 5_000_000) + Self.drain(&stream)
            guard case .answer(.register(1), octet, _) = outputs.first, outputs.count == 1 else {
                Issue.record("\(octet): \(outputs)")
                continue
            }
        }
        var stream = TransceiverStream(chip: .tpuart2, mode: .link)
        stream.ask(.productIdentification, atNanoseconds: 0)
        var outputs = Self.play(&stream, Self.write, from: 1_000_000)
        #expect(Self.frames(outputs).map(\.octets) == [Self.write])
        outputs = stream.feed(0x41, atNanoseconds: 20_000_000)
        #expect(outputs == [.answer(.productIdentification, 0x41, nanoseconds: 20_000_000)])
        #expect(stream.feed(0x07, atNanoseconds: 21_000_000) == [.line(.state(0x07, nanoseconds: 21_000_000))])
        // One that never came is forgotten.
        stream.ask(.productIdentification, atNanoseconds: 30_000_000)
        #expect(stream.feed(0x07, atNanoseconds: 600_000_000) == [.line(.state(0x07, nanoseconds: 600_000_000))])
    }

    @Test func acknowledgeWindow() {
        let extended = TP1Frame(
            source: IndividualAddress(raw: 0x1105), destination: .individual(IndividualAddress(raw: 0x1107)),
            transportUnit: [UInt8](repeating: 0, count: 40)
        ).octets
        let table: [([UInt8], Destination)] = [
            (Self.write, .group(GroupAddress(raw: 0x0901))),
            (hex("BC 1105 1103 60 80 A6"), .individual(IndividualAddress(raw: 0x1103))),
            (extended, .individual(IndividualAddress(raw: 0x1107))),
        ]
        for (frame, destination) in table {
            var stream = TransceiverStream(chip: .tpuart2, mode: .link)
            for (index, octet) in frame.enumerated() {
                _ = stream.feed(octet, atNanoseconds: Int64(index) * 1_354_167)
                let isKnown = index > 4 && index < frame.count - 1
                let window = TPUARTStream.AcknowledgeWindow(
                    destination: destination, nanoseconds: 5 * 1_354_167, deadlineNanoseconds: 5 * 1_354_167 + 1_700_000
                )
                #expect(stream.acknowledgeWindow == (isKnown ? window : nil))
            }
        }
    }

    /// The acknowledge of an extended frame is the same character, in its place behind the check octet.
    @Test(arguments: [UInt8(0xCC), 0x0C, 0xC0, 0x00]) func extendedFramesAreAcknowledged(_ acknowledge: UInt8) {
        let frame = TP1Frame(
            source: IndividualAddress(raw: 0x1105), destination: .group(GroupAddress(raw: 0x0901)),
            transportUnit: [0x00, 0x80] + [UInt8](repeating: 0xCB, count: 250)
        ).octets
        for chip in TransceiverChip.allCases {
            var stream = TransceiverStream(chip: chip, mode: .busmonitor)
            let outputs = Self.play(&stream, frame + [acknowledge], pitch: 1_354_167) + Self.drain(&stream)
            #expect(Self.frames(outputs).map(\.octets) == [frame])
            #expect(Self.frames(outputs).map(\.acknowledge) == [acknowledge])
        }
    }

    /// No octet is lost or invented, and the stream is never left with a deadline that does not pass.
    @Test(arguments: [UInt64(1), 2, UInt64.random(in: 0...UInt64.max)]) func anythingAtAnyTime(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for round in 0..<400 {
            var stream = TransceiverStream(
                chip: Bool.random(using: &random) ? .ncn51xx : .tpuart2, mode: round % 2 == 0 ? .link : .busmonitor)
            stream.hasFrameEndMarkers = Bool.random(using: &random)
            stream.hasCRC = Bool.random(using: &random)
            var arrival: Int64 = 0
            var fed = 0
            var told = 0
            for _ in 0..<Int.random(in: 0...300, using: &random) {
                let gaps: [Int64] = [0, 1_354_000, 1_354_000, 2_600_000, 6_000_000, 25_000_000, -5_000_000]
                arrival += gaps.randomElement(using: &random) ?? 0
                let octets: [UInt8] = [0xBC, 0x3C, 0x00, 0xCC, 0x03, 0x4B, 0xE1, 0xCB, 0x2B]
                let octet =
                    Bool.random(using: &random)
                    ? octets.randomElement(using: &random) ?? 0 : UInt8.random(in: 0...255, using: &random)
                if Int.random(in: 0..<20, using: &random) == 0 { stream.ask(.register(0), atNanoseconds: arrival) }
                fed += 1
                told += Self.count(stream.feed(octet, atNanoseconds: arrival))
                if Int.random(in: 0..<5, using: &random) == 0 {
                    told += Self.count(stream.tick(atNanoseconds: arrival))
                }
            }
            told += Self.count(Self.drain(&stream))
            #expect(stream.nextDeadlineNanoseconds == nil)
            // Doubled markers and the octets of a CRC are told as fewer outputs than they were octets.
            if stream.hasFrameEndMarkers || stream.hasCRC {
                #expect(told <= fed, "seed \(seed), round \(round)")
            } else {
                #expect(told == fed, "seed \(seed), round \(round)")
            }
            let frame = Self.frames(Self.play(&stream, Self.write, from: arrival + 10_000_000_000))
            #expect(frame.map(\.octets) == (stream.mode == .link ? [Self.write] : []), "seed \(seed), round \(round)")
        }
    }

    private static func count(_ outputs: [TransceiverStream.Output]) -> Int {
        outputs.reduce(0) { sum, output in
            switch output {
            case .line(.frame(let frame)): sum + frame.octets.count + (frame.acknowledge == nil ? 0 : 1)
            case .line(.noise(let octets, _)): sum + octets.count
            case .line(.systemState): sum + 2
            case .frameCheck: sum
            default: sum + 1
            }
        }
    }
}

@Suite struct TransceiverStatesTests {
    @Test func states() {
        #expect(TransceiverState(octet: 0x07) == [])
        #expect(TransceiverState(octet: 0x97) == [.slaveCollision, .protocolError])
        #expect(TransceiverState(octet: 0x6F) == [.receiveError, .transmitterError, .temperatureWarning])
        #expect(TransceiverState(octet: 0x03) == nil)
        #expect(TransceiverState(octet: 0x97)?.names == ["slave collision", "protocol error"])
        for octet in UInt8.min...255 where octet & 7 == 7 { #expect(TransceiverState(octet: octet)?.octet == octet) }
    }

    @Test func systemStates() {
        let normal = TransceiverSystemState(octet: 0xFB)
        #expect(normal.mode == .normal && normal.isBusVoltagePresent && normal.isV20VGood && normal.isVDD2Good)
        #expect(normal.isVFILTGood && normal.isCrystalRunning && !normal.isTooHot)
        let dark = TransceiverSystemState(octet: 0x41)
        #expect(!dark.isBusVoltagePresent && dark.mode == .synchronising && dark.isVDD2Good && !dark.isCrystalRunning)
        #expect(TransceiverSystemState(octet: 0x24).isTooHot)
    }

    @Test func frameStatesAndConfigurations() {
        #expect(TransceiverFrameState(octet: 0x13) == [])
        #expect(TransceiverFrameState(octet: 0xF3) == [.receiveError, .checksumOrLengthError, .timingError])
        #expect(TransceiverFrameState(octet: 0x03) == nil)
        #expect(TransceiverConfiguration(octet: 0x25) == [.autoAcknowledge, .frameEndMarker])
        #expect(TransceiverConfiguration(octet: 0x59) == [.busyMode, .autoPolling, .crc])
        #expect(TransceiverConfiguration(octet: 0x81) == nil)
    }
}
