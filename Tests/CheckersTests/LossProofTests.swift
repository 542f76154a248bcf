import Checkers
import Events
import KNX
import Testing

@Suite struct LossProofTests {
    private func script(_ telegrams: Int = 300, hasSequence: Bool = false) -> LineScript {
        var script = LineScript()
        script.hasSequence = hasSequence
        script.add(telegrams)
        return script
    }

    @Test(arguments: [false, true])
    func aWholeRecordIsProvenWhole(hasSequence: Bool) {
        let conclusion = script(hasSequence: hasSequence).prove()
        #expect(conclusion.standing == .nothingMissing && conclusion.sightings == 300)
        #expect(conclusion.unprovenCount == 0 && conclusion.missing.isEmpty && conclusion.disagreements.isEmpty)
        #expect(conclusion.hasSequence == hasSequence && conclusion.streams == 3)
    }

    @Test(arguments: 1...64)
    func everyRunIsNamedByPlaceAndNumber(lost: Int) throws {
        for hasSequence in [false, true] {
            var script = script(hasSequence: hasSequence)
            script.lose(100..<100 + lost)
            let conclusion = script.prove()
            let finding = try #require(conclusion.missing.first)
            #expect(conclusion.missing.count == 1 && conclusion.standing == .missing)
            #expect(finding.frames == lost...lost && finding.isExact && !finding.isToldByWitness)
            let spans = script.told.spans
            #expect(finding.after == spans[99].ended && finding.before == spans[100 + lost].began)
            #expect(finding.aboutOctets == 14)
            #expect(finding.ledgers.count == (hasSequence ? 3 : 2))
        }
    }

    @Test func multiplesOfEightIndicationsAreNoLossToTheSequenceAloneAndNotProvenNone() {
        // Four telegrams with their acknowledges are eight indications.
        for (lost, standing) in [(3, LossConclusion.Standing.missing), (4, .unproven), (8, .unproven), (64, .unproven)]
        {
            var script = script(hasSequence: true)
            script.lose(100..<100 + lost)
            let conclusion = script.prove(isLoaded: false, isCounted: false)
            #expect(conclusion.standing == standing, "\(lost) lost")
            if lost > 3 {
                #expect(conclusion.unproven.first?.frames.map { $0.contains(0) && $0.contains(lost) } == true)
            }
        }
    }

    @Test func busTimeAloneNamesThePlaceAndARange() throws {
        var script = script()
        script.lose(100..<108)
        let conclusion = script.prove(isCounted: false)
        let finding = try #require(conclusion.missing.first)
        #expect(conclusion.missing.count == 1 && finding.frames.map { $0.contains(8) && $0.lowerBound > 3 } == true)
        #expect(!finding.isExact)
    }

    @Test func countsAloneNameTheNumber() throws {
        var script = script()
        script.telegrams[150].pause = 5_000
        script.lose(100..<104)
        let conclusion = script.prove(isLoaded: false)
        let finding = try #require(conclusion.missing.first)
        // The long silence of the line is no loss: the counts say so.
        #expect(conclusion.missing.count == 1 && finding.frames == 4...4 && conclusion.standing == .missing)
    }

    @Test func withoutLedgersNothingIsProven() {
        var script = script()
        script.telegrams[150].pause = 5_000
        let conclusion = script.prove(isLoaded: false, isCounted: false)
        #expect(conclusion.standing == .unproven && conclusion.unprovenCount == 1)
        #expect(conclusion.limits.count == 5)
        #expect(LineScript().prove().standing == .unproven)
    }

    @Test func aCountThatLeapsWhereNothingFitsContradicts() {
        var script = LineScript()
        script.add(100)
        script.skipCount(stream: 1)
        script.add(100)
        let conclusion = script.prove()
        #expect(conclusion.disagreements.count == 1 && conclusion.missing.isEmpty && conclusion.standing == .unproven)
        #expect(conclusion.disagreements.first?.frames == nil)
    }

    @Test func aSequenceThatLeapsWhereNothingFitsContradicts() {
        var script = script(hasSequence: true)
        var events = script.told.events
        for index in 100..<events.count {
            guard case .frame(var frame) = events[index].payload else { continue }
            frame.sequence = frame.sequence.map { ($0 + 2) & 7 }
            events[index].payload = .frame(frame)
        }
        var proof = LossProof(LossProof.Parameters(source: "witness", longestPauseBits: 0)) { _ in nil }
        for event in events { proof.observe(event) }
        #expect(proof.conclude().disagreements.count == 1)
        script.hasSequence = false
        #expect(script.prove().disagreements.isEmpty)
    }

    @Test func aSilenceOfALoadedLineThatTheCountsDenyContradicts() {
        for hasSequence in [false, true] {
            var script = script(hasSequence: hasSequence)
            script.telegrams[150].pause = 700
            let conclusion = script.prove()
            #expect(conclusion.disagreements.count == 1 && conclusion.missing.isEmpty)
            #expect(conclusion.standing == .unproven)
        }
    }

