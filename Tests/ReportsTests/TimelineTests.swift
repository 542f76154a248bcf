import Checkers
import Events
import Foundation
import Testing

@testable import Reports

@Suite struct TimelineTests {
    static func seconds(_ seconds: Double) -> Instant { SampleCampaign.seconds(seconds) }

    static let run = SampleCampaign.busCut()

    static func lane(_ name: String, _ run: RunReport = run, _ traces: RunTraces = RunTraces()) -> Lane? {
        Lane.all(run, Scale(run), traces).lanes.first { $0.name == name }
    }

    /// How often a piece of text stands in another.
    static func count(_ piece: String, in text: String) -> Int { text.components(separatedBy: piece).count - 1 }

    static func text(_ drawing: [Markup]) -> String { drawing.map(\.rendered).joined(separator: "\n") }

    @Test func whatIsMissingIsSaidAndNotDrawn() {
        let (lanes, missing) = Lane.all(SampleCampaign.brokerDown(), Scale(SampleCampaign.brokerDown()), RunTraces())
        #expect(lanes.map(\.name) == ["broker", "link to broker"])
        #expect(
            missing == [
                "what the rig did", "the supply’s voltage", "the state of the interfaces", "the line’s load",
                "telegrams on the line", "the system’s health", "the state of the sentinels",
                "latency from the line to a view",
            ])
        var campaign = SampleCampaign.campaign
        campaign.runs = [SampleCampaign.brokerDown()]
        #expect(HTMLReport.text(campaign).contains("Not recorded in this run: what the rig did; the supply’s voltage;"))
    }

    @Test func aCommandIsASignAndWhatItMadeABar() throws {
        let lane = try #require(Self.lane("relay bus-power"))
        #expect(lane.note == "2 clicks")
        #expect(lane.says == "bus-power: cut at −0.100 s, powered at +19.900 s")
        let text = Self.text(lane.drawing)
        #expect(Self.count(#"<rect class="down""#, in: text) == 1)
        #expect(Self.count(#"<rect class="up""#, in: text) == 2)
        #expect(text.contains("fault: bus-power cut, commanded −0.100 s, read back −0.094 s, confirmed"))
    }

    @Test func aProcessThatExitedIsDownUntilItIsThereAgain() throws {
        let lane = try #require(Self.lane("knxd"))
        #expect(lane.note == "down once")
        #expect(lane.says == "knxd: down at +10.900 s for 10.1 s")
        #expect(Self.text(lane.drawing).contains("knxd down from +10.900 s, 10.1 s, exit status 1"))
    }

    /// A system that connects for each of its writes is not down between them.
    @Test func shortConnectionsAreNoFaults() throws {
        func link(_ at: Double, _ change: Event.LinkChange.Change) -> Event {
            Event(at: Self.seconds(at), source: "gate", .link(Event.LinkChange(link: "database", change: change)))
        }
        var run = Self.run
        for at in [2.0, 4, 6, 33, 35] { run.events += [link(at, .connected), link(at + 0.005, .disconnected)] }
        run.events.append(link(12, .refused))
        let lane = try #require(Self.lane("link to database", run))
        #expect(lane.note == "5 short connections, longest pause 27 s, 1 refused")
        let text = Self.text(lane.drawing)
        #expect(Self.count(#"class="connection""#, in: text) == 5)
        #expect(Self.count(#"class="failure""#, in: text) == 1)
        #expect(!text.contains(#"class="down""#))
        // One that is lost a single time is.
        run.events.removeAll { if case .link(let change) = $0.payload { change.link == "database" } else { false } }
        run.events += [link(2, .connected), link(11, .disconnected), link(13, .connected)]
        #expect(Self.lane("link to database", run)?.note == "down once")
    }

    @Test func aDownTooShortForAPixelIsDrawnAboveTheUps() throws {
        var run = Self.run
        run.events += [
            Event(
                at: Self.seconds(40), source: "stimulus 1",
                .interface(Event.InterfaceReport(line: "main", report: .silent))),
            Event(
                at: Self.seconds(40.001), source: "stimulus 1",
                .interface(Event.InterfaceReport(line: "main", report: .armed))),
        ]
        let text = Self.text(try #require(Self.lane("stimulus 1", run)).drawing)
        #expect(text.contains(#"width="0.2%""#))
        let firstDown = try #require(text.range(of: #"class="down""#))
        let lastUp = try #require(text.range(of: #"class="up""#, options: .backwards))
        #expect(lastUp.lowerBound < firstDown.lowerBound)
    }

    @Test func latencyIsOnALogarithmicScale() throws {
        let milliseconds: [Int64] = [1, 10, 100, 1000]
        let passages =
            milliseconds.enumerated().map { index, span in
                RunTraces.Passage(
                    instant: Self.seconds(Double(index)), point: "1/1/1",
                    fate: .shown(after: .milliseconds(span)))
            } + [
                RunTraces.Passage(instant: Self.seconds(12), point: "1/1/1", fate: .missing),
                RunTraces.Passage(instant: Self.seconds(13), point: "1/1/1", fate: .suppressed),
            ]
        let traces = RunTraces(hops: [RunTraces.Hop(view: "mqtt", limit: .seconds(2), passages: passages)])
        let lane = try #require(Self.lane("line → mqtt", Self.run, traces))
        #expect(lane.note == "before the fault median 10 ms, 95 % ≤ 1 s; 1 never shown")
        let text = Self.text(lane.drawing)
        // A decade is 24 pixels high, and 1 ms lies at the bottom of four.
        let dots = try #require(text.split(separator: #"class="dots" d=""#).last?.split(separator: "\"").first)
        #expect(dots.split(separator: "M").map { $0.split(separator: " ")[1] } == ["122h0", "98h0", "74h0", "50h0"])
        #expect(text.contains("limit 2 s"))
        #expect(Self.count(#"class="lost""#, in: text) == 1)
        #expect(text.contains("+1.000 s, one second: 1 never shown"))
    }

    @Test func aSentinelIsHatchedWhileAViewIsWrong() throws {
        let point = RunTraces.Point(
            name: "1/3/0", isSentinel: true, said: [Self.seconds(1), Self.seconds(12)],
            disagreements: [
                RunTraces.Disagreement(
                    view: "http", from: Self.seconds(14), until: Self.seconds(20), shown: "00", wanted: "01"),
                RunTraces.Disagreement(
                    view: "mqtt", from: Self.seconds(15), until: Self.seconds(22), shown: nil, wanted: "01"),
                RunTraces.Disagreement(view: "http", from: Self.seconds(40), until: nil, shown: "00", wanted: "01"),
            ])
        let lane = try #require(Self.lane("sentinels", Self.run, RunTraces(points: [point])))
        #expect(lane.note == "1 of 1 wrong at the end")
        let text = Self.text(lane.drawing)
        #expect(Self.count(#"class="down""#, in: text) == 2)
        #expect(
            text.contains(
                "1/3/0 wrong from +3.900 s until +11.900 s: http showed 00 for 01; mqtt showed nothing for 01"))
        #expect(text.contains("1/3/0 wrong from +29.900 s to the end"))
        #expect(Self.lane("repeats", Self.run, RunTraces(points: [point])) == nil)
    }

    @Test func loadIsDrawnUpToARoundFigure() throws {
        let traces = RunTraces(seconds: [
            RunTraces.Second(from: Self.seconds(1), permille: 383, frames: 17, troubled: 0),
            RunTraces.Second(from: Self.seconds(2), permille: 405, frames: 18, troubled: 2),
        ])
        let lane = try #require(Self.lane("line load", Self.run, traces))
        #expect(lane.note == "per second, at most 40.5 %")
        let text = Self.text(lane.drawing)
        #expect(text.contains(">60 %<"))
        #expect(
            text.contains(
                "−8.100 s, one second: load 40.5 %, 18 telegrams, 2 of them flawed or not acknowledged"))
    }

    @Test(
        arguments: [(0, "0%"), (1, "100%"), (0.5, "50%"), (0.1234, "12.34%"), (0.12305, "12.31%"), (0.001, "0.1%")]
            as [(Double, String)])
    func fractionsArePercentages(fraction: Double, text: String) {
        #expect(Drawing.percent(fraction) == text)
    }

    @Test func wordsAreHiddenWhereTheyDoNotFit() {
        #expect(Drawing.room(for: "cut", in: 0.5) == "")
        #expect(Drawing.room(for: "verify normal", in: 0.2) == "middle")
        #expect(Drawing.room(for: "verify normal", in: 0.12) == "wide")
        #expect(Drawing.room(for: "verify normal", in: 0.05) == nil)
        #expect(Drawing.room(for: "", in: 0) == nil)
    }

    @Test func whatOneSourceToldAtOnceIsOneLine() {
        var run = Self.run
        run.events += (0..<3).map {
            Event(
                at: Self.seconds(15), source: "stimulus 1",
                .stimulus(
                    Event.Stimulation(
                        line: "main", group: 2816 + $0, raw: [1], role: .sentinel, outcome: .changed)))
        }
        run.events.append(
            Event(
                at: Self.seconds(21), source: "log",
                .log(
                    Event.LogLine(
                        process: "controller",
                        line: #"{"time":"2026","level":"warning","message":"knxd exited","pid":10,"status":1}"#,
                        means: "interface daemon exited"))))
        let text = Chronicle.markup(run, Scale(run)).map(\.rendered).joined()
        #expect(text.contains("changed at the device, without a telegram: 1/3/0 to 01, 1/3/1 to 01, 1/3/2 to 01"))
        #expect(text.contains("interface daemon exited: controller says “knxd exited, pid 10, status 1”"))
        #expect(text.contains("knxd exited, pid 61, exit status 1"))
    }
}
