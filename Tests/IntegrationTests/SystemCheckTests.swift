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

        /// The newest values of the time-series database by a query too, of the real one; and a query that is none.
        @Test func aQueryOfTheTimeSeriesDatabaseIsAView() throws {
            let directory = try TemporaryDirectory(prefix: "knxrig-test-")
            defer { directory.remove() }
            let own = RigProgram.root + "/rigs/systems/reference-controller.yaml"
            let text = String(decoding: try Files.read(own), as: UTF8.self)
            func check(_ name: String, query: String) throws -> RigProgram.Started {
                let view = """
                      - id: query
                        kind: promql
                        port: "${service.victoria-metrics}"
                        query: \(query)
                        group: {label: group}
                        every: 1 s
                    """
                let profile = "\(directory.path)/\(name).yaml"
                let extended = text.replacingOccurrences(of: "\nviews:\n", with: "\nviews:\n\(view)\n")
                try Files.write(Array(extended.utf8), to: profile)
                return try RigProgram.start(
                    ["system", "check", profile, "--out", "\(directory.path)/\(name)", "--progress", "none"],
                    in: directory.path)
            }
            let (good, bad) = (
                try check("good", query: "last_over_time(knx_value[1h])"),
                try check("bad", query: "last_over_time(knx_value[")
            )
            let right = try good.finish()
            #expect(right.status == 0, "\(right.output)\(right.error)")
            #expect(right.output.contains("34 points in query, mqtt"), "\(right.output)")
            let wrong = try bad.finish()
            #expect(wrong.status == 1, "\(wrong.output)\(wrong.error)")
            #expect(wrong.output.contains("view query") && wrong.output.contains("status 422"), "\(wrong.output)")
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

        /// The profile of Gray Logic Core on a stand-in written from the same description of its interface: they fit each other. Of Core itself it says
        /// nothing.
        @Test func theProfileOfGrayLogicCoreFitsItsDescription() throws {
            let directory = try TemporaryDirectory(prefix: "knxrig-test-")
            defer { directory.remove() }
            let standIn = RigProgram.root + "/Tests/IntegrationTests/StandIns/graylogic-stand-in.py"
            let text = String(
                decoding: try Files.read(RigProgram.root + "/rigs/systems/graylogic-core.yaml"), as: UTF8.self
            )
            .replacingOccurrences(of: "binary: /opt/graylogic/graylogic", with: "binary: \(standIn)")
            func check(_ name: String, _ text: String) throws -> RigProgram.Started {
                let profile = "\(directory.path)/\(name).yaml"
                try Files.write(Array(text.utf8), to: profile)
                return try RigProgram.start(
                    ["system", "check", profile, "--out", "\(directory.path)/\(name)", "--progress", "none"],
                    in: directory.path)
            }
            let whole = try check("whole", text)
            let refused = try check("refused", text.replacingOccurrences(of: "\"owner\"", with: "\"nobody\""))
            let seen = try whole.finish()
            #expect(seen.status == 0, "\(seen.output)\(seen.error)")
            #expect(seen.output.contains("34 points in mqtt, websocket, http, database, timeseries"), "\(seen.output)")
            let unseen = try refused.finish()
            #expect(unseen.status == 3, "\(unseen.output)\(unseen.error)")
            #expect(unseen.output.contains("the login was answered with status 401"), "\(unseen.output)")
        }
    }
}
