import Events
import KNX
import Testing

@testable import Twin

/// A contact that bounces, and one that waits for a telegram to open in.
@Suite struct SupplyContactTests {
    private static let direct = SupplyParameters(riseNanoseconds: 2_440_000)
    /// Five times 3 ms open and 3 ms closed.
    private static let bounces = (1...10).map { Int64($0) * 3_000_000 }
    /// The listener's frames come from this address.
    private static let sender: UInt16 = 0x1164

    private func line(devices: [SimulatedDevice.Configuration] = []) -> VirtualLine {
        VirtualLine(
            chips: [TwinConfiguration.Chip(id: "sut"), TwinConfiguration.Chip(id: "witness")],
            devices: devices, supply: SupplyParameters(holdUpNanoseconds: 100_000_000))
    }

    /// Voltages that a sense says, and how often they pass 20 V.
    private func crossings(_ line: VirtualLine) -> (falls: Int, rises: Int) {
        let trace = line.records.compactMap { if case .supply(let millivolts, _) = $0 { millivolts } else { nil } }
        let pairs = zip([29_000] + trace, trace)
        return (
            pairs.count { $0 >= 20_000 && $1 < 20_000 }, pairs.count { $0 < 20_000 && $1 >= 20_000 }
        )
    }

    @Test func chipsLoseTheirSupplyOncePerBounceAndTheSenseSeesIt() {
        var line = line()
        line.wire(SupplyContact(supply: Self.direct, afterOpening: Self.bounces), at: 50)
        line.supply(on: false, at: 100)
        line.run(until: 500)
        #expect(crossings(line) == (falls: 6, rises: 5))
        let states = line.powers(of: "sut").map(\.state)
        #expect(states == Array(repeating: [.saving, .running], count: 5).flatMap(\.self) + [.saving, .off])
        #expect(line.simulation.supply.millivolts(at: at(500)) == 0)
    }

