import Catalogue
import Checkers
import Events
import Evidence
import Platform
import Synchronization

/// One run: the seven steps on a bench that is set up for it alone, and the safe state whatever happened.
///
/// The steps only wait and act; what they wait for is the judge's opinion of the events so far, the same opinion that `verify` forms from
/// the journal later.
final class Run: Sendable {
    private let plan: TestPlan
    private let cancellation: Cancellation
    private let healRequest: HealRequest
    private let progress: @Sendable (String) -> Void

    init(
        plan: TestPlan, cancellation: Cancellation, healRequest: HealRequest,
        progress: @escaping @Sendable (String) -> Void
    ) {
        self.plan = plan
        self.cancellation = cancellation
        self.healRequest = healRequest
        self.progress = progress
    }

    /// Makes the first run on a new bench and, as long as each passes, the others on the same one. Never leaves anything running or cut.
    ///
    /// - Parameters:
    ///   - others: what to do next on the system as it is; nothing but for a chain.
    ///   - onKeeper: told how to command the safe state at once, for whoever learns first that the run must stop.
    ///   - onVerdict: told the verdict of each run that was made, in their order.
    func make(
        then others: [Run], program: String, version: String, onKeeper: (@escaping @Sendable () -> Void) -> Void,
        onVerdict: (RunVerdict) -> Void
    ) {
        let bench: Bench
        do {
            bench = try Bench(
                plan: plan, program: program, version: version, cancellation: cancellation, onKeeper: onKeeper)
        } catch {
            return onVerdict(RunVerdict(outcome: error.cause.outcome, sentence: error.cause.reason))
        }
        var run = self
        for next in others {
            do {
                try run.steps(bench)
            } catch {
                return onVerdict(bench.close(after: error))
            }
            let verdict = bench.conclude()
            onVerdict(verdict)
            guard verdict.outcome == .pass, let recovered = verdict.instants.recovered else {
                bench.takeDown()
                return
            }
            do {
                try bench.goOn(with: next.plan, since: recovered)
            } catch {
                bench.takeDown()
                return onVerdict(RunVerdict(outcome: error.cause.outcome, sentence: error.cause.reason))
            }
            run = next
        }
        var interruption: Interruption?
        do {
            try run.steps(bench)
        } catch {
            interruption = error
        }
        onVerdict(bench.close(after: interruption))
    }

    private func steps(_ bench: Bench) throws(Interruption) {
        let fault = plan.makeFault(progress: progress)
        // What the run before has shown already began when it had recovered.
        let normalSince = bench.normalSince
        try step(.setUp, bench, at: normalSince) { () throws(Interruption) in
            if normalSince == nil { try bench.setUp(progress: progress) }
            try cancellation.check()
        }
        try step(.verifyNormal, bench, at: normalSince) { () throws(Interruption) in
            if normalSince != nil {
                let announced = MonotonicClock.now()
                bench.workload?.announce()
                try reach(bench, atMost: .seconds(15), "the system did not show what the sentinels begin with") {
                    $0.settled(at: $1, since: announced)
                }
            }
            progress("verifying that everything works (\(text(plan.limits.baseline)))")
            if plan.job.isCheck {
                return try settle(bench, atMost: plan.limits.baseline + .seconds(10)) { $0.baseline(at: $1) }
            }
            try reach(bench, atMost: plan.limits.baseline + .seconds(20), "the system did not reach a normal state") {
                $0.baseline(at: $1)
            }
        }
        if plan.job.isCheck { return }
        try step(.inject, bench) { () throws(Interruption) in
            progress(fault.announcement)
            try inject(fault, bench)
        }
        try step(.verifyDegraded, bench) { () throws(Interruption) in
            try degrade(fault, bench)
        }
        try step(.heal, bench) { () throws(Interruption) in
            progress(fault.healing)
            try heal(fault, bench)
        }
        try step(.verifyRecovery, bench) { () throws(Interruption) in
            try recover(fault, bench)
        }
        try step(.checkLeaks, bench) { () throws(Interruption) in
            if plan.expectsChanges, !plan.job.isNull {
                bench.mutate(false)
                try bench.readBackMutations()
            }
            if plan.variant.expectations.contains(where: { $0.checker == "integrity" }) { bench.checkDatabase() }
            if plan.expectsRows { try bench.readRows() }
            try settle(bench, atMost: .seconds(46)) { $0.leaks(at: $1) }
        }
    }

    private func step(
        _ step: Event.Phase.Step, _ bench: Bench, at begun: Instant? = nil,
        _ body: () throws(Interruption) -> Void
    ) throws(Interruption) {
        let reason = begun == nil ? nil : plan.job.place.map { "chained: the system was brought up in \($0.baseline)" }
        bench.record(.phase(Event.Phase(step, .begin, reason: reason)), at: begun ?? MonotonicClock.now())
        do {
            try body()
        } catch {
            bench.record(.phase(Event.Phase(step, .end, reason: error.cause.reason)))
            throw error
        }
        bench.record(.phase(Event.Phase(step, .end)))
    }

