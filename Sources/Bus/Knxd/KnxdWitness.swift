public import Events
import KNX
public import Platform

/// A witness through the socket of a knxd, for a bench whose interface only knxd can drive. It never sends.
///
/// As a `busmonitor` it needs a knxd whose link is a monitor (`monitor=true`): the frames of the line as they were, bad ones too. After a loss of bus
/// power knxd 0.14.54 does not arm its chip again: frames go on, acknowledges do not. The text modes are never asked for: an acknowledge ends knxd
/// 0.14.54 in them. As a `vbusmonitor` it shows what knxd's router passes on: late under load, without bad frames, and what knxd's clients send before
/// that is on the line.
public final class KnxdWitness: Sendable {
    public enum Mode: String, CaseIterable, Sendable {
        case busmonitor, vbusmonitor

        /// What a witness in it can see.
        public var visibility: VisibilityClass {
            switch self {
            case .busmonitor: .knxdBusmonitor
            case .vbusmonitor: .knxdVirtualBusmonitor
            }
        }
    }

    public struct Configuration: Sendable {
        /// The source of its events.
        public var source: String
        /// The line's id in the rig file.
        public var line: String
        public var server: KnxdGroupClient.Server
        public var mode: Mode

        public init(source: String, line: String, server: KnxdGroupClient.Server, mode: Mode) {
            self.source = source
            self.line = line
            self.server = server
            self.mode = mode
        }
    }

    private let thread: InterfaceThread<KnxdWitnessEngine>

    /// Starts the driver's thread, which connects (again and again while knxd is not there) and delivers events from then on.
    ///
    /// - Throws: only what the system says to having no descriptors left.
    public init(_ configuration: Configuration, sink: @escaping EventSink) throws(SystemFailure) {
        thread = try InterfaceThread(
            name: configuration.source, port: BusPort(configuration.server), engine: KnxdWitnessEngine(configuration),
            realtimePriority: 15, sink: sink)
    }

    /// True while knxd has said that the mode is open, and the connection stands.
    public var isArmed: Bool { thread.perform { ($0.isArmed, []) } }

    /// Ends the driver; its last events have been delivered when this returns.
    public func stop() {
        thread.stop()
    }
}

extension BusPort {
    init(_ server: KnxdGroupClient.Server) {
        switch server {
        case .unix(let path): self = .unix(path: path)
        case .tcp(let host, let port): self = .tcp(host: host, port: port)
        }
    }
}
