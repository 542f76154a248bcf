import Events
import KNX
import Platform
import Synchronization

/// A TP-UART on a pseudo-terminal that knows just enough: answers requests, echoes and confirms frames, and says what a test makes it say.
final class ScriptedChip: Sendable {
    fileprivate struct State {
        var isPowered = true
        var isBusmonitor = false
        var isStopping = false
        var transmission: [UInt8] = []
        var awaited = 0
        var requests: [UInt8] = []
        var frames: [[UInt8]] = []
    }

    let terminal: PseudoTerminal
    private let state = Mutex(State())
    private let wakeup: Wakeup
    private let thread = Mutex<NamedThread?>(nil)

    init() throws {
        terminal = try PseudoTerminal()
        wakeup = try Wakeup()
        thread.withLock { thread in
            thread = NamedThread.start("scripted chip") { [self] in run() }
        }
    }

    /// Requests of one octet, address requests by their first.
    var requests: [UInt8] { state.withLock { $0.requests } }
    var frames: [[UInt8]] { state.withLock { $0.frames } }
    var isBusmonitor: Bool { state.withLock { $0.isBusmonitor } }

    /// Without power the chip hears nothing; when it comes back it says so by itself and is in normal mode.
    func setPowered(_ isPowered: Bool) {
        state.withLock { state in
            state.isPowered = isPowered
            state.isBusmonitor = false
            state.transmission = []
        }
        if isPowered { say([0x03]) }
    }

    func say(_ octets: [UInt8]) {
        _ = try? terminal.primary.write(octets)
    }

    func stop() {
        state.withLock { $0.isStopping = true }
        wakeup.signal()
        thread.withLock { $0 }?.join()
        terminal.unplug()
    }

    private func run() {
        while !state.withLock({ $0.isStopping }) {
            _ = Poll.wait([(terminal.primary, .readable), (wakeup.descriptor, .readable)], until: nil)
            guard let octets = try? terminal.primary.read(maximum: 256) else { continue }
            for octet in octets { say(state.withLock { $0.answer(to: octet) }) }
        }
    }
}

extension ScriptedChip.State {
    fileprivate mutating func answer(to octet: UInt8) -> [UInt8] {
        guard isPowered else { return [] }
        if awaited > 0 {
            awaited -= 1
            return []
        }
        if transmission.count % 2 == 1 {
            transmission.append(octet)
            guard transmission[transmission.count - 2] & 0xC0 == 0x40 else { return [] }
            let frame = stride(from: 1, to: transmission.count, by: 2).map { transmission[$0] }
            transmission = []
            frames.append(frame)
            return frame + [0x8B]
        }
        if octet & 0xC0 == 0x80 || octet & 0xC0 == 0x40 {
            transmission.append(octet)
            return []
        }
        requests.append(octet)
        switch octet {
        case 0x01:
            isBusmonitor = false
            return [0x03]
        case 0x02: return isBusmonitor ? [] : [0x07]
        case 0x05: isBusmonitor = true
        case 0x28: awaited = 2
        default: break
        }
        return []
    }
}

/// Events as they come in, and waiting for them.
final class EventLog: Sendable {
    private let state = Mutex<[Event]>([])

    var sink: EventSink {
        { [self] event in state.withLock { $0.append(event) } }
    }

    var events: [Event] { state.withLock { $0 } }
    var words: [String] { events.map(\.word) }

    func count(_ word: String) -> Int { events.count { $0.word == word } }
}

/// Waits until `condition` holds; false when it does not within `seconds`, which are many so that a busy machine fails nothing.
func eventually(seconds: Int64 = 20, _ condition: () -> Bool) -> Bool {
    let deadline = MonotonicClock.now() + .seconds(seconds)
    while MonotonicClock.now() < deadline {
        if condition() { return true }
        MonotonicClock.sleep(until: MonotonicClock.now() + .milliseconds(2))
    }
    return condition()
}
