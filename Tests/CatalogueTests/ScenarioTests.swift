import Documents
import Testing

@testable import Catalogue

@Suite struct ScenarioTests {
    static let root = String(#filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 })
    static let data = DataDirectories(option: root, environment: nil)

    static let text = """
        version: 1
        id: HW-1
        name: Bus power cut
        tier: 6
        likelihood: 4
        impact: 5
        requires: [relay:line-supply]
        parameters: {baseline: 5 s}
        fault:
          - {do: cut-line-supply, for: "${cut}", witness: {chips_silent: 2, tracers_due: 10}, cuts: [line]}
        variants:
          - {name: short, cut: 3 s, expect: [{checker: recovers}], sabotages: [{protection: knxd.restart, finding: interface}]}
          - {name: long, cut: 20 s, expect: [{checker: state, sentinels: reread}]}
        """

    @Test func parametersOfAVariantFillItsFault() throws {
        let scenario = try Scenario(text: Self.text, file: "s.yaml")
        #expect(scenario.variants.map(\.fault.durationNanoseconds) == [3_000_000_000, 20_000_000_000])
        #expect(scenario.variants[0].baselineNanoseconds == 5_000_000_000)
        #expect(scenario.variants[0].sabotages == [.init(protection: "knxd.restart", finding: "interface")])
        #expect(scenario.variants[1].expectations == [.init(checker: "state", sentinels: "reread")])
    }

    @Test(arguments: [
        ("tier: 6", "tier: 7", "s.yaml:4:7: 7 is outside 1…6"),
        ("likelihood", "likelyhood", "s.yaml:5:1: a scenario has no key 'likelyhood': did you mean 'likelihood'?"),
        ("checker: recovers", "checker: recover", "there is no checker 'recover': did you mean 'recovers'?"),
        ("cut: 3 s", "cutt: 3 s", "a variant has no key 'cutt': did you mean 'cut'?"),
        ("cut: 3 s, ", "", "neither the variant nor the scenario has a parameter 'cut'"),
        ("chips_silent: 2", "chips_silent: 1", "a cut is proven by at least 2 chips"),
        ("cut-line-supply", "cut-line-suply", "is no fault: expected cut-line-supply, kill-service,"),
        ("3 s", "3", "should be a length of time"), ("name: long", "name: short", "two variants are called 'short'"),
        ("version: 1", "version: 2", "this knxrig reads version 1"),
        ("relay:line-supply", "relay:line-suply", "is nothing that a rig can have: did you mean"),
        ("sentinels: reread", "sentinels: asked", "sentinels are 'reread' or 'write'"),
    ])
    func aWrongFileIsOneClearLine(old: String, new: String, message: String) throws {
        var text = Self.text
        let range = try #require(text.range(of: old))
        text.replaceSubrange(range, with: new)
        let failure = #expect(throws: DocumentFailure.self) { try Scenario(text: text, file: "s.yaml") }
        #expect(failure?.description.contains(message) == true, "\(String(describing: failure))")
    }

    private static let contact = """
                contact: {opening: {times: 5, within: 30 ms, closed: "${closed}"}, closing: {times: 3, within: 30 s, closed: 1 s}}
                witness: {chips_silent: 2, tracers_due: 10, interruptions: 3}
        """

    /// The scenario with a contact that moves as it says.
    private static func bouncing(_ contact: String = contact) -> String {
        text.replacing(
            #"{do: cut-line-supply, for: "${cut}", witness: {chips_silent: 2, tracers_due: 10}, cuts: [line]}"#,
            with: "do: cut-line-supply\n    for: ${cut}\n    cuts: [line]\n    "
                + contact.split(separator: "\n").map { $0.drop { $0 == " " } }.joined(separator: "\n    ")
        ).replacing("{baseline: 5 s}", with: "{baseline: 5 s, closed: 3 ms}")
    }

    @Test func aContactBouncesByTheVariantsParameters() throws {
        let scenario = try Scenario(text: Self.bouncing(), file: "s.yaml")
        let contact = try #require(scenario.variants[0].fault.contact)
        #expect(
            contact.opening == .init(times: 5, withinNanoseconds: 30_000_000, closedNanoseconds: 3_000_000))
        #expect(scenario.variants[0].fault.closingNanoseconds == 30_000_000_000)
        #expect(scenario.variants[0].fault.interruptions == 3)
        let place = Self.bouncing(
            "contact: {opens_in: {octet: 9, bit: 8}}\nwitness: {chips_silent: 2, tracers_due: 10, telegram: unacknowledged}"
        )
        let fault = try Scenario(text: place, file: "s.yaml").variants[0].fault
        #expect(fault.contact?.opensIn?.bits == 125 && fault.telegramLeft == .unacknowledged)
    }

