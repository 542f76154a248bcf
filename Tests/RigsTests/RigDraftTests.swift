import Documents
import Foundation
import Platform
import Testing

@testable import Rigs

@Suite struct RigDraftTests {
    private static func found() throws -> Discovery {
        try MadeUpMachine([.dcttech("1-2", count: 2), .busware(), .ftdi()]).discovery
    }

    /// Every blank with what a person could write there.
    private static func filled(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line -> String in
            guard let blank = line.range(of: Blank.mark), !line.contains("# ") else { return String(line) }
            let wanted = line[blank.lowerBound...]
            let value =
                wanted.contains("addresses and ranges")
                ? "1.1.10, 1.1.200-1.1.215]"
                : wanted.contains("group")
                    ? "1/0/0-1/7/255"
                    : wanted.contains("1.1.200") ? "1.1.200" : wanted.contains("1.1.10") ? "1.1.10" : "/dev/ttyACM0"
            return String(line[..<blank.lowerBound]) + value
        }.joined(separator: "\n")
    }

    @Test func aNewFileNamesEachBlankAndIsFitOnceTheyAreFilled() throws {
        let draft = RigDraft(new: try Self.found(), name: "my-bench")
        let complaints = RigDraft.complaints(about: draft.text, file: "my-bench.yaml")
        #expect(complaints.count == 7, "\(complaints)")
        #expect(complaints.allSatisfy { $0.hasPrefix("my-bench.yaml:") && $0.contains("to be filled in here: ") })
        // What reads rig files says the first of them.
        #expect(throws: DocumentFailure.self) { try Rig(text: draft.text, file: "my-bench.yaml") }
        let rig = try Rig(text: Self.filled(draft.text), file: "my-bench.yaml")
        #expect(rig.boards.map(\.portPath) == ["1-2"])
        #expect(rig.boards[0].channels.map(\.feeds) == ["nothing", "nothing"])
        #expect(
            draft.text.contains("# found: /dev/ttyACM0, busware.de TPUART (03eb:204b), a KNX transceiver"),
            "\(draft.text)")
    }

    @Test func nothingFoundIsAFileToo() throws {
        let draft = RigDraft(new: try MadeUpMachine().discovery, name: "bare")
        #expect(try Rig(text: Self.filled(draft.text), file: "bare.yaml").boards.isEmpty)
    }

    @Test func whatAPersonWroteStays() throws {
        let old = try RigTests.text("bench-example")
        let draft = try RigDraft(merging: try Self.found(), into: old, file: "bench.yaml")
        #expect(draft.added.contains { $0.contains("busware") })
        // Every line of the old file stands in the new one, in its order.
        var rest = draft.text.split(separator: "\n", omittingEmptySubsequences: false)[...]
        for line in old.split(separator: "\n") {
            let place = try #require(rest.firstIndex(of: line), "lost: \(line)")
            rest = rest[(place + 1)...]
        }
        // The board of the example is bound by a serial that only the board tells, so the one that was found may be it.
        #expect(try Rig(text: draft.text, file: "bench.yaml").boards.count == 1)
    }

    @Test func aNewBoardGetsAnEntryBehindTheOthers() throws {
        let old = try RigTests.text("bench-example").replacing(
            "match: {serial: PSUIS}", with: "match: {port_path: 1-9}")
        let draft = try RigDraft(merging: try Self.found(), into: old, file: "bench.yaml")
        let rig = try Rig(text: draft.text, file: "bench.yaml")
        #expect(rig.boards.map(\.id) == ["relays", "relays-2"])
        #expect(rig.boards.map(\.portPath) == ["1-9", "1-2"])
        #expect(rig.cyclesPerHour == 360)
        // A second look finds nothing new.
        let again = try RigDraft(merging: try Self.found(), into: draft.text, file: "bench.yaml")
        #expect(again.added.isEmpty && again.text == draft.text, "\(again.added)")
    }

    @Test func aFileWithoutBoardsGetsThem() throws {
        let rigOnly = try RigTests.text("bench-example")
        let start = try #require(rigOnly.range(of: "\nboards:"))
        let old = String(rigOnly[..<start.lowerBound]).replacing("    supply:\n      channel: bus-power\n", with: "")
        let draft = try RigDraft(merging: try Self.found(), into: old, file: "bench.yaml")
        #expect(try Rig(text: draft.text, file: "bench.yaml").boards.map(\.id) == ["relays"])
    }

    /// Line ends of another system, in the whole file or in a part of it.
    @Test(arguments: [1, 2, 3]) func lineEndsStayAsTheyAre(every: Int) throws {
        let plain = try RigTests.text("bench-example").replacing(
            "match: {serial: PSUIS}", with: "match: {port_path: 1-9}")
        let lines = plain.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        let old = lines.enumerated().map { $0.element + ($0.offset % every == 0 ? "\r\n" : "\n") }.joined()
        let draft = try RigDraft(merging: try Self.found(), into: old, file: "bench.yaml")
        #expect(try Rig(text: draft.text, file: "bench.yaml").boards.map(\.id) == ["relays", "relays-2"])
        let expected = try RigDraft(merging: try Self.found(), into: plain, file: "bench.yaml")
        #expect(draft.text.replacing("\r\n", with: "\n") == expected.text)
        let ends = old.count { $0 == "\r\n" }
        let added = expected.text.count { $0 == "\n" } - plain.count { $0 == "\n" }
        #expect(draft.text.count { $0 == "\r\n" } == ends + added)
    }

    @Test func aListOnOneLineIsLeftAlone() throws {
        let old = "version: 1\nname: x\nkind: bench\nboards: []\n"
        let draft = try RigDraft(merging: try Self.found(), into: old, file: "x.yaml")
        #expect(draft.text.hasPrefix(old))
        #expect(draft.text.contains("# To be moved into 'boards':\n# - id: relays"))
        let again = try RigDraft(merging: try Self.found(), into: draft.text, file: "x.yaml")
        #expect(again.added.isEmpty, "\(again.added)")
    }

    @Test func aBrokenFileIsNotTouched() throws {
        #expect(throws: DocumentFailure.self) {
            try RigDraft(merging: try Self.found(), into: "boards: {", file: "x.yaml")
        }
        #expect(throws: DocumentFailure.self) {
            try RigDraft(merging: try Self.found(), into: "colour: red\n", file: "x.yaml")
        }
    }

    @Test func whatADeviceCallsItselfIsNoYAML() throws {
        var board = MadeUpMachine.Device.yepkit("1-2", serial: "x'y: {")
        board.name = "YKUSH\u{7}: [\n"
        let draft = RigDraft(new: try MadeUpMachine([board]).discovery, name: "odd")
        let rig = try Rig(text: Self.filled(draft.text), file: "odd.yaml")
        #expect(rig.boards[0].serial == "x'y: {")
    }
}