    @Test func aReturnThatBouncesStartsTheChipsOverAndOver() {
        var line = line()
        line.wire(SupplyContact(supply: Self.direct, afterClosing: Self.bounces), at: 50)
        line.supply(on: false, at: 100)
        line.supply(on: true, at: 1_000)
        line.run(until: 1_500)
        #expect(crossings(line) == (falls: 6, rises: 6))
        let states = line.powers(of: "sut").map(\.state)
        #expect(
            states
                == [.saving, .off] + Array(repeating: [.starting, .off], count: 5).flatMap(\.self) + [
                    .starting, .running,
                ])
        #expect(line.heard().count { $0 == 0x03 } == 1)
    }

    @Test func whatTheContactWasStillGoingToDoItDoesNotAfterANewCommand() {
        var line = line()
        line.wire(SupplyContact(supply: Self.direct, afterOpening: Self.bounces), at: 50)
        line.supply(on: false, at: 100)
        line.supply(on: true, at: 110)
        line.run(until: 400)
        #expect(crossings(line).falls == 2)
        #expect(line.simulation.supply.millivolts(at: at(400)) == 29_000)
    }

    @Test func withoutAContactOfItsOwnTheSupplyIsHeld() {
        var line = line()
        line.supply(on: false, at: 100)
        line.supply(on: true, at: 130)
        line.run(until: 500)
        #expect(crossings(line) == (falls: 0, rises: 0))
    }

    // MARK: inside a telegram

    /// A telegram of 9 octets, and where the contact opens in it.
    private func cut(_ trigger: SupplyContact.Trigger, telegramAt milliseconds: Double = 200) -> VirtualLine {
        var line = line(devices: [listener, actuator()])
        // The witness is a busmonitor.
        line.write([0x05], chip: 1, at: 10)
        line.wire(SupplyContact(supply: SupplyParameters(), trigger: trigger), at: 50)
        line.supply(on: false, at: 100)
        line.run(until: 150)
        #expect(crossings(line).falls == 0)
        line.toHost[1] = []
        line.send(frame(source: Self.sender, group: 0x3001), device: 1, at: milliseconds)
        line.run(until: 1_000)
        return line
    }

    @Test(arguments: [(39, 4), (52, 5), (65, 6), (78, 7)] as [(Int64, Int)])
    func theTelegramIsCutWhereItWasToBe(bit: Int64, octets: Int) {
        let line = cut(SupplyContact.Trigger(source: Self.sender, bit: bit))
        #expect(line.frames.count == 1)
        #expect(line.frames.first?.isTruncated == true)
        #expect(line.frames.first?.octets == Array(frame(source: Self.sender, group: 0x3001).prefix(octets)))
        #expect(line.heard(by: 1) == Array(frame(source: Self.sender, group: 0x3001).prefix(octets)))
        #expect(line.simulation.power(ofChip: 0) == .off)
    }

    @Test func aTelegramThatWasWholeIsAcknowledgedByNobodyWhoHasNoPower() {
        let whole = frame(source: Self.sender, group: 0x3001)
        let line = cut(SupplyContact.Trigger(source: Self.sender, bit: Int64(13 * (whole.count - 2) + 8)))
        #expect(line.frames.map(\.octets) == [whole])
        #expect(line.frames.first?.isTruncated == false)
        #expect(line.frames.first?.acknowledge == nil)
        #expect(line.heard(by: 1) == whole)
    }

    @Test func aTelegramThatWasAcknowledgedBeforeTheCutWasNotCut() {
        let whole = frame(source: Self.sender, group: 0x3001)
        let line = cut(SupplyContact.Trigger(source: Self.sender, bit: Int64(13 * whole.count + 20)))
        #expect(line.frames.first?.acknowledge == 0xCC)
        #expect(line.heard(by: 1) == whole + [0xCC])
    }

    @Test func anotherSendersTelegramDoesNotOpenIt() {
        let line = cut(SupplyContact.Trigger(source: 0x1165, bit: 52))
        #expect(crossings(line).falls == 0)
        #expect(line.frames.first?.isTruncated == false)
    }

    @Test func aContactThatWaitsForgetsItWhenItIsToBeClosed() {
        var line = line(devices: [listener, actuator()])
        line.wire(
            SupplyContact(supply: SupplyParameters(), trigger: .init(source: Self.sender, bit: 52)), at: 50)
        line.supply(on: false, at: 100)
        line.supply(on: true, at: 150)
        line.send(frame(source: Self.sender, group: 0x3001), device: 1, at: 200)
        line.run(until: 500)
        #expect(crossings(line).falls == 0)
    }

    // MARK: what a run asks for

    private static let lines = [TwinConfiguration.Line(id: "main", chips: [])]

    @Test func aRunsWishIsRead() throws {
        let request = try ContactRequest(
            [
                "line": "main", "hold_up": 0, "rise": 2_440_000, "after_opening": [3, 6], "after_closing": [],
                "trigger": ["source": 0x110A, "bit": 52],
            ], lines: Self.lines)
        #expect(request.contact.supply == Self.direct)
        #expect(request.contact.afterOpening == [3, 6] && request.contact.afterClosing.isEmpty)
        #expect(request.contact.trigger == SupplyContact.Trigger(source: 0x110A, bit: 52))
    }

    @Test(
        arguments: [
            (["line": "other"], "there is no line 'other'"), ([:], "there is no line ''"),
            (["line": "main", "after_opening": [3]], "an even number of times"),
            (["line": "main", "after_closing": [6, 3]], "one after the other"),
            (["line": "main", "after_closing": [0, 3]], "one after the other"),
            (["line": "main", "trigger": ["source": 4362, "bit": 13]], "a bit from 39 to 4000"),
            (["line": "main", "trigger": ["source": 70_000, "bit": 52]], "a trigger is a source"),
        ] as [(Value, String)])
    func aWishThatIsNoneIsRefused(wish: Value, reason: String) {
        let refusal = #expect(throws: ContactRequest.Refusal.self) { try ContactRequest(wish, lines: Self.lines) }
        #expect(refusal?.reason.contains(reason) == true, "\(String(describing: refusal))")
    }
}
