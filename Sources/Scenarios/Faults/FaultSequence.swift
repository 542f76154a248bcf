import Catalogue
import Events
import Platform
import Synchronization

/// Several faults with one beginning: each is made and healed at its own time, and while the run waits for anything they go on.
final class FaultSequence: Fault {
    struct Step: Sendable {
        var fault: any Fault
        /// From the first step's beginning to this one's.
        var at: Instant.Span
        var duration: Instant.Span
        /// Over as soon as it is made: what is missed must be missed then.
        var isInstantaneous: Bool
    }

    private enum Edge: Sendable, Hashable {
        case inject(Int)
        case heal(Int)
    }

    /// A step is called so long before it is due, because it waits for the instant itself.
    private static let lead = Instant.Span.milliseconds(300)

    private let steps: [Step]
    private let open: Mutex<[(edge: Edge, after: Instant.Span)]>

    /// - Parameter steps: in the order in which they begin; the first at 0.
    init(_ steps: [Step]) {
        self.steps = steps
        var edges: [(edge: Edge, after: Instant.Span)] = []
        for (index, step) in steps.enumerated() {
            if index > 0 { edges.append((.inject(index), step.at - step.fault.preparation)) }
            edges.append((.heal(index), step.at + step.duration - (step.isInstantaneous ? .zero : Self.lead)))
        }
        open = Mutex(edges.sorted { $0.after < $1.after })
    }

    var announcement: String { steps.map(\.fault.announcement).joined(separator: ", and ") }
    var healing: String { steps.map(\.fault.healing).joined(separator: ", and ") }
    var lineIsAlive: Bool { overlap.allSatisfy { steps[$0].fault.lineIsAlive } }

    func inject(_ bench: Bench) throws(Interruption) { try steps[0].fault.inject(bench) }

    func heal(_ bench: Bench) throws(Interruption) {
        try pass(
            until: began(bench) + (steps.map { $0.at + $0.duration }.max() ?? .zero) + .seconds(1), bench, isLast: true)
    }

    func pass(until instant: Instant, _ bench: Bench) throws(Interruption) {
        try pass(until: instant, bench, isLast: false)
    }

    /// - Parameter isLast: nothing is waited for after the last edge.
    private func pass(until instant: Instant, _ bench: Bench, isLast: Bool) throws(Interruption) {
        let beginning = began(bench)
        while let next = open.withLock({ $0.first }), beginning + next.after < instant {
            open.withLock { _ = $0.removeFirst() }
            try bench.sleep(until: beginning + next.after)
            switch next.edge {
            case .inject(let index): try steps[index].fault.inject(bench)
            case .heal(let index): try steps[index].fault.heal(bench)
            }
        }
        if !isLast { try bench.sleep(until: instant) }
    }

    func began(_ bench: Bench) -> Instant { steps[0].fault.began(bench) }

    /// The last of all.
    func healDue(_ bench: Bench) -> Instant {
        began(bench) + (steps.map { $0.at + $0.duration }.max() ?? .zero)
    }

    /// While all last, or, where they don't overlap, while the first does; with a step that is over at once, just after that.
    func sentinelsDue(_ bench: Bench) -> Instant {
        if let instant = steps.first(where: \.isInstantaneous) {
            return began(bench) + instant.at + ProcessStrike.sentinelsAfter
        }
        let these = overlap.map { steps[$0] }
        let from = these.map(\.at).max() ?? .zero
        let to = these.map { $0.at + $0.duration }.min() ?? .zero
        return began(bench) + Instant.Span(nanoseconds: (from.nanoseconds + to.nanoseconds) / 2)
    }

    /// Steps during which the sentinels change.
    private var overlap: [Int] {
        let lasting = steps.indices.filter { !steps[$0].isInstantaneous }
        let from = lasting.map { steps[$0].at }.max() ?? .zero
        let to = lasting.map { steps[$0].at + steps[$0].duration }.min() ?? .zero
        return lasting.isEmpty || from >= to ? [0] : lasting
    }
}
