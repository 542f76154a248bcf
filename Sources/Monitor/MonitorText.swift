public import Bus
public import Events
import KNX

/// A telegram as a line of text or of JSON.
public struct MonitorText: Sendable {
    /// How much later than UTC the reader's clock is, seconds.
    public var utcOffsetSeconds: Int64

    public init(utcOffsetSeconds: Int64) {
        self.utcOffsetSeconds = utcOffsetSeconds
    }

    /// `16:45:01.234  ACK   1.1.20 → 1/2/100  low  hop 6  GroupValueWrite  =1  Kitchen light status: on`
    public func line(_ telegram: MonitoredTelegram) -> String {
        let label = telegram.mark.label
        var text = "\(clock(telegram))  \(label)\(String(repeating: " ", count: 6 - label.count))\(telegram.text)"
        let meaning = [telegram.name, telegram.value].compactMap { $0 }
        if !meaning.isEmpty { text += "  " + meaning.joined(separator: ": ") }
        return text
    }

    /// Hours, minutes, seconds and milliseconds by the reader's clock.
    public func clock(_ telegram: MonitoredTelegram) -> String {
        let milliseconds = (telegram.unixNanoseconds / 1_000_000 + utcOffsetSeconds * 1_000) % 86_400_000
        let day = (milliseconds + 86_400_000) % 86_400_000
        func digits(_ number: Int64, _ count: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, count - text.count)) + text
        }
        return digits(day / 3_600_000, 2) + ":" + digits(day / 60_000 % 60, 2) + ":" + digits(day / 1_000 % 60, 2) + "."
            + digits(day % 1_000, 3)
    }

    /// One object; what a telegram does not have is left out.
    public static func json(_ telegram: MonitoredTelegram, load: LineLoad.Reading) -> Value {
        .record(present: [
            ("kind", "telegram"), ("number", .integer(Int64(telegram.number))),
            ("unix_ns", .integer(telegram.unixNanoseconds)), ("line", .text(telegram.frame.line)),
            ("mark", .text(telegram.mark.rawValue)), ("repeated", .bool(telegram.isRepetition)),
            ("source", telegram.source.map { .text($0.description) }),
            ("destination", telegram.destination.map { .text($0.description) }),
            ("service", telegram.service.map(Value.text)), ("name", telegram.name.map(Value.text)),
            ("dpt", telegram.type.map { .text($0.description) }), ("value", telegram.value.map(Value.text)),
            ("octets", .octets(telegram.frame.octets)),
            ("acknowledge", telegram.frame.acknowledge.map { .octets([$0]) }),
            ("flaw", telegram.frame.flaw.map(Value.text)), ("text", .text(telegram.text)),
            ("load_permille", .integer(Int64(load.now))),
        ])
    }

    /// The voltage of the line's supply.
    public static func json(_ reading: Event.SupplyReading, unixNanoseconds: Int64) -> Value {
        [
            "kind": "supply", "unix_ns": .integer(unixNanoseconds), "line": .text(reading.line),
            "millivolts": .integer(reading.millivolts),
        ]
    }

    /// Something about the witness itself: it was gone, silent or blind.
    public static func json(notice: String, unixNanoseconds: Int64) -> Value {
        ["kind": "notice", "unix_ns": .integer(unixNanoseconds), "text": .text(notice)]
    }

    /// What the frames come from and what it can see, before the first of them.
    public static func json(_ interface: String, _ visibility: VisibilityClass) -> Value {
        [
            "kind": "witness", "interface": .text(interface), "sees": .text(visibility.description),
            "visibility": visibility.value,
        ]
    }

    /// A place where telegrams are missing, and how many are proven to be missing so far.
    public static func json(loss: String, lost: Int, unixNanoseconds: Int64) -> Value {
        [
            "kind": "loss", "unix_ns": .integer(unixNanoseconds), "text": .text(loss), "lost": .integer(Int64(lost)),
        ]
    }

    /// What a person should know of an event that is no frame; nil for what is in order.
    public static func notice(_ event: Event) -> String? {
        switch event.payload {
        case .interface(let report):
            switch report.report {
            case .closed: "the witness is gone: \(report.detail ?? "its device was closed")"
            case .silent: "the witness is silent: \(report.detail ?? "no answer")"
            default: nil
            }
        case .gap(let gap):
            "nothing could be heard for \((gap.to - gap.from).wholeMilliseconds) ms: \(gap.reason)"
        case .slip(let slip): "\(slip.thread) was late by \(slip.lateNanoseconds / 1_000_000) ms"
        default: nil
        }
    }
}
