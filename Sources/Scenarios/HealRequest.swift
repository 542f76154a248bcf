import Catalogue
import Events
import Platform
import Rigs
import Synchronization

/// Somebody at the bench has seen enough of a fault that stands, and wants it healed.
final class HealRequest: Sendable {
    private let isMade = Mutex(false)
    let wakeup: Wakeup

    init() throws(SystemFailure) { wakeup = try Wakeup() }

    /// Callable from any thread.
    func make() {
        isMade.withLock { $0 = true }
        wakeup.signal()
    }

    /// Returns when the request is made, or at `instant` without it.
    func wait(until instant: Instant, _ cancellation: Cancellation) throws(Interruption) {
        while !isMade.withLock({ $0 }), MonotonicClock.now() < instant {
            try cancellation.sleep(until: instant, or: wakeup)
        }
    }
}

extension TestPlan {
    /// A fault on which no relay clicks may stand for so long.
    private static let longestHold = Instant.Span.seconds(600)
    /// The heal comes so long before the keeper would make it by itself.
    private static let holdMargin = Instant.Span.seconds(3)

    /// Why nobody can hold this fault; nil when somebody can.
    public var holdObstacle: String? {
        let fault = variant.fault
        guard variant.steps.count == 1 else {
            return
                "the fault of \(job.name) has several steps, each with a heal of its own: nobody can hold all of them"
        }
        guard fault.durationNanoseconds > 0, fault.action != .floodRequests, fault.action != .resetClients else {
            return "the fault of \(job.name) is over by itself: there is nothing to hold"
        }
        return nil
    }

    /// From the fault's command to the last instant at which it may still stand.
    var holdLimit: Instant.Span {
        let channels = rig.boards.flatMap(\.channels)
        guard let channel = faultChannel.flatMap({ id in channels.first { $0.id == id } }) else {
            return Self.longestHold
        }
        return Instant.Span(nanoseconds: channel.longestCutNanoseconds) - Self.holdMargin
    }
}
