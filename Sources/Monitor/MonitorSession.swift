public import Bus
import Checkers
public import Events
import Evidence
import Glibc
public import KNX
public import Platform

/// `knxrig monitor`: the line as lines, JSON, pcapng or a screen, until a signal, a key, the end of its time, or the end of whoever reads.
public struct MonitorSession {
    public enum Form: Hashable, Sendable {
        case screen(hasColours: Bool)
        case lines, json
        /// pcapng on standard output.
        case capture
    }

    private let form: Form
    private let interface: String
    private let groups: GroupAddressTable
    private let signals: Descriptor
    private let output: Descriptor
    private let terminal: MonitorTerminal?
    private let unixOffset: Int64
    private var text: MonitorText
    private var screen: MonitorScreen
    private var load: LineLoad
    private var number = 0
    private var stream: CaptureStream
    private var isEnding = false
    private var account: WitnessAccount
    private let visibility: VisibilityClass

    /// Called before any thread is there, since it takes the signals.
    ///
    /// - Parameters:
    ///   - title: the names of rig and line.
    ///   - interface: what the frames come from.
    ///   - visibility: what the witness can see.
    ///   - isEveryTelegramCounted: nothing is on the line but tracers of ours.
    ///   - program: our own path, for the guard of the terminal.
    public init(
        _ form: Form, title: String, interface: String, groups: GroupAddressTable, filter: TelegramFilter,
        visibility: VisibilityClass, isEveryTelegramCounted: Bool = false, program: String
    ) throws(SystemFailure) {
        self.visibility = visibility
        account = WitnessAccount(isEveryTelegramCounted: isEveryTelegramCounted)
        self.form = form
        self.interface = interface
        self.groups = groups
        let begun = MonotonicClock.now()
        let unix = MonotonicClock.unixNanoseconds()
        unixOffset = unix - begun.nanoseconds
        text = MonitorText(utcOffsetSeconds: WallClock.utcOffsetSeconds(atUnixNanoseconds: unix))
        load = LineLoad(from: begun)
        stream = CaptureStream(unixOffsetNanoseconds: unixOffset)
        output = Descriptor(owning: dup(STDOUT_FILENO))
        if case .screen(let hasColours) = form {
            signals = try LiveSignals.descriptor(isScreen: true)
            terminal = try MonitorTerminal(program: program, hasColours: hasColours)
        } else {
            signals = try LiveSignals.descriptor(isScreen: false)
            terminal = nil
        }
        let size = terminal?.size ?? (columns: 80, rows: 24)
        screen = MonitorScreen(
            title: title, columns: size.columns, rows: size.rows, text: text, filter: filter, style: groups.style)
    }

    private static let shortestDrawing = Instant.Span.milliseconds(100)

    /// Shows what comes until the end.
    ///
    /// - Parameters:
    ///   - span: nil: until a signal or a key.
    ///   - notice: takes what the witness has to say of itself where the form has no place for it.
    public mutating func run(_ queue: EventQueue, for span: Instant.Span?, notice: (String) -> Void) {
        let end = span.map { MonotonicClock.now() + $0 }
        terminal?.take()
        defer { terminal?.end() }
        var keys = MonitorKeys()
        var drawn = Instant(nanoseconds: 0)
        var isDirty = true
        do {
            if form == .capture { try output.writeAll(stream.beginning(interfaces: [interface])) }
            if form == .json {
                try output.writeAll(Array((JSON.text(MonitorText.json(interface, visibility)) + "\n").utf8))
            }
            screen.say("the witness tells \(visibility)")
            while true {
                let (events, dropped) = queue.take()
                if dropped > 0 { say("\(dropped) events came faster than they could be shown", notice) }
                try take(events, notice)
                try tellLosses(events, notice)
                isDirty = isDirty || !events.isEmpty
                if isEnding { return }
                let now = MonotonicClock.now()
                if let end, now >= end { return }
                if let terminal, isDirty && now - drawn >= Self.shortestDrawing || now - drawn >= .seconds(1) {
                    terminal.draw(screen.pieces(load.reading(at: now)))
                    drawn = now
                    isDirty = false
                }
                var wanted: [(descriptor: Descriptor, for: Readiness)] = [
                    (signals, .readable), (queue.descriptor, .readable),
                ]
                if let terminal {
                    wanted.append((terminal.input, .readable))
                }
                // Whoever reads the output may go away while nothing is written.
                else if form == .capture || form == .json {
                    wanted.append((output, []))
                }
                let next = terminal == nil ? nil : drawn + (isDirty ? Self.shortestDrawing : .seconds(1))
                let deadline = [end, next].compactMap(\.self).min()
                let ready = Poll.wait(wanted, until: deadline)
                if !ready[0].isEmpty { handleSignals() }
                guard ready.count > 2, !ready[2].isEmpty else { continue }
                guard let terminal, let octets = try terminal.input.read(maximum: 256), !octets.isEmpty else { return }
                for key in keys.feed(octets) { screen.press(key) }
                if screen.hasEnded { return }
                isDirty = true
            }
        } catch {
            // EPIPE: whoever read has seen enough.
            if error.code != EPIPE { notice("\(error)") }
        }
    }

