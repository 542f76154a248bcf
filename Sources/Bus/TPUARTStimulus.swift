public import Events
public import KNX
public import Platform

/// A sender of our own on a TP-UART or NCN51xx in link mode: sends telegrams one at a time, answers reads of its points, acknowledges
/// through its chip, and says what became of everything it was asked to send.
///
/// Nothing is ever sent late: when the chip is dead, gone or resets, all that waits is told `unanswered` and forgotten, and what is asked for
/// until the chip is ready again is told `due` and `unanswered` at once. A chip that has been silent for a second is asked with U_State.req,
/// which a living one answers without disturbing the line.
public final class TPUARTStimulus: Sendable {
    public enum Chip: Sendable {
        /// Acknowledges its own address and every group once it has been given an address.
        case tpuart2
        case ncn51xx
    }

    /// Which frames of the line are told as events of this source. A rig has a witness for them; this is for benches that have none.
    public enum ReportedFrames: Sendable {
        case none
        /// All but the echo of its own.
        case foreign
        case all
    }

    public struct Configuration: Sendable {
        /// The source of its events.
        public var source: String
        /// The line's id in the rig file.
        public var line: String
        public var port: BusPort
        public var address: IndividualAddress
        public var chip = Chip.tpuart2
        public var reportedFrames = ReportedFrames.none
        /// Reads of a tracer's address get the last tracer's value for an answer.
        public var answersForTracers = false
        /// Standard uncertainty of what the chip says: its own delay, the adapter's and the host's.
        public var uncertaintyNanoseconds: Int64 = 300_000

        public init(source: String, line: String, port: BusPort, address: IndividualAddress) {
            self.source = source
            self.line = line
            self.port = port
            self.address = address
        }
    }

    /// Octets of the longest value that fits a frame the chip takes (64 octets).
    public static let longestValue = 54

    public let source: String
    public let address: IndividualAddress
    private let thread: InterfaceThread<StimulusEngine>

    /// Starts the driver's thread, which opens the port (again and again while it is not there).
    ///
    /// - Throws: only what the system says to having no descriptors left.
    public init(_ configuration: Configuration, sink: @escaping EventSink) throws(SystemFailure) {
        source = configuration.source
        address = configuration.address
        thread = try InterfaceThread(
            name: configuration.source, port: configuration.port, engine: StimulusEngine(configuration),
            realtimePriority: 12, sink: sink)
    }

    /// Makes `value` the present value of `group`, which reads are answered with from now on. `announce` sends it as a GroupValueWrite;
    /// without, it only changes, which is told as `changed`.
    public func setPoint(
        _ group: GroupAddress, _ value: GroupValue, announce: Bool, role: Event.Stimulation.Role
    ) {
        let now = MonotonicClock.now()
        thread.perform { ((), $0.setPoint(group, value, announce: announce, role: role, at: now)) }
    }

    /// The present value of a point; nil when it was never set.
    public func value(of group: GroupAddress) -> GroupValue? {
        thread.perform { ($0.value(of: group), []) }
    }

    /// Sends a GroupValueWrite from its own address. A value longer than `longestValue` is an error of the caller.
    public func send(
        _ group: GroupAddress, _ value: GroupValue, role: Event.Stimulation.Role, priority: Priority = .low
    ) {
        let now = MonotonicClock.now()
        thread.perform { ((), $0.send($0.write(group, value, role, priority), at: now)) }
    }

    /// Sends any frame: another source address, hop count, priority or service. More than 64 octets are an error of the caller,
    /// unless the chip is an NCN51xx.
    public func send(_ frame: TP1Frame, role: Event.Stimulation.Role) {
        let now = MonotonicClock.now()
        let value = (try? GroupService.of(frame))?.service.value
        thread.perform { ((), $0.send(Telegram(frame: frame, value: value, role: role), at: now)) }
    }

    /// Tells a cyclic telegram as due at `due`; it is sent only when fewer than `limit` telegrams wait.
    ///
    /// - Parameter source: from another address than its own.
    func send(
        _ group: GroupAddress, _ value: GroupValue, role: Event.Stimulation.Role, from source: IndividualAddress? = nil,
        due: Instant, limit: Int
    ) {
        thread.perform { ((), $0.send($0.write(group, value, role, .low, from: source), limit: limit, at: due)) }
    }

    /// Telegrams that wait, the one in flight included; nil while the chip takes none.
    var waiting: Int? { thread.perform { ($0.isReady ? $0.pendingCount : nil, []) } }

    /// Telegrams that wait, the one in flight included.
    public var pendingCount: Int { thread.perform { ($0.pendingCount, []) } }

    /// True when the chip takes telegrams as far as anybody can know.
    public var isReady: Bool { thread.perform { ($0.isReady, []) } }

    /// When the chip last said anything.
    public var lastSign: Instant? { thread.perform { ($0.lastSign, []) } }

    /// True when the chip is ready and has said something within the last 1.5 s, the time in which a dead one is found out.
    public var isAlive: Bool {
        let now = MonotonicClock.now()
        return thread.perform { engine in
            (engine.isReady && (engine.lastSign.map { now - $0 < .milliseconds(1500) } ?? false), [])
        }
    }

    /// Ends the driver; its last events have been delivered when this returns.
    public func stop() {
        thread.stop()
    }
}
