import Events

/// Cuts what a unit writes into lines, without ever holding more than one line and without letting a flood through: what goes over
/// `linesPerSecond` is dropped and counted.
struct OutputLines {
    /// Longer lines are cut into several.
    static let longestLine = 16_384
    /// A controller logs tens of lines a second when it is busy; what logs more is broken and must not blind the rig.
    static let linesPerSecond = 2_000

    private var rest: [UInt8] = []
    private var windowStart = Instant(nanoseconds: .min / 2)
    private var linesInWindow = 0
    private(set) var dropped = 0

    /// Takes what was read at `instant` and returns the lines that are complete.
    mutating func feed(_ octets: some Sequence<UInt8>, at instant: Instant) -> [String] {
        var lines = notice(at: instant)
        for octet in octets {
            if octet == 0x0A {
                finishLine(&lines, at: instant)
            } else {
                rest.append(octet)
                if rest.count == Self.longestLine { finishLine(&lines, at: instant) }
            }
        }
        return lines
    }

    /// What is left when the unit's output ends: an unfinished line, and what was dropped.
    mutating func end(at instant: Instant) -> [String] {
        var lines: [String] = []
        if !rest.isEmpty { finishLine(&lines, at: instant) }
        return lines + takeNotice()
    }

    /// The counted notice of dropped lines once the flood's second is over; nothing before.
    mutating func notice(at instant: Instant) -> [String] {
        guard instant - windowStart >= .seconds(1) else { return [] }
        windowStart = instant
        linesInWindow = 0
        return takeNotice()
    }

    private mutating func takeNotice() -> [String] {
        guard dropped > 0 else { return [] }
        defer { dropped = 0 }
        return ["[\(dropped) lines dropped by the rig: more than \(Self.linesPerSecond) came within a second]"]
    }

    private mutating func finishLine(_ lines: inout [String], at instant: Instant) {
        defer { rest.removeAll(keepingCapacity: true) }
        guard linesInWindow < Self.linesPerSecond else {
            dropped += 1
            return
        }
        linesInWindow += 1
        if rest.last == 0x0D { rest.removeLast() }
        lines.append(String(decoding: rest, as: UTF8.self))
    }
}