    private mutating func take(_ events: [Event], _ notice: (String) -> Void) throws(SystemFailure) {
        var octets: [UInt8] = []
        for event in events {
            switch event.payload {
            case .frame(let frame):
                load.observe(frame.octets, isAcknowledged: frame.acknowledge != nil, at: event.instant)
                number += 1
                let telegram = MonitoredTelegram(
                    frame, at: event.instant, number: number, unixOffsetNanoseconds: unixOffset, groups: groups)
                show(telegram, event, into: &octets)
            case .supply(let reading):
                screen.millivolts = reading.millivolts
                guard form == .json else { continue }
                JSON.append(
                    MonitorText.json(reading, unixNanoseconds: event.instant.nanoseconds &+ unixOffset), to: &octets)
                octets.append(0x0A)
            default:
                guard let text = MonitorText.notice(event) else { continue }
                guard form == .json else {
                    say(text, notice)
                    continue
                }
                JSON.append(
                    MonitorText.json(notice: text, unixNanoseconds: event.instant.nanoseconds &+ unixOffset),
                    to: &octets)
                octets.append(0x0A)
            }
        }
        if !octets.isEmpty { try output.writeAll(octets) }
    }

    /// Says what is proven to be missing, once it is.
    private mutating func tellLosses(_ events: [Event], _ notice: (String) -> Void) throws(SystemFailure) {
        for event in events { account.observe(event) }
        let now = MonotonicClock.now()
        account.advance(to: now)
        let news = account.takeNews()
        guard !news.isEmpty else { return }
        screen.counters.lost = account.present.lost
        var octets: [UInt8] = []
        for text in news {
            guard form == .json else {
                say("lost: \(text)", notice)
                continue
            }
            JSON.append(
                MonitorText.json(
                    loss: text, lost: screen.counters.lost, unixNanoseconds: now.nanoseconds &+ unixOffset),
                to: &octets)
            octets.append(0x0A)
        }
        if !octets.isEmpty { try output.writeAll(octets) }
    }

    private mutating func show(_ telegram: MonitoredTelegram, _ event: Event, into octets: inout [UInt8]) {
        if terminal != nil { return screen.show(telegram) }
        guard screen.filter.admits(telegram) else { return }
        switch form {
        case .lines: octets += (text.line(telegram) + "\n").utf8
        case .capture: octets += stream.packet(event)
        case .json:
            JSON.append(MonitorText.json(telegram, load: load.reading(at: event.instant)), to: &octets)
            octets.append(0x0A)
        case .screen: break
        }
    }

    private mutating func say(_ text: String, _ notice: (String) -> Void) {
        if terminal != nil { screen.say(text) } else { notice(text) }
    }

    private mutating func handleSignals() {
        while let signal = Signals.next(from: signals) {
            switch signal {
            case SIGWINCH:
                if let size = terminal?.size { (screen.columns, screen.rows) = size }
            case SIGTSTP:
                // Stopped with the terminal as the shell knows it.
                terminal?.giveBack()
                kill(getpid(), SIGSTOP)
                terminal?.take()
                if let size = terminal?.size { (screen.columns, screen.rows) = size }
            default: isEnding = true
            }
        }
    }
}
