import Catalogue
import Checkers
import Documents
import Events
import KNX
import Platform
import Rigs
import Systems
import Testing

@testable import Scenarios

@Suite struct TestPlanTests {
    static let root = String(#filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 })

    static func job(
        _ scenario: String, _ variant: String, rig: String = root + "/rigs/twin.yaml", seed: Int64 = 7,
        scenarioFile: String? = nil, system: String = "reference-controller"
    ) -> Job {
        Job(
            scenario: scenario, variant: variant, repetition: 1, seed: seed,
            scenarioFile: scenarioFile ?? root + "/rigs/scenarios/\(scenario).yaml", rigFile: rig,
            systemFile: system.hasSuffix(".yaml") ? system : root + "/rigs/systems/\(system).yaml", sabotage: [],
            directory: "")
    }

    @Test(arguments: [
        ("HW-1", "cut-20s"), ("HW-1", "cut-3s"), ("HW-3", "unplugged-30s"), ("HW-3", "unplugged-1s"),
        ("HW-3", "again-in-read-out"), ("IF-1", "killed-5s"), ("PB-2", "killed"), ("PB-2", "hung"),
        ("PB-2", "stalled-5s"), ("IF-1", "stalled-20s"), ("IF-3", "locked-20s"), ("IF-3", "locked-2s"),
        ("IF-4", "full-30s"), ("PB-3", "client"), ("PB-3", "chip"), ("PB-3", "line"), ("SS-1", "asked-to-end"),
        ("SS-2", "killed-3-times"),
        ("SS-3", "absent-20s"), ("SS-4", "six-kinds"), ("SS-5", "locked"), ("AW-3", "forty-keys"), ("DI-1", "ten-ids"),
        ("AW-3", "lifecycle-races"), ("DI-2", "areas"), ("DI-2", "devices"),
        ("DI-2", "rooms"), ("AW-1", "fifty-reset"), ("AW-1", "twenty-silent"), ("AW-2", "one-stops"),
        ("IF-2", "killed-20s"), ("IF-2", "stalled-20s"), ("DI-4", "reset-5s"), ("DI-4", "answers-503-5s"),
        ("DI-4", "unanswered-8s"),
        ("PB-4", "broker-stalled"), ("PB-4", "database-locked"), ("HW-7", "cut-20s"), ("HW-2", "sweep"),
        ("HW-2", "quick"),
        ("HW-6", "bounce-20s"), ("HW-6", "bounce-3s"), ("HW-6", "chatter-45s"),
        ("HW-5", "in-frame"), ("HW-5", "in-frame-700ms"), ("HW-5", "before-acknowledge"), ("HW-5", "by-relay"),
        ("HW-1", "cut-20s-broker-killed"), ("PB-2", "killed-broker-killed"),
        ("PB-4", "starved"),
        ("IF-1", "link-cut-20s"), ("IF-1", "half-open-20s"), ("IF-1", "delayed-20s"), ("IF-1", "throttled-20s"),
        ("IF-1", "corrupting-5s"),
        ("IF-1", "cut-in-frame-5s"), ("IF-1", "commands-killed-5s"), ("IF-1", "cycles"), ("PB-1", "killed"),
        ("PB-1", "connection-cut-5s"), ("PB-1", "connection-cut-in-message-5s"),
    ])
    func everyScenarioPlansOnTheTwin(scenario: String, variant: String) throws {
        let plan = try TestPlan(job: Self.job(scenario, variant))
        #expect(plan.refusals.isEmpty)
        #expect(plan.obstacles.allSatisfy { $0.contains("apt-get install") }, "\(plan.obstacles)")
        #expect(plan.tracers.count >= 20)
        #expect(plan.sentinels.count >= 8)
        #expect(plan.repeats.count >= 2)
        #expect(plan.dryRunText(repetitions: 1).contains("\(scenario)/\(variant)"))
    }

    @Test(arguments: [("PB-2", "hung"), ("HW-1", "cut-20s"), ("HW-3", "unplugged-30s")])
    func xknxIsWiredForWhatItIsTriedOn(scenario: String, variant: String) throws {
        let plan = try TestPlan(job: Self.job(scenario, variant, system: "xknx"))
        #expect(plan.refusals.isEmpty)
        #expect(
            plan.obstacles.allSatisfy { $0.contains("apt-get install") || $0.contains("xknx/install") },
            "\(plan.obstacles)")
        #expect(plan.system.directory == Self.root + "/rigs/systems")
        #expect(plan.systemBuild.count == 64, "the client's digest; Python need not be there for it")
    }

