import Checkers
import Events
import Foundation
import FoundationXML
import Testing

@testable import Reports

@Suite struct ReportTests {
    static let campaign = SampleCampaign.campaign

    @Test(arguments: [
        ("results.json", Results.text(campaign)), ("junit.xml", JUnit.text(campaign)),
        ("report.html", HTMLReport.text(campaign)),
    ])
    func theFilesAreAsTheyWere(name: String, text: String) {
        #expect(Golden.text(name, recording: text) == text)
    }

    @Test func resultsReadBackAsTheSchemaSays() throws {
        let results = try JSON.parse(Results.text(Self.campaign))
        #expect(results["schema"] == "knxrig/results/1")
        #expect(results["verdict"] == "fail")
        #expect(results["system"] == ["name": "reference-controller", "build": "ba7816bf8f01cfea"])
        let scenarios = results["scenarios"]?.list ?? []
        #expect(scenarios.map { $0["id"]?.text } == ["HW-1", "IF-1"])
        #expect(scenarios.map { $0["sabotage"] } == [.null, .null])
        let failed = scenarios[1]["repetitions"]?.list?[0]
        #expect(failed?["run"] == "IF-1/down-10s/001")
        #expect(failed?["seed"] == 7)
        #expect(failed?["reason"] == "3 telegrams to 1/1/5 were neither delivered nor counted")
        #expect(failed?["first_sentence"]?.text?.hasPrefix("mqtt broke first") == true)
        #expect(failed?["measured"]?.list?[0]["value"] == .null)
        #expect(Results.text(Self.campaign).contains(#""value": 3.42, "u": 0.11, "k": 2, "unit": "s", "limit": 30,"#))
        #expect(results["not_run"]?.list?[0]["reason"] == "needs relay:host-supply")
    }

    @Test func runsWithAProtectionOffStandApart() throws {
        var sabotaged = SampleCampaign.busCut()
        sabotaged.plan = ["seed": 1, "sabotage": ["knxd.restart"]]
        sabotaged.verdict.outcome = .fail
        var campaign = Self.campaign
        campaign.runs = [SampleCampaign.busCut(), sabotaged]
        let scenarios = try JSON.parse(Results.text(campaign))["scenarios"]?.list ?? []
        #expect(scenarios.map { $0["sabotage"] } == [.null, ["knxd.restart"]])
        #expect(scenarios.map { $0["verdict"] } == ["pass", "fail"])
        #expect(JUnit.text(campaign).contains(#"name="HW-1/cut-20s without knxd.restart""#))
    }

