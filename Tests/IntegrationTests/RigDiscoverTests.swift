import Events
import Platform
import Testing

/// `knxrig rig discover` as a person starts it.
@Suite(.serialized) struct RigDiscoverTests {
    @Test func aLineIsAskedOnlyWhenItIsNamedAndThenSaysWhatIsOnIt() throws {
        let bench = try KeeperBench()
        let line = bench.directory.path + "/twin/main-witness"
        let alive = try RigProgram.run(["rig", "discover", "--open", line])
        #expect(
            alive.status == 0 && alive.output.contains("\(line): a transceiver with the TP-UART protocol answers"),
            "\(alive)")
        try bench.hands(["wire": ["board": "relays", "channel": 5, "feeds": "main", "contact": "NO"]])
        // A supply holds its line up for a moment.
        MonotonicClock.sleep(for: .milliseconds(500))
        let dead = try RigProgram.run(["rig", "discover", "--open", line, "--json"])
        let value = try JSON.parse(dead.output)
        #expect(value["asked"]?.list?.first?["answer"]?.text == "silent", "\(dead)")
        #expect(try RigProgram.run(["rig", "discover", "--open", line + "-gone"]).status == 2)
    }

    @Test func aFileThatIsThereIsNeverOverwritten() throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-test-")
        defer { directory.remove() }
        // A machine without anything.
        let machine = directory.path + "/machine"
        try Files.makeDirectories(machine)
        let none = try RigProgram.run(["rig", "discover", "--machine", machine])
        #expect(none.status == 0 && none.output.hasPrefix("nothing found: ") && none.error.isEmpty, "\(none)")
        let file = directory.path + "/bench.yaml"
        let written = try RigProgram.run(["rig", "discover", "--machine", machine, "--write", file])
        #expect(written.status == 0 && written.error.contains("bench.yaml:10:15: to be filled in here: "), "\(written)")
        let text = try Files.read(file)
        let again = try RigProgram.run(["rig", "discover", "--machine", machine, "--write", file])
        #expect(again.status == 2 && again.error.contains("--merge"), "\(again)")
        let merged = try RigProgram.run(["rig", "discover", "--machine", machine, "--merge", file])
        #expect(merged.status == 0 && merged.error.contains("nothing new"), "\(merged)")
        #expect(try Files.read(file) == text)
        // Whoever would run it hears of the first blank.
        let run = try RigProgram.run(["rig", "check", file, "--yes"])
        #expect(run.status == 2 && run.error.contains("bench.yaml:10:15: to be filled in here: "), "\(run)")
    }
}
