import Checkers
import Events

@testable import Reports

/// A made-up campaign with the shape of real ones: HW-1 passed, IF-1 failed, one scenario that could not be run.
enum SampleCampaign {
    static func seconds(_ seconds: Double) -> Instant { Instant(nanoseconds: 500_000_000_000 + Int64(seconds * 1e9)) }

    static let plan: Value = [
        "seed": 42, "sabotage": [], "utc": ["monotonic": 500_000_000_000, "unix": 1_795_731_330_000_000_000],
        "command": ["knxrig", "test", "HW-1/cut-20s", "--rig", "rigs/my bench.yaml", "--seed", "42"],
        "sources": [
            ["id": "witness", "sees": "every octet, acknowledges and bad frames"],
            ["id": "keeper", "sees": "relay commands and coil read-back"],
        ],
        "title": "Bus power cut", "tool": ["version": "0.1.0", "build": "22d73c44dbcc88bc"],
        "quirks": [
            ["id": "dcttech-late-first", "device": "dcttech board", "what": "the first command takes 40 ms longer"]
        ],
        "judge": [
            "line": "main",
            "fault": [
                "kind": "bus-cut", "target": "bus-power", "cuts": ["line"],
                "witness": ["chips": ["witness", "stimulus 1"], "chips_silent": 2, "tracers_due": 10],
            ],
            "expect": [["checker": "recovers"], ["checker": "state", "sentinels": "write"]],
            "limits": [
                "recover": 30_000_000_000, "detect": 15_000_000_000, "hold": 10_000_000_000,
                "baseline": 10_000_000_000, "slip": 5_000_000, "probe_gap": 250_000_000, "descriptors": 2,
            ],
            "tracers": [2049], "sentinels": [["group": 2816, "before": "00", "after": "01"]],
            "views": [["id": "mqtt", "streaming": true, "limit": 2_000_000_000]], "interface_daemon": "knxd",
        ],
    ]

    static let campaign = CampaignReport(
        knxrig: "0.1.0", rig: "twin", system: "reference-controller", systemBuild: "ba7816bf8f01cfea",
        began: 1_795_731_330,
        runs: [busCut(), brokerDown()],
        notRun: [CampaignReport.NotRun(id: "HW-4", variant: "off-5s", reason: "needs relay:host-supply")])

    static func busCut() -> RunReport {
        var verdict = RunVerdict(
            outcome: .pass, sentence: "recovered 3.42 s ± 0.11 s after the line came back (limit 30 s)")
        verdict.instants = Instants(
            fault: seconds(10.1), detected: seconds(21.2), healed: seconds(30.6), recovered: seconds(34.02))
        verdict.measured = [
            Measured(
                name: "time_to_detect", valueNanoseconds: 11_100_000_000, uncertaintyNanoseconds: 60_000_000,
                limitNanoseconds: 15_000_000_000, outcome: .pass),
            Measured(
                name: "time_to_recover", valueNanoseconds: 3_420_000_000, uncertaintyNanoseconds: 110_000_000,
                limitNanoseconds: 30_000_000_000, outcome: .pass,
                budget: [
                    BudgetItem(what: "polling of the API", nanoseconds: 54_000_000),
                    BudgetItem(what: "serial line", nanoseconds: 700_000),
                ], note: "of MQTT, API and database the slowest"),
        ]
        var row = LedgerRow(hop: "line → mqtt")
        row.onBus = 812
        row.delivered = 800
        row.suppressed = 2
        row.unreachable = 10
        verdict.ledger = [row]
        verdict.notes = ["durability under power loss was not tested"]
        verdict.checkerVersion = "1"
        return RunReport(
            id: "HW-1", variant: "cut-20s", repetition: 1, directory: "HW-1/cut-20s/001", verdict: verdict,
            events: busCutEvents(), plan: plan)
    }

