import Bus
import Catalogue
import Checkers
import Events
import Evidence
import Glibc
import KNX
import Platform
import Rigs
import Synchronization
import Systems

/// Everything that one run holds: its twin (on a rig that has one), keeper, witness, stimuli, system with its probes, workload, journal and
/// judge. Made in one piece, taken down in one piece, whatever happened in between.
final class Bench: Sendable {
    /// Before anything is sent the witness listens for this long (interlock 1).
    private static let listening = Instant.Span.seconds(10)

    private let stage: Mutex<Stage>
    private let program: String
    private let version: String
    private let cancellation: Cancellation
    private let twin: TwinProcess?
    private let keeper: KeeperClient
    private let recorder = Recorder()
    private let heldUntil = Mutex<Instant?>(nil)
    private let guarded: LineGuard
    private let parts = Mutex(Parts())

    /// What each run of a chain has of its own.
    private struct Stage {
        var plan: TestPlan
        var directory: RunDirectory
        var journal: Journal
        var judge: JudgeBox
        /// From when on the state was normal without a break: when the run before had recovered; nil for a run that begins with the system's start.
        var normalSince: Instant?
    }

    private var plan: TestPlan { stage.withLock { $0.plan } }
    private var directory: RunDirectory { stage.withLock { $0.directory } }
    private var journal: Journal { stage.withLock { $0.journal } }
    private var judge: JudgeBox { stage.withLock { $0.judge } }

    /// What comes up later, and goes down in reverse.
    private struct Parts {
        var readers: [SocketReader] = []
        var interfaceWatch: InterfaceWatch?
        var writeWatch: WriteWatch?
        var watches: [String: Watch] = [:]
        var databaseLock: DatabaseLockHolder?
        var ballast: DiskBallast?
        var witness: (any LineWitness)?
        var stimuli: [TPUARTStimulus] = []
        /// One of the stimuli, or a chip that is there for this alone.
        var longFrames: TPUARTStimulus?
        var system: SystemUnderTest?
        var workload: Workload?
        var isGuarding = false
    }

    /// The judge as the journal's writer feeds it, asked by the run.
    private final class JudgeBox: Sendable {
        private let judge: Mutex<Judge>

        init(_ judge: Judge) {
            self.judge = Mutex(judge)
        }

        func observe(_ event: Event) { judge.withLock { $0.observe(event) } }
        var present: Judge { judge.withLock { $0 } }
    }

    /// Takes the hardware: twin, keeper with its boards in the safe state, journal. Nothing is sent on the line.
    ///
    /// - Parameter onKeeper: told how to command the safe state at once.
    init(
        plan: TestPlan, program: String, version: String, cancellation: Cancellation,
        onKeeper: (@escaping @Sendable () -> Void) -> Void
    ) throws(Interruption) {
        self.program = program
        self.version = version
        self.cancellation = cancellation
        let directory = RunDirectory(path: plan.job.directory)
        do {
            try Files.makeDirectories(directory.logsPath)
        } catch {
            throw .error("\(error)")
        }
        var twin: TwinProcess?
        do {
            if plan.rig.kind == .twin {
                twin = try TwinProcess(
                    program: program, rigFile: plan.job.rigFile, directory: plan.job.temporary,
                    journal: directory.path + "/twin.jsonl")
            }
            self.twin = twin
            let options = KeeperOptions(
                rigFile: plan.job.rigFile, socket: plan.job.temporary + "/keeper",
                directory: twin == nil ? StateDirectory.current.path : plan.job.temporary + "/locks",
                access: twin.map { BoardAccess(usbipHost: "127.0.0.1", usbipPort: $0.usbPort) } ?? BoardAccess(),
                journal: directory.keeperPath, program: program)
            let cancelled = cancellation
            let installed = KeeperClient.installedSocket(rig: plan.rig.name)
            let joining = twin == nil && Files.exists(installed) ? installed : nil
            keeper = try Bench.keeper(options, joining: joining, run: plan.job.name) { push in
                switch push {
                case .boardLost(let board, let reason):
                    cancelled.cancel(
                        .invalid("board '\(board)' was lost in the middle of the run\(reason.map { ": \($0)" } ?? "")"))
                case .tripped(let reason):
                    cancelled.cancel(.invalid("the keeper went to the safe state by itself: \(reason)"))
                case .died: cancelled.cancel(.error("the keeper died; its guardian has gone to the safe state"))
                case .boardBack: break
                }
            }
        } catch {
            _ = twin?.finish()
            throw error
        }
        onKeeper { [keeper] in keeper.safe() }
        guarded = LineGuard(sources: plan.line.sources, groups: plan.line.groups)
        do {
            let record = plan.record(version: version, program: program, boards: keeper.boards)
            let stage = try Bench.stage(plan, record, cancellation, normalSince: nil)
            self.stage = Mutex(stage)
            recorder.record(into: stage.journal)
        } catch {
            _ = keeper.bye()
            _ = twin?.finish()
            throw .error("\(error)")
        }
    }