    private func inject(_ fault: any Fault, _ bench: Bench) throws(Interruption) {
        // The edge is on disk before it is commanded: a run that dies at it says where it was.
        try bench.sync()
        if let load = plan.variant.load {
            // A null run keeps the time, and the line its steady load.
            if !plan.job.isNull { bench.saturate(from: plan.loadSources) }
            progress("saturating the line for \(text(Instant.Span(nanoseconds: load.beforeNanoseconds))) first")
            let due = MonotonicClock.now() + Instant.Span(nanoseconds: load.beforeNanoseconds)
            if let stall = load.stall {
                try bench.sleep(until: due - Instant.Span(nanoseconds: stall.durationNanoseconds))
                if !plan.job.isNull { try bench.stall(stall.service, goesOn: false) }
            }
            try bench.sleep(until: due)
        }
        try fault.inject(bench)
        if let stall = plan.variant.load?.stall, !plan.job.isNull { try bench.stall(stall.service, goesOn: true) }
    }

    private func degrade(_ fault: any Fault, _ bench: Bench) throws(Interruption) {
        let healDue = fault.healDue(bench)
        try fault.pass(until: fault.sentinelsDue(bench), bench)
        let rest = healDue - MonotonicClock.now()
        progress("degraded: sentinels change once\(rest > .zero ? "; the fault is healed in \(text(rest))" : "")")
        bench.workload?.changeSentinels(
            announced: fault.lineIsAlive, repeatsToo: plan.job.isNull || !plan.variant.cuts.contains("line"))
        // The heal is commanded ahead of its time, and whoever makes it waits for the instant.
        try fault.pass(until: healDue - .milliseconds(300), bench)
        guard plan.job.isHeld else { return }
        let last = fault.began(bench) + plan.holdLimit
        progress("the fault stands: Enter heals it, and the rig does in \(text(last - MonotonicClock.now()))")
        try healRequest.wait(until: last, cancellation)
        bench.hold(until: MonotonicClock.now() + .milliseconds(300))
    }

    private func heal(_ fault: any Fault, _ bench: Bench) throws(Interruption) {
        try bench.sync()
        try fault.heal(bench)
        let closing = Instant.Span(nanoseconds: plan.variant.fault.closingNanoseconds)
        try reach(bench, atMost: .seconds(30) + closing, "the rig itself was not ready again after the heal") {
            $0.healed(at: $1)
        }
        // A fault over in an instant is younger than what has arrived for certain.
        try reach(bench, atMost: .seconds(2), "the fault was not proven") { $0.faultWitnessed(at: $1) }
    }

    private func recover(_ fault: any Fault, _ bench: Bench) throws(Interruption) {
        bench.workload?.sendRepeats()
        if let load = plan.variant.load {
            progress("waiting for recovery under load")
            try bench.sleep(until: MonotonicClock.now() + Instant.Span(nanoseconds: load.afterNanoseconds))
            if !plan.job.isNull { bench.saturate(from: nil) }
        }
        progress("waiting for recovery")
        var last = ""
        var quiet = MonotonicClock.now() + .seconds(2)
        let limit = plan.recoveryLimit + plan.limits.hold + .seconds(3)
        try settle(bench, atMost: limit) { judge, instant in
            let standing = judge.recovery(at: instant)
            if case .pending(let reason) = standing, reason != last, MonotonicClock.now() > quiet {
                last = reason
                quiet = MonotonicClock.now() + .seconds(3)
                progress("recovering: \(reason)")
            }
            return standing
        }
        try fault.recovered(bench)
    }

    /// The instant that the judge is asked about: what happened before it has arrived, whatever way it came.
    private var settled: Instant { MonotonicClock.now() - .milliseconds(300) }

    /// Waits until `standing` holds; anything else is the rig's failure to get there, not the system's.
    private func reach(
        _ bench: Bench, atMost span: Instant.Span, _ failure: String, _ standing: (Judge, Instant) -> Standing
    ) throws(Interruption) {
        var last = Standing.pending("nothing seen yet")
        let deadline = MonotonicClock.now() + span
        while MonotonicClock.now() < deadline {
            last = bench.judged { standing($0, settled) }
            switch last {
            case .holds: return
            case .broken(let reason): throw .unreached("\(failure): \(reason)")
            case .pending: try bench.sleep(until: MonotonicClock.now() + .milliseconds(100))
            }
        }
        throw .unreached("\(failure): \(reason(of: last))")
    }

    /// Waits until `standing` is settled one way or the other; the judge's conclusion says what it means.
    private func settle(
        _ bench: Bench, atMost span: Instant.Span, _ standing: (Judge, Instant) -> Standing
    ) throws(Interruption) {
        let deadline = MonotonicClock.now() + span
        while MonotonicClock.now() < deadline {
            guard case .pending = bench.judged({ standing($0, settled) }) else { return }
            try bench.sleep(until: MonotonicClock.now() + .milliseconds(100))
        }
    }

    private func reason(of standing: Standing) -> String {
        switch standing {
        case .holds: "it holds"
        case .pending(let reason), .broken(let reason): reason
        }
    }

    private func text(_ span: Instant.Span) -> String {
        "\((max(0, span.nanoseconds) + 500_000_000) / 1_000_000_000) s"
    }
}

extension Cancellation.Cause {
    var isUnreached: Bool { if case .unreached = self { true } else { false } }

    var outcome: Outcome {
        switch self {
        case .aborted: .aborted
        case .invalid, .unreached: .invalid
        case .error: .error
        }
    }
}
