import Checkers
import Events
import Testing

@testable import Scenarios

/// What of a sweep a rig can make, and what is said of it before anything is touched.
@Suite struct DipPlanTests {
    @Test func theTwinMakesShortDipsWithItsSwitchAndLongOnesWithItsRelay() throws {
        let plan = try TestPlan(job: TestPlanTests.job("HW-2", "sweep"))
        let dips = try #require(plan.dips)
        #expect(dips.sweep.arms.map(\.channel) == ["bus-switch", "bus-power"])
        #expect(dips.sweep.arms[0].lengths.allSatisfy { $0 < 50_000_000 })
        #expect(dips.sweep.arms[1].lengths.allSatisfy { $0 >= 50_000_000 })
        #expect(dips.sweep.arms.flatMap(\.lengths).count >= 10)
        #expect(dips.sweep.times >= 5)
        // The one that ends when the interface daemon is about to notice.
        #expect(dips.notMade.map(\.reason).allSatisfy { $0.contains("its outcome would be chance") })
        #expect(dips.notMade.count == 1)
        #expect(dips.interruptsFrom == .milliseconds(6_500))
        #expect(plan.refusals.isEmpty)
        #expect(plan.knownThreshold?.nanoseconds == 102_400_000)
    }

    @Test func itsClicksAreSaidBeforehand() throws {
        let plan = try TestPlan(job: TestPlanTests.job("HW-2", "sweep"))
        let text = try #require(plan.dipsText)
        #expect(
            text.hasPrefix(
                "HW-2/sweep: 55 dips of 11 lengths, 110 clicks; 120 clicks more at most where two lengths differ\n"))
        #expect(text.contains(" not run: ends within 1.5 s"))
        #expect(plan.dryRunText(repetitions: 1).contains("clicks   55 dips of 11 lengths, 110 clicks"))
        #expect(try TestPlan(job: TestPlanTests.job("HW-1", "cut-20s")).dipsText == nil)
    }

    @Test func withoutASwitchShortDipsAreNotRun() throws {
        let plan = try TestPlan(
            job: TestPlanTests.job("HW-2", "sweep", rig: TestPlanTests.root + "/rigs/bench-example.yaml"))
        let dips = try #require(plan.dips)
        #expect(dips.sweep.arms.map(\.channel) == ["bus-power"])
        #expect(
            dips.notMade.filter { $0.lengthNanoseconds < 50_000_000 }.allSatisfy {
                $0.reason == "needs a solid-state switch"
            })
        #expect(dips.notMade.count { $0.reason == "needs a solid-state switch" } == 3)
        // The example's relay may not be cut for less than half a second.
        #expect(dips.notMade.contains { $0.reason == "channel 'bus-power' must be cut for at least 500 ms" })
        #expect(plan.knownThreshold == nil, "nobody knows the threshold of a bench")
    }

    @Test func theRecordSaysWhatIsKnown() throws {
        let plan = try TestPlan(job: TestPlanTests.job("HW-2", "quick"))
        let fault = plan.record(version: "1", program: "/nonexistent", boards: [])["judge"]?["fault"]
        #expect(fault?["kind"]?.text == "supply-dips")
        #expect(fault?["known_threshold"]?["channel"]?.text == "bus-power")
        #expect(fault?["witness"]?["chips"]?.list?.count == 3)
        #expect(fault?["sweep"]?["times"]?.integer == 2)
        #expect(throws: Never.self) { try Judge(plan: plan.record(version: "1", program: "/nonexistent", boards: [])) }
    }
}