    /// Opens the evidence of a run.
    private static func stage(
        _ plan: TestPlan, _ record: Value, _ cancellation: Cancellation, normalSince: Instant?
    ) throws -> Stage {
        let directory = RunDirectory(path: plan.job.directory)
        let judge = JudgeBox(try Judge(plan: record))
        let journal = try Journal(
            path: directory.evidencePath, plan: record, planSource: "rig",
            observer: { _, event in judge.observe(event) },
            onFailure: { failure in
                cancellation.cancel(.error("the evidence cannot be written any more: \(failure)"))
            })
        return Stage(plan: plan, directory: directory, journal: journal, judge: judge, normalSince: normalSince)
    }

    /// Starts a keeper, or takes the rig from the installed one, which has its boards already.
    private static func keeper(
        _ options: KeeperOptions, joining socket: String?, run: String,
        _ onPush: @escaping @Sendable (KeeperClient.Push) -> Void
    ) throws(Interruption) -> KeeperClient {
        do {
            if let socket {
                return try KeeperClient(joining: socket, rigFile: options.rigFile, run: run, onPush: onPush)
            }
            return try KeeperClient(options: options, run: run, onPush: onPush)
        } catch {
            throw error.kind == .rig ? .invalid(error.description) : .error(error.description)
        }
    }

    var workload: Workload? { parts.withLock { $0.workload } }

    /// What takes frames of more than 64 octets, in a run that sends some.
    var longFrames: TPUARTStimulus? { parts.withLock { $0.longFrames } }

    // MARK: set up

    /// Listens, then brings up stimuli, system, probes and traffic.
    func setUp(progress: @Sendable (String) -> Void) throws(Interruption) {
        do {
            try lookAtTheLine()
            progress("listening on the line for strangers (\(Bench.listening.wholeMilliseconds / 1000) s)")
            let heard = MonotonicClock.now() + Bench.listening
            let system = try makeSystem()
            parts.withLock { $0.system = system }
            // A client that does not read is to be felt within seconds.
            if plan.variant.fault.action == .stopReading { try system.makeSendBuffersSmall() }
            try system.startServices()
            try sleep(until: heard)
            progress("starting \(plan.system.name)")
            try speakOnTheLine()
            try system.startSystem()
            try waitReady(system)
            do { try system.admit() } catch {
                throw Interruption.invalid("\(plan.system.name) cannot be tested: \(error)")
            }
            try system.startProbes()
            workload?.announce()
            try sleep(until: MonotonicClock.now() + .milliseconds(500))
            try workload?.startTracers()
        } catch let interruption as Interruption {
            throw interruption
        } catch {
            throw .error("\(error)")
        }
    }

    private func lookAtTheLine() throws {
        if twin != nil {
            let sink = sink
            let sense = try SocketReader.sense(path: plan.job.temporary + "/sense", sink: sink)
            let truth = try SocketReader.truth(path: plan.job.temporary + "/truth", sink: sink)
            parts.withLock { $0.readers = [sense, truth] }
        }
        guard let attachment = plan.line.attachments(.witness).first else {
            throw Interruption.invalid("line '\(plan.line.id)' has no witness")
        }
        let guarded = guarded
        let cancelled = cancellation
        let sink = sink
        let place = attachment.place(
            on: plan.line.id, devices: twin?.attachments ?? [:], interfaces: twin?.interfaces ?? [:])
        let witness = try place.open(line: plan.line.id) { event in
            sink(event)
            guard case .frame(let frame) = event.payload, frame.flaw == nil,
                let decoded = try? TP1Frame(octets: frame.octets),
                let violation = guarded.observe(decoded)
            else { return }
            cancelled.cancel(.invalid("\(violation)"))
        }
        parts.withLock { $0.witness = witness }
        let deadline = MonotonicClock.now() + .seconds(5)
        while !witness.isArmed {
            guard MonotonicClock.now() < deadline else {
                throw Interruption.invalid("the witness at \(place) does not answer: \(place.advice)")
            }
            try sleep(until: MonotonicClock.now() + .milliseconds(20))
        }
    }

