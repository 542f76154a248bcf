import Bus
import Events
import KNX
public import Platform
import Rigs
import Scenarios
import Synchronization

/// A line as it is now: the witness of a rig, told into a queue. On a bench it only listens. A twin is started for it, with traffic of its own, and
/// ends with it.
public final class LiveLine: Sendable {
    /// What is sent on the line of a twin.
    public enum Traffic: Hashable, Sendable {
        /// The devices of a whole building, which the twin itself simulates.
        case building
        /// Tracers at a share of the line's capacity; 100 is as many as it takes, 0 nothing at all.
        case load(percent: Int)
    }

    /// Why there is nothing to hear.
    public enum Failure: Error, CustomStringConvertible {
        /// What the rig file describes does not answer.
        case silent(String)
        case system(SystemFailure)

        public var description: String {
            switch self {
            case .silent(let reason): reason
            case .system(let failure): failure.description
            }
        }
    }

    private static let readiness = Instant.Span.seconds(5)
    /// A line may be quiet for longer than a run's; asking the chip costs some milliseconds of hearing.
    private static let asksAfterSilence = Instant.Span.seconds(60)

    /// What the witness hears.
    public let queue: EventQueue
    private let parts: Mutex<Parts>

    private struct Parts {
        var directory: TemporaryDirectory?
        var twin: TwinProcess?
        var sense: SocketReader?
        var witness: (any LineWitness)?
        var stimuli: [TPUARTStimulus] = []
        var tracers: TracerLoad?
    }

    /// Starts what the choice needs and returns when the witness hears.
    ///
    /// - Parameter program: our own path, for the twin.
    public init(_ choice: LineChoice, traffic: Traffic, seed: UInt64, program: String) throws(Failure) {
        let (rig, line) = (choice.rig, choice.line)
        var parts = Parts()
        do {
            let queue = try EventQueue()
            self.queue = queue
            if rig.kind == .twin {
                let directory = try TemporaryDirectory(heldWithPrefix: "knxrig-live-")
                parts.directory = directory
                parts.twin = try TwinProcess(
                    program: program, rigFile: rig.file, directory: directory.path,
                    journal: directory.path + "/twin.jsonl", building: traffic == .building ? seed : nil)
                parts.sense = try SocketReader.sense(path: directory.path + "/sense") { event in
                    if case .supply(let reading) = event.payload, reading.line != line.id { return }
                    queue.put(event)
                }
            }
            let place = choice.witness.place(
                on: line.id, devices: parts.twin?.attachments ?? [:], interfaces: parts.twin?.interfaces ?? [:])
            let witness = try place.open(line: line.id, asksAfterSilence: Self.asksAfterSilence) { queue.put($0) }
            parts.witness = witness
            guard Self.wait({ witness.isArmed }) else {
                throw Failure.silent("the witness at \(place) does not answer: \(place.advice)")
            }
            if rig.kind == .twin, case .load(let percent) = traffic, percent > 0 {
                try Self.speak(line, percent: percent, &parts, queue)
            }
            self.parts = Mutex(parts)
        } catch {
            Self.end(&parts)
            switch error {
            case let failure as Failure: throw failure
            case let failure as SystemFailure: throw .system(failure)
            case let interruption as Interruption: throw .silent(interruption.cause.reason)
            default: throw .silent("\(error)")
            }
        }
    }

    /// Ends all that was started; the last events are in the queue when it returns.
    public func stop() {
        parts.withLock { Self.end(&$0) }
    }

    private static func end(_ parts: inout Parts) {
        parts.tracers?.stop()
        for stimulus in parts.stimuli { stimulus.stop() }
        parts.witness?.stop()
        parts.sense?.stop()
        _ = parts.twin?.finish()
        parts.directory?.remove()
        parts = Parts()
    }

    private static func port(of attachment: RigLine.Attachment, _ line: String, _ twin: TwinProcess?) -> BusPort {
        attachment.serialPort(twin?.attachments["\(line)/\(attachment.id)"] ?? attachment.device ?? "")
    }

    private static func wait(_ condition: () -> Bool) -> Bool {
        let deadline = MonotonicClock.now() + readiness
        while !condition() {
            guard MonotonicClock.now() < deadline else { return false }
            MonotonicClock.sleep(for: .milliseconds(10))
        }
        return true
    }

    private static func speak(_ line: RigLine, percent: Int, _ parts: inout Parts, _ queue: EventQueue) throws {
        let attachments = line.attachments(.stimulus)
        for attachment in attachments {
            guard let address = attachment.address else { continue }
            var configuration = TPUARTStimulus.Configuration(
                source: attachment.id, line: line.id, port: port(of: attachment, line.id, parts.twin), address: address)
            configuration.chip = attachment.stimulusChip
            let stimulus = try TPUARTStimulus(configuration) { event in
                // What was acknowledged on the line the witness must have told.
                if case .stimulus(let stimulation) = event.payload, stimulation.outcome == .confirmed {
                    queue.put(event)
                }
            }
            parts.stimuli.append(stimulus)
            guard wait({ stimulus.isReady }) else {
                throw Failure.silent("the stimulus \(attachment.id) does not answer")
            }
        }
        guard !parts.stimuli.isEmpty else { return }
        let groups = (0..<8).map { GroupAddress(raw: line.groups.lowerBound.raw + $0) }
        let tracers = TracerLoad.Configuration(
            groups: groups, millihertz: BusLoad.millihertz(percent: percent, octets: TracerLoad.frameOctets))
        let load = try TracerLoad(tracers, through: parts.stimuli) { _ in }
        parts.tracers = load
        if percent == 100 { load.saturate(from: attachments.compactMap(\.loadAddress)) }
    }
}
