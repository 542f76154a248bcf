public import Events
import KNX
public import Platform

/// Asks a transceiver again and again whether it lives: U_Reset.req, which no chip leaves unanswered and which puts nothing on the line. A chip is
/// powered from its line, so silence while its device is there means a line without power, or a cable that has come off.
public final class ChipProbe: Sendable {
    public enum Reading: Sendable, Hashable {
        /// Its last sign came within `patience`.
        case answers
        /// Its device is open, and it says nothing.
        case silent
        /// Its device is not there, or another program has it.
        case closed(reason: String)
    }

    /// A chip is asked this often.
    static let interval = Instant.Span.milliseconds(150)
    /// A chip that has given no sign for this long is silent.
    public static let patience = Instant.Span.milliseconds(600)

    private let thread: InterfaceThread<ChipProbeEngine>

    /// Starts the thread, which opens the port again and again while it is not there.
    ///
    /// - Parameter name: of the thread.
    public init(_ name: String, port: BusPort) throws(SystemFailure) {
        thread = try InterfaceThread(
            name: name, port: port, engine: ChipProbeEngine(), realtimePriority: 15, sink: { _ in })
    }

    /// What the chip shows at this moment.
    public func reading(at now: Instant) -> Reading { thread.perform { ($0.reading(at: now), []) } }

    public func stop() { thread.stop() }
}

/// What a probe does with its chip.
struct ChipProbeEngine: InterfaceEngine {
    private var closedBecause: String? = "it has not been opened yet"
    private var lastSign: Instant?
    private(set) var nextDeadline: Instant?

    func reading(at now: Instant) -> ChipProbe.Reading {
        if let closedBecause { return .closed(reason: closedBecause) }
        guard let lastSign, now - lastSign < ChipProbe.patience else { return .silent }
        return .answers
    }

    mutating func opened(at now: Instant) -> [InterfaceEffect] {
        closedBecause = nil
        lastSign = nil
        return ask(at: now)
    }

    mutating func closed(_ reason: String, at now: Instant) -> [InterfaceEffect] {
        closedBecause = reason
        nextDeadline = nil
        return []
    }

    mutating func received(_ octets: [UInt8], at now: Instant) -> [InterfaceEffect] {
        // An adapter that gives back what it is sent is no chip.
        if octets.contains(where: { !TPUARTRequest.reset.octets.contains($0) }) { lastSign = now }
        return []
    }

    mutating func tick(at now: Instant) -> [InterfaceEffect] { ask(at: now) }

    mutating func finish(at now: Instant) -> [InterfaceEffect] { [] }

    private mutating func ask(at now: Instant) -> [InterfaceEffect] {
        nextDeadline = now + ChipProbe.interval
        return [.write(TPUARTRequest.reset.octets)]
    }
}