    private func speakOnTheLine() throws {
        var stimuli: [TPUARTStimulus] = []
        let longFrames = plan.injector == .chip ? plan.line.longFrames : nil
        for attachment in plan.line.attachments(.stimulus) + [longFrames].compactMap(\.self) {
            guard let address = attachment.address, !stimuli.contains(where: { $0.source == attachment.id }) else {
                continue
            }
            var configuration = TPUARTStimulus.Configuration(
                source: attachment.id, line: plan.line.id, port: port(of: attachment), address: address)
            configuration.chip = attachment.stimulusChip
            configuration.answersForTracers = plan.system.points.tracers?.isAnswered ?? false
            stimuli.append(try TPUARTStimulus(configuration, sink: sink))
        }
        parts.withLock { parts in
            parts.stimuli = stimuli
            parts.longFrames = stimuli.first { $0.source == longFrames?.id }
        }
        guard !stimuli.isEmpty else { throw Interruption.invalid("line '\(plan.line.id)' has no stimulus") }
        let deadline = MonotonicClock.now() + .seconds(5)
        for stimulus in stimuli {
            while !stimulus.isReady {
                guard MonotonicClock.now() < deadline else {
                    throw Interruption.invalid(
                        "the stimulus '\(stimulus.source)' does not answer: is this the right device?")
                }
                try sleep(until: MonotonicClock.now() + .milliseconds(20))
            }
        }
        let load = TracerLoad.Configuration(
            groups: plan.tracers,
            millihertz: BusLoad.millihertz(percent: plan.variant.tracerLoad, octets: TracerLoad.frameOctets))
        let workload = Workload(
            stimuli: stimuli.filter { stimulus in
                plan.line.attachments(.stimulus).contains { $0.id == stimulus.source }
            }, tracers: load, sentinels: plan.sentinels, repeats: plan.repeats, sink: sink)
        parts.withLock { $0.workload = workload }
    }

    private func makeSystem() throws -> SystemUnderTest {
        guard let interface = plan.line.attachments(.sut).first else {
            throw Interruption.invalid("line '\(plan.line.id)' has no interface for the system under test")
        }
        let data = plan.job.temporary + "/data"
        try Files.makeDirectories(data)
        return try SystemUnderTest(
            profile: plan.system,
            surroundings: SystemUnderTest.Surroundings(
                program: Program.path, programDirectory: plan.programDirectory, data: data, logs: directory.logsPath,
                interface: device(of: interface), commandsBothWays: plan.givesCommandsBothWays),
            without: plan.job.sabotage, sink: sink)
    }

    /// Waits for the system in short stretches, so that an abort is heard meanwhile.
    private func waitReady(_ system: SystemUnderTest) throws {
        let deadline = MonotonicClock.now() + Instant.Span(nanoseconds: plan.system.ready.withinNanoseconds)
        while true {
            do {
                return try system.waitReady(until: MonotonicClock.now() + .milliseconds(200))
            } catch {
                try cancellation.check()
                guard system.isRunning, MonotonicClock.now() < deadline else {
                    throw Interruption.invalid("\(plan.system.name) cannot be tested: \(error)")
                }
            }
        }
    }

    private func device(of attachment: RigLine.Attachment) -> String {
        attachment.device ?? twin?.attachments["\(plan.line.id)/\(attachment.id)"] ?? ""
    }

    private func port(of attachment: RigLine.Attachment) -> BusPort {
        attachment.serialPort(device(of: attachment))
    }

    // MARK: what the steps use

    private var sink: EventSink { recorder.sink }

    func record(_ payload: Event.Payload, at instant: Instant = MonotonicClock.now()) {
        recorder.append(Event(at: instant, source: "rig", payload))
    }

    /// From when on the state was normal without a break, where a run before has shown it.
    var normalSince: Instant? { stage.withLock { $0.normalSince } }

    /// Returns once everything so far is on the disk.
    func sync() throws(Interruption) {
        do {
            try journal.sync()
        } catch {
            throw .error("the evidence cannot be written: \(error)")
        }
    }

