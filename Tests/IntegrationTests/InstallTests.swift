import Foundation
import Glibc
import Platform
import Testing

/// `scripts/install` into a directory of its own, and what it installed.
@Suite(.serialized) struct InstallTests {
    /// A system's root directory that is none.
    private final class Root {
        let directory: TemporaryDirectory

        init() throws { directory = try TemporaryDirectory(prefix: "knxrig-install-") }
        deinit { directory.remove() }

        func install(_ arguments: [String] = []) throws -> RigProgram.Output {
            var environment = ProcessInfo.processInfo.environment
            environment["DESTDIR"] = directory.path
            return try RigProgram.start(
                arguments, in: NSTemporaryDirectory(), environment: environment,
                program: RigProgram.root + "/scripts/install"
            ).finish(within: 60)
        }

        /// Every file with its mode, size and instant of change.
        var files: [String] {
            get throws {
                try RigProgram.shell("cd '\(directory.path)' && find . -type f -printf '%p %m %s %T@\\n' | sort").output
                    .split(separator: "\n").map(String.init)
            }
        }

        func write(_ text: String, to path: String) throws {
            let file = directory.path + path
            try Files.makeDirectories(String(file[..<(file.lastIndex(of: "/") ?? file.startIndex)]))
            try Files.write(Array(text.utf8), to: file)
        }
    }

    @Test func `What is installed runs from anywhere and finds its data`() throws {
        let root = try Root()
        let installed = try root.install()
        #expect(installed.status == 0 && installed.error.isEmpty, "\(installed)")
        let program = root.directory.path + "/usr/local/bin/knxrig"
        func run(_ words: String) throws -> RigProgram.Output {
            try RigProgram.shell("cd / && env -u KNXRIG_DATA '\(program)' \(words)")
        }
        let scenarios = try run("scenarios")
        #expect(scenarios.status == 0 && scenarios.output.contains("HW-1"), "\(scenarios)")
        let boards = try run("relay boards")
        #expect(boards.status == 0 && !boards.output.contains("(no firmware note)"), "\(boards)")
        let plan = try run("test HW-1 --dry-run")
        #expect(plan.status == 0 && plan.output.contains("bus-power"), "\(plan)")
        // No toolchain has to be there: none of Swift's own libraries is looked for.
        let libraries = try RigProgram.shell("ldd '\(program)'")
        #expect(libraries.status == 0 && !libraries.output.contains("libswift"), "\(libraries.output)")
    }

    @Test func `A second time changes nothing, and taking it away leaves what is the user's own`() throws {
        let root = try Root()
        _ = try root.install()
        let before = try root.files
        #expect(before.count > 60)
        let again = try root.install()
        #expect(again.status == 0 && again.output == "install: all of it is there already\n", "\(again)")
        #expect(try root.files == before)

        let own = [
            "/etc/knxrig/cellar.yaml", "/var/lib/knxrig/cellar.jsonl", "/usr/local/share/knxrig/rigs/mine.yaml",
            "/usr/local/bin/other",
        ]
        for file in own { try root.write("mine\n", to: file) }
        let gone = try root.install(["--uninstall"])
        #expect(gone.status == 0, "\(gone)")
        let left = try root.files.compactMap { $0.split(separator: " ").first.map { String($0.dropFirst()) } }
        #expect(left == own.sorted())
        let nothing = try root.install(["--uninstall"])
        #expect(nothing.status == 0 && nothing.output == "install: there was nothing to take away\n", "\(nothing)")
    }

    @Test func `What an earlier version brought is taken away, and what was changed is put right`() throws {
        let root = try Root()
        _ = try root.install()
        let list = root.directory.path + "/usr/local/share/knxrig/installed"
        let old = "/usr/local/share/knxrig/rigs/scenarios/zz-old.yaml"
        try root.write("old\n", to: old)
        try Files.write(try Files.read(list) + Array((old + "\n").utf8), to: list)
        try root.write("torn", to: "/etc/udev/rules.d/99-knxrig.rules")
        let again = try root.install()
        #expect(again.status == 0 && again.output.contains("zz-old.yaml is gone"), "\(again)")
        #expect(again.output.contains("99-knxrig.rules"))
        let rules = try Files.read(root.directory.path + "/etc/udev/rules.d/99-knxrig.rules")
        #expect(rules == (try Files.read(RigProgram.root + "/scripts/99-knxrig.rules")))
        #expect(try root.install().output == "install: all of it is there already\n")
    }

    @Test(arguments: [
        (["--prefx", "/usr"], "there is no option --prefx"), (["--prefix"], "--prefix needs a directory"),
        (["--prefix", "usr"], "should be an absolute path"),
    ]) func `A wrong call changes nothing`(_ arguments: [String], _ told: String) throws {
        let root = try Root()
        let refused = try root.install(arguments)
        #expect(refused.status == 2 && refused.error.contains(told), "\(refused)")
        #expect(refused.error.split(separator: "\n").count == 1)
        #expect(try root.files.isEmpty)
    }

    @Test(
        .enabled(
            if: Program.find("systemd-analyze") != nil && Files.exists("/lib/systemd/system/sysinit.target"),
            "systemd-analyze is missing: the package systemd brings it")
    ) func `systemd takes the unit, and finds little that it leaves open`() throws {
        let root = try Root()
        _ = try root.install()
        // Its program is where the unit says only once this root is the system's.
        let unit = String(
            decoding: try Files.read(root.directory.path + "/etc/systemd/system/knxrig-keeper@.service"), as: UTF8.self)
        #expect(!unit.contains("@PREFIX@"))
        let moved = unit.replacing("/usr/local/", with: root.directory.path + "/usr/local/")
        try root.write(moved, to: "/verify/knxrig-keeper@.service")
        let path = root.directory.path + "/verify/knxrig-keeper@bench.service"
        let verified = try RigProgram.shell("systemd-analyze verify '\(path)' 2>&1")
        #expect(verified.status == 0 && verified.output.isEmpty, "\(verified)")
        let exposure = try RigProgram.shell("systemd-analyze security --offline=true --threshold=30 '\(path)' 2>&1")
        #expect(exposure.status == 0, "\(exposure.output.suffix(200))")
    }
}
