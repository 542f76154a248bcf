import Events
import KNX
import Testing

@testable import Checkers

/// The account of a witness: telegrams of our own that were acknowledged on the line must be among those that it told.
@Suite struct WitnessAccountTests {
    static let start = Instant(nanoseconds: 50_000_000_000)

    /// A tracer every 80 ms over four groups, heard and confirmed; `lost` are on the line and not heard.
    struct Traffic {
        var count = 100
        var lost: Set<Int> = []
        /// Counted and never on the line.
        var skipped: Set<Int> = []
        var gap: ClosedRange<Int>?
        var hasSequence = false

        static func instant(_ number: Int) -> Instant { start + .milliseconds(80 * Int64(number)) }

        static func frame(_ number: Int) -> [UInt8] {
            TP1Frame(
                source: IndividualAddress(raw: 0x110A), destination: .group(GroupAddress(raw: group(number))),
                transportUnit: [0x00, 0x80, UInt8(number / 256), UInt8(number % 256)]
            ).octets
        }

        static func group(_ number: Int) -> UInt16 { 0x0800 + UInt16(number % 4) }

        var events: [Event] {
            var events: [Event] = []
            var sequence = 0
            for number in 0..<count where !skipped.contains(number) {
                let octets = Self.frame(number)
                let ended = Self.instant(number)
                if !lost.contains(number) {
                    let began = ended - Instant.Span(nanoseconds: BusTiming.nanoseconds(bits: 141))
                    events.append(
                        Event(
                            at: ended, uncertaintyNanoseconds: 300_000, source: "witness",
                            .frame(
                                Event.Frame(
                                    line: "main", octets: octets, acknowledge: 0xCC, began: began,
                                    sequence: hasSequence ? sequence : nil))))
                }
                sequence = (sequence + 2) & 7
                events.append(confirmed(number))
            }
            if let gap {
                let told = Event.Gap(
                    blind: "witness", from: Self.instant(gap.lowerBound), to: Self.instant(gap.upperBound),
                    reason: "the chip had reset itself")
                events.append(Event(at: told.to, source: "witness", .gap(told)))
            }
            return events
        }

        func confirmed(_ number: Int) -> Event {
            Event(
                at: Self.instant(number) + .milliseconds(4), source: "stimulus-\(1 + number % 2)",
                .stimulus(
                    Event.Stimulation(
                        line: "main", group: Self.group(number), raw: [UInt8(number / 256), UInt8(number % 256)],
                        role: .tracer, outcome: .confirmed)))
        }
    }

    static func account(_ events: [Event], isEveryTelegramCounted: Bool = true) -> WitnessConclusion {
        var account = WitnessAccount(isEveryTelegramCounted: isEveryTelegramCounted)
        for event in events { account.observe(event) }
        return account.concluded()
    }

    @Test(arguments: [false, true])
    func aWholeRecordIsProvenWhole(hasSequence: Bool) {
        let conclusion = Self.account(Traffic(hasSequence: hasSequence).events)
        #expect(conclusion.standing == .nothingMissing && conclusion.isWhole && conclusion.lost == 0)
        #expect(conclusion.sent == 100 && conclusion.losses.sightings == 100 && conclusion.losses.streams == 4)
        #expect(conclusion.ledgers.count == (hasSequence ? 3 : 2))
        #expect(conclusion.sentence.hasPrefix("nothing was lost between the first frame and the last: by "))
    }

    /// Where others talk too, no loss of theirs can be excluded: that is said, and not taken for none.
    @Test func whatNobodyCountsIsNotProven() {
        let conclusion = Self.account(Traffic().events, isEveryTelegramCounted: false)
        #expect(conclusion.standing == .unproven && conclusion.isWhole)
        #expect(conclusion.sentence.contains("no loss was found") && conclusion.sentence.contains("is not proven"))
    }

