import Events
import KNX
import Testing

@testable import Twin

@Suite struct TPUARTChipTests {
    /// One serial character at 19200 8E1.
    static let character = Instant.Span(nanoseconds: 572_916)

    private func started() -> VirtualLine {
        var line = VirtualLine(devices: [actuator(), listener])
        line.write([0x01], at: 100)
        line.run(until: 200)
        line.toHost[0] = []
        return line
    }

    @Test func resetAndStateAreAnswered() {
        var line = VirtualLine()
        line.write([0x01], at: 100)
        line.run(until: 110)
        line.write([0x02], at: 110)
        line.write([0x20], at: 120)
        line.run(until: 200)
        #expect(line.heard() == [0x03, 0x07, 0x41])
        // The request takes one serial character, the answer another.
        #expect(line.toHost[0][0].due == at(100) + Self.character + Self.character)
    }

    @Test func resetIndicationWaitsFor40IdleBits() {
        // A host that asks at any time during busy traffic hears 03 at least 40 bits after the end of a character, never inside a frame.
        for phase in stride(from: 0.0, to: 25, by: 0.37) {
            var line = VirtualLine(chips: [.init(id: "sut"), .init(id: "other")], devices: [actuator(), listener])
            for _ in 0..<20 { line.send(frame(data: [0x80, 1, 2], group: 0x3001), at: 0) }
            line.write([0x01], at: 50 + phase)
            line.run(until: 800)
            let reset = line.records.compactMap {
                if case .reset("sut", let instant) = $0 { instant } else { nil }
            }
            #expect(reset.count == 1)
            let idle = BusTiming.nanoseconds(bits: 40)
            for frame in line.frames {
                let over = frame.ended + Instant.Span(nanoseconds: BusTiming.nanoseconds(bits: 26))
                #expect(
                    reset[0] < frame.began || (reset[0] - over).nanoseconds >= idle,
                    "phase \(phase): 03 at \(reset[0].nanoseconds), frame from \(frame.began.nanoseconds)")
            }
            // What the host hears after 03 are whole frames.
            let heard = line.heard()
            let first = heard.lastIndex(of: 0x03).map { $0 + 1 } ?? heard.endIndex
            #expect((heard.count - first).isMultiple(of: 11), "phase \(phase): \(Hex.text(heard))")
        }
    }

    @Test func whatTheHostSaysMeanwhileDoesNotHurryTheReset() {
        for phase in stride(from: 0.0, to: 25, by: 0.37) {
            var line = VirtualLine(devices: [actuator(), listener])
            for _ in 0..<5 { line.send(frame(data: [0x80, 1, 2], group: 0x3001), at: 0) }
            line.write([0x01] + Array(repeating: 0x02, count: 60), at: 20 + phase)
            line.run(until: 300)
            let over = line.frames.map { $0.ended + Instant.Span(nanoseconds: BusTiming.nanoseconds(bits: 26)) }
            for case .reset(_, let instant) in line.records {
                let last = over.last { $0 < instant }
                #expect(last.map { (instant - $0).nanoseconds >= BusTiming.nanoseconds(bits: 40) } == true)
            }
        }
    }

    @Test func octetsReachTheHostOneCharacterAfterTheirEnd() {
        var line = started()
        let octets = frame(data: [0x80, 0x0C, 0x1A], group: 0x3001)
        line.send(octets, at: 300)
        line.run(until: 400)
        #expect(line.heard() == octets)
        let began = line.frames[0].began
        for (index, heard) in line.toHost[0].enumerated() {
            let end = began.nanoseconds + BusTiming.nanoseconds(bits: Int64(13 * index + 11))
            #expect(abs(heard.due.nanoseconds - end - Self.character.nanoseconds) <= 2)
        }
    }

    @Test func aFasterSerialLineLoadsFaster() {
        var line = VirtualLine(chips: [.init(id: "sut", baudRate: 115_200)], devices: [actuator()])
        line.write(hostFrame(frame()), at: 300)
        line.run(until: 330)
        let loaded = at(300) + Instant.Span(nanoseconds: 18 * 95_486)
        #expect(line.frames.first.map { $0.began >= loaded && $0.began < loaded + .microseconds(105) } == true)
    }

    @Test func ownFrameIsEchoedAndThenConfirmed() {
        var line = started()
        let octets = frame()
        line.write(hostFrame(octets), at: 300)
        line.run(until: 315)
        #expect(line.frames.isEmpty)
        line.run(until: 335)
        #expect(line.heard() == octets + [0x8B])
        #expect(line.frames[0].acknowledge == 0xCC)
        // The whole frame was in after 18 serial characters.
        let loaded = at(300) + Self.character * 18
        #expect(line.frames[0].began >= loaded && line.frames[0].began < loaded + .microseconds(105))
        // The confirmation follows the acknowledge character.
        let over = line.frames[0].ended + Instant.Span(nanoseconds: BusTiming.nanoseconds(bits: 26))
        #expect(line.toHost[0].last.map { $0.due >= over + Self.character } == true)
    }

    @Test func nobodyAnswersMeansFourTimesAndNegative() {
        var line = started()
        line.write(hostFrame(frame(group: 0x7000)), at: 300)
        line.run(until: 700)
        #expect(line.frames.count == 4)
        #expect(line.heard().last == 0x0B)
        #expect(line.heard().count == 4 * 9 + 1)
    }

    @Test func repetitionsAreCountedAsTheHostSays() {
        var line = started()
        line.write([0x24, 0x01], at: 300)
        line.write(hostFrame(frame(group: 0x7000)), at: 310)
        line.run(until: 700)
        #expect(line.frames.count == 2)
    }

    @Test func aClearedRepeatBitMeansOnce() {
        var line = started()
        var octets = frame(group: 0x7000)
        octets[0] = 0x9C
        octets[8] ^= 0x20
        line.write(hostFrame(octets), at: 300)
        line.run(until: 700)
        #expect(line.frames.map { $0.octets } == [frame(group: 0x7000)])
        #expect(line.heard().last == 0x0B)
    }

    @Test func aSecondFrameIsRejectedWhileTheFirstWaits() {
        var line = started()
        // The line is busy for long with a frame of 263 octets, so that the first frame waits in the buffer.
        let long = TP1Frame(
            source: IndividualAddress(raw: 0x110A), destination: .group(GroupAddress(raw: 0x3000)),
            transportUnit: Array(repeating: 0, count: 255)
        ).octets
        line.send(long, at: 300)
        line.write(hostFrame(frame(data: [0x80], group: 0x3001)), at: 310)
        line.write(hostFrame(frame(data: [0x81], group: 0x3001)), at: 400)
        line.run(until: 800)
        let own = line.frames.filter { $0.senders == ["sut"] }
        #expect(own.map(\.octets) == [frame(data: [0x80], group: 0x3001)])
        // One protocol error for it, told when the foreign frame is over.
        #expect(line.heard() == long + [0x17] + frame(data: [0x80], group: 0x3001) + [0x8B])
        // Once the first has its result there is room for the next.
        line.write(hostFrame(frame(data: [0x81], group: 0x3001)), at: 900)
        line.run(until: 1_000)
        #expect(line.heard().suffix(10) == frame(data: [0x81], group: 0x3001) + [0x8B])
    }

    @Test func framesOf64OctetsPassAndBadOnesAreToldAsErrors() {
        var line = started()
        let long = TP1Frame(
            source: IndividualAddress(raw: 0x1105), destination: .group(GroupAddress(raw: 0x0901)),
            transportUnit: Array(repeating: 7, count: 56)
        ).octets
        #expect(long.count == 64)
        line.write(hostFrame(long), at: 300)
        line.run(until: 500)
        #expect(line.heard() == long + [0x8B])
        line.toHost[0] = []
        var bad = frame()
        bad[8] ^= 1
        line.write(hostFrame(bad), at: 600)
        line.write([0xFF], at: 650)
        line.run(until: 700)
        // A wrong check octet is a receive error, what is no service a protocol error (TP-UART 2 manual, figure 31).
        #expect(line.heard() == [0x47, 0x17])
    }

    @Test func stateIsNeverSaidInsideAFrame() {
        for phase in stride(from: 0.0, to: 14, by: 0.21) {
            var line = started()
            let octets = frame(data: [0x80, 0x0C, 0x1A], group: 0x3001)
            line.send(octets, at: 300)
            line.write([0x02], at: 300 + phase)
            line.run(until: 400)
            let heard = line.heard()
            #expect(heard == octets + [0x07] || heard == [0x07] + octets, "asked \(phase) ms into the frame")
        }
    }

    @Test func acknowledgeInformationCountsFromTheSixthOctetToTheSlot() {
        // Octet 6 of nine ends at 76 bits (7.92 ms), the slot begins at 130 bits (13.54 ms); the request itself takes 0.57 ms.
        let cases: [(Double, UInt8?)] = [(5, nil), (8.6, 0xCC), (10, 0xCC), (12.9, 0xCC), (13.1, nil), (20, nil)]
        for (delay, acknowledge) in cases {
            var line = started()
            line.send(frame(group: 0x7000), at: 300)
            line.write([0x11], at: 300 + delay)
            line.run(until: 318)
            line.run(until: 330)
            #expect(line.frames.first?.acknowledge == acknowledge, "\(delay) ms after the start of the frame")
        }
    }

    @Test(arguments: [(UInt8(0x10), UInt8?.none), (0x11, 0xCC), (0x13, 0xC0), (0x15, 0x0C)])
    func acknowledgeInformationSaysWhat(octet: UInt8, acknowledge: UInt8?) {
        var line = started()
        line.send(frame(group: 0x7000), at: 300)
        line.write([octet], at: 310)
        line.run(until: 318)
        #expect(line.frames.first?.acknowledge == acknowledge)
    }

    @Test func aStricterDeadlineIsKept() {
        var parameters = TPUARTParameters()
        parameters.acknowledgeDeadlineNanoseconds = 1_700_000
        for (delay, acknowledge) in [(9.0, UInt8?(0xCC)), (11.0, nil)] {
            var line = VirtualLine(chips: [.init(id: "sut", parameters: parameters)], devices: [actuator(), listener])
            line.send(frame(group: 0x7000), at: 300)
            line.write([0x11], at: 300 + delay)
            line.run(until: 330)
            #expect(line.frames.first?.acknowledge == acknowledge)
        }
    }

    @Test func withItsAddressSetTheChipAnswersForItAndForEveryGroup() {
        let individual = { (target: UInt16) in
            TP1Frame(
                source: IndividualAddress(raw: 0x110A), destination: .individual(IndividualAddress(raw: target)),
                transportUnit: [0x80]
            ).octets
        }
        let cases: [([UInt8], UInt8?)] = [
            (frame(group: 0x7123), 0xCC), (individual(0x11C8), 0xCC), (individual(0x11C9), nil),
        ]
        for (octets, acknowledge) in cases {
            var line = started()
            line.write([0x28, 0x11, 0xC8], at: 250)
            line.send(octets, at: 300)
            line.run(until: 318)
            #expect(line.frames.first?.acknowledge == acknowledge)
            // A reset forgets the address.
            line.run(until: 600)
            line.write([0x01], at: 600)
            line.send(octets, at: 700)
            line.run(until: 718)
            #expect(line.frames.last?.acknowledge == nil)
        }
    }

    @Test func busyModeLasts700Milliseconds() {
        var line = started()
        line.write([0x28, 0x11, 0xC8, 0x21], at: 250)
        for (time, acknowledge) in [(300.0, UInt8(0xC0)), (1_100, 0xCC)] {
            line.send(frame(source: 0x110A, group: 0x7000), at: time)
            line.run(until: time + 18)
            #expect(line.frames.last?.acknowledge == acknowledge)
        }
        // A host that confirms a frame is not busy any more.
        line.write([0x21], at: 1_150)
        line.send(frame(source: 0x110A, group: 0x7000), at: 1_160)
        line.write([0x11], at: 1_169)
        line.run(until: 1_180)
        #expect(line.frames.last?.acknowledge == 0xCC)
        line.write([0x21], at: 1_200)
        line.write([0x22], at: 1_210)
        line.send(frame(source: 0x110A, group: 0x7000), at: 1_220)
        line.run(until: 1_240)
        #expect(line.frames.last?.acknowledge == 0xCC)
    }

    @Test func badCheckOctetIsRefusedByEverybodyAndRepairedByTheRepetition() {
        var line = started()
        var octets = frame(group: 0x3001)
        octets[8] ^= 0x04
        line.send(octets, at: 300)
        line.run(until: 400)
        #expect(line.frames.map(\.acknowledge) == [0x0C, nil] || line.frames.map(\.acknowledge).first == 0x0C)
    }

    @Test func busmonitorHearsEverythingAndDoesNothing() {
        var line = VirtualLine(chips: [.init(id: "sut"), .init(id: "witness")], devices: [actuator(), listener])
        line.write([0x01], chip: 1, at: 50)
        line.write([0x05], chip: 1, at: 100)
        line.run(until: 200)
        line.toHost[1] = []
        line.write([0x02], chip: 1, at: 210)
        line.write(hostFrame(frame(source: 0x1107)), chip: 1, at: 220)
        line.write([0x28, 0x11, 0xC8], chip: 1, at: 280)
        line.run(until: 300)
        #expect(line.heard(by: 1).isEmpty)
        line.write(hostFrame(frame()), at: 300)
        line.run(until: 330)
        #expect(line.heard(by: 1) == frame() + [0xCC])
        #expect(line.heard() == frame() + [0x8B])
        // Unacknowledged: four attempts and no character between them.
        // (The status telegram of the actuator is over by then.)
        line.run(until: 500)
        line.toHost[1] = []
        line.write(hostFrame(frame(group: 0x7000)), at: 500)
        line.run(until: 690)
        #expect(line.heard(by: 1).count == 36)
        // Only a reset ends it.
        line.toHost[1] = []
        line.write([0x01], chip: 1, at: 700)
        line.run(until: 720)
        line.write([0x02], chip: 1, at: 720)
        line.run(until: 730)
        #expect(line.heard(by: 1) == [0x03, 0x07])
    }

    @Test func resetWhileSendingCutsTheFrame() {
        var line = started()
        line.write(hostFrame(frame()), at: 300)
        line.write([0x01], at: 315)
        line.run(until: 500)
        #expect(line.frames.map(\.isTruncated) == [true])
        #expect(line.heard().filter { $0 == 0x8B || $0 == 0x0B }.isEmpty)
        #expect(line.heard().last == 0x03)
    }

    @Test func octetsForTheHostFollowEachOther() {
        var line = started()
        line.send(frame(data: [0x80, 0x0C, 0x1A], group: 0x3001), at: 300)
        line.write([0x02, 0x20, 0x02], at: 305)
        line.run(until: 400)
        #expect(line.heard().suffix(3) == [0x07, 0x41, 0x07])
        for (before, after) in zip(line.toHost[0], line.toHost[0].dropFirst()) {
            #expect(after.due - before.due >= Self.character)
        }
    }

    @Test func aChipNeverAcknowledgesItself() {
        // The check octet of its echo ends at 322.3 ms, the acknowledge slot begins at 323.9: information before and between.
        for delay in [18.0, 22.2] {
            var line = started()
            line.write([0x28, 0x11, 0xC8], at: 290)
            line.write(hostFrame(frame(group: 0x7000)), at: 300)
            line.write([0x11], at: 300 + delay)
            line.run(until: 600)
            #expect(line.frames.first.map { $0.ended > at(320) && $0.ended < at(323) } == true)
            #expect(line.frames.count == 4)
            #expect(line.frames.allSatisfy { $0.acknowledge == nil })
        }
    }

    @Test func aChipThatComesBackDuringAFrameHearsOnlyTheNext() {
        // Two chips on one line; one of them stops at once when the voltage dips, the others ride through.
        var weak = TPUARTParameters()
        weak.power.saveDebounceNanoseconds = 0
        var line = VirtualLine(
            chips: [.init(id: "weak", parameters: weak)], devices: [actuator(), listener],
            supply: SupplyParameters(riseNanoseconds: 2_000_000))
        line.send(frame(data: [0x80, 1, 2], group: 0x3001), at: 300)
        line.supply(on: false, at: 303)
        line.supply(on: true, at: 304)
        line.send(frame(data: [0x80, 3, 4], group: 0x3001), at: 305)
        line.run(until: 400)
        #expect(line.powers(of: "weak").map(\.state) == [.saving, .running])
        #expect(line.frames.map(\.isTruncated) == [false, false])
        // The three octets before the dip, and the whole second frame.
        #expect(line.heard() == line.frames[0].octets.prefix(3) + line.frames[1].octets)
    }
}
