import Events
import KNX
import Testing

@testable import Twin

/// A line with one chip of a model, reset, and a device that sends; nobody on it acknowledges 14/0/0 and what is near.
func lineWithChip(
    _ model: TransceiverModel, hasParity: Bool? = nil, devices: [SimulatedDevice.Configuration] = [actuator()],
    supply: SupplyParameters = SupplyParameters()
) -> VirtualLine {
    let parameters = TPUARTParameters(model, hasParity: hasParity)
    var line = VirtualLine(chips: [.init(id: "sut", parameters: parameters)], devices: devices, supply: supply)
    line.write([0x01], at: 100)
    line.run(until: 200)
    line.toHost[0] = []
    return line
}

/// A telegram of the device to a group that only a chip could acknowledge.
let unclaimed = frame(source: 0x110A, data: [0x80, 0x0C, 0x1A], group: 0x7001)

/// What tells one model from another.
@Suite struct TransceiverModelTests {
    private static let all = TransceiverModel.allCases
    private static let siemens: [TransceiverModel] = [.tpuart1, .tpuart2]
    private static let onsemi: [TransceiverModel] = [.ncn5120, .ncn5121, .ncn5130]

    @Test func aSerialLineIsAsFastAsItsModelHasIt() {
        for (models, character) in [(Self.siemens, 572_916), (Self.onsemi, 260_416)] {
            for model in models {
                var line = VirtualLine(chips: [.init(id: "sut", model: model)])
                line.write([0x01], at: 100)
                line.run(until: 200)
                #expect(line.heard() == [0x03])
                // The request takes one serial character, the answer another.
                #expect(line.toHost[0].first?.due == at(100) + Instant.Span(nanoseconds: Int64(2 * character)))
            }
        }
        // An NCN51xx in its 9-bit mode at 19200 baud is as fast as a TP-UART.
        #expect(
            TPUARTParameters(.ncn5121, baudRate: 19_200, hasParity: true).characterNanoseconds
                == TPUARTParameters().characterNanoseconds)
    }

    /// A service, and what each model answers to it: nothing but protocol errors where it has no such service.
    @Test(arguments: [
        ("02", "07", "07", "07"), ("20", "17", "41", "17"), ("0D", "17", "17", "4B FB"), ("0E", "17", "17", "2B"),
        ("19", "17", "17", "05"), ("1A", "17", "17", "09"), ("1C", "17", "17", "11"), ("1F", "17", "17", "1D"),
        ("03", "17", "17", ""), ("04", "17", "17", ""), ("21", "17", "", "17"), ("22", "17", "", "17"),
        ("25", "17", "", "17"), ("24 42", "17 17", "", "17 17"), ("28 11 C8", "17 17", "", "17"),
        ("F1 11 C8 00", "17 17 17", "17 17 17", "21"), ("F2 33 00 00", "17 17 17 17", "17 17 17 17", ""),
        ("39", "17", "17", "00"), ("0F", "17", "17", ""), ("08", "17", "17", ""), ("FF", "17", "17", "17"),
        ("E1 12 34 56", "", "", ""),
    ])
    func servicesDiffer(request: String, first: String, second: String, ncn51xx: String) {
        for model in Self.all {
            var line = lineWithChip(model)
            line.write(octets(request), at: 300)
            line.run(until: 400)
            let answer = model == .tpuart1 ? first : model == .tpuart2 ? second : ncn51xx
            #expect(line.heard() == octets(answer), "\(model) \(request)")
        }
    }

    private func octets(_ text: String) -> [UInt8] { text.split(separator: " ").compactMap { UInt8($0, radix: 16) } }

    @Test func theFirstTPUARTTakesLongerToSayThatItWasReset() throws {
        for (model, bits) in [(TransceiverModel.tpuart1, 53), (.tpuart2, 40), (.ncn5130, 40)] {
            var line = lineWithChip(model, devices: [actuator(), listener])
            line.send(frame(source: 0x110A, group: 0x3001), at: 300)
            line.write([0x01], at: 305)
            line.run(until: 340)
            let said = line.records.compactMap {
                if case .reset(_, let instant) = $0, instant > at(300) { instant } else { nil }
            }
            let reset = try #require(said.first)
            // Since the end of the acknowledge.
            let idle = (reset - line.frames[0].ended).nanoseconds - BusTiming.nanoseconds(bits: 26)
            let wait = BusTiming.nanoseconds(bits: Int64(bits))
            #expect(idle >= wait && idle < wait + BusTiming.nanoseconds(bits: 1), "\(model): \(idle) ns")
        }
    }

    @Test func repetitionsAreSetInEachModelsWay() {
        let sets: [(TransceiverModel, [UInt8], Int)] = [
            (.tpuart1, [], 4), (.tpuart2, [0x24, 0x21], 2), (.ncn5120, [0xF2, 0x11, 0, 0], 2), (.ncn5121, [], 4),
            (.ncn5130, [0xF2, 0x30, 0, 0], 1),
        ]
        for (model, request, attempts) in sets {
            var line = lineWithChip(model)
            line.write(request, at: 300)
            line.write(hostFrame(frame(group: 0x7001)), at: 310)
            line.run(until: 700)
            #expect(line.frames.count == attempts, "\(model)")
            #expect(line.heard().last == 0x0B)
        }
    }

    @Test func withItsAddressSetAChipAnswersForItAndForEveryGroup() {
        let individual = { (target: UInt16) in
            TP1Frame(
                source: IndividualAddress(raw: 0x110A), destination: .individual(IndividualAddress(raw: target)),
                transportUnit: [0x80]
            ).octets
        }
        let requests: [(TransceiverModel, [UInt8])] =
            [(.tpuart1, [0x28, 0x11, 0xC8]), (.tpuart2, [0x28, 0x11, 0xC8])]
            + Self.onsemi.map { ($0, [0xF1, 0x11, 0xC8, 0x00]) }
        for (model, request) in requests {
            for (octets, isAnswered) in [(unclaimed, true), (individual(0x11C8), true), (individual(0x11C9), false)] {
                var line = lineWithChip(model)
                line.write(request, at: 250)
                line.send(octets, at: 300)
                line.run(until: 325)
                let acknowledge: UInt8? = isAnswered && model != .tpuart1 ? 0xCC : nil
                #expect(line.frames.first?.acknowledge == acknowledge, "\(model)")
            }
        }
    }

    @Test func anAddressCountsOnceTheLineIsIdle() {
        for (model, request) in [
            (TransceiverModel.tpuart2, [0x28, 0x11, 0xC8] as [UInt8]), (.ncn5120, [0xF1, 0x11, 0xC8, 0]),
        ] {
            var line = lineWithChip(model)
            line.send(unclaimed, at: 300)
            line.write(request, at: 303)
            line.run(until: 400)
            // Not the first attempt, which was on the line, but its repetition.
            #expect(line.frames.map(\.acknowledge) == [nil, 0xCC], "\(model)")
        }
    }

    @Test func damagedFramesAreRefusedByAnNCN51xxOnlyWhenItIsAddressed() {
        var damaged = unclaimed
        damaged[9] ^= 0x04
        for model in Self.all {
            for isAddressed in [false, true] {
                var line = lineWithChip(model)
                line.send(damaged, at: 300)
                if isAddressed { line.write([0x11], at: 310) }
                line.run(until: 325)
                let isRefused = isAddressed || Self.siemens.contains(model)
                #expect(line.frames.first?.acknowledge == (isRefused ? 0x0C : nil), "\(model)")
            }
        }
    }

    @Test func busyModeLastsAsLongAsTheModelHasIt() {
        let individual = TP1Frame(
            source: IndividualAddress(raw: 0x110A), destination: .individual(IndividualAddress(raw: 0x11C8)),
            transportUnit: [0x80]
        ).octets
        let cases: [(TransceiverModel, [UInt8], [UInt8], UInt8, UInt8)] = [
            // Groups are busy too, and after 700 ms nothing is.
            (.tpuart2, [0x28, 0x11, 0xC8, 0x21], [0x22], 0xC0, 0xCC),
            // Groups never are, and the individual address is until the host says otherwise.
            (.ncn5121, [0xF1, 0x11, 0xC8, 0x00, 0x03], [0x04], 0xCC, 0xC0),
        ]
        for (model, request, quit, group, late) in cases {
            var line = lineWithChip(model)
            line.write(request, at: 250)
            line.send(individual, at: 300)
            line.run(until: 318)
            #expect(line.frames.last?.acknowledge == 0xC0, "\(model)")
            line.run(until: 600)
            line.send(unclaimed, at: 600)
            line.run(until: 620)
            #expect(line.frames.last?.acknowledge == group, "\(model)")
            line.run(until: 1_200)
            line.send(individual, at: 1_200)
            line.run(until: 1_220)
            #expect(line.frames.last?.acknowledge == late, "\(model)")
            line.write(quit, at: 1_500)
            line.send(individual, at: 1_510)
            line.run(until: 1_530)
            #expect(line.frames.last?.acknowledge == 0xCC, "\(model)")
        }
    }

    @Test func framesFromTheHostThatAreNone() {
        // Another length than the frame says, an illegal control octet, a wrong check octet, octets out of their order.
        var length = hostFrame(frame())
        length[11] = 0xE2
        var control = hostFrame(frame())
        control[1] = 0xBF
        var check = hostFrame(frame())
        check[17] ^= 1
        for model in Self.all {
            let isNCN51xx = Self.onsemi.contains(model)
            for (octets, state) in [
                (length, isNCN51xx ? 0x47 : 0x17), (control, isNCN51xx ? 0x47 : 0x17), (check, 0x47),
                ([0x82, 0x00], 0x17),
            ] as [([UInt8], UInt8)] {
                var line = lineWithChip(model)
                line.write(octets, at: 300)
                line.run(until: 400)
                #expect(line.heard() == [state], "\(model)")
                #expect(line.frames.isEmpty)
            }
        }
    }
}
