import Bus
import Catalogue
import Events
import Evidence
import KNX
import Platform
import Rigs
import Synchronization
import Systems

/// How everything comes up, and in which order: who listens first, and who speaks only then.
extension Bench {
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
                interface: device(of: interface), commandsBothWays: plan.givesCommandsBothWays, links: plan.links),
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

    func device(of attachment: RigLine.Attachment) -> String {
        attachment.device ?? twin?.attachments["\(plan.line.id)/\(attachment.id)"] ?? ""
    }

    private func port(of attachment: RigLine.Attachment) -> BusPort {
        attachment.serialPort(device(of: attachment))
    }
}