    @Test(arguments: [
        ("times: 5", "times: 2", "2 is outside 3…20"), ("times: 5", "times: 21", "21 is outside 3…20"),
        (#""${closed}""#, "4 ms", "'closed' is at most half of what each of the 5 times takes"),
        (", interruptions: 3", "", "proven by 'interruptions' in the trace of the supply"),
        ("contact: {opening", "contact: {openings", "has no key 'openings': did you mean 'opening'?"),
        (
            "{opening: {times: 5, within: 30 ms, closed: \"${closed}\"}, closing: {times: 3, within: 30 s, closed: 1 s}}",
            "{opens_in: {octet: 2, bit: 0}}", "2 is outside 3…254"
        ),
        (
            "{opening: {times: 5, within: 30 ms, closed: \"${closed}\"}, closing: {times: 3, within: 30 s, closed: 1 s}}",
            "{opens_in: {octet: 3, bit: 0}}", "proven by 'interruptions' in the trace of the supply"
        ),
        (
            "interruptions: 3", "interruptions: 3, telegram: truncated",
            "only a contact that 'opens_in' a telegram can come before"
        ),
        ("interruptions: 3", "interruptions: 3, telegram: shortened", "is no rest of a telegram"),
        ("do: cut-line-supply", "do: cut-interface", "only 'cut-line-supply' has a contact"),
    ])
    func aContactThatNobodyCouldProveIsRefused(old: String, new: String, message: String) throws {
        let text = Self.bouncing()
        #expect(text.contains(old))
        let failure = #expect(throws: DocumentFailure.self) {
            try Scenario(text: text.replacing(old, with: new), file: "s.yaml")
        }
        #expect(failure?.description.contains(message) == true, "\(String(describing: failure))")
    }

    static let pair = """
        version: 1
        id: HW-1
        name: Bus power cut
        tier: 6
        likelihood: 4
        impact: 5
        requires: [relay:line-supply]
        fault:
          - {do: cut-line-supply, for: 20 s, witness: {chips_silent: 2, tracers_due: 10}, cuts: [line]}
        variants:
          - {name: alone, expect: [{checker: recovers}]}
          - name: both
            requires: [service:broker]
            fault:
              - {do: cut-line-supply, for: 20 s, witness: {chips_silent: 2, tracers_due: 10}, cuts: [line]}
              - {do: kill-service, service: broker, at: 5 s, for: 20 s, witness: {refused: broker}, cuts: [mqtt]}
            expect: [{checker: recovers}]
        """

    /// The second step of the pair, and what stands in the place of the first.
    private static let second =
        "do: kill-service, service: broker, at: 5 s, for: 20 s, witness: {refused: broker}, cuts: [mqtt]"
    private static let first =
        "do: cut-line-supply, for: 20 s, witness: {chips_silent: 2, tracers_due: 10}, cuts: [line]"

    @Test func aVariantMayHaveAFaultOfSeveralSteps() throws {
        let scenario = try Scenario(text: Self.pair, file: "s.yaml")
        #expect(scenario.variants[0].steps.count == 1)
        let both = scenario.variants[1]
        #expect(both.steps.map(\.action) == [.cutLineSupply, .killService])
        #expect(both.steps.map(\.atNanoseconds) == [0, 5_000_000_000])
        #expect(both.faultNanoseconds == 25_000_000_000)
        #expect(both.cuts == ["line", "mqtt"])
        #expect(both.requires == ["service:broker"])
    }

