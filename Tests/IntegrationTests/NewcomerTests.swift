import Foundation
import Platform
import Testing

/// What somebody meets who has never seen the program: help, misspelt names, wrong files. Each is one clear line and exit status 2, and
/// nothing is touched.
@Suite struct NewcomerTests {
    @Test func helpIsThereForEveryCommand() throws {
        let overview = try RigProgram.run(["--help"])
        #expect(overview.status == 0)
        for command in ["test", "scenarios", "verify", "relay list", "twin"] {
            #expect(overview.output.contains(command), "\(command) is not listed")
            let help = try RigProgram.run(command.split(separator: " ").map(String.init) + ["--help"])
            #expect(help.status == 0)
            #expect(help.output.contains("Usage: knxrig \(command)"))
            #expect(help.output.contains("Examples:"))
        }
        for words in [["relay", "--help"], ["help", "relay"]] {
            let group = try RigProgram.run(words)
            #expect(group.status == 0 && group.output.contains("  relay cycle ") && !group.output.contains("  rig "))
        }
        let bare = try RigProgram.run(["relay"])
        #expect(bare.status == 2 && bare.error.contains("  relay cycle ") && bare.output.isEmpty)
        #expect(try RigProgram.run([]).status == 2)
        #expect(try RigProgram.run(["--version"]).output.hasPrefix("knxrig "))
    }

    @Test(arguments: [
        (["tset", "HW-1"], "did you mean 'test'?"), (["test"], "name a scenario"),
        (["test", "HW1"], "did you mean 'HW-1'?"), (["test", "HW-1/cut-2s"], "did you mean 'cut-20s'?"),
        (["test", "HW-1", "--rigg", "twin"], "did you mean '--rig'?"),
        (["test", "HW-1", "--repeat", "no"], "whole number"),
        (["test", "HW-1", "--rig", "twn"], "did you mean 'twin'?"),
        (["test", "HW-1", "--system", "nothing.yaml"], "no such file"),
        (["test", "HW-1", "--without", "knxd.restrat"], "did you mean 'knxd.restart'?"), (["verify"], "name a run"),
        (["verify", "/nonexistent"], "is no run"), (["relay", "list", "now"], "'now' is not expected here"),
        (["report", "--level", "relaese"], "did you mean 'release'?"), (["report", "/nonexistent"], "is no directory"),
        (["report", "/tmp", "--not-applicable", "IF-9=x"], "there is no such scenario"),
        (["report", "/tmp", "--fail-under", "ten"], "a score from 0 to 10"),
        (["test", "HW-1", "--repeat"], "needs a value"), (["relay", "list", "--usbip", "here"], "HOST:PORT"),
        (["twin", "--knxnetip-routing", "224.0.23.12"], "about the interface of --knxnetip-port"),
        (
            ["twin", "--knxnetip-port", "0", "--knxnetip-routing", "192.168.1.5"],
            "should be a multicast address such as"
        ),
        (
            ["twin", "--knxnetip-port", "0", "--knxnetip-host", "localhost"],
            "should be an IPv4 address of this computer"
        ),
    ])
    func aSlipOfTheHandIsOneLineAndExitStatusTwo(words: [String], message: String) throws {
        let result = try RigProgram.run(words)
        #expect(result.status == 2)
        #expect(result.error.contains(message), "\(result.error)")
        #expect(result.error.split(separator: "\n").count == 1, "\(result.error)")
        #expect(result.output.isEmpty)
    }

    @Test func aTypoInARigFileIsNamedWithItsPlaceAndNothingIsStarted() throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-test-")
        defer { directory.remove() }
        let text = String(decoding: try Files.read(RigProgram.root + "/rigs/twin.yaml"), as: UTF8.self)
        let file = directory.path + "/typo.yaml"
        try Files.write(Array(text.replacingOccurrences(of: "supply:", with: "suply:").utf8), to: file)
        let result = try RigProgram.run(["test", "HW-1", "--rig", file, "--out", directory.path + "/runs"])
        #expect(result.status == 2)
        #expect(result.error.contains("typo.yaml:"), "\(result.error)")
        #expect(result.error.contains("a line has no key 'suply': did you mean 'supply'?"), "\(result.error)")
        #expect(result.error.split(separator: "\n").count == 1)
        #expect(!Files.exists(directory.path + "/runs"))
    }

    @Test func aDryRunSaysWhatWouldBeCutAndTouchesNothing() throws {
        let result = try RigProgram.run(["test", "HW-1/all", "IF-1", "--repeat", "10", "--dry-run"])
        #expect(result.status == 0)
        for part in ["bus-power", "20 s", "10 times", "20 of the contact", "service 'broker'", "at least"] {
            #expect(result.output.contains(part), "'\(part)' is missing in\n\(result.output)")
        }
    }

    @Test func relayListSaysProperlyThatThereIsNoBoard() throws {
        let result = try RigProgram.run(["relay", "list"])
        #expect(result.status == 0)
        #expect(result.output.contains("no relay board found") || result.output.contains("dcttech"))
    }
}
