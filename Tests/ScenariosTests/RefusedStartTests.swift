import Platform
import Systems
import Testing

@testable import Scenarios

/// What a start with a damaged configuration must not have done, and what it must have said.
@Suite struct RefusedStartTests {
    private static let place = ConfigurationPlace(
        of: .wrongType, in: "a: 1\nport: 8080\n", damaged: Array("a: 1\nport: \"a number\"\n".utf8))
    private static let good = "c.yaml: port: expected a number"

    static let refusals: [(refusal: RefusedStart, complaint: String?)] = [
        (RefusedStart(lines: [good], file: "c.yaml", place: place, listened: [], written: []), nil),
        (RefusedStart(lines: ["c.yaml: is empty"], file: "c.yaml", place: nil, listened: [], written: []), nil),
        (
            RefusedStart(lines: ["bad"], file: "c.yaml", place: place, listened: [], written: []),
            "was refused without a line that names c.yaml"
        ),
        (
            RefusedStart(lines: ["c.yaml: is wrong"], file: "c.yaml", place: place, listened: [], written: []),
            "was refused without the place: it is wrong in line 2, after 'port', and the line says 'c.yaml: is wrong'"
        ),
        (
            RefusedStart(
                lines: [good, "bye"], file: "c.yaml", place: place, listened: [80, 81], written: ["x was made"]),
            "was refused with 2 lines where one would do; after it had listened on port 80, 81; and something was written all the same: x was made"
        ),
    ]

    @Test(arguments: refusals.indices)
    func whatWasNotRightIsSaid(index: Int) {
        #expect(Self.refusals[index].refusal.complaint == Self.refusals[index].complaint)
    }

    @Test func whatIsMadeGrownReplacedAndRemovedIsSeen() throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-test-")
        defer { directory.remove() }
        let root = directory.path
        let own = root + "/own"
        for name in ["grown", "replaced", "removed", "kept"] { try Files.write(Array("1".utf8), to: root + "/" + name) }
        try Files.makeDirectories(root + "/below")
        try Files.write([1], to: root + "/below/deep")
        let before = DirectoryState(of: root, besides: own)
        #expect(DirectoryState(of: root, besides: own).changes(since: before).isEmpty)
        try Files.write(Array("12".utf8), to: root + "/grown", atomically: false)
        // As long as it was, and not the same file.
        try Files.write(Array("2".utf8), to: root + "/replaced")
        Files.removeTree(root + "/removed")
        try Files.write([2, 3], to: root + "/below/deep", atomically: false)
        try Files.write([], to: root + "/below/new")
        try Files.write([4], to: own)
        #expect(
            DirectoryState(of: root, besides: own).changes(since: before) == [
                "below/deep was changed", "below/new was made", "grown was changed", "removed was removed",
                "replaced was changed",
            ])
    }
}
