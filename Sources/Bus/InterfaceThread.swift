import Events
import Platform
import Synchronization

/// Runs an engine on a device: one thread owns the descriptor, reads, writes, opens it again every 100 ms while it is gone, and delivers the
/// events. Other threads speak to the engine through `perform`.
final class InterfaceThread<Engine: InterfaceEngine>: Sendable {
    private struct State {
        var engine: Engine
        var effects: [InterfaceEffect] = []
        var isStopping = false
    }

    private static var retry: Instant.Span { .milliseconds(100) }
    private static var longestRead: Int { 512 }

    private let port: BusPort
    private let sink: EventSink
    private let state: Mutex<State>
    private let wakeup: Wakeup
    private let thread = Mutex<NamedThread?>(nil)

    /// - Parameter realtimePriority: asked for, so that arrivals are stamped when they come; without the right to it stamps are late when
    ///   the machine is busy.
    init(name: String, port: BusPort, engine: Engine, realtimePriority: Int32, sink: @escaping EventSink)
        throws(SystemFailure)
    {
        self.port = port
        self.sink = sink
        state = Mutex(State(engine: engine))
        wakeup = try Wakeup()
        thread.withLock { thread in
            thread = NamedThread.start(name, realtimePriority: realtimePriority) { [self] in run() }
        }
    }

    /// Asks or tells the engine something from any thread; what it wants done is done by the device's thread.
    func perform<Answer: Sendable>(_ body: (inout Engine) -> (Answer, [InterfaceEffect])) -> Answer {
        let (answer, isIdle) = state.withLock { state in
            let (answer, effects) = body(&state.engine)
            state.effects += effects
            return (answer, effects.isEmpty)
        }
        if !isIdle { wakeup.signal() }
        return answer
    }

    /// Ends the thread and closes the device. Returns when both are done; calling it again returns at once.
    func stop() {
        state.withLock { $0.isStopping = true }
        wakeup.signal()
        thread.withLock { $0 }?.join()
    }

    private func run() {
        var device: Descriptor?
        var outgoing: [[UInt8]] = []
        var nextOpening = MonotonicClock.now()
        while !state.withLock({ $0.isStopping }) {
            if device == nil, MonotonicClock.now() >= nextOpening {
                do {
                    device = try port.open()
                    feed { $0.opened(at: MonotonicClock.now()) }
                } catch {
                    feed { $0.closed(error.description, at: MonotonicClock.now()) }
                    nextOpening = MonotonicClock.now() + Self.retry
                }
            }
            do {
                outgoing += deliver()
                guard let open = device else {
                    outgoing = []
                    let deadline = Instant.earliest(nextOpening, state.withLock { $0.engine.nextDeadline })
                    _ = Poll.wait([(wakeup.descriptor, .readable)], until: deadline)
                    wakeup.drain()
                    tick(MonotonicClock.now())
                    continue
                }
                try write(&outgoing, to: open)
                let deadline = state.withLock { $0.engine.nextDeadline }
                let ready = Poll.wait(
                    [(open, outgoing.isEmpty ? .readable : [.readable, .writable]), (wakeup.descriptor, .readable)],
                    until: deadline)
                if !ready[1].isEmpty { wakeup.drain() }
                if !ready[0].isDisjoint(with: [.readable, .hangUp]) {
                    try receive(from: open)
                } else if ready[0].isEmpty, ready[1].isEmpty, let deadline {
                    // Poll saw nothing to read when the deadline was there, so silence until then is true whatever the time is by now.
                    tick(deadline)
                }
            } catch let failure as SystemFailure {
                close(&device, failure.description, &outgoing)
                nextOpening = MonotonicClock.now() + Self.retry
            } catch {
                close(&device, "end of file on \(port)", &outgoing)
                nextOpening = MonotonicClock.now() + Self.retry
            }
        }
        feed { $0.finish(at: MonotonicClock.now()) }
        let farewell = deliver()
        // A serial chip is told nothing at the end; a tunnel's leave is one datagram.
        if port.keepsPieces { for datagram in farewell { _ = try? device?.write(datagram) } }
        device?.close()
    }

    private struct EndOfFile: Error {}

    /// Writes what the device takes, datagram by datagram or in one piece. A datagram that finds no room is lost, as on any network.
    private func write(_ outgoing: inout [[UInt8]], to device: Descriptor) throws(SystemFailure) {
        guard !outgoing.isEmpty else { return }
        if port.keepsPieces {
            for datagram in outgoing { _ = try device.write(datagram) }
            outgoing = []
        } else {
            let octets = Array(outgoing.joined())
            let rest = octets.dropFirst(try device.write(octets))
            outgoing = rest.isEmpty ? [] : [Array(rest)]
        }
    }

    private func receive(from device: Descriptor) throws {
        guard let octets = try device.read(maximum: Self.longestRead) else { return }
        // No octets: the end of a stream, and a datagram that says nothing.
        if octets.isEmpty, port.keepsPieces { return }
        guard !octets.isEmpty else { throw EndOfFile() }
        let now = MonotonicClock.now()
        feed { $0.received(octets, at: now) }
    }

    private func tick(_ now: Instant) {
        feed { engine in
            guard let deadline = engine.nextDeadline, deadline <= now else { return [] }
            return engine.tick(at: now)
        }
    }

    private func close(_ device: inout Descriptor?, _ reason: String, _ outgoing: inout [[UInt8]]) {
        device?.close()
        device = nil
        outgoing = []
        feed { $0.closed(reason, at: MonotonicClock.now()) }
    }

    private func feed(_ body: (inout Engine) -> [InterfaceEffect]) {
        state.withLock { state in
            let effects = body(&state.engine)
            state.effects += effects
        }
    }

    /// Delivers the events that are due and gives what is to be written. The sink is called without the lock.
    private func deliver() -> [[UInt8]] {
        let effects = state.withLock { state in
            defer { state.effects = [] }
            return state.effects
        }
        var pieces: [[UInt8]] = []
        for effect in effects {
            switch effect {
            case .write(let more): if !more.isEmpty { pieces.append(more) }
            case .emit(let event): sink(event)
            }
        }
        return pieces
    }
}
