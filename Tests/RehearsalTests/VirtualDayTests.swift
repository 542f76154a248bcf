import Checkers
import KNX
import Rehearsal
import Testing

@Suite struct VirtualDayTests {
    /// Ten minutes of the line; `scripts/bench day` takes 24 hours.
    private func rehearse(seconds: Int64 = 600, seed: UInt64, losses: Int) -> VirtualDay.Outcome {
        var day = VirtualDay(VirtualDay.Parameters(seconds: seconds, seed: seed, losses: losses))
        return day.run()
    }

    @Test(arguments: [UInt64(2)])
    func everySeededLossIsNamed(seed: UInt64) {
        let outcome = rehearse(seed: seed, losses: 32)
        #expect(outcome.telegrams > 21_000 && outcome.loadPermille >= 990, "seed \(seed)")
        for trial in outcome.trials {
            #expect(trial.losses.count == 32, "seed \(seed), \(trial.name)")
            #expect(trial.losses.count { $0.telegrams.isMultiple(of: 8) } >= 16)
            #expect(trial.named == trial.losses.count, "seed \(seed), \(trial.name)")
            #expect(trial.unnoticed.isEmpty && trial.invented.isEmpty, "seed \(seed), \(trial.name)")
            let lost = trial.losses.reduce(0) { $0 + $1.telegrams }
            #expect(trial.conclusion.sightings == outcome.telegrams - lost, "seed \(seed), \(trial.name)")
        }
        #expect(outcome.isRight)
    }

    @Test func whereNothingIsLostNothingIsFound() {
        let outcome = rehearse(seconds: 200, seed: 3, losses: 0)
        #expect(outcome.isRight && outcome.trials.count == 2)
        #expect(outcome.trials.allSatisfy { $0.conclusion.sightings == outcome.telegrams && $0.losses.isEmpty })
        #expect(outcome.trials.map(\.conclusion.hasSequence) == [false, true])
    }

    /// Telegrams per second at saturation as the facts have them (section 2.4), by data octets.
    static let rates: [(Int, Priority, Double)] = [
        (0, .system, 50.26), (0, .low, 49.48), (1, .system, 47.06), (1, .low, 46.38), (2, .urgent, 44.24),
        (2, .low, 43.64), (4, .system, 39.51), (4, .normal, 39.02), (14, .system, 25.74), (14, .low, 25.53),
    ]

    @Test(arguments: rates)
    func aSaturatedLineIsAsFastAsTheStandardSays(dataOctets: Int, priority: Priority, rate: Double) {
        let measured = TelegramRate(dataOctets: dataOctets, priority: priority).measure(seconds: 100)
        #expect(abs(measured / rate - 1) < 0.001, "\(measured)/s instead of \(rate)/s")
    }
}
