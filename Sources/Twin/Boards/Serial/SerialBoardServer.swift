public import Events
public import Platform
import Synchronization

/// What is broken in the field on the way between a serial board and its driver.
public struct SerialFaults: Hashable, Sendable {
    /// What becomes of the board's answers; `times` counts them down, nil is for ever.
    public enum Answer: Hashable, Sendable {
        case sound
        /// The firmware hangs: nothing is answered and nothing done.
        case silent(times: Int?)
        /// As many octets as were due, all wrong.
        case garbage(times: Int?)
        /// The first half.
        case half(times: Int?)
        /// What was sent comes back before the answer.
        case echo(times: Int?)
        /// Only what was sent comes back: the firmware hangs, or the line is a loop.
        case loop(times: Int?)
        /// The answer before comes once more, ahead of the present one.
        case behind(times: Int?)
        /// It comes, by so much too late.
        case late(times: Int?, by: Instant.Span)
    }

    public var answer = Answer.sound
    /// Is pulled after it has taken this many more bursts of octets.
    public var vanishesAfterBursts: Int?

    public init() {}
}

/// A serial board on a pseudo-terminal of its own, published under a path that stays the same over unplugging.
public final class SerialBoardServer: Sendable {
    private struct State {
        var model: any SerialBoardModel
        var faults = SerialFaults()
        var terminal: PseudoTerminal?
        var generation = 0
        var isStopping = false
        /// Answers under way, in order.
        var delayed: [(octets: [UInt8], due: Instant)] = []
        var received: [UInt8] = []
        /// The last answer that was no empty one.
        var answered: [UInt8] = []
        /// What the thread waits on: the kernel keeps a line up as long as anyone does.
        var awaited: PseudoTerminal?
    }

    public let path: String
    private let state: Mutex<State>
    private let wakeup: Wakeup
    private let thread = Mutex<NamedThread?>(nil)

    /// - Parameter path: where the line is published; a link to its terminal.
    public init(_ model: any SerialBoardModel, at path: String) throws(SystemFailure) {
        self.path = path
        state = Mutex(State(model: model))
        wakeup = try Wakeup()
        try plug()
        let started = NamedThread.start("serial board") { [self] in run() }
        thread.withLock { $0 = started }
    }

    public var contacts: [Bool] { state.withLock { $0.model.relays.contacts } }
    /// All octets that a driver has sent.
    public var received: [UInt8] { state.withLock { $0.received } }

    public func setFaults(_ change: @Sendable (inout SerialFaults) -> Void) { state.withLock { change(&$0.faults) } }

    public func withRelays(_ change: @Sendable (inout RelayBank) -> Void) {
        state.withLock { change(&$0.model.relays) }
    }

    public func withModel<Model: SerialBoardModel>(as: Model.Type, _ change: @Sendable (inout Model) -> Void) {
        state.withLock { state in
            guard var model = state.model as? Model else { return }
            change(&model)
            state.model = model
        }
    }

    /// Puts another board in its place.
    public func exchange(for model: any SerialBoardModel) { state.withLock { $0.model = model } }

    public func plug() throws(SystemFailure) {
        let terminal = try PseudoTerminal()
        terminal.makeRaw()
        try terminal.publish(as: path)
        state.withLock { state in
            state.terminal = terminal
            state.generation += 1
            state.delayed = []
        }
        wakeup.signal()
    }

    /// Pulls the plug. The line is dead when this returns.
    public func unplug() {
        let pulled = state.withLock { state in
            defer { Self.unplug(&state) }
            return state.terminal
        }
        wakeup.signal()
        while let pulled, state.withLock({ $0.awaited === pulled }) { MonotonicClock.sleep(for: .microseconds(100)) }
    }

    public func stop() {
        state.withLock { $0.isStopping = true }
        wakeup.signal()
        thread.withLock { thread in
            defer { thread = nil }
            return thread
        }?.join()
        state.withLock { Self.unplug(&$0) }
    }

    private static func unplug(_ state: inout State) {
        state.terminal?.unplug()
        state.terminal = nil
        state.delayed = []
        state.model.powerDown()
    }

    private func run() {
        while true {
            let (terminal, due, isStopping) = state.withLock { state in
                state.awaited = state.isStopping ? nil : state.terminal
                return (state.terminal, state.delayed.first?.due, state.isStopping)
            }
            if isStopping { return }
            guard let terminal else {
                _ = Poll.wait([(wakeup.descriptor, .readable)], until: nil)
                wakeup.drain()
                continue
            }
            let ready = Poll.wait([(wakeup.descriptor, .readable), (terminal.primary, .readable)], until: due)
            if !ready[0].isEmpty { wakeup.drain() }
            state.withLock { state in
                state.awaited = nil
                // It may have been pulled while we waited.
                guard state.terminal === terminal else { return }
                if !ready[1].isEmpty, let octets = try? terminal.primary.read(maximum: 4_096) {
                    take(octets, &state)
                }
                send(&state)
            }
        }
    }

    private func take(_ octets: [UInt8], _ state: inout State) {
        state.received += octets
        let fault = Self.next(&state.faults)
        let now = MonotonicClock.now()
        if case .silent = fault { return }
        if case .loop = fault {
            state.delayed.append((octets, now))
            return
        }
        let answer = octets.flatMap { state.model.receive($0) }
        defer { if !answer.isEmpty { state.answered = answer } }
        switch fault {
        case .garbage: state.delayed.append((answer.map { $0 ^ 0xE7 }, now))
        case .half: state.delayed.append((Array(answer.prefix(answer.count / 2)), now))
        case .echo: state.delayed.append((octets + answer, now))
        case .late(_, let span): state.delayed.append((answer, now + span))
        case .behind: state.delayed.append((answer.isEmpty ? [] : state.answered + answer, now))
        case .sound, .silent, .loop: state.delayed.append((answer, now))
        }
        state.delayed.sort { $0.due < $1.due }
        if let left = state.faults.vanishesAfterBursts {
            state.faults.vanishesAfterBursts = left > 1 ? left - 1 : nil
            if left <= 1 { Self.unplug(&state) }
        }
    }

    private func send(_ state: inout State) {
        while let first = state.delayed.first, first.due <= MonotonicClock.now(), let terminal = state.terminal {
            state.delayed.removeFirst()
            // A program that doesn't read loses the rest, as on a line without flow control.
            _ = try? terminal.primary.write(first.octets)
        }
    }

    /// The fault that meets this burst; counts it down.
    private static func next(_ faults: inout SerialFaults) -> SerialFaults.Answer {
        let fault = faults.answer
        func rest(_ times: Int?, _ answer: (Int?) -> SerialFaults.Answer) -> SerialFaults.Answer {
            guard let times else { return answer(nil) }
            return times > 1 ? answer(times - 1) : .sound
        }
        switch fault {
        case .sound: break
        case .silent(let times): faults.answer = rest(times) { .silent(times: $0) }
        case .garbage(let times): faults.answer = rest(times) { .garbage(times: $0) }
        case .half(let times): faults.answer = rest(times) { .half(times: $0) }
        case .echo(let times): faults.answer = rest(times) { .echo(times: $0) }
        case .loop(let times): faults.answer = rest(times) { .loop(times: $0) }
        case .behind(let times): faults.answer = rest(times) { .behind(times: $0) }
        case .late(let times, let span): faults.answer = rest(times) { .late(times: $0, by: span) }
        }
        return fault
    }
}
