import Events
import Platform
import Testing

@testable import Evidence

@Suite struct IntegrityTests {
    let directory: TemporaryDirectory
    let whole: [UInt8]
    let lines: [[UInt8]]
    var path: String { directory.path + "/e" }

    init() throws {
        directory = try TemporaryDirectory(prefix: "integrity")
        _ = try SmallRun.write(to: directory.path + "/whole")
        whole = try Files.read(directory.path + "/whole")
        lines = whole.split(separator: 0x0A).map(Array.init)
    }

    func read(_ octets: [UInt8]) throws -> (events: [Event], integrity: Integrity) {
        try Files.write(octets, to: path, atomically: false)
        return try JournalReader.read(path)
    }

    func read(lines: [[UInt8]]) throws -> (events: [Event], integrity: Integrity) {
        try read(lines.flatMap { $0 + [0x0A] })
    }

    @Test func everyFlippedBitIsFoundInItsLine() throws {
        defer { directory.remove() }
        #expect(try read(whole).integrity == .intact)
        let intact = try read(whole).events
        var line = 1
        for index in whole.indices {
            for bit in 0..<8 {
                var octets = whole
                octets[index] ^= 1 << bit
                let (events, integrity) = try read(octets)
                guard case .altered(line, let alteration) = integrity else {
                    Issue.record("octet \(index) bit \(bit) of line \(line): \(integrity)")
                    continue
                }
                switch alteration {
                case .changed, .unreadable: break
                default: Issue.record("octet \(index) bit \(bit): \(integrity)")
                }
                #expect(events == Array(intact.prefix(line - 1)))
            }
            if whole[index] == 0x0A { line += 1 }
        }
    }

    @Test func aFileCutAnywhereIsTornOrUnsealedNeverAltered() throws {
        defer { directory.remove() }
        for length in 0..<whole.count {
            let cut = Array(whole.prefix(length))
            let ends = cut.count { $0 == 0x0A }
            let (events, integrity) = try read(cut)
            #expect(events.count == ends)
            #expect(integrity == (cut.last == 0x0A ? .unsealed : .torn(line: ends + 1)), "\(length) octets")
        }
    }

    @Test func removedLinesAreTold() throws {
        defer { directory.remove() }
        for first in 0..<(lines.count - 1) {
            for last in first..<(lines.count - 1) {
                let rest = Array(lines[..<first]) + Array(lines[(last + 1)...])
                let integrity = try read(lines: rest).integrity
                #expect(integrity == .altered(line: first + 1, .removed(from: first, to: last)))
            }
        }
    }

    @Test func movedAndCopiedLinesAreTold() throws {
        defer { directory.remove() }
        for first in 0..<lines.count {
            for second in (first + 1)..<max(lines.count, first + 1) {
                var swapped = lines
                swapped.swapAt(first, second)
                #expect(
                    try read(lines: swapped).integrity
                        == .altered(line: first + 1, .reordered(expected: first, found: second)))
                var copied = lines
                copied.insert(lines[first], at: second)
                #expect(
                    try read(lines: copied).integrity
                        == .altered(line: second + 1, .reordered(expected: second, found: first)))
            }
        }
    }

    @Test func whatFollowsTheSealIsTold() throws {
        defer { directory.remove() }
        #expect(try read(lines: lines + [lines[1]]).integrity == .altered(line: 7, .appended))
        #expect(try read(whole + Array("x".utf8)).integrity == .altered(line: 7, .appended))
    }

    @Test func anEditedLineWithAHashOfItsOwnBreaksTheNext() throws {
        defer { directory.remove() }
        var edited = lines
        let parts = try EvidenceLine.parts(of: lines[2])
        let head = String(decoding: parts.head, as: UTF8.self)
        let other = Array(head.utf8.map { $0 == UInt8(ascii: "8") ? UInt8(ascii: "9") : $0 })
        let previous = try EvidenceLine.parts(of: lines[1]).hash
        edited[2] = other + Array(EvidenceLine.tail(hash: EvidenceLine.hash(of: other, after: previous)).utf8)
        #expect(try read(lines: edited).integrity == .altered(line: 4, .changed))
    }

    @Test func aChainThatDoesNotBeginWithAPlanIsNoRun() throws {
        defer { directory.remove() }
        let head = EvidenceLine.head(number: 0, SmallRun.events[0])
        let hash = EvidenceLine.hash(of: head, after: EvidenceLine.hashBeforeFirst)
        #expect(
            try read(lines: [head + Array(EvidenceLine.tail(hash: hash).utf8)]).integrity
                == .altered(line: 1, .planMissing))
        guard case .altered(1, .unreadable) = try read(Array("# a text file\n".utf8)).integrity else {
            Issue.record("a text file is no evidence")
            return
        }
    }

    @Test func aKnownKindThatThisBuildCannotReadIsKeptAndNamed() throws {
        defer { directory.remove() }
        var hash = EvidenceLine.hashBeforeFirst
        let events: [Event] = [
            Event(at: Instant(nanoseconds: 0), source: "run", .plan([:])),
            Event(at: Instant(nanoseconds: 1), source: "run", .other(kind: "phase", ["step": "new", "edge": "begin"])),
        ]
        let lines = events.enumerated().map { number, event in
            let head = EvidenceLine.head(number: number, event)
            hash = EvidenceLine.hash(of: head, after: hash)
            return head + Array(EvidenceLine.tail(hash: hash).utf8)
        }
        try Files.write(lines.flatMap { $0 + [0x0A] }, to: path)
        var reader = try JournalReader(path: path)
        var read: [Event] = []
        while let entry = try reader.next() { read.append(entry.event) }
        #expect(read == events)
        #expect(reader.integrity == .unsealed)
        #expect(reader.misread.map(\.number) == [1])
        #expect(reader.misread.first?.reason.contains("step") == true)
    }

    @Test func eachSentenceIsItsOwn() {
        let sentences = [
            Integrity.intact, .unsealed, .torn(line: 3), .altered(line: 3, .changed),
            .altered(line: 3, .removed(from: 2, to: 2)), .altered(line: 3, .removed(from: 2, to: 4)),
            .altered(line: 3, .reordered(expected: 2, found: 4)), .altered(line: 3, .appended),
            .altered(line: 3, .unreadable(reason: "x")), .altered(line: 1, .planMissing),
        ].map(\.description)
        #expect(Set(sentences).count == sentences.count)
        #expect(sentences[4] == "altered: line 3 follows a gap: event 2 was removed")
    }
}