    @Test(arguments: [
        (
            second,
            "do: cut-line-supply, at: 5 s, for: 20 s, witness: {chips_silent: 2, tracers_due: 10}, cuts: [line]",
            "s.yaml:16:9: 'cut-line-supply' stands here twice"
        ),
        (
            first, "do: stall-service, service: broker, for: 20 s, witness: {refused: broker}, cuts: [mqtt]",
            "s.yaml:16:9: 'kill-service' cannot be combined with 'stall-service': both need the service 'broker'"
        ),
        (
            second, "do: kill-system, at: 5 s, for: 20 s, witness: {gone: system}, cuts: []",
            "s.yaml:16:9: 'kill-system' cannot be combined with another step"
        ),
        (
            first,
            "do: cut-line-supply, at: 6 s, for: 20 s, witness: {chips_silent: 2, tracers_due: 10}, cuts: [line]",
            "s.yaml:15:9: the first step begins the fault: it has no 'at'"
        ),
        ("service:broker", "service:brokr", "is nothing that a rig can have: did you mean"),
    ])
    func stepsThatCannotBeCombinedAreOneClearLine(old: String, new: String, message: String) throws {
        var text = Self.pair
        // The last one is the variant's.
        let range = try #require(text.ranges(of: old).last)
        text.replaceSubrange(range, with: new)
        let failure = #expect(throws: DocumentFailure.self) { try Scenario(text: text, file: "s.yaml") }
        #expect(failure?.description.contains(message) == true, "\(String(describing: failure))")
    }