    @Test(arguments: [1, 2, 4, 8, 16])
    func eachLossIsNamedByTimeAndPlace(count: Int) throws {
        for hasSequence in [false, true] {
            var traffic = Traffic(hasSequence: hasSequence)
            traffic.lost = Set(40..<40 + count)
            let conclusion = Self.account(traffic.events)
            #expect(conclusion.standing == .missing && conclusion.unheardCount == count && conclusion.lost == count)
            #expect(
                conclusion.unheard.map(\.instant) == (40..<40 + count).map { Traffic.instant($0) + .milliseconds(4) })
            let place = try #require(conclusion.losses.missing.first)
            // Between two telegrams of the same group; where something numbers what it tells, between two of any.
            let from = Traffic.instant(hasSequence ? 39 : 36)
            #expect(place.after >= from && place.after <= Traffic.instant(39))
            #expect(place.before < Traffic.instant(40 + count + 4) && place.frames == count...count)
            #expect(conclusion.losses.missing.count == 1 && conclusion.losses.disagreements.isEmpty)
            #expect(conclusion.sentence.hasPrefix("\(count) telegram"))
            let texts = conclusion.places(since: Self.start)
            #expect(texts.contains { $0.hasPrefix("between ") && $0.contains("the counts in payloads lack \(count)") })
            #expect(texts.contains { $0.contains("1/0/0 0028, which stimulus-1 had acknowledged at 3.204000 s") })
        }
    }

    /// A counter that runs on while the line takes nothing is no loss of the witness.
    @Test func whatWasCountedAndNeverOnTheLineIsNotMissing() {
        let conclusion = Self.account(Traffic(skipped: [7, 30, 31, 32, 33]).events)
        #expect(conclusion.standing == .nothingMissing && conclusion.lost == 0)
    }

    /// One ledger against the others: the sequence is whole, and a telegram of ours was not heard.
    @Test func ledgersThatContradictEachOtherAreNoProof() throws {
        var traffic = Traffic(lost: [50], hasSequence: true)
        var events = traffic.events
        for index in events.indices {
            guard case .frame(var frame) = events[index].payload, events[index].instant > Traffic.instant(50) else {
                continue
            }
            frame.sequence = frame.sequence.map { ($0 + 6) & 7 }
            events[index].payload = .frame(frame)
        }
        let conclusion = Self.account(events)
        #expect(conclusion.losses.disagreements.count == 1 && conclusion.unheardCount == 1)
        #expect(conclusion.standing == .missing)
        traffic.hasSequence = false
        #expect(Self.account(traffic.events).losses.disagreements.isEmpty)
    }

    /// The sequence alone: nobody of ours sends.
    @Test func theNumbersOfIndicationsAloneNameThePlace() throws {
        let events = Traffic(lost: [50], hasSequence: true).events.filter { $0.source == "witness" }
        let conclusion = Self.account(events, isEveryTelegramCounted: false)
        #expect(conclusion.sent == 0 && conclusion.lost == 1 && conclusion.standing == .missing)
        #expect(conclusion.losses.missing.map(\.after) == [Traffic.instant(49)])
        // A witness that begins anew begins its numbers anew.
        let armed = Event(
            at: Traffic.instant(50), source: "witness",
            .interface(Event.InterfaceReport(line: "main", report: .armed)))
        let anew = Self.account(
            (events + [armed]).sorted { $0.instant < $1.instant }, isEveryTelegramCounted: false)
        #expect(anew.losses.missing.isEmpty)
    }

    @Test func withoutLedgersNothingIsProven() {
        let events = Traffic(lost: [50]).events.filter { $0.source == "witness" }
        let conclusion = Self.account(events, isEveryTelegramCounted: false)
        #expect(conclusion.standing == .unproven)
        #expect(conclusion.sentence.hasPrefix("whether anything was lost is not proven"))
        #expect(WitnessConclusion().sentence == "whether anything was lost is not proven: no ledger could speak")
    }

    @Test func aWitnessThatNeverHeardAnythingMissedEverything() {
        let conclusion = Self.account(Traffic(lost: Set(0..<100)).events)
        #expect(conclusion.unheardCount == 100 && conclusion.standing == .missing && conclusion.lost == 100)
    }

    /// A capture ends in the middle of a telegram: that it is not in it is no loss.
    @Test func theEndIsNoLoss() {
        let traffic = Traffic()
        #expect(Self.account(Array(traffic.events.dropLast(2)) + [traffic.confirmed(99)]).isWhole)
        var deaf = traffic
        deaf.lost = Set(60..<100)
        #expect(Self.account(deaf.events).unheardCount >= 13)
    }

    @Test func whatReachedUsDamagedAlthoughItWasAcknowledgedIsLost() {
        var events = Traffic().events.filter { $0.source == "witness" }
        guard case .frame(var frame) = events[20].payload else { return }
        (frame.flaw, frame.octets) = ("checksum", Array(frame.octets.dropLast()))
        events[20].payload = .frame(frame)
        let conclusion = Self.account(events, isEveryTelegramCounted: false)
        #expect(conclusion.damaged == [Traffic.instant(20)] && conclusion.lost == 1)
        #expect(conclusion.places(since: Self.start).first?.contains("at 1.600000 s") == true)
        frame.acknowledge = nil
        events[20].payload = .frame(frame)
        // Nobody took it: it was damaged on the line itself.
        #expect(Self.account(events, isEveryTelegramCounted: false).isWhole)
    }

    /// Events of several threads come in any order within a second, and the account is the same.
    @Test func theOrderOfArrivalDoesNotMatter() {
        let events = Traffic(lost: [10, 55, 56], hasSequence: true).events
        let late = events.filter { $0.source == "witness" }.map { ($0, $0.instant + .milliseconds(900)) }
        let soon = events.filter { $0.source != "witness" }.map { ($0, $0.instant) }
        let arrived = (late + soon).sorted { $0.1 < $1.1 }.map(\.0)
        let (left, right) = (Self.account(events), Self.account(arrived))
        #expect(left.losses == right.losses && left.unheard == right.unheard && left.lost == 3)
    }

    @Test func aLossIsTellableWhileItGoesOn() {
        var account = WitnessAccount(isEveryTelegramCounted: true)
        var told: [(Instant, String)] = []
        for event in Traffic(count: 200, lost: [40]).events {
            account.observe(event)
            told += account.takeNews().map { (event.instant, $0) }
        }
        #expect(told.count == 2 && told.contains { $0.1.hasPrefix("not heard: 1/0/0 0028") })
        // What is found only at the end is news then.
        var short = WitnessAccount(isEveryTelegramCounted: true)
        for event in Traffic(count: 60, lost: [40]).events { short.observe(event) }
        #expect(short.takeNews().isEmpty && short.conclude().lost == 1 && short.takeNews().count == 2)
        #expect(told.allSatisfy { $0.0 - Traffic.instant(40) < .seconds(5) } && account.present.lost == 1)
    }

    @Test func theSummaryNamesPlacesInUnixTime() throws {
        let value = Self.account(Traffic(lost: [40], gap: 70...70).events).value(unixOffset: 7)
        #expect(value["lost_at_least"]?.integer == 1 && value["standing"]?.text == "missing")
        let unheard = try #require(value["unheard"]?.list?.first)
        #expect(unheard["unix_ns"]?.integer == (Traffic.instant(40) + .milliseconds(4)).nanoseconds + 7)
        #expect(unheard["group"]?.text == "1/0/0" && unheard["stimulus"]?.text == "stimulus-1")
        let after = try #require(value["missing"]?.list?.first?["after_unix_ns"]?.integer)
        #expect((Traffic.instant(36).nanoseconds...Traffic.instant(39).nanoseconds).contains(after - 7))
        #expect(value["gaps"]?.list?.count == 1)
    }
}
