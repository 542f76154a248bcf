import Catalogue
import Events
import Platform
import Systems

/// What a run does to the place where the system keeps its data.
extension Bench {
    /// Begins to try whether anybody could write there.
    func watchWrites(_ kind: StoreFault.Kind) throws(Interruption) {
        switch kind {
        case .locked:
            let path = try database()
            watchWrites { DatabaseLock.attempt(path) }
        case .full:
            let ballast = try ballast()
            watchWrites { ballast.attempt() }
        }
    }

    /// Locks the database, or fills the disk, and puts the actuation into the evidence.
    func takeWritingAway(_ kind: StoreFault.Kind, purpose: String) throws(Interruption) -> Event.Actuation {
        let path = try kind == .locked ? database() : ""
        let ballast = try kind == .full ? ballast() : nil
        let commanded = MonotonicClock.now()
        do {
            if let ballast {
                try ballast.fill()
            } else {
                hold(try DatabaseLockHolder(path: path, program: Program.path))
            }
        } catch {
            throw .invalid(error.description)
        }
        return record(kind, kind == .locked ? "lock" : "full", purpose, commanded)
    }

    func giveWritingBack(_ kind: StoreFault.Kind, purpose: String) throws(Interruption) {
        let commanded = MonotonicClock.now()
        if kind == .locked { releaseLock() } else { try ballast().remove() }
        _ = record(kind, kind == .locked ? "release" : "room", purpose, commanded)
    }

    /// Looks whether the database is whole, with SQLite's own checks.
    func checkDatabase() {
        guard let path = try? database() else { return }
        sample("database-check", "integrity", DatabaseLock.check(path))
    }

    private func record(
        _ kind: StoreFault.Kind, _ meaning: String, _ purpose: String, _ commanded: Instant
    ) -> Event.Actuation {
        let actuation = Event.Actuation(
            target: kind == .locked ? "store:database" : "store:disk", meaning: meaning, purpose: purpose,
            due: commanded,
            commanded: commanded, observed: MonotonicClock.now(), readback: .confirmed)
        record(.actuation(actuation))
        return actuation
    }

    private func database() throws(Interruption) -> String {
        guard let path = system?.databasePath else { throw .error("the system profile has no view of a database") }
        return path
    }
}