    @Test func aSilenceTooShortForATelegramIsNone() {
        var script = script()
        script.telegrams[150].pause = 120
        #expect(script.prove().standing == .nothingMissing)
    }

    @Test func telegramsOfNobodyMakeTheNumberARange() throws {
        var script = LineScript()
        for _ in 0..<60 {
            script.add(3)
            script.addForeign()
        }
        script.lose(100..<112)
        let conclusion = script.prove(isEveryTelegramCounted: false)
        let finding = try #require(conclusion.missing.first)
        // Nine of the twelve are counted.
        #expect(conclusion.missing.count == 1 && finding.ledgers.contains(.counters(telegrams: 9, modulus: 256)))
        #expect(finding.frames.map { $0.lowerBound >= 9 && $0.contains(12) } == true)
    }

    @Test func whatTheWitnessToldOfItselfIsMarked() throws {
        var script = script()
        script.lose(100..<110)
        let spans = script.told.spans
        let gap = Event.Gap(
            blind: "witness", from: spans[99].ended, to: spans[109].ended, reason: "the chip had reset itself")
        let conclusion = script.prove(extra: [Event(at: spans[109].ended, source: "witness", .gap(gap))])
        let finding = try #require(conclusion.missing.first)
        #expect(finding.isToldByWitness && finding.frames == 10...10)
        // Another witness's blindness is not its own.
        let other = Event(at: spans[109].ended, source: "other", .gap(gap))
        #expect(script.prove(extra: [other]).missing.first?.isToldByWitness == false)
    }

    @Test func aRefusedTelegramAndItsRepetitionAreOneTelegram() {
        var script = script()
        for index in [40, 90, 200] { script.refuse(index) }
        #expect(script.prove().standing == .nothingMissing)
    }

    @Test func aLostRepetitionIsMissingThoughNoTelegramIs() throws {
        var script = script()
        script.refuse(90)
        script.lose(91..<92)
        let finding = try #require(script.prove().missing.first)
        #expect(finding.frames == 1...1 && finding.ledgers.contains(.counters(telegrams: 0, modulus: 256)))
    }

    @Test func aDamagedTelegramThatNobodyRepeatedIsMissingAndARepeatedOneIsNot() throws {
        for hasSequence in [false, true] {
            var script = script(hasSequence: hasSequence)
            script.telegrams[100].flaw = "checksum"
            let conclusion = script.prove()
            #expect(conclusion.missing.map(\.frames) == [1...1] && conclusion.disagreements.isEmpty)
            script = self.script(hasSequence: hasSequence)
            script.refuse(100)
            script.telegrams[100].flaw = "checksum"
            #expect(script.prove().standing == .nothingMissing)
        }
    }

    @Test func countsGoRound() {
        var script = script(1_500)
        script.lose(760..<790)
        let conclusion = script.prove()
        #expect(conclusion.missing.map(\.frames) == [30...30] && conclusion.disagreements.isEmpty)
    }

    @Test func twoPlacesThatNobodyCouldTellApartAreOne() throws {
        var script = script()
        script.lose(100..<102)
        script.lose(103..<105)
        let conclusion = script.prove()
        let spans = script.told.spans
        #expect(conclusion.missing.reduce(0) { $0 + ($1.frames?.lowerBound ?? 0) } == 4)
        #expect(conclusion.missing.first?.after == spans[99].ended)
        #expect(conclusion.missing.last?.before == spans[105].began)
        #expect(conclusion.disagreements.isEmpty && conclusion.unprovenCount == 0)
    }

    @Test func aStreamThatFallsSilentIsNotWaitedForForEver() throws {
        var script = script(150)
        script.lose(100..<105)
        // Stream 2 is gone from here.
        script.add(300, streams: [0, 1])
        let conclusion = script.prove(patience: .seconds(2))
        let finding = try #require(conclusion.missing.first)
        #expect(conclusion.missing.count == 1 && finding.frames == 5...5)
        var early = LineScript()
        early.add(99)
        early.add(201, streams: [0, 1])
        early.lose(100..<105)
        let last = early.prove(patience: .seconds(2))
        #expect(last.missing.count == 1 && last.missing.first?.frames.map { $0.contains(5) } == true)
        #expect(last.missing.first?.ledgers.count == 1, "a stream that has not been heard has said nothing")
    }

    @Test func aFindingIsASentence() throws {
        var script = script(hasSequence: true)
        script.lose(100..<108)
        let conclusion = script.prove()
        let text = try #require(conclusion.missing.first).text(since: try #require(conclusion.first))
        #expect(text.contains(" 8 telegrams of about 14 octets missing: its sequence lacks 0 indications"))
        #expect(text.contains("the counts in payloads lack 8"))
    }
}