    /// What the profile of Gray Logic Core is wired for, apart from the program, which is not part of knxrig.
    @Test(
        arguments: [
            ("HW-1", "cut-20s", nil), ("HW-3", "unplugged-30s", nil), ("IF-1", "killed-5s", nil),
            ("IF-3", "locked-20s", nil),
            ("IF-4", "full-30s", nil), ("PB-2", "hung", nil), ("PB-3", "client", nil), ("SS-1", "asked-to-end", nil),
            ("SS-2", "killed-3-times", nil), ("SS-3", "absent-20s", nil), ("SS-4", "six-kinds", nil),
            ("HW-4", "off-5s", nil), ("IF-2", "killed-20s", nil), ("IF-5", "silent-30s", nil),
            ("AW-1", "fifty-reset", nil), ("AW-2", "one-stops", nil), ("AW-3", "forty-keys", nil),
            ("AW-3", "lifecycle-races", nil),
            ("AW-4", "flood-20s", nil),
            ("DI-1", "ten-ids", nil), ("DI-4", "reset-5s", nil),
            ("DI-2", "rooms", "'rooms' of 'relations' of 'registry'"),
            ("DI-2", "devices", "'devices' of 'relations' of 'registry'"),
            ("SS-5", "locked", "what the system says then, of 'logs', under 'start-locked' of 'notices'"),
            ("PB-1", "killed", "a process 'bridge'"), ("PB-1", "connection-cut-5s", nil),
            ("PB-4", "broker-stalled", "a 'queue' before a streaming view"),
        ] as [(String, String, String?)])
    func grayLogicCoreIsWiredForWhatItsProfileSays(scenario: String, variant: String, lacks: String?) throws {
        let plan = try TestPlan(job: Self.job(scenario, variant, system: "graylogic-core"))
        #expect(plan.refusals.isEmpty)
        let obstacles = plan.obstacles.filter { !$0.contains("is not installed") }
        #expect(obstacles == (lacks.map { ["needs \($0) in the system profile"] } ?? []))
    }

    @Test func aLinkThatDamagesHasALimitOfItsOwn() throws {
        #expect(try TestPlan(job: Self.job("IF-1", "corrupting-5s")).recoveryNanoseconds == 20_000_000_000)
        #expect(try TestPlan(job: Self.job("IF-1", "cut-in-frame-5s")).recoveryNanoseconds == 15_000_000_000)
        #expect(try TestPlan(job: Self.job("PB-1", "connection-cut-5s")).recoveryNanoseconds == 15_000_000_000)
    }

    /// The rig stands in a link of the system's own only where the scenario asks for it.
    @Test func aLinkIsStoodInWhereItIsAskedFor() throws {
        #expect(try TestPlan(job: Self.job("PB-1", "connection-cut-5s")).links == ["knxd"])
        #expect(try TestPlan(job: Self.job("PB-1", "killed")).links == [])
        #expect(try TestPlan(job: Self.job("IF-1", "killed-5s")).links == [])
        let xknx = try TestPlan(job: Self.job("PB-1", "connection-cut-5s", system: "xknx"))
        #expect(xknx.obstacles.contains("needs a gate 'knxd' in the system profile"), "\(xknx.obstacles)")
        #expect(try TestPlan(job: Self.job("PB-1", "connection-cut-5s")).chainObstacle != nil)
    }

