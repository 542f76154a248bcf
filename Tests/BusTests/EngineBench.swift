import Events
import KNX

@testable import Bus

/// Runs an engine in virtual time and keeps what it wrote and told.
struct EngineBench<Engine: InterfaceEngine> {
    private(set) var engine: Engine
    private(set) var now = Instant(nanoseconds: 1_000_000_000_000)
    private(set) var written: [(octets: [UInt8], at: Instant)] = []
    private(set) var events: [Event] = []

    init(_ engine: Engine) {
        self.engine = engine
    }

    mutating func open() { take(engine.opened(at: now)) }
    mutating func close(_ reason: String = "end of file") { take(engine.closed(reason, at: now)) }
    mutating func finish() { take(engine.finish(at: now)) }
    mutating func perform(_ body: (inout Engine, Instant) -> [InterfaceEffect]) { take(body(&engine, now)) }

    /// Lets time pass, deadlines included.
    mutating func pass(milliseconds: Int64) {
        let end = now + .milliseconds(milliseconds)
        while let deadline = engine.nextDeadline, deadline <= end {
            now = max(now, deadline)
            take(engine.tick(at: now))
        }
        now = end
    }

    /// A service octet of the chip.
    mutating func say(_ octet: UInt8) { take(engine.received([octet], at: now)) }

    /// A frame at the line's pace, and its acknowledge where there is one.
    mutating func hear(_ octets: [UInt8], acknowledge: UInt8? = nil) {
        for (index, octet) in octets.enumerated() {
            if index > 0 { now = now + .microseconds(1354) }
            take(engine.received([octet], at: now))
        }
        if let acknowledge {
            now = now + .microseconds(2708)
            take(engine.received([acknowledge], at: now))
        }
    }

    /// What was written since the last call.
    mutating func takeWritten() -> [[UInt8]] {
        defer { written = [] }
        return written.map(\.octets)
    }

    mutating func takeEvents() -> [Event] {
        defer { events = [] }
        return events
    }

    private mutating func take(_ effects: [InterfaceEffect]) {
        for effect in effects {
            switch effect {
            case .write(let octets): written.append((octets, now))
            case .emit(let event): events.append(event)
            }
        }
    }
}

extension Event {
    /// In a word, for tables: `reset`, `frame BC…`, `due`, `gap`.
    var word: String {
        switch payload {
        case .interface(let report): report.report.rawValue
        case .frame(let frame): frame.flaw ?? "frame"
        case .stimulus(let stimulation): stimulation.outcome.rawValue
        case .gap: "gap"
        case .slip: "slip"
        default: payload.kind
        }
    }
}

/// Octets of hex text; spaces are for the reader.
func hex(_ text: String) -> [UInt8] {
    Hex.octets(text.filter { $0 != " " }) ?? []
}
