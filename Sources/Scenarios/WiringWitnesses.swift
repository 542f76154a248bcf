import Bus
import Events
import Glibc
import Platform
import Rigs
import Synchronization

/// Everything that sees what a relay of a rig does, all at once: the chips of each line, the line's sense where there is one, the devices of its
/// attachments, and the host's heartbeat. Nothing is sent on a line.
final class WiringWitnesses: Sendable {
    private let rig: Rig
    /// Paths of the attachments by `<line>/<attachment>`.
    private let devices: [String: String]
    private let probes: [String: ChipProbe]
    private let heartbeat: HostHeartbeat?
    private let sense: SocketReader?
    private let millivolts: Millivolts

    private final class Millivolts: Sendable {
        let last = Mutex<[String: Int64]>([:])
    }

    /// - Parameters:
    ///   - senseSocket: where the twin tells the voltage of its lines.
    ///   - heartbeat: the TCP port that shows that the host lives.
    init(
        _ rig: Rig, devices: [String: String], senseSocket: String?, heartbeat: (host: String, port: UInt16)?
    ) throws(SystemFailure) {
        self.rig = rig
        self.devices = devices
        let millivolts = Millivolts()
        self.millivolts = millivolts
        sense = try senseSocket.map { path throws(SystemFailure) in
            try SocketReader("sense", path: path) { value in
                guard value["k"]?.text == "supply", let line = value["line"]?.text,
                    let reading = value["millivolts"]?.integer
                else { return }
                millivolts.last.withLock { $0[line] = reading }
            }
        }
        var probes: [String: ChipProbe] = [:]
        for line in rig.lines {
            // The system's own interface belongs to the system.
            for attachment in line.attachments where attachment.role != .sut {
                let name = "\(line.id)/\(attachment.id)"
                guard let device = devices[name] else { continue }
                probes[name] = try ChipProbe("probe \(attachment.id)", port: attachment.serialPort(device))
            }
        }
        self.probes = probes
        self.heartbeat = heartbeat.map { HostHeartbeat(host: $0.host, port: $0.port) }
    }

    /// What is watched, and what it shows at this moment.
    func look() -> [String: FeedState] {
        let now = MonotonicClock.now()
        var states: [String: FeedState] = [:]
        for line in rig.lines {
            let chips = line.attachments.compactMap { attachment -> (id: String, shows: FeedState.Chip)? in
                guard let probe = probes["\(line.id)/\(attachment.id)"] else { return nil }
                switch probe.reading(at: now) {
                case .answers: return (attachment.id, .answers)
                case .silent: return (attachment.id, .silent)
                case .closed: return (attachment.id, .absent)
                }
            }
            let reading = line.supply?.sense == nil ? nil : millivolts.last.withLock { $0[line.id] }
            states[line.id] = FeedState(chips: chips, millivolts: reading)
            for attachment in line.attachments {
                let name = "\(line.id)/\(attachment.id)"
                guard let device = devices[name] else { continue }
                states[name] = unsafe access(device, F_OK) == 0 ? .powered : .cut
            }
        }
        if let heartbeat { states["host"] = heartbeat.isAlive(at: now) ? .powered : .cut }
        return states
    }

    /// Devices of chips that are there and can't be opened, with the reasons.
    var locked: [(name: String, reason: String)] {
        let now = MonotonicClock.now()
        return probes.sorted { $0.key < $1.key }.compactMap { name, probe in
            guard case .closed(let reason) = probe.reading(at: now), unsafe access(devices[name] ?? "", F_OK) == 0
            else { return nil }
            return (name, reason)
        }
    }

    func stop() {
        for probe in probes.values { probe.stop() }
        heartbeat?.stop()
        sense?.stop()
    }
}

/// Connects to a port of the host under test again and again: what goes when its power goes, whatever runs on it.
private final class HostHeartbeat: Sendable {
    private static let interval = Instant.Span.milliseconds(250)
    /// A host that has not answered for this long is down.
    private static let patience = Instant.Span.milliseconds(1_500)

    private let lastAnswer: LastAnswer
    private let looks: RepeatedLook

    private final class LastAnswer: Sendable {
        let instant = Mutex<Instant?>(nil)
    }

    init(host: String, port: UInt16) {
        let lastAnswer = LastAnswer()
        self.lastAnswer = lastAnswer
        looks = RepeatedLook("host heartbeat", every: Self.interval) { begun in
            guard let socket = try? Socket.connectTCP(host: host, port: port, until: begun + .milliseconds(500)) else {
                return
            }
            lastAnswer.instant.withLock { $0 = MonotonicClock.now() }
            socket.close()
        }
    }

    func isAlive(at now: Instant) -> Bool {
        lastAnswer.instant.withLock { last in last.map { now - $0 < Self.patience } ?? false }
    }

    func stop() { looks.stop() }
}
