import Events
import Platform
public import Rigs

/// Clicks each channel of a rig once and asks every witness what it saw.
public struct RigCheck: Sendable {
    /// Why a check could not be made.
    public struct Obstacle: Error, CustomStringConvertible {
        public var cause: Cancellation.Cause
        public var description: String { cause.reason }
    }

    /// What was clicked, and what was not any more.
    public struct Result: Sendable {
        public var clicks: [Click]
        /// Why the check stopped before its last channel.
        public var stopped: String?
        /// Whether all coils were confirmed off at the end.
        public var isSafe: Bool
        /// Chips that are there and can't be opened, and contacts near their end.
        public var notes: [String]
    }

    private let rig: Rig
    private let plan: CheckPlan
    private let twinDirectory: String?
    private let access: BoardAccess
    private let heartbeat: (host: String, port: UInt16)?

    /// - Parameters:
    ///   - twinDirectory: of a twin that runs already; nil starts one for a rig that is a twin.
    ///   - access: where boards on USB/IP are, for a bench or a twin that runs already.
    ///   - heartbeat: an IPv4 address and a TCP port at which the host under test answers.
    public init(
        _ rig: Rig, plan: CheckPlan, twinDirectory: String?, access: BoardAccess,
        heartbeat: (host: String, port: UInt16)?
    ) {
        self.rig = rig
        self.plan = plan
        self.twinDirectory = twinDirectory
        self.access = access
        self.heartbeat = heartbeat
    }

    /// Where the locks of the rig's boards are kept: a twin's boards are nobody else's.
    public static func places(_ rig: Rig, twinDirectory: String?) -> BoardPlaces? {
        rig.kind == .bench ? .ofThisComputer() : twinDirectory.map { BoardPlaces(directory: $0 + "/locks") }
    }

    /// Makes the check. Whatever ends it, the boards are in their safe state afterwards, or `isSafe` is false.
    ///
    /// - Parameters:
    ///   - program: this program's path, to start the keeper from.
    ///   - progress: told before each click.
    public func run(
        program: String, cancellation: Cancellation, progress: @Sendable (String) -> Void
    ) throws(Obstacle) -> Result {
        do {
            let temporary = try TemporaryDirectory(heldWithPrefix: "knxrig-check-")
            defer { temporary.remove() }
            return try run(program, temporary.path, cancellation, progress)
        } catch let interruption as Interruption {
            throw Obstacle(cause: interruption.cause)
        } catch let failure as KeeperFailure {
            throw Obstacle(cause: failure.kind == .rig ? .invalid("\(failure)") : .error("\(failure)"))
        } catch {
            throw Obstacle(cause: .error("\(error)"))
        }
    }

    private func run(
        _ program: String, _ temporary: String, _ cancellation: Cancellation, _ progress: (String) -> Void
    ) throws -> Result {
        var twin: TwinProcess?
        if rig.kind == .twin, twinDirectory == nil {
            twin = try TwinProcess(
                program: program, rigFile: rig.file, directory: temporary, journal: temporary + "/twin.jsonl")
        }
        defer { _ = twin?.finish() }
        let options = KeeperOptions(
            rigFile: rig.file, socket: temporary + "/keeper",
            directory: Self.places(rig, twinDirectory: twinDirectory)?.directory ?? temporary + "/locks",
            access: twin.map { BoardAccess(usbipHost: "127.0.0.1", usbipPort: $0.usbPort) } ?? access,
            journal: temporary + "/keeper.jsonl", program: program, evenUnsafe: true)
        let keeper = try KeeperClient(options: options, run: "rig check") { push in
            switch push {
            case .boardLost(let board, let reason):
                cancellation.cancel(.invalid("board '\(board)' was lost\(reason.map { ": \($0)" } ?? "")"))
            case .tripped(let reason): cancellation.cancel(.invalid("the keeper went to the safe state: \(reason)"))
            case .died: cancellation.cancel(.error("the keeper died; its guardian has gone to the safe state"))
            case .boardBack: break
            }
        }
        var result = Result(clicks: [], stopped: nil, isSafe: false, notes: keeper.warnings)
        do {
            let witnesses = try WiringWitnesses(
                rig, devices: devices(twin),
                senseSocket: rig.kind == .twin ? (twinDirectory ?? temporary) + "/sense" : nil, heartbeat: heartbeat)
            defer { witnesses.stop() }
            try cancellation.sleep(until: MonotonicClock.now() + Self.warmUp)
            result.notes += witnesses.locked.map { "\($0.name) can't be a witness: \($0.reason)" }
            for planned in plan.clicks {
                progress(planned.text)
                let click = try click(planned, keeper, witnesses, cancellation)
                result.clicks.append(click)
                guard click.failure == nil else {
                    result.stopped = "channel '\(planned.channel.id)' did not follow"
                    break
                }
            }
        } catch {
            _ = keeper.bye()
            throw error
        }
        result.isSafe = keeper.bye()
        return result
    }

    /// Every chip has been asked several times by then.
    private static let warmUp = Instant.Span.milliseconds(1_500)
    /// A channel that is powered again is looked at no earlier than this, so that what follows late is seen too.
    private static let shortestReturn = Instant.Span.milliseconds(1_200)

    private func click(
        _ planned: CheckPlan.Planned, _ keeper: KeeperClient, _ witnesses: WiringWitnesses,
        _ cancellation: Cancellation
    ) throws -> Click {
        var click = Click(board: planned.board, channel: planned.channel, seen: [:])
        let before = witnesses.look()
        func command(_ meaning: String) -> String? {
            do {
                let actuation = try keeper.set(
                    channel: planned.channel.id, meaning: meaning, due: MonotonicClock.now(),
                    purpose: meaning == "cut" ? "fault" : "heal")
                guard actuation.readback == .failed else { return nil }
                return actuation.reason ?? "its read-back says otherwise"
            } catch {
                return "\(error)"
            }
        }
        click.failure = command("cut")
        guard click.failure == nil else { return click }
        try cancellation.sleep(until: MonotonicClock.now() + Instant.Span(nanoseconds: planned.cutNanoseconds))
        let during = witnesses.look()
        click.failure = command("powered")
        let powered = MonotonicClock.now()
        let deadline = powered + Instant.Span(nanoseconds: planned.returnNanoseconds)
        var after = before
        repeat {
            try cancellation.sleep(until: MonotonicClock.now() + .milliseconds(50))
            after = witnesses.look()
            if after == before, MonotonicClock.now() >= powered + Self.shortestReturn { break }
        } while MonotonicClock.now() < deadline
        for (feed, state) in before {
            guard let during = during[feed], let after = after[feed] else { continue }
            click.seen[feed] = Click.Seen(before: state, during: during, after: after)
        }
        return click
    }

    private func devices(_ twin: TwinProcess?) -> [String: String] {
        var devices: [String: String] = [:]
        for line in rig.lines {
            // What goes through KNXnet/IP has no device to look at.
            for attachment in line.attachments where attachment.transceiver != nil {
                let name = "\(line.id)/\(attachment.id)"
                devices[name] =
                    attachment.device ?? twin?.attachments[name]
                    ?? twinDirectory.map { "\($0)/\(line.id)-\(attachment.id)" }
            }
        }
        return devices
    }
}
