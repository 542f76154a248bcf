import Events
import KNX
import Testing

@testable import Twin

/// A chip that answers in a slot of a polling request.
@Suite struct PollingSlaveTests {
    private static let request: [UInt8] = {
        let head: [UInt8] = [0xF0, 0x11, 0x0A, 0x12, 0x34, 0x03]
        return head + [TP1.checkOctet(head)]
    }()

    @Test(arguments: TransceiverModel.allCases)
    func itFillsItsSlotAndNoOther(model: TransceiverModel) {
        var line = lineWithChip(model)
        line.write([0xE1, 0x12, 0x34, 0x56], at: 290)
        line.send(Self.request, at: 300)
        line.run(until: 400)
        #expect(line.frames.map(\.slots) == [[0xFE, 0x56, 0xFE]])
        #expect(line.heard() == Self.request)
        // It was for one request.
        line.send(Self.request, at: 400)
        line.run(until: 500)
        #expect(line.frames.last?.slots == [0xFE, 0xFE, 0xFE])
    }

    /// The host answers to the first octet of the request, as the manuals want it.
    @Test func theAnswerMayComeDuringTheRequest() {
        // Seven octets end at 9.27 ms; the answer takes four serial characters, 2.3 ms.
        for (delay, isFilled) in [(2.0, true), (6.9, true), (7.5, true), (20, false)] {
            var line = lineWithChip(.tpuart2)
            line.send(Self.request, at: 300)
            line.write([0xE0, 0x12, 0x34, 0x56], at: 300 + delay)
            line.run(until: 400)
            #expect(line.frames.last?.slots.first == (isFilled ? 0x56 : 0xFE), "\(delay)")
        }
    }

    @Test(
        arguments: [
            [0xE1, 0x12, 0x35, 0x56], [0xE3, 0x12, 0x34, 0x56],
        ] as [[UInt8]])
    func anotherGroupAndASlotThatIsNotAskedForGetNothing(answer: [UInt8]) {
        var line = lineWithChip(.tpuart2)
        line.write(answer, at: 290)
        line.send(Self.request, at: 300)
        line.run(until: 400)
        #expect(line.frames.map(\.slots) == [[0xFE, 0xFE, 0xFE]])
    }

    @Test func anNCN51xxPollsByItselfWhenItIsConfiguredTo() {
        var line = lineWithChip(.ncn5120)
        line.write([0x1C, 0xE2, 0x12, 0x34, 0x56], at: 280)
        for time in [300.0, 400, 500] {
            line.send(Self.request, at: time)
            line.run(until: time + 90)
            #expect(line.frames.last?.slots == [0xFE, 0xFE, 0x56])
        }
    }

    @Test func twoSlavesInOneSlotAreACollisionForTheOneThatLost() {
        for (first, second, isFirstTold, isSecondTold) in [
            (UInt8(0x0F), UInt8(0xF0), true, true), (0x0F, 0x0F, false, false), (0x0F, 0x1F, false, true),
        ] {
            var line = VirtualLine(
                chips: [.init(id: "one", model: .tpuart2), .init(id: "other", model: .ncn5121)], devices: [actuator()])
            line.write([0xE0, 0x12, 0x34, first], chip: 0, at: 290)
            line.write([0xE0, 0x12, 0x34, second], chip: 1, at: 290)
            line.send(Self.request, at: 300)
            line.run(until: 400)
            #expect(line.frames.last?.slots.first == first & second)
            #expect(line.heard(by: 0).last == (isFirstTold ? 0x87 : Self.request.last))
            #expect(line.heard(by: 1).last == (isSecondTold ? 0x87 : Self.request.last))
        }
    }
}
