import Events
import KNX
import Testing

@testable import Twin

@Suite struct PushButtonTests {
    private static let (light, state, dim) = (
        GroupAddress(raw: 0x0901), GroupAddress(raw: 0x0902), GroupAddress(raw: 0x0903)
    )

    private func press(_ button: inout PushButton, at milliseconds: Double, for length: Double) -> [ApplicationEffect] {
        var effects: [ApplicationEffect] = []
        button.pressed(at: at(milliseconds))
        while let due = button.nextDue, due <= at(milliseconds + length) { button.advance(to: due, effects: &effects) }
        button.released(effects: &effects)
        return effects
    }

    @Test func aShortPressSwitchesToTheOtherValue() {
        var button = PushButton(.init(command: Self.light, status: Self.state))
        #expect(press(&button, at: 0, for: 300) == [.say(Self.light, .write(.small(1)))])
        #expect(press(&button, at: 1_000, for: 300) == [.say(Self.light, .write(.small(0)))])
        // Somebody else has switched it on meanwhile.
        var effects: [ApplicationEffect] = []
        button.received(.small(1), on: Self.state, at: at(2_000), effects: &effects)
        #expect(press(&button, at: 3_000, for: 300) == [.say(Self.light, .write(.small(0)))])
    }

    @Test func aLongPressDimsUpAndDownInTurnUntilItEnds() {
        var button = PushButton(.init(command: Self.light, long: .dim(Self.dim)))
        #expect(
            press(&button, at: 0, for: 1_500)
                == [.say(Self.dim, .write(.small(9))), .say(Self.dim, .write(.small(0)))])
        #expect(
            press(&button, at: 5_000, for: 500)
                == [.say(Self.dim, .write(.small(1))), .say(Self.dim, .write(.small(0)))])
        #expect(press(&button, at: 9_000, for: 499) == [.say(Self.light, .write(.small(1)))])
    }

    @Test func aLongPressCallsAScene() {
        var button = PushButton(.init(command: Self.light, long: .scene(Self.dim, number: 5)))
        #expect(press(&button, at: 0, for: 900) == [.say(Self.dim, .write(.octets([5])))])
    }

    /// A seeded hand: the same seed presses alike, another does not; of its presses the share is long that it is said to have.
    @Test func aHandPressesByItsSeed() {
        func presses(seed: UInt64) -> [ApplicationEffect] {
            var button = PushButton(
                .init(
                    command: Self.light, long: .dim(Self.dim),
                    hand: SeededHand(seed: seed, everyNanoseconds: 20_000_000_000, longPercent: 30)))
            var effects: [ApplicationEffect] = []
            button.started(at: at(0), effects: &effects)
            while let due = button.nextDue, due < at(20_000_000) { button.advance(to: due, effects: &effects) }
            return effects
        }
        // The first press of many hands comes anywhere in the pause.
        let first = (UInt64(1)...40).map { seed in
            var hand = SeededHand.Presses(SeededHand(seed: seed, everyNanoseconds: 20_000_000_000))
            return hand.next().pause.nanoseconds
        }
        #expect(first.allSatisfy { $0 <= 20_000_000_000 } && first.contains { $0 < 5_000_000_000 })
        let all = presses(seed: 1)
        #expect(all == presses(seed: 1) && all != presses(seed: 2))
        let short = all.count { if case .say(Self.light, _) = $0 { true } else { false } }
        let long = (all.count - short) / 2
        // A thousand presses in 20 000 s.
        #expect((900...1_100).contains(short + long) && (250...350).contains(long * 1_000 / (short + long)))
    }

    @Test func itForgetsAPressWithItsPower() {
        var button = PushButton(.init(command: Self.light, long: .dim(Self.dim)))
        var effects: [ApplicationEffect] = []
        button.pressed(at: at(0))
        button.busFailed(effects: &effects)
        button.released(effects: &effects)
        #expect(effects.isEmpty && button.nextDue == nil)
    }
}
