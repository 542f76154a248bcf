import Bus
import Checkers
import Events
import Evidence
import Platform
import Rigs
import Synchronization
import Systems

/// How a run ends: in a chain, where everything stays up, and for good.
extension Bench {
    /// Ends a run of a chain and keeps everything up: the safe state, then the verdict on what was seen.
    func conclude() -> RunVerdict {
        record(.phase(Event.Phase(.safeState, .begin)))
        let isSafe = keeper.confirmSafe()
        let (interfaceWatch, writeWatch, watches) = parts.withLock { parts in
            defer { (parts.interfaceWatch, parts.writeWatch, parts.watches) = (nil, nil, [:]) }
            return (parts.interfaceWatch, parts.writeWatch, parts.watches)
        }
        interfaceWatch?.stop()
        writeWatch?.stop()
        for watch in watches.values { watch.stop() }
        heldUntil.withLock { $0 = nil }
        // Whatever is late has arrived after this.
        MonotonicClock.sleep(for: .milliseconds(1_200))
        record(.phase(Event.Phase(.safeState, .end, reason: isSafe ? nil : "the safe state was not confirmed")))
        recorder.record(into: nil)
        return seal(isSafe: isSafe)
    }

    /// Opens the evidence of the next run of a chain, which begins with what that of the last one shows of the state.
    ///
    /// - Parameter recovered: since when everything has been right, by the verdict of the last run.
    func goOn(with next: TestPlan, since recovered: Instant) throws(Interruption) {
        do {
            let before = try JournalReader.read(directory.evidencePath).events
            try Files.makeDirectories(RunDirectory(path: next.job.directory).logsPath)
            let record = next.record(version: version, program: program, boards: keeper.boards)
            let sources = Set((record["sources"]?.list ?? []).compactMap { $0["id"]?.text })
            let opened = try Bench.stage(next, record, cancellation, normalSince: recovered)
            for event in Handover.events(before, since: recovered, sources: sources) { opened.journal.append(event) }
            stage.withLock { $0 = opened }
            recorder.record(into: opened.journal)
        } catch {
            throw .error("the next run of the chain could not begin: \(error)")
        }
        parts.withLock { $0.workload?.expect(sentinels: next.sentinels, repeats: next.repeats) }
    }

    /// Safe state first, then everything down in reverse, then the verdict on what was seen.
    func close(after interruption: Interruption?) -> RunVerdict { seal(isSafe: takeDown(after: interruption)) }

    /// The safe state, and everything down in reverse; after a run that has been concluded no evidence says so.
    ///
    /// - Returns: whether the safe state was confirmed.
    @discardableResult
    func takeDown(after interruption: Interruption? = nil) -> Bool {
        record(.phase(Event.Phase(.safeState, .begin)))
        keeper.safe()
        if let interruption {
            recorder.append(
                Event(
                    at: MonotonicClock.now(), source: "rig",
                    .other(
                        kind: "interruption",
                        .record(present: [
                            ("outcome", .text(interruption.cause.outcome.rawValue)),
                            ("reason", .text(interruption.cause.reason)),
                            ("unreached", interruption.cause.isUnreached ? .bool(true) : nil),
                        ]))))
        }
        let parts = parts.withLock { parts in
            defer { parts = Parts() }
            return parts
        }
        parts.databaseLock?.release()
        parts.ballast?.remove()
        parts.workload?.stop()
        parts.system?.stopProbes()
        parts.system?.stopSystem()
        parts.system?.powerOff()
        for stimulus in parts.stimuli { stimulus.stop() }
        parts.witness?.stop()
        parts.interfaceWatch?.stop()
        parts.writeWatch?.stop()
        for watch in parts.watches.values { watch.stop() }
        let isSafe = keeper.bye()
        if let statistics = twin?.finish() {
            recorder.append(
                Event(at: MonotonicClock.now(), source: "truth", .other(kind: "twin_statistics", statistics)))
        }
        for reader in parts.readers { reader.stop() }
        record(.phase(Event.Phase(.safeState, .end, reason: isSafe ? nil : "the safe state was not confirmed")))
        return isSafe
    }

    private func seal(isSafe: Bool) -> RunVerdict {
        let (journal, judge, directory) = stage.withLock { ($0.journal, $0.judge, $0.directory) }
        do {
            try journal.sync()
        } catch {
            return RunVerdict(outcome: .error, sentence: "the evidence could not be written: \(error)")
        }
        var verdict = judge.present.conclude()
        if !isSafe { verdict.notes.append("the safe state was not confirmed: look at the bench before you go on") }
        do {
            let hash = try journal.seal(verdict.value)
            let record: Value = ["verdict": verdict.value, "evidence_hash": .text(hash)]
            try Files.write(Array((JSON.text(record) + "\n").utf8), to: directory.verdictPath)
        } catch {
            return RunVerdict(outcome: .error, sentence: "the evidence could not be sealed: \(error)")
        }
        return verdict
    }
}
