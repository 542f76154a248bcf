import Events
import Platform
import Testing

@testable import Evidence

@Suite struct CaptureWriterTests {
    private static func event(_ number: Int) -> Event {
        Event(
            at: MonotonicClock.now(), source: "witness",
            .frame(
                Event.Frame(
                    line: "main", octets: [0xBC, 0x11, 0x0A, 0x08, UInt8(number & 0xFF), 0xE1, 0, 0x81, 0],
                    acknowledge: 0xCC, began: MonotonicClock.now(), flaw: "checksum")))
    }

    /// Types of the blocks of a file; nil when one is cut.
    static func blocks(_ path: String) throws -> [UInt32]? {
        var rest = try Files.read(path)[...]
        var types: [UInt32] = []
        func number(_ octets: ArraySlice<UInt8>) -> UInt32 { octets.reversed().reduce(0) { $0 << 8 | UInt32($1) } }
        while !rest.isEmpty {
            guard rest.count >= 12 else { return nil }
            let length = Int(number(rest.dropFirst(4).prefix(4)))
            guard length >= 12, length <= rest.count, number(rest.prefix(length).suffix(4)) == UInt32(length) else {
                return nil
            }
            types.append(number(rest.prefix(4)))
            rest = rest.dropFirst(length)
        }
        return types
    }

    /// Whole after the beginning and after each frame, without being closed.
    @Test func theFileCanBeOpenedAtAnyMoment() throws {
        let directory = try TemporaryDirectory(prefix: "capture-")
        defer { directory.remove() }
        let path = directory.path + "/line.pcapng"
        var writer = try CaptureWriter(path: path, interfaces: ["main (witness)"])
        #expect(try Self.blocks(path) == [0x0A0D_0D0A, 1])
        for count in 1...5 {
            try writer.write([
                Self.event(count), Event(at: MonotonicClock.now(), source: "run", .phase(Event.Phase(.inject, .begin))),
            ])
            #expect(try Self.blocks(path) == [0x0A0D_0D0A, 1] + Array(repeating: 6, count: count))
        }
        try writer.finish()
        #expect(writer.frames == 5 && writer.files == 1)
        #expect(Files.entries(of: directory.path) == ["line.pcapng"])
    }

    /// A number so great is nobody's: going on from it would overflow.
    @Test func aFileOfTheGreatestNumberIsNoneOfTheRecording() throws {
        let directory = try TemporaryDirectory(prefix: "capture-")
        defer { directory.remove() }
        let foreign = "line_9223372036854775807_20261127T164500Z.pcapng"
        try Files.write([], to: directory.path + "/" + foreign)
        var writer = try CaptureWriter(
            path: directory.path + "/line.pcapng", interfaces: [], rotation: CaptureRotation(octets: 1_000, kept: 1))
        try writer.finish()
        let names = Files.entries(of: directory.path)
        #expect(
            names.count == 2 && names.contains(foreign) && names.contains { $0.hasPrefix("line_00001_") }, "\(names)")
    }

    @Test func whatIsThereIsNotReplacedUnasked() throws {
        let directory = try TemporaryDirectory(prefix: "capture-")
        defer { directory.remove() }
        let path = directory.path + "/line.pcapng"
        try Files.write(Array("days of recording".utf8), to: path)
        let failure = #expect(throws: SystemFailure.self) { _ = try CaptureWriter(path: path, interfaces: []) }
        #expect(failure?.isAlreadyThere == true)
        #expect(try Files.read(path) == Array("days of recording".utf8))
        _ = try CaptureWriter(path: path, interfaces: [], overwrites: true)
        #expect(try Self.blocks(path) == [0x0A0D_0D0A])
        #expect(throws: SystemFailure.self) { _ = try CaptureWriter(path: "/nonexistent/x.pcapng", interfaces: []) }
    }

    /// A new file as soon as one is full, each whole by itself, and never more than were to be kept, those of the recording before included.
    @Test func rotation() throws {
        let directory = try TemporaryDirectory(prefix: "capture-")
        defer { directory.remove() }
        for name in [
            "line.pcapng", "line_00007_20261127T164500Z.pcapng", "line_x.pcapng", "other_00001_20261127T164500Z.pcapng",
        ] {
            try Files.write([], to: directory.path + "/" + name)
        }
        var writer = try CaptureWriter(
            path: directory.path + "/line.pcapng", interfaces: ["main (witness)"],
            rotation: CaptureRotation(octets: 300, kept: 3))
        #expect(writer.path.contains("/line_00008_20"))
        for count in 1...20 { try writer.write([Self.event(count)]) }
        try writer.finish()
        #expect(writer.frames == 20 && writer.files > 4)
        let all = Files.entries(of: directory.path)
        #expect(
            all.filter { !$0.hasPrefix("line_0") }.sorted() == [
                "line.pcapng", "line_x.pcapng", "other_00001_20261127T164500Z.pcapng",
            ])
        let kept = CaptureRotation.files(of: "line.pcapng", among: all)
        #expect(kept.count == 3 && kept.last?.number == 7 + writer.files)
        for file in kept {
            let blocks = try #require(try Self.blocks(directory.path + "/" + file.name))
            #expect(blocks.starts(with: [0x0A0D_0D0A, 1]))
        }
    }

    @Test(arguments: [
        (CaptureRotation(octets: 100), 99, 1, false), (CaptureRotation(octets: 100), 100, 1, true),
        (CaptureRotation(span: .seconds(60)), 1 << 40, 59, false), (CaptureRotation(span: .seconds(60)), 0, 60, true),
        (CaptureRotation(octets: 100, span: .seconds(60)), 1, 61, true), (CaptureRotation(), 1 << 40, 1 << 30, false),
    ])
    func whenANewFileIsDue(rotation: CaptureRotation, octets: Int, seconds: Int64, isDue: Bool) {
        let begun = Instant(nanoseconds: 5)
        #expect(rotation.isDue(octets: octets, since: begun, at: begun + .seconds(seconds)) == isDue)
    }
}