    func judged<Result>(_ body: (Judge) -> Result) -> Result { body(judge.present) }

    func sleep(until instant: Instant) throws(Interruption) { try cancellation.sleep(until: instant) }

    /// Puts off the heal of a fault that somebody held.
    func hold(until instant: Instant) { heldUntil.withLock { $0 = instant } }

    /// When a heal that was planned for an instant is to be commanded.
    func healing(_ planned: Instant) -> Instant { max(planned, heldUntil.withLock { $0 } ?? planned) }

    /// Commands a relay channel through the keeper and puts the actuation into the evidence.
    @discardableResult
    func actuate(_ channel: String, meaning: String, purpose: String, due: Instant) throws(Interruption)
        -> Event.Actuation
    {
        let actuation: Event.Actuation
        do {
            actuation = try keeper.set(channel: channel, meaning: meaning, due: due, purpose: purpose)
        } catch {
            throw error.kind == .gone ? .error(error.description) : .invalid(error.description)
        }
        recorder.append(Event(at: actuation.commanded, source: "keeper", .actuation(actuation)))
        if actuation.readback == .failed {
            throw .invalid("channel '\(channel)' did not follow: \(actuation.reason ?? "the read-back says otherwise")")
        }
        return actuation
    }

    /// Cuts a channel for a while. Both commands are with the keeper before the first is due, so that the length is the keeper's and not ours.
    ///
    /// - Parameter meanwhile: done in the middle of it.
    /// - Returns: when the end of it was commanded.
    func dip(
        _ channel: String, for length: Instant.Span, due: Instant, meanwhile: () -> Void
    ) throws(Interruption) -> Instant {
        let commands = [("cut", due), ("powered", due + length)]
        var tickets: [KeeperClient.Ticket] = []
        var powered = due + length
        do throws(KeeperFailure) {
            for (meaning, due) in commands {
                tickets.append(
                    try keeper.post(channel: channel, meaning: meaning, due: due, purpose: DipSweep.purpose))
            }
        } catch {
            throw error.kind == .gone ? .error(error.description) : .invalid(error.description)
        }
        try sleep(until: due + Instant.Span(nanoseconds: length.nanoseconds / 2))
        meanwhile()
        try sleep(until: due + length)
        for ticket in tickets {
            let actuation: Event.Actuation
            do throws(KeeperFailure) {
                actuation = try keeper.answer(to: ticket)
            } catch {
                throw error.kind == .gone ? .error(error.description) : .invalid(error.description)
            }
            recorder.append(Event(at: actuation.commanded, source: "keeper", .actuation(actuation)))
            if actuation.readback == .failed {
                throw .invalid(
                    "channel '\(channel)' did not follow: \(actuation.reason ?? "the read-back says otherwise")")
            }
            powered = actuation.commanded
        }
        return powered
    }

    /// Puts a contact with a timing of its own into the feed of the line, and that into the evidence.
    func wire(_ motion: SupplyMotion) throws(Interruption) {
        guard let twin else { throw .invalid("this rig has no contact with a timing of its own") }
        let commanded = MonotonicClock.now()
        try twin.wire(motion)
        record(
            Event.Actuation(
                target: "contact:\(motion.line)", meaning: motion.text, purpose: "set_up", due: commanded,
                commanded: commanded, observed: MonotonicClock.now(), readback: .confirmed))
    }

    /// Puts octets on the line that no chip would send.
    func inject(_ piece: MalformedTelegrams.Piece) throws(Interruption) {
        guard let twin else { throw .invalid("this rig has nothing that puts single octets on its line") }
        try twin.inject(piece.octets, isAbandoned: piece.isAbandoned, line: plan.line.id)
    }

    /// Does something to a process of the system's and puts the actuation into the evidence.
    func act(
        _ action: ProcessAction, onProcess id: String, purpose: String, due: Instant
    ) throws(Interruption) -> Event.Actuation {
        let actuation = try withSystem { system throws(SystemFault) in
            try system.act(action, onProcess: id, purpose: purpose, due: due)
        }
        recorder.append(Event(at: actuation.commanded, source: "rig", .actuation(actuation)))
        guard actuation.readback != .failed else {
            throw .invalid(
                "\(actuation.target) did not follow '\(actuation.meaning)': \(actuation.reason ?? "no reason given")")
        }
        return actuation
    }

