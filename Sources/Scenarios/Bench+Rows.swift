import Events
import Platform
import Systems

/// What a run does to the rows of a time series, and how it reads them.
extension Bench {
    /// Damages writes on their way, or lets them pass again, and puts the actuation into the evidence.
    func damageWrites(
        _ damage: WriteDamage?, through gate: String, purpose: String, due: Instant
    ) throws(Interruption) -> Event.Actuation {
        let actuation = try withSystem { system throws(SystemFault) in
            try system.damageWrites(damage, through: gate, purpose: purpose, due: due)
        }
        record(actuation)
        return actuation
    }

    /// Reads all rows; a database that does not answer is asked again for a while.
    func readRows() throws(Interruption) {
        let deadline = MonotonicClock.now() + .seconds(10)
        while MonotonicClock.now() < deadline {
            if system?.readRows() == true { return }
            try sleep(until: MonotonicClock.now() + .milliseconds(200))
        }
    }
}
