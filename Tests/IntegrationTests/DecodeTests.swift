import Foundation
import Platform
import Testing

/// The recorded decodings once more, as somebody meets them who has only the program: hexadecimal in, JSON out.
@Suite struct DecodeTests {
    /// One recorded frame or value; what it says is compared as JSON, key by key.
    struct Recording {
        let id: String
        let octets: String
        let members: [String: Any]

        /// All of a file of `Tests/KNXTests/Vectors`.
        static func read(_ name: String) throws -> [Recording] {
            let file = URL(filePath: RigProgram.root + "/Tests/KNXTests/Vectors/\(name).json")
            let document = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any]
            let vectors = try #require(document?["vectors"] as? [[String: Any]])
            return try vectors.map { members in
                Recording(
                    id: try #require(members["id"] as? String), octets: try #require(members["hex"] as? String),
                    members: members)
            }
        }

        var type: String { members["dpt"] as? String ?? "" }
        var isSixBit: Bool { members["isSixBit"] as? Bool ?? false }
        var isEncoding: Bool { members["direction"] as? String == "encode" }

        /// Compares the program's object; a rejected frame of which nothing is known has no fields at all.
        func compare(_ object: [String: Any]) {
            #expect(object["hex"] as? String == octets, "\(id)")
            let known = object["fields"] as? [String: Any] ?? [:]
            let expected = members["expect"] as? [String: Any] ?? [:]
            #expect(NSDictionary(dictionary: known) == NSDictionary(dictionary: expected), "\(id)")
            for key in ["error", "error_layer", "severity"] {
                let recorded = (members[key] ?? members["errorLayer"]) as? String
                #expect(object[key] as? String == recorded, "\(id) \(key)")
            }
            let worst = (object["faults"] as? [[String: Any]])?.first
            #expect(worst?["code"] as? String == object["error"] as? String, "\(id)")
            #expect(worst?["offset"] as? Int == object["offset"] as? Int, "\(id)")
        }
    }

    struct Answer {
        var status: Int32
        var output: String
        var error: String

        var lines: [Substring] { output.split(separator: "\n") }
        var objects: [[String: Any]] {
            lines.compactMap { try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] }
        }
    }

    /// Runs `knxrig decode` with these lines on its standard input.
    static func decode(_ arguments: [String], input: String = "") throws -> Answer {
        let directory = try TemporaryDirectory(prefix: "knxrig-test-")
        defer { directory.remove() }
        let file = directory.path + "/input.txt"
        try Data(input.utf8).write(to: URL(filePath: file))
        let script = #"exec "$0" decode "$@" < "$INPUT""#
        let result = try RigProgram.start(
            ["-c", script, RigProgram.path] + arguments, in: directory.path,
            environment: ["INPUT": file], program: "/bin/sh"
        ).finish(within: 60)
        return Answer(status: result.status, output: result.output, error: result.error)
    }

    @Test(arguments: [("cemi", 192), ("tp1", 51), ("knxnetip", 62)])
    func recordedFrames(kind: String, count: Int) throws {
        let recordings = try Recording.read(kind)
        #expect(recordings.count == count)
        // An empty line is no frame; no octet at all is an operand.
        let answer = try Self.decode(
            ["--kind", kind, "--json"], input: recordings.map { $0.octets + "\n" }.joined())
        #expect(answer.status == 0 && answer.error.isEmpty)
        var objects = answer.objects[...]
        #expect(objects.count == answer.lines.count)
        for recording in recordings {
            if recording.octets.isEmpty {
                let alone = try Self.decode(["--kind", kind, "--json", ""])
                recording.compare(try #require(alone.objects.first))
            } else {
                let next = objects.popFirst()
                let object = try #require(next)
                #expect(object["kind"] as? String == kind)
                recording.compare(object)
            }
        }
        #expect(objects.isEmpty)
    }

    @Test func recordedValues() throws {
        let recordings = try Recording.read("dpt")
        #expect(recordings.count == 181)
        let runs = Dictionary(grouping: recordings.filter { !$0.isEncoding }) { "\($0.type) \($0.isSixBit)" }
        for group in runs.values {
            let answer = try Self.decode(
                ["--dpt", group[0].type, "--json"] + (group[0].isSixBit ? ["--six-bit"] : []),
                input: group.map { $0.octets + "\n" }.joined())
            #expect(answer.status == 0 && answer.objects.count == group.count)
            for (recording, object) in zip(group, answer.objects) { recording.compare(object) }
        }
        for recording in recordings where recording.isEncoding {
            let value = try #require((recording.members["expect"] as? [String: Any])?["value"] as? NSNumber)
            let result = try RigProgram.run(["encode", "--dpt", recording.type, value.description])
            #expect(result.output == recording.octets + "\n", "\(recording.id)")
        }
    }

    /// All kinds recognised in one stream, with comments and separators, as text.
    @Test func monitorLines() throws {
        let report = "01131300 08000b01030000 2900bce011050901010081".filter { $0 != " " }
        let answer = try Self.decode(
            [],
            input: """
                # a comment, and an empty line

                29:00:bc:e0:11:05:09:01:03:00:80:0c:1a
                0xBC 0x11 0x05 0x09 0x01 0xE1 0x00 0x81 0x3F
                06100530001129 00bce011050901010081 # at the end
                \(report)\(String(repeating: "0", count: 128 - report.count))
                2900bce0110509010200 0001
                cc
                """)
        #expect(answer.status == 0 && answer.error.isEmpty)
        #expect(
            answer.output == """
                cemi      1.1.5 → 1/1/1  low  hop 6  GroupValueWrite  0C 1A
                tp1       1.1.5 → 1/1/1  low  hop 6  GroupValueWrite  =1
                knxnetip  ROUTING_INDICATION  1.1.5 → 1/1/1  low  hop 6  GroupValueWrite  =1
                usb       report #1 whole  cEMI  1.1.5 → 1/1/1  low  hop 6  GroupValueWrite  =1
                cemi      1.1.5 → 1/1/1  low  hop 6  GroupValueRead  01  \
                ! apdu-length at octet 11: the service needs another number of octets than it carries
                tp1       ACK

                """)
    }

    @Test func aTransceiversOctets() throws {
        let answer = try Self.decode(["--kind", "tpuart", "--groups", "two-level", "03bc11050901e100813fcc8b"])
        #expect(
            answer.output == "Reset.ind | 1.1.5 → 1/257  low  hop 6  GroupValueWrite  =1 | ACK | L_Data.con positive\n")
    }

    /// What is no hexadecimal is named with its place, once, and the rest is read.
    @Test func badHexadecimal() throws {
        let answer = try Self.decode(["--kind", "tp1"], input: "cc\n0c 1g\n\n0cc\nc0")
        #expect(answer.status == 2)
        #expect(answer.output == "ACK\nBUSY\n")
        #expect(
            answer.error == """
                knxrig: standard input, line 2, column 5: 'g' is no hexadecimal digit
                knxrig: standard input, line 4, column 3: this digit has no second one; an octet takes two

                """)
        let operands = try Self.decode(["--kind", "tp1", "cc", "c", "0c"])
        #expect(operands.status == 2 && operands.output == "ACK\nNAK\n")
        #expect(operands.error.hasPrefix("knxrig: argument 2, line 1, column 1: "))
    }

    @Test(arguments: [
        (["--kind", "cem"], "did you mean 'cemi'?"), (["--groups", "thre-level"], "did you mean 'three-level'?"),
        (["--six-bit", "01"], "'--six-bit' goes with '--dpt'"),
        (["--dpt", "9.001", "--kind", "cemi", "0c1a"], "'--kind' is about frames"),
        (["--file", "/nonexistent"], "/nonexistent"), (["--dpt", "nine", "00"], "there is no datapoint type"),
    ])
    func wrongUse(words: [String], message: String) throws {
        let answer = try Self.decode(words)
        #expect(answer.status == 2 && answer.output.isEmpty)
        #expect(answer.error.contains(message), "\(answer.error)")
        #expect(answer.error.split(separator: "\n").count == 1)
    }
}