    private static func busCutEvents() -> [Event] {
        var events = [Event(at: seconds(-4), source: "run", .plan(plan))]
        let steps: [(Event.Phase.Step, Double, Double)] = [
            (.setUp, -4, 0), (.verifyNormal, 0, 10), (.inject, 10, 10.12), (.verifyDegraded, 10.12, 30),
            (.heal, 30, 30.6), (.verifyRecovery, 30.6, 44.1), (.checkLeaks, 44.1, 45), (.safeState, 45, 45.1),
        ]
        for (step, from, to) in steps {
            events.append(Event(at: seconds(from), source: "run", .phase(Event.Phase(step, .begin))))
            events.append(Event(at: seconds(to), source: "run", .phase(Event.Phase(step, .end))))
        }
        for index in 0..<750 {
            let second = Double(index) * 0.06
            guard !(10.1...30.7).contains(second) else { continue }
            events.append(
                Event(
                    at: seconds(second), uncertaintyNanoseconds: 200_000, source: "witness",
                    .frame(
                        Event.Frame(
                            line: "main", octets: [0xBC, 0x11, 0x0A, 0x08, 0x01, 0xE1, 0x00, 0x81, 0x31],
                            acknowledge: index == 100 ? nil : 0xCC, began: seconds(second - 0.012)))))
            // What the controller makes of it: late once, nothing while it has no line, slower at first afterwards.
            guard !(30.7...32).contains(second) else { continue }
            let latency = index == 50 ? 0.9 : second > 32 && second < 34 ? 0.2 : 0.004
            events.append(
                Event(
                    at: seconds(second + latency), uncertaintyNanoseconds: 1_000_000, source: "mqtt",
                    .sample(Event.Sample(view: "mqtt", point: "1/0/1", raw: [1]))))
        }
        for (second, millivolts) in [
            (0, 29_000), (10.1, 22_000), (10.15, 4_000), (10.3, 0), (30.0, 12_000), (30.05, 29_000),
        ]
            as [(Double, Int64)]
        {
            events.append(
                Event(
                    at: seconds(second), source: "sense",
                    .supply(Event.SupplyReading(line: "main", millivolts: millivolts))))
        }
        for source in ["witness", "stimulus 1"] {
            events.append(
                Event(at: seconds(0), source: source, .interface(Event.InterfaceReport(line: "main", report: .armed))))
            events.append(
                Event(
                    at: seconds(10.6), source: source, .interface(Event.InterfaceReport(line: "main", report: .silent)))
            )
            events.append(
                Event(
                    at: seconds(30.5), source: source,
                    .interface(
                        Event.InterfaceReport(line: "main", report: .reset, octet: 3, detail: "Reset.ind by itself"))))
        }
        events.append(
            Event(
                at: seconds(10.1), source: "keeper",
                .actuation(
                    Event.Actuation(
                        target: "bus-power", meaning: "cut", purpose: "fault", due: seconds(10),
                        commanded: seconds(10.0004),
                        observed: seconds(10.0061), readback: .confirmed))))
        events.append(
            Event(
                at: seconds(30), source: "keeper",
                .actuation(
                    Event.Actuation(
                        target: "bus-power", meaning: "powered", purpose: "heal", due: seconds(30),
                        commanded: seconds(30.0003), observed: seconds(30.0058), readback: .confirmed))))
        for (second, change) in [(0, .started), (21.0, .exited), (31.1, .started)]
            as [(Double, Event.ProcessChange.Change)]
        {
            events.append(
                Event(
                    at: seconds(second), source: "host",
                    .process(
                        Event.ProcessChange(
                            process: "knxd", pid: 40 + Int64(second), change: change,
                            status: change == .exited ? 1 : nil))))
        }
        events.append(
            Event(at: seconds(0), source: "gate", .link(Event.LinkChange(link: "broker", change: .connected))))
        for index in 0..<225 {
            let second = Double(index) * 0.2
            let isGood = !(22...33).contains(second)
            events.append(
                Event(
                    at: seconds(second), uncertaintyNanoseconds: 57_735_027, source: "http",
                    .operation(
                        Event.Operation(
                            id: Int64(index), name: "health", action: isGood ? .ok : .failed, status: isGood ? 200 : 503
                        ))))
        }
        events.append(
            Event(at: seconds(33), source: "run", .slip(Event.Slip(thread: "stimulus", lateNanoseconds: 6_200_000))))
        events.append(
            Event(
                at: seconds(30.5), source: "run",
                .gap(Event.Gap(blind: "witness", from: seconds(30), to: seconds(30.5), reason: "its chip had no bus"))))
        return events
    }

    static func brokerDown() -> RunReport {
        var verdict = RunVerdict(
            outcome: .fail,
            sentence:
                "mqtt broke first: 3 telegrams were lost silently between +9.871 s and +10.002 s; nothing counted them")
        verdict.instants = Instants(fault: seconds(5), healed: seconds(15))
        verdict.measured = [
            Measured(
                name: "time_to_recover", valueNanoseconds: nil, uncertaintyNanoseconds: 0,
                limitNanoseconds: 15_000_000_000, outcome: .fail)
        ]
        verdict.findings = [
            Finding(
                checker: "ledger", outcome: .fail, sentence: "3 telegrams to 1/1/5 were neither delivered nor counted",
                at: seconds(14.871), hop: "line → mqtt"),
            Finding(checker: "leaks", outcome: .pass, sentence: "descriptors are back at 31", at: nil, hop: nil),
        ]
        var row = LedgerRow(hop: "line → mqtt")
        row.onBus = 400
        row.delivered = 397
        row.silent = 3
        row.missing = ["1/1/5 = 0c1a at +9.871 s", "1/1/5 = 0c1b at +9.933 s", "1/1/5 = 0c1c at +10.002 s"]
        verdict.ledger = [row]
        verdict.checkerVersion = "1"
        let events = [
            Event(at: seconds(0), source: "run", .phase(Event.Phase(.verifyNormal, .begin))),
            Event(
                at: seconds(5), source: "gate",
                .link(Event.LinkChange(link: "broker", change: .disconnected, detail: "reset"))),
            Event(at: seconds(7), source: "gate", .link(Event.LinkChange(link: "broker", change: .refused))),
            Event(
                at: seconds(5), source: "host",
                .process(Event.ProcessChange(process: "broker", pid: 9, change: .exited, signal: 9))),
            Event(at: seconds(31), source: "run", .phase(Event.Phase(.verifyNormal, .end, reason: "aborted"))),
        ]
        return RunReport(
            id: "IF-1", variant: "down-10s", repetition: 1, directory: "IF-1/down-10s/001", verdict: verdict,
            events: events, plan: ["seed": 7])
    }
}