    @Test func aSystemWithoutAViewOfEveryTelegramIsNotRun() throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-test-")
        defer { directory.remove() }
        let text = String(decoding: try Files.read(Self.root + "/rigs/systems/xknx.yaml"), as: UTF8.self)
        let file = directory.path + "/silent.yaml"
        try Files.write(Array(text.split(separator: "    streaming: true\n").joined().utf8), to: file)
        let plan = try TestPlan(job: Self.job("PB-2", "killed", system: file))
        #expect(plan.obstacles.contains { $0.contains("needs a view with 'streaming: true'") }, "\(plan.obstacles)")
    }

    /// Requests that a registry lacks are named; which it lacks, one may read in its profile.
    @Test(
        arguments: [
            ("AW-3", "lifecycle-races", "  get:", "'get' of 'registry' in the system profile"),
            ("AW-3", "lifecycle-races", "  delete:", "'delete' of 'registry' in the system profile"),
            ("DI-2", "areas", "    - parents: areas", "'areas' of 'relations' of 'registry' in the system profile"),
        ])
    func whatARegistryLacksIsNamed(scenario: String, variant: String, line: String, lacks: String) throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-test-")
        defer { directory.remove() }
        let path = Self.root + "/rigs/systems/reference-controller.yaml"
        let text = String(decoding: try Files.read(path), as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { written -> Substring in
            guard written.hasPrefix(line) else { return written }
            return line.contains("parents") ? "    - parents: wings" : "  # none"
        }
        let file = directory.path + "/lacking.yaml"
        try Files.write(Array(lines.joined(separator: "\n").utf8), to: file)
        let plan = try TestPlan(job: Self.job(scenario, variant, system: file))
        #expect(plan.obstacles.contains("needs \(lacks)"), "\(plan.obstacles)")
    }

    /// What needs changes through an interface is judged where there is one, and named where there is none.
    @Test(
        arguments: [
            ("reference-controller", ["changes-answered", "durability"], [], 4_000_000_000),
            ("xknx", [], ["changes-answered", "durability"], nil),
        ] as [(String, [String], [String], Int64?)])
    func changesAreJudgedWhereTheSystemTakesThem(
        system: String, judged: [String], notApplicable: [String], within: Int64?
    ) throws {
        let plan = try TestPlan(job: Self.job("IF-3", "locked-20s", system: system))
        let judge = plan.record(version: "1", program: "/nonexistent", boards: [])["judge"]
        let checkers = (judge?["expect"]?.list ?? []).compactMap { $0["checker"]?.text }
        #expect(checkers.filter { ["changes-answered", "durability"].contains($0) } == judged)
        #expect((judge?["not_applicable"]?.list ?? []).compactMap(\.text) == notApplicable)
        #expect(judge?["changes"]?["within"]?.integer == within)
        #expect(checkers.contains("no-errors"))
    }

    @Test func aLoadSaturatesFromAddressesThatLose() throws {
        let plan = try TestPlan(job: Self.job("PB-4", "broker-stalled"))
        #expect(plan.loadSources?.map(\.description) == ["1.1.127", "1.1.255"])
        #expect(try TestPlan(job: Self.job("HW-1", "cut-20s")).loadSources == nil)
        let dry = plan.dryRunText(repetitions: 1)
        #expect(dry.contains("loads    line 'main' to 98 % of its capacity at least"), "\(dry)")
        #expect(plan.shortestSeconds >= 60)
        let record = plan.record(version: "1", program: "/nonexistent", boards: [])
        #expect(record["judge"]?["load"]?["at_least"]?.integer == 98)
        #expect(record["judge"]?["views"]?.list?.first?["bound"]?.integer == 256)
        #expect(throws: Never.self) { try Judge(plan: record) }
    }

    @Test func aConsumerMayStandStillBeforeTheFault() throws {
        let plan = try TestPlan(job: Self.job("HW-7", "cut-20s"))
        #expect(plan.dryRunText(repetitions: 1).contains("stops    the broker for the last 8 s before that"))
        let record = plan.record(version: "1", program: "/nonexistent", boards: [])
        #expect(record["judge"]?["load"]?["stalls"]?.text == "broker")
        #expect(throws: Never.self) { try Judge(plan: record) }
    }

    @Test(arguments: [
        ("queue: {bound: 256", "queue: {bound: 300", "needs a queue of at most 279 telegrams in the system profile"),
        (
            "    queue: {bound: 256, dropped: {port: \"${http_port}\", path: /health, count: /mqtt_dropped}}\n", "",
            "needs a 'queue'"
        ),
    ])
    func aQueueThatTheLineCannotFillIsNotRun(old: String, new: String, message: String) throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-test-")
        defer { directory.remove() }
        let text = String(
            decoding: try Files.read(Self.root + "/rigs/systems/reference-controller.yaml"), as: UTF8.self)
        let file = directory.path + "/system.yaml"
        let changed = text.split(separator: old, maxSplits: 1, omittingEmptySubsequences: false)
        #expect(changed.count == 2)
        try Files.write(Array(changed.joined(separator: new).utf8), to: file)
        var job = Self.job("PB-4", "broker-stalled")
        job.systemFile = file
        let obstacles = try TestPlan(job: job).obstacles
        #expect(obstacles.contains { $0.hasPrefix(message) }, "\(obstacles)")
    }

    @Test func aContactBouncesDifferentlyBySeedAndComesToRest() throws {
        let motion = try #require(try TestPlan(job: Self.job("HW-6", "bounce-20s", seed: 1)).supplyMotion)
        #expect(motion == (try TestPlan(job: Self.job("HW-6", "bounce-20s", seed: 1)).supplyMotion))
        #expect(
            motion.afterOpening
                != (try TestPlan(job: Self.job("HW-6", "bounce-20s", seed: 2)).supplyMotion?.afterOpening))
        for moves in [motion.afterOpening, motion.afterClosing] {
            #expect(moves.count == 10 && moves.last == 30_000_000)
            // What is between two movements is long enough for the chips: 2.4 ms without supply, and 2.4 ms to be at nominal again.
            #expect(zip([0] + moves, moves).allSatisfy { (2_400_000...3_600_000).contains($1 - $0) }, "\(moves)")
        }
        let plan = try TestPlan(job: Self.job("HW-6", "chatter-45s"))
        #expect(plan.supplyMotion?.afterClosing.last == 45_000_000_000)
        #expect(plan.shortestSeconds >= 10 + 7 + 45 + 10)
        let dry = plan.dryRunText(repetitions: 1)
        #expect(dry.contains("opens 18 times within 45 s again when it closes"), "\(dry)")
        let record = plan.record(version: "1", program: "/nonexistent", boards: [])
        #expect(record["judge"]?["fault"]?["contact"]?["closing"]?.integer == 45_000_000_000)
        #expect(record["judge"]?["fault"]?["witness"]?["interruptions"]?.integer == 3)
        #expect(throws: Never.self) { try Judge(plan: record) }
    }

    @Test func aContactOpensInTheFirstStimulussTelegram() throws {
        let plan = try TestPlan(job: Self.job("HW-5", "in-frame"))
        #expect(plan.supplyMotion?.trigger == SupplyMotion.Trigger(source: 0x110A, bit: 39))
        #expect(plan.supplyMotion?.wish["hold_up"] == 0 && plan.supplyMotion?.wish["rise"] == nil)
        #expect(
            plan.dryRunText(repetitions: 1).contains(
                "moves    the contact opens at bit 0 of octet 3 of the next telegram from 1.1.10"))
        let record = plan.record(version: "1", program: "/nonexistent", boards: [])
        #expect(record["judge"]?["fault"]?["witness"]?["telegram"]?["left"]?.text == "truncated")
        #expect(throws: Never.self) { try Judge(plan: record) }
        #expect(try TestPlan(job: Self.job("HW-1", "cut-20s")).supplyMotion == nil)
        let relay = try TestPlan(job: Self.job("HW-5", "by-relay"))
        #expect(relay.supplyMotion == nil)
        let telegram = relay.record(version: "1", program: "/nonexistent", boards: [])["judge"]?["fault"]?["witness"]?[
            "telegram"]
        #expect(telegram?["left"]?.text == "truncated" && telegram?["source"] == nil)
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

    /// A checker that has nothing to look at would always pass.
    @Test func whatACheckerLooksAtMustBeDeclared() throws {
        #expect(try TestPlan(job: Self.job("IF-3", "locked-2s")).obstacles.isEmpty)
        let directory = try TemporaryDirectory(prefix: "knxrig-test-")
        defer { directory.remove() }
        let text = String(
            decoding: try Files.read(Self.root + "/rigs/systems/reference-controller.yaml"), as: UTF8.self)
        var isLeftOut = false
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).filter { line in
            if let first = line.first, first.isLetter {
                isLeftOut = ["command:", "mutation:"].contains { line.hasPrefix($0) }
            }
            return !isLeftOut
        }
        let file = directory.path + "/system.yaml"
        try Files.write(Array(lines.joined(separator: "\n").utf8), to: file)
        var job = Self.job("IF-3", "locked-2s")
        job.systemFile = file
        let lack = "needs 'command' or 'mutation' in the system profile, for the checker 'no-errors'"
        #expect(try TestPlan(job: job).obstacles == [lack])
    }

    @Test func aKindOfFaultThatIsMisspeltInAProfileIsNamed() throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-test-")
        defer { directory.remove() }
        let text = String(
            decoding: try Files.read(Self.root + "/rigs/systems/reference-controller.yaml"), as: UTF8.self)
        let file = directory.path + "/system.yaml"
        try Files.write(
            Array(text.split(separator: "daemon-hung: 41 s").joined(separator: "demon-hung: 41 s").utf8), to: file)
        var job = Self.job("HW-1", "cut-20s")
        job.systemFile = file
        let failure = #expect(throws: DocumentFailure.self) { try TestPlan(job: job) }
        #expect(
            failure?.description.contains(
                "limits.recover: there is no kind of fault 'demon-hung': did you mean 'daemon-hung'?")
                == true, "\(String(describing: failure))")
    }

    @Test func theFirmwareThatTakesPartIsInTheEvidence() throws {
        var job = Self.job("PB-2", "killed")
        job.dataDirectories = [Self.root]
        let plan = try TestPlan(job: job)
        let record = plan.record(version: "1", program: "/nonexistent", boards: [])
        let notes = record["firmware"]?.list ?? []
        #expect(notes.compactMap { $0["note"]?.text } == ["dcttech-usbrelay", "knxd", "tp-uart"])
        let devices = Set((record["quirks"]?.list ?? []).compactMap { $0["device"]?.text })
        #expect(devices == Set(notes.compactMap { $0["name"]?.text }))
        #expect(
            try TestPlan(job: Self.job("PB-2", "killed")).record(version: "1", program: "/x", boards: [])["firmware"]
                == .list([]))
    }

    @Test func aRunThatComesTwiceClicksFourTimes() throws {
        let plan = try TestPlan(job: Self.job("HW-3", "again-in-read-out"))
        let text = plan.dryRunText(repetitions: 2)
        #expect(text.contains("for 5 s, again for 2 s while the system reads its state, 2 times"), "\(text)")
        #expect(text.contains("clicks   8 of the contact"), "\(text)")
    }

    @Test func aCalibrationMakesEveryKindOfRunAndJudgesIt() throws {
        let plans = [try TestPlan(job: Self.job("PB-2", "killed")), try TestPlan(job: Self.job("PB-2", "stalled-5s"))]
        let calibration = Calibration(plans, clean: 2, null: 3)
        let jobs = calibration.jobs
        #expect(jobs.count == 4 + 3 + 3)
        #expect(Set(jobs.map(\.directoryName)).count == jobs.count)
        #expect(jobs.filter(\.isNull).map(\.variant) == ["killed", "stalled-5s", "killed"])
        #expect(jobs.flatMap(\.sabotage) == ["knxd.restart", "knxd.reread", "intake.after-silence"])
        func results(_ change: (Job) -> RunVerdict?) -> [JobResult] {
            jobs.map { job in
                let right =
                    job.sabotage == ["knxd.restart"]
                    ? RunVerdict(outcome: .fail, sentence: "interface daemon: knxd exited")
                    : job.sabotage == ["knxd.reread"]
                        ? RunVerdict(outcome: .fail, sentence: "http view: sentinel 1/3/0 still shows 00")
                        : job.sabotage == ["intake.after-silence"]
                            ? RunVerdict(outcome: .fail, sentence: "http view: tracer 1/1/0 still shows 8007")
                            : RunVerdict(outcome: .pass, sentence: "fine")
                return JobResult(job: job, verdict: change(job) ?? right)
            }
        }
        func qualification(_ change: (Job) -> RunVerdict?) -> Qualification {
            calibration.qualification(results(change), build: "b", made: 0)
        }
        let good = qualification { _ in nil }
        #expect(good.isQualified)
        #expect(good.clean.of == 4 && good.null.of == 3 && good.caught == 3)
        let lucky = qualification { $0.sabotage.isEmpty ? nil : RunVerdict(outcome: .fail, sentence: "leaks") }
        #expect(!lucky.isQualified && lucky.caught == 0)
        let missed = qualification {
            $0.sabotage == ["knxd.reread"] ? RunVerdict(outcome: .pass, sentence: "sentinel") : nil
        }
        #expect(!missed.isQualified && missed.caught == 2)
        let alarm = qualification { $0.isNull ? RunVerdict(outcome: .invalid, sentence: "false alarm") : nil }
        #expect(!alarm.isQualified && alarm.null.good == 0 && alarm.null.bad.count == 3)
        let unclean = qualification {
            $0.sabotage.isEmpty && !$0.isNull ? RunVerdict(outcome: .inconclusive, sentence: "?") : nil
        }
        #expect(!unclean.isQualified)
    }

    @Test func aCalibrationOfOneProtectionIsOfTheVariantsThatNameIt() throws {
        let names = [("IF-1", "killed-5s"), ("PB-2", "killed"), ("PB-2", "stalled-5s"), ("PB-2", "hung")]
        let plans = try names.map { try TestPlan(job: Self.job($0.0, $0.1)) }
        let calibration = Calibration(plans, clean: 1, null: 2, bystanders: true, of: ["knxd.watchdog"])
        #expect(calibration.plans.map(\.job.name) == ["PB-2/hung"])
        let told = calibration.jobs.map { "\($0.name) \($0.isNull) \($0.sabotage)" }.sorted()
        #expect(
            told == [
                "IF-1/killed-5s false [\"knxd.watchdog\"]", "PB-2/hung false [\"knxd.watchdog\"]", "PB-2/hung false []",
                "PB-2/hung true []", "PB-2/hung true []",
            ])
        let results = calibration.jobs.map { job in
            JobResult(
                job: job,
                verdict: job.sabotage.isEmpty || job.scenario == "IF-1"
                    ? RunVerdict(outcome: .pass, sentence: "fine")
                    : RunVerdict(outcome: .fail, sentence: plans[3].variant.sabotages[0].finding))
        }
        let qualification = calibration.qualification(results, build: "b", made: 0)
        #expect(qualification.isQualified)
        #expect(qualification.scenarios.map(\.variant) == ["hung"] && qualification.clean.of == 1)
        #expect(qualification.bystanders.map(\.scenario) == ["IF-1"])
    }

    @Test func bystandersAreTheFirstVariantsOfScenariosThatDoNotNameAProtection() throws {
        let names = [("PB-2", "killed"), ("PB-2", "stalled-5s"), ("IF-1", "killed-5s"), ("IF-1", "half-open-20s")]
        let plans = try names.map { try TestPlan(job: Self.job($0.0, $0.1)) }
        let calibration = Calibration(plans, clean: 1, null: 1, bystanders: true)
        let plain = Calibration(plans, clean: 1, null: 1)
        let extra = calibration.jobs.filter { job in !plain.jobs.contains(job) && !job.isNull }
        let named = { (id: String) in
            Set(plans.filter { $0.scenario.id == id }.flatMap { $0.variant.sabotages.map(\.protection) })
        }
        let ofBroker = named("IF-1").subtracting(named("PB-2"))
        let ofDaemon = named("PB-2").subtracting(named("IF-1"))
        #expect(!ofBroker.isEmpty && !ofDaemon.isEmpty)
        #expect(Set(extra.filter { $0.scenario == "PB-2" }.flatMap(\.sabotage)) == ofBroker)
        #expect(Set(extra.filter { $0.scenario == "IF-1" }.flatMap(\.sabotage)) == ofDaemon)
        #expect(Set(extra.map(\.variant)) == ["killed", "killed-5s"])
        #expect(extra.count == ofBroker.count + ofDaemon.count)
        #expect(Set(calibration.jobs.map(\.directoryName)).count == calibration.jobs.count)
        // Runs that are made at once are of different scenarios.
        #expect(
            calibration.jobs.prefix(8).map(\.scenario) == [
                "PB-2", "IF-1", "PB-2", "IF-1", "PB-2", "IF-1", "PB-2", "IF-1",
            ])
        let results = calibration.jobs.map { job in
            let right = plans.flatMap { $0.variant.sabotages }.first { [$0.protection] == job.sabotage }?.finding
            return JobResult(
                job: job,
                verdict: job.sabotage.isEmpty
                    ? RunVerdict(outcome: .pass, sentence: "fine")
                    : RunVerdict(outcome: job.scenario == "IF-1" ? .fail : .pass, sentence: right ?? ""))
        }
        let qualification = calibration.qualification(results, build: "b", made: 0)
        #expect(qualification.bystanders.count == extra.count)
        #expect(qualification.bystanders.allSatisfy { ($0.outcome == .fail) == ($0.scenario == "IF-1") })
        #expect(qualification.value["bystanders"]?.list?.count == extra.count)
        // They change nothing of what qualifies.
        #expect(qualification.sabotages.count == plans.flatMap(\.variant.sabotages).count)
    }

    @Test func aJobReadsBackWhatItWrote() throws {
        var job = Self.job("HW-1", "cut-20s")
        job.sabotage = ["knxd.restart"]
        job.isNull = true
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
