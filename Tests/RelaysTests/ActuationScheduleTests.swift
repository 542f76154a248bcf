import Events
import Testing

@testable import Relays

@Suite struct ActuationScheduleTests {
    private static let power = ChannelWiring(
        id: "power", number: 1, settleMilliseconds: 20, minimumOffMilliseconds: 500, minimumOnMilliseconds: 200)
    private static let sense = ChannelWiring(id: "sense", number: 2, normallyClosed: false, settleMilliseconds: 20)

    private func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    private func request(_ id: Int, _ wiring: ChannelWiring, _ meaning: Meaning, _ due: Int64)
        -> ActuationSchedule.Request
    {
        ActuationSchedule.Request(id: id, wiring: wiring, meaning: meaning, due: at(due))
    }

    @Test func aCommandWaitsForItsInstantAndSettles() {
        var schedule = ActuationSchedule()
        #expect(schedule.next(at: at(0)) == .wait(until: nil))
        let cut = request(1, Self.power, .cut, 100)
        schedule.submit(cut)
        #expect(schedule.next(at: at(0)) == .wait(until: at(100)))
        #expect(schedule.next(at: at(100)) == .command(cut, heldBack: .zero))
        schedule.commanded(cut, at: at(101))
        #expect(schedule.next(at: at(101)) == .wait(until: at(121)))
        #expect(schedule.open == [1])
        #expect(schedule.next(at: at(121)) == .settled(1))
        #expect(schedule.open.isEmpty)
    }

    @Test func oneChannelSettlesWhileAnotherIsCommanded() {
        var schedule = ActuationSchedule()
        let (first, second) = (request(1, Self.power, .cut, 0), request(2, Self.sense, .cut, 5))
        schedule.submit(second)
        schedule.submit(first)
        #expect(schedule.next(at: at(0)) == .command(first, heldBack: .zero))
        schedule.commanded(first, at: at(1))
        #expect(schedule.next(at: at(5)) == .command(second, heldBack: .zero))
    }

    @Test func commandsOfOneChannelKeepTheirOrder() {
        var schedule = ActuationSchedule()
        let (late, early) = (request(1, Self.power, .cut, 50), request(2, Self.power, .powered, 10))
        schedule.submit(late)
        schedule.submit(early)
        #expect(schedule.next(at: at(20)) == .wait(until: at(50)))
        #expect(schedule.next(at: at(50)) == .command(late, heldBack: .zero))
        #expect(schedule.next(at: at(50)) == .command(early, heldBack: .zero))
    }

    @Test func dwellHoldsACommandBack() {
        var schedule = ActuationSchedule()
        schedule.saw("power", in: .cut, at: at(1_000))
        // Seeing it again is no change.
        schedule.saw("power", in: .cut, at: at(1_300))
        let again = request(1, Self.power, .cut, 1_350)
        schedule.submit(again)
        #expect(schedule.next(at: at(1_350)) == .command(again, heldBack: .zero))
        let power = request(2, Self.power, .powered, 1_400)
        schedule.submit(power)
        #expect(schedule.next(at: at(1_400)) == .wait(until: at(1_500)))
        #expect(schedule.next(at: at(1_500)) == .command(power, heldBack: .milliseconds(100)))
        schedule.saw("power", in: .powered, at: at(1_501))
        let cut = request(3, Self.power, .cut, 1_502)
        schedule.submit(cut)
        #expect(schedule.next(at: at(1_502)) == .wait(until: at(1_701)))
    }

    @Test func whatIsNotKnownHasNoDwell() {
        var schedule = ActuationSchedule()
        schedule.saw("power", in: .cut, at: at(0))
        schedule.forgetStates()
        let power = request(1, Self.power, .powered, 1)
        schedule.submit(power)
        #expect(schedule.next(at: at(1)) == .command(power, heldBack: .zero))
    }

    @Test(arguments: [
        (true, Meaning.cut, true), (true, .powered, false), (false, .cut, false), (false, .powered, true),
    ])
    func polarityIsTheWiring(normallyClosed: Bool, meaning: Meaning, energised: Bool) {
        let wiring = ChannelWiring(id: "x", number: 1, normallyClosed: normallyClosed)
        #expect(wiring.energised(for: meaning) == energised)
        #expect(wiring.meaning(energised: energised) == meaning)
    }
}