    @Test func junitCountsOnlyAFailAsFailure() throws {
        var campaign = Self.campaign
        campaign.runs = Outcome.allCases.enumerated().map { number, outcome in
            var run = SampleCampaign.busCut()
            run.repetition = number + 1
            run.verdict = RunVerdict(outcome: outcome, sentence: "it is \(outcome.rawValue)")
            return run
        }
        let suites = XMLTree(JUnit.text(campaign))
        #expect(suites.error == nil)
        #expect(suites.elements["testsuites"]?[0]["tests"] == "7")
        #expect(suites.elements["testsuites"]?[0]["failures"] == "1")
        #expect(suites.elements["testsuites"]?[0]["errors"] == "4")
        #expect(suites.elements["testsuites"]?[0]["skipped"] == "1")
        #expect(suites.elements["failure"]?.map { $0["message"] } == ["it is fail"])
        #expect(
            Set(suites.elements["error"]?.compactMap { $0["type"] } ?? []) == [
                "invalid", "error", "inconclusive", "aborted",
            ])
    }

    @Test func xmlAndHTMLAreWellFormed() {
        for text in [JUnit.text(Self.campaign), HTMLReport.text(Self.campaign)] {
            let tree = XMLTree(text)
            #expect(tree.error == nil)
        }
        #expect(XMLTree("<a><b></a>").error != nil)
    }

    @Test func theReportNeedsNothingButItself() {
        let html = HTMLReport.text(Self.campaign)
        let tree = XMLTree(html)
        for reference in ["<img", "<link", "src=", "@import", "https://"] {
            #expect(!html.contains(reference), "\(reference)")
        }
        #expect(
            html.split(separator: "http://").count - 1 == html.split(separator: #"xmlns="http://www.w3.org/2000/svg""#)
                .count - 1)
        // What a style refers to is in the page.
        #expect(html.split(separator: "url(").dropFirst().allSatisfy { $0.hasPrefix("#") })
        for text in [Stylesheet.text, Script.text] { #expect(text.allSatisfy { !"<>&\"'".contains($0) }) }
        #expect(html.contains(Script.text))
        #expect(tree.elements["script"]?.count == 1)
        // Every link leads into the page or to a file of a run.
        let identifiers = Set(tree.elements.values.joined().compactMap { $0["id"] })
        for link in tree.elements["a"]?.compactMap({ $0["href"] }) ?? [] {
            #expect(
                link.hasPrefix("#") ? identifiers.contains(String(link.dropFirst())) : link.hasPrefix("./"), "\(link)")
        }
        #expect(tree.elements["a"]?.contains { $0["href"] == "./HW-1/cut-20s/001/evidence.jsonl" } == true)
    }

    @Test(arguments: [
        "<script>alert(1)</script>", #""onload="alert(1)"#, "' & ]]> <!-- --> <?xml ?>",
        "\u{0}\u{1B}[31m\u{7F}\u{FFFE}",
        "\u{202E}abc\u{2066}", "javascript:alert(1)", "../../../etc/passwd", "line\nbreak\r\ttab",
        String(repeating: "x", count: 5000), "",
    ])
    func hostileTextStaysText(text: String) throws {
        let campaign = Hostile.campaign(text)
        for document in [JUnit.text(campaign), HTMLReport.text(campaign)] {
            let tree = XMLTree(document)
            #expect(tree.error == nil)
            #expect(tree.elements["script"]?.count == (document.hasPrefix("<!DOCTYPE") ? 1 : nil))
            #expect(!tree.elements.values.joined().contains { $0.keys.contains("onload") })
            #expect(!document.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" && $0 != "\t" })
            #expect(!document.unicodeScalars.contains { (0x202A...0x202E).contains($0.value) })
            for link in tree.elements["a"]?.compactMap({ $0["href"] }) ?? [] {
                #expect(link.hasPrefix("#") || link.hasPrefix("./"))
            }
        }
        #expect(try JSON.parse(Results.text(campaign))["rig"] == .text(text))
        let summary = TerminalSummary.text(campaign, colours: false)
        #expect(!summary.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" || $0.value == 0x7F })
        #expect(summary.split(separator: "\n").count == 3)
    }

    @Test func numbersThatMakeNoSenseDoNotTrap() {
        var campaign = Self.campaign
        for number in [Int64.min, .max, -1, 0] {
            let instant = Instant(nanoseconds: number)
            campaign.began = number
            campaign.runs[0].verdict.instants = Instants(
                fault: instant, detected: instant, healed: instant, recovered: instant)
            campaign.runs[0].verdict.measured = [
                Measured(
                    name: "time_to_recover", valueNanoseconds: number, uncertaintyNanoseconds: number,
                    limitNanoseconds: number,
                    outcome: .pass, budget: [BudgetItem(what: "y", nanoseconds: number)])
            ]
            campaign.runs[0].events += [
                Event(at: instant, source: "a", .supply(Event.SupplyReading(line: "l", millivolts: number))),
                Event(at: instant, source: "a", .slip(Event.Slip(thread: "t", lateNanoseconds: number))),
                Event(
                    at: instant, source: "a",
                    .gap(
                        Event.Gap(
                            blind: "b", from: Instant(nanoseconds: .min), to: Instant(nanoseconds: .max), reason: ""))),
                Event(
                    at: instant, source: "a",
                    .frame(Event.Frame(line: "l", octets: [], acknowledge: nil, began: instant))),
                Event(at: instant, source: "a", .phase(Event.Phase(.verifyNormal, .begin))),
            ]
            var row = LedgerRow(hop: "x")
            row.onBus = Int(number)
            row.silent = Int(number)
            campaign.runs[0].verdict.ledger = [row, row]
            campaign.runs = [campaign.runs[0], campaign.runs[0]]
            #expect(XMLTree(HTMLReport.text(campaign)).error == nil)
            #expect(XMLTree(JUnit.text(campaign)).error == nil)
            #expect((try? JSON.parse(Results.text(campaign))) != nil)
        }
    }

    @Test func aRunWithoutEventsIsReported() {
        var campaign = Self.campaign
        campaign.runs = [
            RunReport(
                id: "HW-1", variant: "cut-20s", repetition: 1, directory: "HW-1/cut-20s/001",
                verdict: RunVerdict(outcome: .error, sentence: "no relay board was found"), events: [], plan: .null)
        ]
        #expect(XMLTree(HTMLReport.text(campaign)).error == nil)
        #expect(HTMLReport.headline(campaign) == "The run ended in an error")
        #expect(HTMLReport.text(campaign).contains("no relay board was found"))
    }

    @Test func onlyFilesThatAreThereAreLinked() {
        var campaign = Self.campaign
        campaign.runs = [SampleCampaign.busCut()]
        campaign.runs[0].files = ["evidence.jsonl", "logs"]
        let links = XMLTree(HTMLReport.text(campaign)).elements["a"]?.compactMap { $0["href"] }
        #expect(
            links == ["#run-HW-1-cut-20s-001", "./HW-1/cut-20s/001/evidence.jsonl", "./HW-1/cut-20s/001/logs/"])
    }

    @Test func theReportSaysWhatTheWitnessMissed() {
        var campaign = Self.campaign
        #expect(!HTMLReport.text(campaign).contains("Did the witness hear everything?"))
        campaign.runs[0].verdict.witness = WitnessStatement(
            standing: .missing, sentence: "3 telegrams lost at least: by the bus time between 90 frames", frames: 90,
            sent: 0, lost: 3, places: ["between 1.2 s and 1.3 s 3 telegrams missing"],
            limits: ["nothing else is proven"])
        let html = HTMLReport.text(campaign)
        #expect(html.contains("3 telegrams lost at least: by the bus time between 90 frames."))
        #expect(html.contains("between 1.2 s and 1.3 s 3 telegrams missing"))
        #expect(html.contains("Not proven: nothing else is proven."))
    }

    @Test func headlinesSayHowManyOfWhat() {
        var campaign = Self.campaign
        #expect(HTMLReport.headline(campaign) == "1 of 2 runs passed: 1 failed")
        campaign.runs = [SampleCampaign.busCut()]
        #expect(HTMLReport.headline(campaign) == "The run passed")
        campaign.runs += campaign.runs
        #expect(HTMLReport.headline(campaign) == "All 2 runs passed")
        campaign.runs[0].verdict.outcome = .invalid
        campaign.runs += [SampleCampaign.brokerDown()]
        #expect(HTMLReport.headline(campaign) == "1 of 3 runs passed: 1 failed, 1 invalid")
        campaign.runs = []
        #expect(HTMLReport.headline(campaign) == "Nothing was tested")
    }
}

