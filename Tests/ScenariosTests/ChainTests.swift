import Catalogue
import Events
import KNX
import Testing

@testable import Scenarios

@Suite struct ChainTests {
    private static func asked(_ names: [(String, String)]) throws -> [(job: Job, plan: TestPlan)] {
        try names.map { scenario, variant in
            let job = TestPlanTests.job(scenario, variant)
            return (job, try TestPlan(job: job))
        }
    }

    @Test func whatSharesAWorkloadSharesASystem() throws {
        let asked = try Self.asked([
            ("IF-1", "killed-5s"), ("SS-1", "asked-to-end"), ("PB-2", "killed"), ("IF-3", "locked-20s"),
            ("HW-1", "cut-20s"), ("PB-4", "broker-stalled"), ("IF-4", "full-30s"), ("IF-1", "cycles"),
        ])
        let (jobs, alone) = Chain.jobs(asked, parallel: 1)
        #expect(jobs.map(\.chain) == [1, nil, 1, nil, 1, nil, nil, nil])
        #expect(
            alone.map(\.name) == [
                "SS-1/asked-to-end", "PB-4/broker-stalled", "IF-4/full-30s", "IF-1/cycles", "IF-3/locked-20s",
            ])
        #expect(
            alone.map(\.reason) == [
                "it starts the system itself", "it saturates the line", "it needs a small disk under the system's data",
                "it judges what a system that was just brought up keeps of each fault",
                "no other runs with tracers at 70 % of the line's capacity",
            ])
    }

    @Test func commandsByBothWaysAreAnotherWorkload() throws {
        let plan = try TestPlan(job: TestPlanTests.job("IF-1", "commands-killed-5s"))
        #expect(plan.chainObstacle == "it gives commands over MQTT too, which is another workload")
    }

    @Test func eachWorkerHasChainsOfItsOwn() throws {
        let asked = try Self.asked([
            ("IF-1", "killed-5s"), ("PB-2", "killed"), ("HW-1", "cut-20s"), ("HW-1", "cut-3s"), ("PB-2", "hung"),
        ])
        #expect(Chain.jobs(asked, parallel: 2).jobs.map(\.chain) == [1, 1, 2, 2, 2])
        // A chain of one would be none.
        #expect(Chain.jobs(asked, parallel: 8).jobs.map(\.chain) == [1, 1, 2, 2, 2])
    }

    @Test func aPlaceInAChainGoesWithTheJob() throws {
        var job = TestPlanTests.job("IF-1", "killed-5s")
        job.place = ChainPlace(position: 2, length: 3, baseline: "PB-2/killed/001")
        #expect(try Job(job.value).place == job.place)
        let plan = try TestPlan(job: job).record(version: "1", program: "/nonexistent", boards: [])
        #expect(plan["chain"] == ["position": 2, "length": 3, "baseline": "PB-2/killed/001"])
    }

    // MARK: what one run hands to the next

    private static func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    private static func sample(_ at: Int64, _ view: String, _ point: String, _ raw: UInt8) -> Event {
        Event(at: Self.at(at), source: view, .sample(.init(view: view, point: point, raw: [raw])))
    }

    private static func frame(_ at: Int64, _ group: UInt16, _ value: UInt8) -> Event {
        let frame = TP1Frame(
            isRepetition: false, source: IndividualAddress(raw: 4353), destination: .group(GroupAddress(raw: group)),
            transportUnit: [0, 0x80 | value])
        return Event(
            at: Self.at(at), source: "witness",
            .frame(.init(line: "main", octets: frame.octets, acknowledge: 0xCC, began: Self.at(at - 12))))
    }

    private static func process(_ at: Int64, _ pid: Int64, _ change: Event.ProcessChange.Change) -> Event {
        Event(at: Self.at(at), source: "process", .process(.init(process: "knxd", pid: pid, change: change)))
    }

    private static func handed(_ events: [Event], since: Int64) -> [Event] {
        Handover.events(events, since: at(since), sources: ["mqtt", "witness", "process", "rig"])
    }

    @Test func theLastWordOfBeforeAndEverythingSinceAreHandedOn() {
        let events = [
            Self.sample(1, "mqtt", "1/1/0", 1), Self.sample(5, "mqtt", "1/1/0", 2), Self.sample(6, "mqtt", "1/1/1", 3),
            Self.sample(20, "mqtt", "1/1/0", 4), Self.sample(21, "mqtt", "1/1/0", 5),
            Self.frame(2, 2304, 0), Self.frame(7, 2304, 1), Self.frame(22, 2304, 0),
        ]
        // They arrive in any order.
        let handed = Self.handed(events.reversed(), since: 10)
        #expect(handed.map(\.instant) == [5, 6, 7, 20, 21, 22].map(Self.at))
    }

    @Test func aProcessThatHasEndedIsNotHandedOn() {
        let events = [
            Self.process(1, 10, .started), Self.process(5, 10, .exited), Self.process(6, 11, .started),
            Self.process(7, 11, .stopped), Self.process(8, 11, .continued),
        ]
        #expect(Self.handed(events, since: 10).map(\.instant) == [6, 7, 8].map(Self.at))
    }

    @Test func whatWasDoneForOneRunIsNoPartOfTheNext() {
        let done = Event.Actuation(
            target: "bus-power", meaning: "powered", purpose: "heal", due: Self.at(20), commanded: Self.at(20),
            observed: nil, readback: .assumed)
        let events = [
            Event(at: Self.at(20), source: "rig", .actuation(done)),
            Event(at: Self.at(21), source: "rig", .phase(.init(.verifyRecovery, .begin))),
            Event(at: Self.at(22), source: "truth", .log(.init(process: "x", line: "y", means: nil))),
            // Of a source that the next run does not declare.
            Self.sample(23, "write-probe", "write", 1),
        ]
        #expect(Self.handed(events, since: 10).isEmpty)
    }
}
