public import Events
import KNX
public import Platform

/// A busmonitor of our own on a TP-UART or NCN51xx: hears every frame with its acknowledge and its instants, and never sends on the line.
///
/// Every Reset.ind, asked for or not, is followed by U_ActivateBusmon at once, because a chip that lost its bus power comes back in normal
/// mode, where acknowledges are not shown. Windows in which it could not see are told as gaps, from the last certain instant to the next.
///
/// Silence proves nothing by itself: in busmonitor mode the chip ignores U_State.req, so a dead chip and a quiet line look the same. Who needs
/// the proof keeps tracers due. When a chip that has been hearing frames falls silent for `asksAfterSilence`, it is asked with U_Reset.req,
/// every 500 ms until it answers: one question on a line that only went quiet, which costs a blind window of a few milliseconds, and the sign
/// `silent` where chip or line is dead.
public final class TPUARTWitness: Sendable {
    public struct Configuration: Sendable {
        /// The source of its events.
        public var source: String
        /// The line's id in the rig file.
        public var line: String
        public var port: BusPort
        /// Standard uncertainty of a frame's instants: the chip's own delay, the adapter's and the host's.
        public var uncertaintyNanoseconds: Int64 = 300_000
        /// How long a chip that has been hearing frames may be silent before it is asked; nil asks never.
        public var asksAfterSilence: Instant.Span? = .seconds(1)

        public init(source: String, line: String, port: BusPort) {
            self.source = source
            self.line = line
            self.port = port
        }
    }

    private let thread: InterfaceThread<WitnessEngine>

    /// Starts the driver's thread, which opens the port (again and again while it is not there) and delivers events from then on.
    ///
    /// - Throws: only what the system says to having no descriptors left.
    public init(_ configuration: Configuration, sink: @escaping EventSink) throws(SystemFailure) {
        var parameters = TPUARTStream.Parameters()
        parameters.characterNanoseconds = configuration.port.characterNanoseconds
        let engine = WitnessEngine(
            source: configuration.source, line: configuration.line, parameters: parameters,
            uncertaintyNanoseconds: configuration.uncertaintyNanoseconds,
            asksAfterSilence: configuration.asksAfterSilence)
        thread = try InterfaceThread(
            name: configuration.source, port: configuration.port, engine: engine, realtimePriority: 15, sink: sink)
    }

    /// True while the chip is in busmonitor mode as far as anybody can know.
    public var isArmed: Bool { thread.perform { ($0.isArmed, []) } }

    /// Ends the driver; its last events have been delivered when this returns.
    public func stop() {
        thread.stop()
    }
}