/// A campaign with the same text wherever a text can stand.
enum Hostile {
    static func campaign(_ text: String) -> CampaignReport {
        var verdict = RunVerdict(outcome: .fail, sentence: text)
        verdict.measured = [
            Measured(
                name: text, valueNanoseconds: 1, uncertaintyNanoseconds: 1, limitNanoseconds: 1, outcome: .fail,
                budget: [BudgetItem(what: text, nanoseconds: 1)], note: text)
        ]
        verdict.findings = [
            Finding(checker: text, outcome: .fail, sentence: text, at: Instant(nanoseconds: 0), hop: text)
        ]
        var row = LedgerRow(hop: text)
        row.missing = [text]
        verdict.ledger = [row]
        verdict.notes = [text]
        verdict.witness = WitnessStatement(
            standing: .missing, sentence: text, frames: 1, sent: 1, lost: 1, places: [text], limits: [text])
        verdict.checkerVersion = text
        let instant = Instant(nanoseconds: 5)
        let payloads: [Event.Payload] = [
            .phase(Event.Phase(.inject, .begin)), .phase(Event.Phase(.inject, .end, reason: text)),
            .interface(Event.InterfaceReport(line: text, report: .armed, detail: text)),
            .supply(Event.SupplyReading(line: text, millivolts: 1)),
            .process(Event.ProcessChange(process: text, pid: 1, change: .started)),
            .link(Event.LinkChange(link: text, change: .connected, detail: text)),
            .actuation(
                Event.Actuation(
                    target: text, meaning: text, purpose: text, due: instant, commanded: instant, observed: nil,
                    readback: .failed, reason: text)),
            .slip(Event.Slip(thread: text, lateNanoseconds: 1)),
            .gap(Event.Gap(blind: text, from: instant, to: instant, reason: text)),
            .sample(Event.Sample(view: "health", point: text, reading: .text(text))),
            .log(Event.LogLine(process: text, line: text, means: text)), .other(kind: text, .text(text)),
            .frame(Event.Frame(line: text, octets: [1], acknowledge: nil, began: instant, flaw: text)),
        ]
        return CampaignReport(
            knxrig: text, rig: text, system: text, systemBuild: text, began: 0,
            runs: [
                RunReport(
                    id: text, variant: text, repetition: 1, directory: text, verdict: verdict,
                    events: payloads.map { Event(at: instant, source: text, $0) },
                    plan: [
                        "sabotage": [.text(text)], "command": [.text(text)],
                        "sources": [["id": .text(text), "sees": .text(text)]],
                    ])
            ], notRun: [CampaignReport.NotRun(id: text, variant: text, reason: text)])
    }
}

/// A document as an XML parser that is not ours sees it.
final class XMLTree: NSObject, XMLParserDelegate {
    var elements: [String: [[String: String]]] = [:]
    var error: String?

    init(_ text: String) {
        super.init()
        let parser = XMLParser(data: Data(text.utf8))
        parser.delegate = self
        if !parser.parse() && error == nil { error = "not parsed" }
    }

    func parser(_ parser: XMLParser, parseErrorOccurred parseError: any Error) {
        error = "\(parseError) in line \(parser.lineNumber)"
    }

    func parser(
        _ parser: XMLParser, didStartElement element: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        elements[element, default: []].append(attributes)
    }
}
