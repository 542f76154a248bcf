import Checkers
import Events
import Glibc
import Platform
import Rehearsal

/// A day of a loaded line in virtual time, with losses to be named and without, and how long that takes.
struct DayBenchmark {
    var hours: Int64 = 24
    var seed: UInt64 = 1
    /// Runs of telegrams kept from each witness.
    var losses = 256

    /// - Returns: the exit status: 1 when a loss was not named, one was invented, or the load was below 99 %.
    func run() -> Int32 {
        let isRight = [losses, 0].map { rehearse(losses: $0) }
        return isRight.allSatisfy { $0 } ? 0 : 1
    }

    private func rehearse(losses: Int) -> Bool {
        var day = VirtualDay(VirtualDay.Parameters(seconds: hours * 3_600, seed: seed, losses: losses))
        let (began, worked) = (MonotonicClock.now(), Self.processorSeconds())
        let outcome = day.run()
        let wall = (MonotonicClock.now() - began).seconds
        let processor = Self.processorSeconds() - worked
        let real = Double(hours * 3_600)
        print(
            """
            \(hours) h of a line, seed \(seed), \(losses) losses: \(outcome.telegrams) telegrams, load \(Self.tenth(outcome.loadPermille)) %; \
            \(Self.rounded(wall)) s, that is \(Int(real / wall)) times real time (\(Self.rounded(processor)) s of processor time, \
            \(Int(real / processor)) times)
            """)
        for trial in outcome.trials { tell(trial) }
        return outcome.isRight && outcome.loadPermille >= 990
    }

    private func tell(_ trial: WitnessTrial) {
        let lost = trial.losses.reduce(0) { $0 + $1.telegrams }
        let eights = trial.losses.count { $0.telegrams.isMultiple(of: 8) }
        print(
            """
              \(trial.name): \(trial.conclusion.sightings) seen; \(trial.losses.count) losses (\(eights) of a multiple of 8, \(lost) telegrams): \
            \(trial.named) named with place and number, \(trial.unnoticed.count) unnoticed; \(trial.invented.count) invented; \
            standing \(trial.conclusion.standing.rawValue)
            """)
        let start = trial.conclusion.first ?? Instant(nanoseconds: 0)
        for finding in trial.conclusion.missing.prefix(2) + trial.invented.prefix(5) {
            print("    " + finding.text(since: start))
        }
        for loss in trial.unnoticed.prefix(5) {
            print("    unnoticed: \(loss.telegrams) telegrams at \(Self.rounded((loss.after - start).seconds)) s")
        }
    }

    private static func processorSeconds() -> Double {
        Double(clock()) / Double(CLOCKS_PER_SEC)
    }

    private static func tenth(_ permille: Int) -> String { "\(permille / 10).\(permille % 10)" }
    private static func rounded(_ seconds: Double) -> Double { (seconds * 10).rounded() / 10 }
}
