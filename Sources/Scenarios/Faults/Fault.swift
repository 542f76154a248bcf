import Events

/// A fault with its heal and its place in the run. One file each; the witness that proves it is named in the scenario and judged by the
/// checkers.
protocol Fault: Sendable {
    /// What is about to happen, for people: `cutting the bus for 20 s`.
    var announcement: String { get }
    /// What ends it: `powering the bus again`.
    var healing: String { get }
    /// False while a fault has the line dead, so that nothing can be announced on it.
    var lineIsAlive: Bool { get }

    /// Makes the fault.
    func inject(_ bench: Bench) throws(Interruption)
    /// Undoes it and returns when the rig has done its part.
    func heal(_ bench: Bench) throws(Interruption)
    /// When it was commanded.
    func began(_ bench: Bench) -> Instant
    /// When it is to be healed.
    func healDue(_ bench: Bench) -> Instant
    /// When the sentinels change, once.
    func sentinelsDue(_ bench: Bench) -> Instant
    /// From the call to make it to the command of the edge, as far as that is settled.
    var preparation: Instant.Span { get }
    /// The system has come back from it, as far as it does.
    func recovered(_ bench: Bench) throws(Interruption)
    /// Waits, and meanwhile does what is due.
    func pass(until instant: Instant, _ bench: Bench) throws(Interruption)
}

extension Fault {
    /// In the middle of the fault, so that neither edge can heal them.
    func sentinelsDue(_ bench: Bench) -> Instant {
        Instant(nanoseconds: (began(bench).nanoseconds + healDue(bench).nanoseconds) / 2)
    }

    var preparation: Instant.Span { .milliseconds(100) }

    func recovered(_ bench: Bench) throws(Interruption) {}

    func pass(until instant: Instant, _ bench: Bench) throws(Interruption) { try bench.sleep(until: instant) }
}
