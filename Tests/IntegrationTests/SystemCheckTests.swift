import Foundation
import Platform
import Testing

extension RigRuns {
    /// `knxrig system check`: a profile that is right, and one with two mistakes, for real.
    @Suite struct SystemCheckTests {
        @Test func whatAProfileGetsWrongIsSaid() throws {
            let directory = try TemporaryDirectory(prefix: "knxrig-test-")
            defer { directory.remove() }
            let own = RigProgram.root + "/rigs/systems/reference-controller.yaml"
            let text = String(decoding: try Files.read(own), as: UTF8.self)
                .replacingOccurrences(of: "topic: \"reference/state/+/+/+\"", with: "topic: \"reference/stat/+/+/+\"")
                .replacingOccurrences(of: "path: /health", with: "path: /helth")
            let broken = directory.path + "/broken.yaml"
            try Files.write(Array(text.utf8), to: broken)
            func check(_ profile: String, _ name: String) throws -> RigProgram.Started {
                try RigProgram.start(
                    ["system", "check", profile, "--out", "\(directory.path)/\(name)", "--progress", "none"],
                    in: directory.path)
            }
            let (good, bad) = (try check("reference-controller", "good"), try check(broken, "bad"))
            let right = try good.finish()
            let wrong = try bad.finish()
            #expect(right.status == 0, "\(right.output)\(right.error)")
            #expect(right.output.contains("everything that the profile names was seen"))
            #expect(wrong.status == 1, "\(wrong.output)\(wrong.error)")
            #expect(wrong.output.contains("view mqtt: 34 of 34 points never showed"), "\(wrong.output)")
            #expect(wrong.output.contains("health: it never said healthy"), "\(wrong.output)")
        }

        /// xknx through the tunnel of a real knxd; `rigs/systems/xknx/install` brings it.
        @Test(
            .enabled(
                if: Files.exists(RigProgram.root + "/rigs/systems/xknx/environment/bin/python"),
                "needs rigs/systems/xknx/install"))
        func everythingOfXknxIsSeen() throws {
            let directory = try TemporaryDirectory(prefix: "knxrig-test-")
            defer { directory.remove() }
            let check = try RigProgram.start(
                [
                    "system", "check", RigProgram.root + "/rigs/systems/xknx.yaml", "--out", directory.path + "/out",
                    "--progress", "none",
                ], in: directory.path)
            let finished = try check.finish()
            #expect(finished.status == 0, "\(finished.output)\(finished.error)")
            #expect(finished.output.contains("34 points in callbacks, http"), "\(finished.output)")
        }
    }
}
