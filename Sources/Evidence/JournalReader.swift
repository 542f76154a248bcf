public import Events
import Glibc
public import Platform

/// Reads evidence from its start, event by event, checking the chain as it goes; needs no more memory than its longest line. Reading
/// ends before the first line that is not as it was written, and `integrity` then says what is wrong with it.
public struct JournalReader {
    /// An event with its number, which is also the number of lines before it.
    public struct Entry: Hashable, Sendable {
        public var number: Int
        public var event: Event

        public init(number: Int, event: Event) {
            self.number = number
            self.event = event
        }
    }

    /// What was found out about the file; nil until `next()` has returned nil.
    public private(set) var integrity: Integrity?
    /// Events of a known kind whose details this build could not read; they were delivered as `.other`.
    public private(set) var misread: [(number: Int, reason: String)] = []
    /// The hash of the last line read; of a sealed journal what `Journal.seal` returned.
    public private(set) var lastHash = EvidenceLine.hashBeforeFirst

    private var lines: LineReader
    private var number = 0
    private var isSealed = false

    /// - Throws: what the system says to opening the file.
    public init(path: String) throws(SystemFailure) {
        lines = try LineReader(path: path)
    }

    /// The next event; nil at the end, or before damage.
    public mutating func next() throws(SystemFailure) -> Entry? {
        guard integrity == nil else { return nil }
        switch try lines.next() {
        case .end:
            integrity = isSealed ? .intact : number == 0 ? .torn(line: 1) : .unsealed
        case .partial(let rest):
            integrity = try judge(partial: rest)
        case .line(let line):
            let judged = try judge(line)
            switch judged {
            case .success(let entry): return entry
            case .failure(let alteration): integrity = .altered(line: number + 1, alteration.alteration)
            }
        }
        return nil
    }

    /// All events of a file and what is to be said about it.
    public static func read(_ path: String) throws(SystemFailure) -> (events: [Event], integrity: Integrity) {
        var reader = try JournalReader(path: path)
        var events: [Event] = []
        while let entry = try reader.next() { events.append(entry.event) }
        guard let integrity = reader.integrity else { preconditionFailure("a reader at its end has judged the file") }
        return (events, integrity)
    }

    private struct Damage: Error {
        var alteration: Integrity.Alteration
    }

    private mutating func judge(_ line: [UInt8]) throws(SystemFailure) -> Result<Entry, Damage> {
        if isSealed { return .failure(Damage(alteration: .appended)) }
        let parts: EvidenceLine.Parts
        do {
            parts = try EvidenceLine.parts(of: line)
        } catch {
            return .failure(Damage(alteration: .unreadable(reason: error.reason)))
        }
        guard parts.number == number else { return .failure(Damage(alteration: try misplaced(parts))) }
        guard EvidenceLine.hash(of: parts.head, after: lastHash) == parts.hash else {
            return .failure(Damage(alteration: .changed))
        }
        let event: Event
        do {
            let read = try EvidenceLine.event(in: parts.value)
            event = read.event
            if let reason = read.misread { misread.append((number, reason)) }
        } catch {
            return .failure(Damage(alteration: .unreadable(reason: error.reason)))
        }
        if number == 0 {
            guard case .plan = event.payload else { return .failure(Damage(alteration: .planMissing)) }
        }
        if case .seal = event.payload { isSealed = true }
        lastHash = parts.hash
        number += 1
        return .success(Entry(number: number - 1, event: event))
    }

    /// Tells why a line has another number than its place in the file.
    private mutating func misplaced(_ parts: EvidenceLine.Parts) throws(SystemFailure) -> Integrity.Alteration {
        // With its right number put back the hash agrees: then only the number was changed.
        let restored = Array(#"{"n":\#(number)"#.utf8) + parts.head.dropFirst(#"{"n":\#(parts.number)"#.utf8.count)
        if EvidenceLine.hash(of: restored, after: lastHash) == parts.hash { return .changed }
        guard parts.number > number else { return .reordered(expected: number, found: parts.number) }
        let wanted = Array(#"{"n":\#(number),"#.utf8)
        while case .line(let line) = try lines.next() {
            if line.starts(with: wanted) { return .reordered(expected: number, found: parts.number) }
        }
        return .removed(from: number, to: parts.number - 1)
    }

    /// Tells a line that the writer did not finish from one whose end was changed.
    private mutating func judge(partial rest: [UInt8]) throws(SystemFailure) -> Integrity {
        if isSealed { return .altered(line: number + 1, .appended) }
        let start = Array(#"{"n":\#(number),"t":"#.utf8)
        let isStart = rest.count < start.count ? start.starts(with: rest) : rest.starts(with: start)
        guard isStart else {
            return .altered(line: number + 1, .unreadable(reason: "it does not begin as event \(number)"))
        }
        // A whole line with an octet behind it had its line end changed.
        if (try? EvidenceLine.parts(of: rest.dropLast())) != nil {
            return .altered(line: number + 1, .unreadable(reason: "its line end was changed"))
        }
        return .torn(line: number + 1)
    }
}
