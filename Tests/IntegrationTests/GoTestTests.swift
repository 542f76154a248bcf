import Events
import Foundation
import Glibc
import Platform
import Testing

/// `knxrig test … --go DIR`, with Go itself: what is written is formatted, compiles, and comes to the rig's own verdict.
@Suite(.enabled(if: Program.find("go") != nil, "Go is not installed"))
struct GoTestTests {
    /// A Go module with one file of its own, in package `building`.
    private static func module() throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory(prefix: "knxrig-test-")
        try Files.write(Array("module building\n\ngo 1.19\n".utf8), to: directory.path + "/go.mod")
        try Files.write(Array("package building\n".utf8), to: directory.path + "/building.go")
        return directory
    }

    /// Starts `go` in the module, with caches of its own and without a network.
    private static func start(
        _ arguments: [String], in module: String, _ environment: [String: String] = [:]
    ) throws -> RigProgram.Started {
        var all = ProcessInfo.processInfo.environment
        all.merge([
            "GOCACHE": module + "/.cache", "GOFLAGS": "-mod=mod", "GOPROXY": "off", "KNXRIG_DATA": RigProgram.root,
        ]) {
            $1
        }
        all.merge(environment) { $1 }
        return try RigProgram.start(
            ["-C", module, try #require(Program.find("go"))] + arguments, in: module, environment: all, program: "env")
    }

    private static func write(_ scenarios: [String], into module: String) throws {
        let written = try RigProgram.run(["test"] + scenarios + ["--go", module])
        #expect(written.status == 0, "\(written.error)")
    }

    @Test func whatIsWrittenIsFormattedAndCompiles() throws {
        let module = try Self.module()
        defer { module.remove() }
        try Self.write(["all", "HW-1/all"], into: module.path)
        #expect(Files.exists(module.path + "/resilience_physical_test.go"))
        #expect(Files.exists(module.path + "/resilience_infrastructure_test.go"))
        let format = try RigProgram.start(["-l", module.path], in: module.path, program: "gofmt").finish()
        #expect(format.status == 0 && format.output.isEmpty, "\(format.output)\(format.error)")
        let vet = try Self.start(["vet", "./..."], in: module.path).finish()
        #expect(vet.status == 0, "\(vet.error)")
    }

    @Test func withoutARigTheTestsAreSkippedAndSaySo() throws {
        let module = try Self.module()
        defer { module.remove() }
        try Self.write(["HW-1"], into: module.path)
        let tests = try Self.start(["test", "-race", "-v", "./..."], in: module.path, ["KNXRIG": ""]).finish()
        #expect(tests.output.contains("--- SKIP: TestResilience_Physical_BusPowerCut"), "\(tests.output)")
        #expect(tests.output.contains("there is no rig here"))
    }

    @Test func aTestForWhichThereIsNoTimeLeftIsSkippedAndSaysSo() throws {
        let module = try Self.module()
        defer { module.remove() }
        try Self.write(["HW-1"], into: module.path)
        let tests = try Self.start(
            ["test", "-v", "-timeout", "60s", "./..."], in: module.path, ["KNXRIG": RigProgram.path]
        ).finish()
        #expect(tests.output.contains("--- SKIP: TestResilience_Physical_BusPowerCut"), "\(tests.output)\(tests.error)")
        #expect(tests.output.contains("give it a longer -timeout"))
    }

    @Test func aRigThatIsNamedAndNotThereFails() throws {
        let module = try Self.module()
        defer { module.remove() }
        try Self.write(["HW-1"], into: module.path)
        let tests = try Self.start(["test", "./..."], in: module.path, ["KNXRIG": "/nonexistent/knxrig"]).finish()
        #expect(tests.status == 1)
        #expect(tests.output.contains("KNXRIG names a program that is not there"))
    }

    @Test func nobodyElsesFileIsOverwritten() throws {
        let module = try Self.module()
        defer { module.remove() }
        let own = module.path + "/resilience_physical_test.go"
        try Files.write(Array("package building\n".utf8), to: own)
        let refused = try RigProgram.run(["test", "HW-1", "--go", module.path])
        #expect(refused.status == 2)
        #expect(refused.error.contains("was not written by knxrig"))
        #expect(try Files.read(own) == Array("package building\n".utf8))
        #expect(!Files.exists(module.path + "/resilience_rig_test.go"))
        #expect(try RigProgram.run(["test", "HW-1", "--go", module.path + "/absent"]).status == 2)
    }
}

extension RigRuns {
    /// The same through real runs: a pass with its seven steps, and a fail in the step where the checker speaks.
    @Suite(.enabled(if: Program.find("go") != nil, "Go is not installed"))
    struct GoTestRuns {
        @Test func goTestComesToTheRigsVerdict() throws {
            let module = try TemporaryDirectory(prefix: "knxrig-test-")
            defer { module.remove() }
            try Files.write(Array("module building\n\ngo 1.19\n".utf8), to: module.path + "/go.mod")
            #expect(try RigProgram.run(["test", "HW-1/cut-3s", "IF-1", "--go", module.path]).status == 0)
            func start(_ pattern: String, _ further: String) throws -> RigProgram.Started {
                var environment = ProcessInfo.processInfo.environment
                environment.merge([
                    "GOCACHE": module.path + "/.cache", "GOPROXY": "off", "KNXRIG": RigProgram.path,
                    "KNXRIG_DATA": RigProgram.root, "KNXRIG_ARGUMENTS": further,
                    "KNXRIG_OUT": module.path + "/runs",
                ]) { $1 }
                return try RigProgram.start(
                    [
                        "-C", module.path, try #require(Program.find("go")), "test", "-race", "-v", "-run", pattern,
                        "./...",
                    ],
                    in: module.path, environment: environment, program: "env")
            }
            let good = try start("BusPowerCut", "")
            let bad = try start("BrokerRestart", "--without mqtt.reconnect")
            let passed = try good.finish()
            let failed = try bad.finish()
            #expect(passed.status == 0, "\(passed.output)\(passed.error)")
            for step in ["SetUp", "VerifyNormal", "Inject", "VerifyDegraded", "Heal", "VerifyRecovery", "CheckLeaks"] {
                #expect(passed.output.contains("--- PASS: TestResilience_Physical_BusPowerCut_Cut3s/\(step)"))
            }
            #expect(failed.status == 1)
            #expect(failed.output.contains("--- FAIL: TestResilience_Infrastructure_MQTTBrokerRestart/VerifyRecovery"))
            #expect(failed.output.contains("--- PASS: TestResilience_Infrastructure_MQTTBrokerRestart/Inject"))
        }
    }
}
