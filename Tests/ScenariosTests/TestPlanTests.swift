import Documents
import Events
import Platform
import Rigs
import Testing

@testable import Scenarios

@Suite struct TestPlanTests {
    static let root = String(#filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 })

    static func job(
        _ scenario: String, _ variant: String, rig: String = root + "/rigs/twin.yaml", seed: Int64 = 7,
        scenarioFile: String? = nil
    ) -> Job {
        Job(
            scenario: scenario, variant: variant, repetition: 1, seed: seed,
            scenarioFile: scenarioFile ?? root + "/rigs/scenarios/\(scenario).yaml", rigFile: rig,
            systemFile: root + "/rigs/systems/reference-controller.yaml", sabotage: [], directory: "/nonexistent")
    }

    @Test(arguments: [("HW-1", "cut-20s"), ("HW-1", "cut-3s"), ("IF-1", "killed-5s")])
    func everyScenarioPlansOnTheTwin(scenario: String, variant: String) throws {
        let plan = try TestPlan(job: Self.job(scenario, variant))
        #expect(plan.refusals.isEmpty)
        #expect(plan.obstacles.allSatisfy { $0.contains("apt-get install") }, "\(plan.obstacles)")
        #expect(plan.tracers.count >= 20)
        #expect(plan.sentinels.count >= 8)
        #expect(plan.repeats.count >= 2)
        #expect(plan.dryRunText(repetitions: 1).contains("\(scenario)/\(variant)"))
    }

    @Test func aSeedSettlesEveryChoice() throws {
        let first = try TestPlan(job: Self.job("HW-1", "cut-20s", seed: 1))
        let again = try TestPlan(job: Self.job("HW-1", "cut-20s", seed: 1))
        #expect(first.sentinels == again.sentinels)
        let others = try (2...20).map { try TestPlan(job: Self.job("HW-1", "cut-20s", seed: $0)).sentinels }
        #expect(Set(others).count > 10)
        #expect(first.sentinels.allSatisfy { $0.before != $0.after })
    }

    @Test func aCutThatEndsWhenTheDaemonDetectsItIsRefused() throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-test-")
        defer { directory.remove() }
        let text = String(decoding: try Files.read(Self.root + "/rigs/scenarios/HW-1.yaml"), as: UTF8.self)
        let file = directory.path + "/HW-1.yaml"
        try Files.write(Array(text.split(separator: "cut: 3 s").joined(separator: "cut: 4 s").utf8), to: file)
        let plan = try TestPlan(job: Self.job("HW-1", "cut-3s", scenarioFile: file))
        #expect(plan.refusals.contains { $0.contains("within 1.5 s of the 5000 ms") }, "\(plan.refusals)")
        #expect(plan.dryRunText(repetitions: 1).contains("REFUSED"))
    }

    @Test func aCutLongerThanTheChannelAllowsIsRefused() throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-test-")
        defer { directory.remove() }
        let text = String(decoding: try Files.read(Self.root + "/rigs/twin.yaml"), as: UTF8.self)
        let file = directory.path + "/short.yaml"
        try Files.write(
            Array(text.split(separator: "longest_cut: 120 s").joined(separator: "longest_cut: 10 s").utf8), to: file)
        let plan = try TestPlan(job: Self.job("HW-1", "cut-20s", rig: file))
        #expect(plan.refusals.contains { $0.contains("10 s at most, not for 20 s") }, "\(plan.refusals)")
    }

    @Test func whatARigLacksIsSaid() throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-test-")
        defer { directory.remove() }
        let text = """
            version: 1
            name: bare
            kind: bench
            lines:
              - id: main
                sources: [1.1.1-1.1.20]
                groups: 1/0/0-1/7/255
                attachments:
                  sut: {driver: tpuart, device: /dev/ttyACM0, address: 1.1.5}
            """
        let file = directory.path + "/bare.yaml"
        try Files.write(Array(text.utf8), to: file)
        let obstacles = try TestPlan(job: Self.job("HW-1", "cut-20s", rig: file)).obstacles
        for part in ["a relay channel that feeds", "a witness", "a stimulus"] {
            #expect(obstacles.contains { $0.contains(part) }, "\(obstacles)")
        }
    }

    @Test func aJobReadsBackWhatItWrote() throws {
        var job = Self.job("HW-1", "cut-20s")
        job.sabotage = ["knxd.restart"]
        job.temporary = "/tmp/x"
        #expect(try Job(JSON.parse(JSON.text(job.value))) == job)
    }

    @Test func theFirstCauseStandsAndEndsASleepAtOnce() throws {
        let cancellation = try Cancellation()
        cancellation.cancel(.invalid("a stranger"))
        cancellation.cancel(.aborted("Ctrl-C"))
        #expect(cancellation.cause == .invalid("a stranger"))
        let began = MonotonicClock.now()
        #expect(throws: Interruption.self) { try cancellation.sleep(until: began + .seconds(60)) }
        #expect(MonotonicClock.now() - began < .seconds(30))
    }
}
