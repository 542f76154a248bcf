public import Events
import KNX
public import Platform

/// A busmonitor of ours through the tunnel of a KNXnet/IP interface: hears every frame with its acknowledge, and never sends on the line.
///
/// An interface serves either a busmonitor or other tunnels, so it must be the witness's own. Frames are stamped by the interface's clock,
/// which is set against arrivals here; how long the interface itself takes is not known and lies in the uncertainty. Whatever may be
/// missing is told as a gap: jumps of the interface's count, its own word that it has lost something, and all time without a tunnel, from the
/// last indication on. On a network that holds up every datagram the instants are as late as those are; the order of frames and gaps holds.
public final class KNXnetIPWitness: Sendable {
    public struct Configuration: Sendable {
        /// The source of its events.
        public var source: String
        /// The line's id in the rig file.
        public var line: String
        public var host: String
        public var port: UInt16
        /// Standard uncertainty of a frame's instants: the interface's own delay, which varies with its load (engineering assumption).
        public var uncertaintyNanoseconds = VisibilityClass.busmonitorTunnel.uncertaintyNanoseconds
        /// How much later than a frame its acknowledge may arrive before the frame is told without: an interface sends an indication again after 1 s
        /// and gives up after 2 s (KNX standard 3/8/4). It costs time only when nothing follows a frame that nobody acknowledged.
        public var acknowledgeTime = Instant.Span.milliseconds(2_500)
        var tunnel = TunnelClient.Parameters(layer: .busmonitor)

        public init(source: String, line: String, host: String, port: UInt16 = 3671) {
            self.source = source
            self.line = line
            self.host = host
            self.port = port
        }
    }

    /// What it can see.
    public static let visibility = VisibilityClass.busmonitorTunnel

    private let thread: InterfaceThread<NetworkWitnessEngine>

    /// Starts the driver's thread, which connects (again and again while the interface is not there) and delivers events from then on.
    ///
    /// - Throws: only what the system says to having no descriptors left.
    public init(_ configuration: Configuration, sink: @escaping EventSink) throws(SystemFailure) {
        thread = try InterfaceThread(
            name: configuration.source, port: .udp(host: configuration.host, port: configuration.port),
            engine: NetworkWitnessEngine(configuration), realtimePriority: 15, sink: sink)
    }

    /// True while the tunnel stands as far as anybody can know.
    public var isArmed: Bool { thread.perform { ($0.isArmed, []) } }

    /// Takes leave of the interface; its last events have been delivered when this returns.
    public func stop() {
        thread.stop()
    }
}
