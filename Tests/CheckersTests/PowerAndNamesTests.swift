import Checkers
import Events
import Testing

/// A computer without power, and a network where nobody answers for names.
@Suite struct PowerAndNamesTests {
    private static let fault = ScriptedRun.faultAt
    private static let heal = QuietRun.healAt

    // MARK: power

    private static let computer = QuietRun(kind: "host-power-cut", target: "host:power", checkers: []).events
        .without { event in
            // Nothing of the system is on the line meanwhile.
            guard case .frame(let frame) = event.payload else { return false }
            return frame.octets.count > 2 && frame.octets[1] == 0x11 && frame.octets[2] == 0xC9
                && (fault..<heal).contains(event.milliseconds)
        }
    private static let cut = [
        QuietRun.process(fault + 2, .exited, signal: 9), QuietRun.process(fault + 3, .exited, signal: 9, "knxd"),
    ]
    private static let start = QuietRun.process(heal + 1, .started)

    static let cuts: [(events: [Event], outcome: Outcome, sentence: String)] = [
        (cut + [start], .pass, ""),
        ([start], .invalid, "nothing has seen it"),
        ([QuietRun.process(fault + 2, .exited, status: 0), cut[1], start], .invalid, "nothing has seen it"),
        ([cut[0], start], .invalid, "knxd has not ended with the computer"),
        (
            cut + [start, ScriptedRun.frame(fault + 900, 4096, [1], sender: ScriptedRun.system)], .invalid,
            "the system still sent a telegram"
        ),
        (cut + [QuietRun.process(heal - 700, .started)], .invalid, "before there was power"),
    ]

    @Test(arguments: cuts)
    func aComputerWithoutPowerDoesNothing(events: [Event], outcome: Outcome, sentence: String) throws {
        let verdict = try Self.computer.with(events).verdict()
        // A pass says what it does not prove; commands of the script that go on are not the subject here.
        let says = outcome == .pass ? verdict.notes.joined(separator: "\n") : verdict.sentence
        #expect((verdict.outcome == .invalid) == (outcome == .invalid), "\(verdict.sentence)")
        #expect(
            says.contains(outcome == .pass ? "durability under a real loss of power was not tested" : sentence),
            "\(says)")
    }

    // MARK: names

    private static func names(
        before: String = "answered", during: String = "silent", after: String = "answered", step: Int = 300
    ) -> [Event] {
        stride(from: fault - 2_000, to: QuietRun.end, by: step).map { at in
            let reading = at < fault ? before : at < heal ? during : after
            return ScriptedRun.reading(at, "name-probe", "query", .text(reading))
        }
    }

    private static let restarted = QuietRun.process(fault + 600, .started)

    static let silences: [(events: [Event], outcome: Outcome, sentence: String)] = [
        (names() + [restarted], .pass, ""),
        (names(before: "silent") + [restarted], .invalid, "was not answered before the fault either"),
        (names(during: "answered") + [restarted], .invalid, "nothing has seen it"),
        (
            names() + [restarted, ScriptedRun.reading(fault + 2_150, "name-probe", "query", "answered")], .invalid,
            "the name server answered 2.15 s after it was stopped"
        ),
        (names(after: "silent") + [restarted], .invalid, "the rig's own question for a name is not answered yet"),
        (names(), .invalid, "the system has not been started while nobody answered for names"),
        (names(step: 1_500) + [restarted], .invalid, "times only"),
    ]

    @Test(arguments: silences)
    func aSilentNameServerIsSilentThroughout(events: [Event], outcome: Outcome, sentence: String) throws {
        let run = QuietRun(kind: "resolver-silent", target: "service:resolver", checkers: ["serves"])
        let verdict = try run.events.with(events).verdict()
        #expect(verdict.outcome == outcome, "\(verdict.sentence)")
        if outcome != .pass { #expect(verdict.sentence.contains(sentence), "\(verdict.sentence)") }
    }

    @Test func aSystemThatWaitsForNamesIsNamed() throws {
        let run = QuietRun(kind: "resolver-silent", target: "service:resolver", checkers: ["serves"])
        let verdict = try run.events.with(Self.names()).with(Self.restarted).without {
            $0.isSample("mqtt") && $0.milliseconds > Self.fault + 600
        }.verdict()
        #expect(verdict.outcome == .fail)
        #expect(
            verdict.findings.contains {
                $0.sentence == "start: the system was started 0.60 s after the fault, and mqtt never showed a telegram"
            }, "\(verdict.findings)")
        let lost = ScriptedRun.faultAt + 3_000..<ScriptedRun.faultAt + 4_000
        let lossy = try run.events.with(Self.names()).with(Self.restarted).without {
            $0.isSample("mqtt") && lost.contains($0.milliseconds)
        }.verdict()
        #expect(
            lossy.findings.contains {
                $0.checker == "serves" && $0.sentence.contains("and mqtt did not show")
                    && $0.sentence.contains("after its first")
            }, "\(lossy.findings)")
        let late = try run.events.with(Self.names()).with(Self.restarted).verdict()
        #expect(late.measured.contains { $0.name == "time_to_serve_mqtt" && $0.outcome == .pass })
    }
}