    var system: SystemUnderTest? { parts.withLock { $0.system } }

    /// Stops a service of the system's or lets it go on, and puts the actuation into the evidence.
    func act(
        _ action: ProcessAction, onService id: String, purpose: String, due: Instant
    ) throws(Interruption) -> Event.Actuation {
        let actuation = try withSystem { system throws(SystemFault) in
            system.watchClosely(true)
            return try system.act(action, onService: id, purpose: purpose, due: due)
        }
        recorder.append(Event(at: actuation.commanded, source: "rig", .actuation(actuation)))
        guard actuation.readback != .failed else {
            throw .invalid("\(id) did not follow '\(actuation.meaning)': \(actuation.reason ?? "no reason given")")
        }
        return actuation
    }

    /// Ends the system in order and starts it again, without waiting for it.
    func restartSystem(purpose: String) throws(Interruption) {
        let restart = try withSystem { system throws(SystemFault) in try system.restartSystem(purpose: purpose) }
        recorder.append(Event(at: restart.commanded, source: "rig", .actuation(restart)))
    }

    func watchWrites(_ attempt: @escaping @Sendable () -> String) {
        let sink = sink
        parts.withLock { parts in
            if parts.writeWatch == nil { parts.writeWatch = WriteWatch(attempt, sink: sink) }
        }
    }

    /// Begins to look at something again and again; once for each view.
    func watch(
        _ view: String, every interval: Instant.Span,
        _ look: @escaping @Sendable () -> [(point: String, reading: Value)]
    ) {
        let sink = sink
        parts.withLock { parts in
            if parts.watches[view] == nil {
                parts.watches[view] = Watch(view, every: interval, sink: sink, look)
            }
        }
    }

    func hold(_ lock: DatabaseLockHolder) { parts.withLock { $0.databaseLock = lock } }

    func releaseLock() {
        parts.withLock { parts in
            defer { parts.databaseLock = nil }
            return parts.databaseLock
        }?.release()
    }

    /// The ballast for the disk of the system's data, which is a small one of its own.
    func ballast() throws(Interruption) -> DiskBallast {
        guard let directory = system?.dataDirectory else { throw .error("there is no system under test") }
        return parts.withLock { parts in
            let ballast = parts.ballast ?? DiskBallast(directory: directory)
            parts.ballast = ballast
            return ballast
        }
    }

    func sample(_ view: String, _ point: String, _ said: String) {
        recorder.append(
            Event(
                at: MonotonicClock.now(), source: view,
                .sample(.init(view: view, point: point, reading: .text(said)))))
    }

    /// Begins to look whether the device of the system's interface is there.
    func watchInterface() throws(Interruption) {
        guard parts.withLock({ $0.interfaceWatch }) == nil else { return }
        guard let interface = plan.line.attachments(.sut).first else {
            throw .invalid("line '\(plan.line.id)' has no interface for the system under test")
        }
        let watch = InterfaceWatch(device: device(of: interface), line: plan.line.id, sink: sink)
        parts.withLock { $0.interfaceWatch = watch }
    }

    /// Waits until the system has asked for a value on the line after `instant`; false when it has not by `deadline`.
    func waitForRead(after instant: Instant, until deadline: Instant) throws(Interruption) -> Bool {
        while MonotonicClock.now() < deadline {
            if judged({ $0.hasRead(after: instant) }) { return true }
            try sleep(until: MonotonicClock.now() + .milliseconds(5))
        }
        return false
    }

    var readyWithin: Instant.Span { Instant.Span(nanoseconds: plan.system.ready.withinNanoseconds) }

    func recordTrial(_ trial: Event.Operation, at instant: Instant) {
        recorder.append(Event(at: instant, source: "rig", .operation(trial)))
    }

    var lineTarget: String { "line:\(plan.line.id)" }

    func record(_ actuation: Event.Actuation) {
        recorder.append(Event(at: actuation.commanded, source: "rig", .actuation(actuation)))
    }

    func withSystem<Result>(
        _ body: (SystemUnderTest) throws(SystemFault) -> Result
    ) throws(Interruption) -> Result {
        guard let system = parts.withLock({ $0.system }) else { throw .error("there is no system under test") }
        do {
            return try body(system)
        } catch {
            throw .error(error.description)
        }
    }

    // MARK: from run to run

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

    // MARK: the end

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