    @Test func malformedTelegramsSayWhatPutsThemOnTheLine() throws {
        let scenario = try Catalogue.load(Self.data).select("PB-3/all").map(\.variant)
        #expect(scenario.map(\.fault.injector) == [.client, .chip, .line])
        #expect(scenario.map(\.requires) == [[], ["injector:chip"], ["injector:line"]])
        let text = String(decoding: try DataDirectories.read(Self.root + "/rigs/scenarios/PB-3.yaml"), as: UTF8.self)
        let others = [
            ("injector: line\n", "injector: lime\n", "did you mean 'line'"),
            ("do: send-malformed", "do: kill-system", "only 'send-malformed' has an 'injector'"),
        ]
        for (old, new, message) in others {
            let failure = #expect(throws: DocumentFailure.self) {
                try Scenario(text: text.replacing(old, with: new), file: "s.yaml")
            }
            #expect(failure?.description.contains(message) == true, "\(String(describing: failure))")
        }
        let older = text.replacing("    injector: ${injector}\n", with: "").replacing(
            "    injector: client\n", with: ""
        )
        .replacing("    injector: chip\n", with: "").replacing("    injector: line\n", with: "")
        #expect(try Scenario(text: older, file: "s.yaml").variants.allSatisfy { $0.fault.injector == .client })
    }

    @Test func whatIsDeletedIsSaidWhereSomethingIs() throws {
        let variants = try Catalogue.load(Self.data).select("DI-2/all").map(\.variant)
        #expect(variants.map(\.fault.parents) == ["rooms", "areas", "devices"])
        let text = String(decoding: try DataDirectories.read(Self.root + "/rigs/scenarios/DI-2.yaml"), as: UTF8.self)
        let others = [
            ("    parents: ${parents}\n", "", "'parents' is missing"),
            ("do: delete-parents", "do: create-twice", "only 'delete-parents' has 'parents'"),
        ]
        for (old, new, message) in others {
            // What the fault no longer refers to no variant may set.
            var text = text.replacing(old, with: new)
            if new.isEmpty {
                for name in ["rooms", "areas", "devices"] { text = text.replacing("    parents: \(name)\n", with: "") }
            }
            let failure = #expect(throws: DocumentFailure.self) { try Scenario(text: text, file: "s.yaml") }
            #expect(failure?.description.contains(message) == true, "\(String(describing: failure))")
        }
    }

    @Test func theCataloguesOwnFilesParseAndEverySabotageIsThere() throws {
        let catalogue = try Catalogue.load(Self.data)
        #expect(
            catalogue.scenarios.map(\.id).sorted() == [
                "AW-1", "AW-2", "AW-3", "AW-4", "DI-1", "DI-2", "DI-3", "DI-4", "HW-1", "HW-2", "HW-3", "HW-4", "HW-5",
                "HW-6",
                "HW-7", "IF-1",
                "IF-2", "IF-3", "IF-4",
                "IF-5", "PB-1",
                "PB-2", "PB-3", "PB-4", "SS-1", "SS-2", "SS-3", "SS-4", "SS-5",
            ])
        for scenario in catalogue.scenarios {
            #expect(scenario.variants.contains { !$0.sabotages.isEmpty }, "\(scenario.id)")
        }
    }

    @Test(arguments: [
        ("HW-2", ["HW-2/sweep"]), ("HW-2/all", ["HW-2/sweep", "HW-2/quick"]),
        ("HW-1", ["HW-1/cut-20s"]), ("HW-1/cut-3s", ["HW-1/cut-3s"]),
        ("HW-1/all", ["HW-1/cut-20s", "HW-1/cut-3s", "HW-1/cut-20s-broker-killed"]),
        ("tier-1", ["IF-1/killed-5s", "IF-2/killed-20s", "IF-3/locked-20s", "IF-4/full-30s", "IF-5/silent-30s"]),
        (
            "tier-2",
            [
                "PB-1/killed", "PB-2/killed",
                "PB-3/client", "PB-4/broker-stalled",
            ]
        ),
        (
            "physical",
            ["HW-1/cut-20s", "HW-3/unplugged-30s", "HW-4/off-5s", "HW-5/in-frame", "HW-6/bounce-20s", "HW-7/cut-20s"]
        ),
        (
            "all",
            [
                "AW-1/fifty-reset", "AW-2/one-stops", "AW-3/forty-keys", "AW-4/flood-20s", "DI-1/ten-ids", "DI-2/rooms",
                "DI-3/hundred-devices", "DI-4/reset-5s",
                "HW-1/cut-20s",
                "HW-3/unplugged-30s", "HW-4/off-5s", "HW-5/in-frame", "HW-6/bounce-20s", "HW-7/cut-20s",
                "IF-1/killed-5s", "IF-2/killed-20s",
                "IF-3/locked-20s", "IF-4/full-30s",
                "IF-5/silent-30s", "PB-1/killed", "PB-2/killed", "PB-3/client", "PB-4/broker-stalled",
                "SS-1/asked-to-end",
                "SS-2/killed-3-times", "SS-3/absent-20s",
                "SS-4/six-kinds", "SS-5/locked",
            ]
        ),
    ])
    func selectionsMeanWhatTheySay(selection: String, names: [String]) throws {
        let selected = try Catalogue.load(Self.data).select(selection)
        #expect(selected.map { "\($0.scenario.id)/\($0.variant.name)" } == names)
    }

    @Test(arguments: [
        ("HW-1", ["HW-1/cut-20s", "HW-1/cut-3s", "HW-1/cut-20s-broker-killed"]), ("HW-1/cut-3s", ["HW-1/cut-3s"]),
        ("HW-2", ["HW-2/sweep", "HW-2/quick"]), ("HW-2/sweep", ["HW-2/sweep"]),
        (
            "physical",
            [
                "HW-1/cut-20s", "HW-1/cut-3s", "HW-1/cut-20s-broker-killed", "HW-2/quick", "HW-3/unplugged-30s",
                "HW-3/unplugged-1s", "HW-3/again-in-read-out", "HW-4/off-5s", "HW-5/in-frame", "HW-5/in-frame-700ms",
                "HW-5/before-acknowledge", "HW-5/by-relay", "HW-6/bounce-20s", "HW-6/bounce-3s", "HW-6/chatter-45s",
                "HW-7/cut-20s",
            ]
        ),
        (
            "tier-2",
            [
                "PB-1/killed", "PB-1/connection-cut-5s", "PB-1/connection-cut-in-message-5s", "PB-2/killed",
                "PB-2/hung", "PB-2/stalled-5s", "PB-2/killed-broker-killed",
                "PB-3/client", "PB-3/chip", "PB-3/line",
                "PB-4/broker-stalled", "PB-4/database-locked", "PB-4/starved",
            ]
        ),
    ])
    func aWholeSelectionIsEveryVariant(selection: String, names: [String]) throws {
        let selected = try Catalogue.load(Self.data).selectWhole(selection)
        #expect(selected.map { "\($0.scenario.id)/\($0.variant.name)" } == names)
    }

    /// What takes minutes is made when it is asked for by name, and whoever asks for many is told.
    @Test func whatIsMadeApartIsSaid() throws {
        let catalogue = try Catalogue.load(Self.data)
        #expect(catalogue.apart(from: "all") == ["HW-2/sweep"])
        #expect(catalogue.apart(from: "physical") == ["HW-2/sweep"])
        #expect(catalogue.apart(from: "tier-6") == ["HW-2/sweep"])
        for selection in ["tier-1", "HW-2", "HW-2/sweep", "HW-1"] {
            #expect(catalogue.apart(from: selection).isEmpty, "\(selection)")
        }
    }

    static let sweep = """
        version: 1
        id: HW-2
        name: Dip sweep
        tier: 6
        likelihood: 3
        impact: 4
        requires: [relay:line-supply]
        fault:
          - {do: dip-line-supply, from: "${from}", to: 8 s, lengths: 12, times: "${times}", witness: {chips_silent: 2}, cuts: [line]}
        variants:
          - {name: sweep, apart: true, from: 10 ms, times: 5, expect: [{checker: dips}]}
          - {name: quick, from: 60 ms, times: 2, expect: [{checker: dips}]}
        """

    @Test func aSweepHasItsLengths() throws {
        let variants = try Scenario(text: Self.sweep, file: "s.yaml").variants
        #expect(variants.map(\.isApart) == [true, false])
        #expect(variants.map(\.fault.sweep?.fromNanoseconds) == [10_000_000, 60_000_000])
        #expect(variants.map(\.fault.sweep?.times) == [5, 2])
        #expect(variants.allSatisfy { $0.fault.kind == .supplyDips && $0.fault.durationNanoseconds == 0 })
    }

    @Test func theSweepOfTheCatalogueIsAsLargeAsItMustBe() throws {
        let scenario = try Scenario(path: Self.root + "/rigs/scenarios/HW-2.yaml")
        let sweep = try #require(scenario.variants[0].fault.sweep)
        #expect(sweep.lengths >= 10 && sweep.times >= 5)
    }

    @Test(arguments: [
        ("chips_silent: 2", "chips_silent: 1", "a dip is proven by the supply's sense or by at least 2 chips"),
        ("to: 8 s", "to: 15 ms", "a sweep goes from 1 ms or more to twice that or more"),
        ("lengths: 12", "lengths: 1", "1 is outside 2…100"), ("to: 8 s, ", "", "'to' is missing"),
        ("apart: true", "apart: sometimes", "'sometimes' should be"),
    ])
    func aSweepThatIsWrittenWrongIsOneClearLine(old: String, new: String, message: String) {
        let text = Self.sweep.replacing(old, with: new)
        let failure = #expect(throws: DocumentFailure.self) { try Scenario(text: text, file: "s.yaml") }
        #expect(failure?.description.contains(message) == true, "\(String(describing: failure))")
    }

    static let cycled = """
        version: 1
        id: IF-1
        name: Broker again and again
        tier: 1
        likelihood: 3
        impact: 4
        requires: [service:broker]
        fault:
          - {do: "${do}", service: broker, process: knxd, for: 3 s, witness: {refused: broker, gone: knxd}, cuts: [mqtt]}
        variants:
          - {name: cycles, do: kill-service, cycles: 8, hold: 7 s, expect: [{checker: recovers}, {checker: growth}]}
          - {name: once, do: kill-service, expect: [{checker: recovers}]}
        """

    @Test func aVariantMayBeMadeInCycles() throws {
        let variants = try Scenario(text: Self.cycled, file: "s.yaml").variants
        #expect(variants.map(\.cycles?.count) == [8, nil])
        // A recovery that has held is a cool-down.
        #expect(variants[0].cycles?.coolDownNanoseconds == 7_000_000_000)
        #expect(variants.map(\.faultNanoseconds) == [73_000_000_000, 3_000_000_000])
        let own = Self.cycled.replacing("cycles: 8", with: "cycles: 6, cool_down: 20 s")
        #expect(try Scenario(text: own, file: "s.yaml").variants[0].cycles?.coolDownNanoseconds == 20_000_000_000)
    }

    @Test(arguments: [
        ("cycles: 8", "cycles: 5", "5 is outside 6…50"), ("cycles: 8, ", "", "'growth' is judged over 'cycles'"),
        ("cycles: 8, ", "cool_down: 5 s, ", "'cool_down' lies between 'cycles'"),
        ("cycles: 8", "cycles: 8, cool_down: 1 s", "a cool-down is 3 s at least"),
        (", {checker: growth}", "", "'cycles' are made for the sake of 'growth'"),
        ("{checker: growth}", "{checker: growth}, {checker: ledger}", "'ledger' says nothing over cycles"),
        ("cycles, do: kill-service", "cycles, do: fill-disk", "cycles are made of one step without a contact"),
    ])
    func cyclesThatAreWrittenWrongAreOneClearLine(old: String, new: String, message: String) {
        var text = Self.cycled.replacing(old, with: new)
        if new.contains("fill-disk") { text = text.replacing("gone: knxd", with: "refuses_writes: disk") }
        let failure = #expect(throws: DocumentFailure.self) { try Scenario(text: text, file: "s.yaml") }
        #expect(failure?.description.contains(message) == true, "\(String(describing: failure))")
    }

    private static let loaded = text.replacing(
        "fault:", with: "load: {before: \"${before}\", after: 9 s, at_least: 98}\nfault:"
    ).replacing("cut: 3 s", with: "cut: 3 s, before: 7 s").replacing("cut: 20 s", with: "cut: 20 s, before: 8 s")

    @Test func aLoadStandsBesideTheFault() throws {
        #expect(try Scenario(text: Self.text, file: "s.yaml").variants.allSatisfy { $0.load == nil })
        let variants = try Scenario(text: Self.loaded, file: "s.yaml").variants
        #expect(variants.map(\.load?.beforeNanoseconds) == [7_000_000_000, 8_000_000_000])
        #expect(variants.map(\.load?.afterNanoseconds) == [9_000_000_000, 9_000_000_000])
        #expect(variants.map(\.load?.atLeastPercent) == [98, 98])
        #expect(variants.map(\.loadNanoseconds) == [16_000_000_000, 17_000_000_000])
    }

    @Test func aConsumerMayStandStillBeforeTheFault() throws {
        let text = Self.loaded.replacing("at_least: 98", with: "at_least: 98, stall: {service: broker, for: 2 s}")
        let stalls = try Scenario(text: text, file: "s.yaml").variants.map(\.load?.stall)
        #expect(stalls == Array(repeating: .init(service: "broker", durationNanoseconds: 2_000_000_000), count: 2))
    }

    @Test(arguments: [
        ("at_least: 98", "at_least: 98, stall: {service: broker, for: 6 s}", "before its consumer stands still"),
        ("at_least: 98", "at_least: 98, stall: {service: broker, during: 2 s}", "a stall has no key 'during'"),
        ("at_least: 98", "at_most: 98", "a load has no key 'at_most'"), ("at_least: 98", "at_least: 101", "is outside"),
        ("after: 9 s", "after: 4 s", "saturated for less than 5 s"), (", after: 9 s", "", "'after' is missing"),
        ("before: 7 s", "befor: 7 s", "a variant has no key 'befor': did you mean 'before'?"),
        ("before: 7 s", "cutt: 7 s", "a variant has no key 'cutt'"),
    ])
    func aLoadThatIsWrittenWrongIsOneClearLine(old: String, new: String, message: String) {
        let text = Self.loaded.replacing(old, with: new)
        let failure = #expect(throws: DocumentFailure.self) { try Scenario(text: text, file: "s.yaml") }
        #expect(failure?.description.contains(message) == true, "\(String(describing: failure))")
    }

    static let struck = """
        version: 1
        id: PB-2
        name: Daemon dies
        tier: 2
        likelihood: 4
        impact: 5
        requires: [process:knxd]
        fault:
          - {do: "${do}", process: knxd, for: "${stall}", again_in_read_out: "${again}", witness: {gone: knxd}, cuts: [line]}
        variants:
          - {name: killed, do: kill-process, expect: [{checker: recovers}]}
          - {name: stalled, do: stall-process, stall: 5 s, expect: [{checker: recovers}]}
        """

    @Test func aVariantMayChooseWhatIsDone() throws {
        let scenario = try Scenario(text: Self.struck, file: "s.yaml")
        #expect(scenario.variants.map(\.fault.action) == [.killProcess, .stallProcess])
        #expect(scenario.variants.map(\.fault.durationNanoseconds) == [0, 5_000_000_000])
        #expect(scenario.variants.allSatisfy { $0.fault.againInReadOutNanoseconds == nil })
    }

    @Test(arguments: [
        ("witness: {gone: knxd}", "witness: {gone: broker}", "what is done to a process is proven by 'gone: knxd'"),
        ("process: knxd, ", "", "'kill-process' needs a 'process'"),
        ("do: kill-process", "do: cut-interface, stall: 1 s", "an unplugged interface is proven by 'gone: interface'"),
        ("stall: 5 s", "stall: 5 s, again: 1 s", "only 'cut-interface' comes again in the read-out"),
        ("do: kill-process", "do: kill-proces", "did you mean 'kill-process'?"),
    ])
    func aStrikeThatNobodyCouldProveIsRefused(old: String, new: String, message: String) throws {
        var text = Self.struck
        let range = try #require(text.range(of: old))
        text.replaceSubrange(range, with: new)
        let failure = #expect(throws: DocumentFailure.self) { try Scenario(text: text, file: "s.yaml") }
        #expect(failure?.description.contains(message) == true, "\(String(describing: failure))")
    }

    static let damaged = """
        version: 1
        id: DI-4
        name: Batch lost
        tier: 5
        likelihood: 3
        impact: 3
        requires: [rows]
        fault:
          - {do: "${do}", gate: tsdb, service: victoria-metrics, for: 5 s, witness: {refused: tsdb}, cuts: [timeseries]}
        variants:
          - {name: reset, do: cut-writes, expect: [{checker: rows}]}
          - {name: refused, do: refuse-writes, expect: [{checker: rows}]}
          - {name: silent, do: swallow-writes, expect: [{checker: rows}]}
          - {name: down, do: kill-service, expect: [{checker: row-buffer}]}
          - {name: stalled, do: stall-service, expect: [{checker: row-buffer}]}
        """

    /// Without its broker a system is worse off than without any other service.
    @Test func aFaultIsNamedByWhatItTakesAway() throws {
        let faults = try Scenario(text: Self.damaged, file: "s.yaml").variants.map(\.fault)
        #expect(
            faults.map(\.kind) == [.writesDamaged, .writesDamaged, .writesDamaged, .serviceDown, .serviceStalled])
        let broker = Self.damaged.replacing("service: victoria-metrics", with: "service: broker")
        let ofBroker = try Scenario(text: broker, file: "s.yaml").variants.map(\.fault.kind)
        #expect(ofBroker.suffix(2) == [.brokerDown, .brokerStalled])
    }

    @Test(arguments: [
        ("gate: tsdb, ", "", "'cut-writes' needs a 'gate'"),
        ("{refused: tsdb}", "{refused: other}", "by the rig's own write: 'refused: tsdb'"),
        ("cut-writes", "cut-write", "did you mean 'cut-writes'?"),
    ])
    func damagedWritesNeedTheirGate(old: String, new: String, message: String) throws {
        let text = Self.damaged.replacing(old, with: new)
        let failure = #expect(throws: DocumentFailure.self) { try Scenario(text: text, file: "s.yaml") }
        #expect(failure?.description.contains(message) == true, "\(String(describing: failure))")
    }

    @Test(arguments: [
        ("HW1", "did you mean 'HW-1'?"), ("HW-1/cut-20", "did you mean 'cut-20s'?"),
        ("tier-9", "no scenario is of tier 9"), ("phyiscal", "did you mean 'physical'?"),
        ("tier-x", "no such scenario"),
        ("HW-1/a/b", "no such scenario"), ("", "no such scenario"),
    ])
    func aMisspeltSelectionNamesTheNearest(selection: String, message: String) throws {
        let catalogue = try Catalogue.load(Self.data)
        let failure = #expect(throws: DocumentFailure.self) { try catalogue.select(selection) }
        #expect(failure?.description.contains(message) == true, "\(String(describing: failure))")
    }
}

extension String {
    fileprivate func range(of part: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(part) { return start..<index(start, offsetBy: part.count) }
            start = index(after: start)
        }
        return nil
    }
}
