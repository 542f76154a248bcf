import KNX
import Testing

@testable import Twin

/// The rules of the TP1 link layer that the simulated line must keep, one test each: what the rule is, where it is written (sections of the project's KNX
/// facts: 2.2 frames, 2.3 access and repetition, 2.4 time), and how the line is asked.
struct LineRule: Sendable, CustomTestStringConvertible {
    let rule: String
    let section: String
    let isKept: @Sendable () -> Bool

    init(_ rule: String, _ section: String, _ isKept: @escaping @Sendable () -> Bool) {
        (self.rule, self.section, self.isKept) = (rule, section, isKept)
    }

    var testDescription: String { "\(section): \(rule)" }

    static let all: [LineRule] = access + arbitration + answers + polls + cuts

    // MARK: Time

    static let access = [
        LineRule("a frame of N octets lasts 13·(N−1)+11 bits", "2.4") {
            (9...23).allSatisfy { octets in
                let seen = Contest([frame(data: [0x80] + Array(repeating: 1, count: octets - 9))], repetitions: 0)
                    .frames
                return seen.count == 1 && seen[0].ended - seen[0].began == BitTime(13 * (octets - 1) + 11)
            }
        },
        LineRule("the acknowledge stands 15 bits after the check octet and has 11", "2.3") {
            Contest([frame()], answers: [.acknowledge]).acknowledges == [115 + 15 + 11]
        },
        LineRule("system and urgent telegrams follow after 50 bits, normal and low ones after 53", "2.3") {
            Priority.allCases.allSatisfy { priority in
                let seen = Contest(
                    [frame(priority: .system), frame(priority: priority)], fromOne: true, answers: [.acknowledge]
                ).frames
                let idle: BitTime = priority == .system || priority == .urgent ? 50 : 53
                return seen[1].began - (seen[0].ended + 26) == idle
            }
        },
        LineRule("an extended frame carries up to 254 octets behind its first, 263 in all", "2.2") {
            let octets = TP1Frame(
                source: IndividualAddress(raw: 1), destination: .group(GroupAddress(raw: 1)),
                transportUnit: Array(repeating: 0xA5, count: 255)
            ).octets
            let seen = Contest([octets], answers: [.acknowledge]).frames
            return seen.map(\.octets) == [octets] && seen[0].ended - seen[0].began == 13 * 262 + 11
        },
    ]

    // MARK: Arbitration

    static let arbitration = [
        LineRule("system beats urgent beats normal beats low", "2.3") {
            let order: [Priority] = [.system, .urgent, .normal, .low]
            return order.indices.dropLast().allSatisfy { index in
                // The winner has the worse address.
                let better = frame(source: 0x11FF, priority: order[index])
                let worse = frame(source: 0x1100, priority: order[index + 1])
                return Contest([worse, better]).frames.first?.octets == better
            }
        },
        LineRule("a repetition beats a first transmission of its priority", "2.3") {
            let repeated = TP1Frame(
                isRepetition: true, source: IndividualAddress(raw: 0x11FF),
                destination: .group(GroupAddress(raw: 1)), transportUnit: [0, 0x81]
            ).octets
            return Contest([frame(source: 0x1100), repeated]).frames.first?.octets == repeated
        },
        LineRule("an extended frame beats a standard one of its priority", "2.3") {
            let extended = TP1Frame(
                source: IndividualAddress(raw: 0x1FFF), destination: .group(GroupAddress(raw: 1)),
                transportUnit: Array(repeating: 0, count: 17)
            ).octets
            return Contest([frame(source: 0x1000), extended]).frames.first?.octets == extended
        },
        LineRule("then the source decides, each octet from its lowest bit, 0 over 1", "2.3") {
            let pairs: [(UInt16, UInt16)] = [(0x1110, 0x110F), (0x1110, 0x110E), (0x1104, 0x1102), (0x1002, 0x1100)]
            return pairs.allSatisfy { winner, loser in
                Contest([frame(source: loser), frame(source: winner)]).frames.first?.octets == frame(source: winner)
            }
        },
        LineRule("and of one source the destination, then the data: two devices with one address", "2.3") {
            let byGroup = Contest([frame(group: 0x0901), frame(group: 0x0902)], answers: [.acknowledge]).frames.map(
                \.octets)
            let byData = Contest([frame(data: [0x81]), frame(data: [0x80])], answers: [.acknowledge]).frames.map(
                \.octets)
            return byGroup == [frame(group: 0x0902), frame(group: 0x0901)]
                && byData == [frame(data: [0x80]), frame(data: [0x81])]
        },
        LineRule("who loses has lost nothing: no repetition is spent, and the telegram follows unmarked", "2.3") {
            let contest = Contest(
                [frame(source: 0x1102), frame(source: 0x1101)], repetitions: 0, answers: [.acknowledge])
            return contest.frames.map { $0.octets[0] } == [0xBC, 0xBC] && contest.outcomes == [true, true]
        },
        LineRule("who sends the same as another never notices", "2.3") {
            let contest = Contest([frame(), frame()], answers: [.acknowledge])
            return contest.frames.map(\.senders.count) == [2] && contest.outcomes == [true, true]
        },
    ]

    // MARK: Acknowledges and repetitions

    static let answers = [
        LineRule("acknowledges are wired AND, whatever is said together", "2.2") {
            let characters: [Acknowledgement: UInt8] = [.acknowledge: 0xCC, .notAcknowledge: 0x0C, .busy: 0xC0]
            return (1..<8).allSatisfy { choice in
                let said = Acknowledgement.allCases.enumerated().filter { choice >> $0.offset & 1 == 1 }.map(\.element)
                let expected = said.reduce(UInt8(0xFF)) { $0 & (characters[$1] ?? 0) }
                return Contest([frame()], repetitions: 0, answers: said).frames[0].acknowledge == expected
            }
        },
        LineRule("NAK, and no acknowledge at all, are repeated three times", "2.3") {
            [[.notAcknowledge], [.acknowledge, .notAcknowledge], []].allSatisfy { (said: [Acknowledgement]) in
                let contest = Contest([frame()], answers: said)
                return contest.frames.count == 4 && contest.outcomes == [false]
            }
        },
        LineRule("BUSY is repeated three times, and NAK with BUSY is BUSY", "2.3") {
            [[.busy], [.busy, .notAcknowledge], [.busy, .acknowledge]].allSatisfy { (said: [Acknowledgement]) in
                let contest = Contest([frame()], repetitions: 0, answers: said)
                return contest.frames.count == 4 && contest.outcomes == [false]
            }
        },
        LineRule("a repetition has R = 0 and a check octet that fits", "2.3") {
            let seen = Contest([frame()], answers: []).frames
            return seen.map { $0.octets[0] } == [0xBC, 0x9C, 0x9C, 0x9C]
                && seen.allSatisfy { TP1.checkOctet($0.octets) == 0 }
        },
        LineRule(
            "the repetition waits 50 bits after NAK, 50 after the frame when nobody answers, 150 after BUSY", "2.3"
        ) {
            let waits: [([Acknowledgement], BitTime)] = [
                ([.notAcknowledge], 26 + 50), ([], 50), ([.busy], 26 + 150), ([.busy, .notAcknowledge], 26 + 150),
            ]
            return waits.allSatisfy { said, wait in
                let seen = Contest([frame()], answers: said).frames
                return zip(seen, seen.dropFirst()).allSatisfy { $1.began - $0.ended == wait }
            }
        },
        LineRule("others may use the line while one waits after BUSY", "2.3") {
            let contest = Contest(
                [frame(source: 0x1100), frame(source: 0x1101)], answers: [.busy], only: frame(source: 0x1100))
            return contest.frames.prefix(2).map { $0.octets[2] } == [0x00, 0x01]
        },
        LineRule("a character that is none of the four is no acknowledge", "2.2") {
            let contest = Contest(
                [frame()], answers: [.acknowledge], noise: LineNoise(seed: 1, flippedPerMillion: 1_000_000))
            return contest.frames.count == 4 && contest.outcomes == [false]
        },
    ]

    // MARK: Polls

    private static let poll = PollData(source: IndividualAddress(raw: 0x1101), group: 7, slots: 3).octets

    static let polls = [
        LineRule("the slaves' characters follow a polling request in its own cycle; an empty slot holds FE", "2.2") {
            let contest = Contest([poll], slots: [(1, 0x42)])
            return contest.frames.map(\.slots) == [[0xFE, 0x42, 0xFE]]
                && contest.slotEnds == [1, 2, 3].map { 13 * 6 + 11 + 13 * $0 }
        },
        LineRule("two slaves in one slot are wired AND", "2.2") {
            Contest([poll], slots: [(0, 0x0F), (0, 0x3C)]).frames.map(\.slots) == [[0x0C, 0xFE, 0xFE]]
        },
        LineRule("nobody acknowledges a poll, and nobody repeats it", "2.2") {
            let contest = Contest([poll], answers: [.notAcknowledge])
            return contest.frames.count == 1 && contest.frames[0].acknowledge == nil && contest.acknowledges.isEmpty
                && contest.outcomes == [true]
        },
        LineRule("a telegram follows the last slot of a poll as it follows any last character", "2.3") {
            let seen = Contest([poll, frame()], fromOne: true).frames
            return seen[1].began == 13 * 6 + 11 + 3 * 13 + 53
        },
        LineRule("a poll of no slots is over with its check octet", "2.2") {
            let none = PollData(source: IndividualAddress(raw: 0x1101), group: 7, slots: 0).octets
            let contest = Contest([none, frame()], fromOne: true)
            return contest.frames[0].slots.isEmpty && contest.frames[1].began == 13 * 6 + 11 + 53
        },
    ]

    // MARK: What ends in the middle

    static let cuts = [
        LineRule("who loses its power stops in the middle of the octet, which nobody receives", "2.1") {
            (0...115).allSatisfy { bit in
                var line = TP1Line()
                let sender = line.addParticipant()
                _ = line.addParticipant()
                line.enqueue(Transmission(number: 0, octets: frame()), from: sender, at: 0)
                var effects = line.advance(to: 0)
                line.detach(sender, at: BitTime(bit), dropping: true, effects: &effects)
                effects += line.advance(to: 5_000)
                let heard = effects.count { if case .octet = $0 { true } else { false } }
                return heard == (0..<9).count { 13 * $0 + 11 < bit }
            }
        },
        LineRule("a shorted line ends the frame, lets nobody begin, and the telegram follows it unmarked", "2.1") {
            var line = TP1Line()
            let sender = line.addParticipant()
            let receiver = line.addParticipant()
            line.enqueue(Transmission(number: 0, octets: frame()), from: sender, at: 0)
            var effects = line.advance(to: 30)
            line.short(at: 40, effects: &effects)
            effects += line.advance(to: 4_000)
            guard line.idleSince == nil, line.nextDue == nil else { return false }
            line.release(at: 4_000)
            effects += run(&line, to: 6_000) { line, _, _ in line.say(.acknowledge, from: receiver) }
            let seen = frames(effects)
            return seen.map(\.isTruncated) == [true, false] && seen[0].ended == 40 && seen[1].began == 4_053
                && seen[1].octets == frame() && outcomes(effects) == [true]
        },
        LineRule("an acknowledge that a short swallows is none", "2.2") {
            var line = TP1Line()
            let sender = line.addParticipant()
            let receiver = line.addParticipant()
            line.enqueue(Transmission(number: 0, octets: frame(), repetitions: 0), from: sender, at: 0)
            var effects = run(&line, to: 120) { line, _, _ in line.say(.acknowledge, from: receiver) }
            line.short(at: 132, effects: &effects)
            line.release(at: 300)
            effects += line.advance(to: 5_000)
            return frames(effects).map(\.acknowledge) == [nil] && outcomes(effects) == [false]
        },
    ]
}

/// Telegrams that are wanted at bit 0, each by its own participant or all by one, and what came of them.
struct Contest {
    let effects: [TP1Line.Effect]

    init(
        _ telegrams: [[UInt8]], fromOne: Bool = false, repetitions: Int = 3, answers: [Acknowledgement] = [],
        only: [UInt8]? = nil, noise: LineNoise? = nil, slots: [(Int, UInt8)] = []
    ) {
        var line = TP1Line()
        if let noise { line.disturb(noise) }
        let senders = telegrams.map { _ in line.addParticipant() }
        let receivers = (0..<answers.count + slots.count).map { _ in line.addParticipant() }
        for (number, octets) in telegrams.enumerated() {
            line.enqueue(
                Transmission(number: number, octets: octets, repetitions: repetitions),
                from: senders[fromOne ? 0 : number], at: 0)
        }
        effects = run(&line, to: 20_000) { line, octets, _ in
            for (slot, receiver) in zip(slots, receivers.suffix(slots.count)) {
                line.fill(slot: slot.0, with: slot.1, from: receiver)
            }
            guard only.map({ $0.dropFirst().dropLast() == octets.dropFirst().dropLast() }) ?? true else {
                line.say(.acknowledge, from: receivers[0])
                return
            }
            for (receiver, said) in zip(receivers, answers) { line.say(said, from: receiver) }
        }
    }

    var frames: [TP1Line.FrameRecord] { TwinTests.frames(effects) }
    var outcomes: [Bool] { TwinTests.outcomes(effects) }
    var acknowledges: [BitTime] { effects.compactMap { if case .acknowledge(_, let bit) = $0 { bit } else { nil } } }
    var slotEnds: [BitTime] { effects.compactMap { if case .slot(_, _, let bit) = $0 { bit } else { nil } } }
}

@Suite struct LineRuleTests {
    @Test(arguments: LineRule.all)
    func theLineKeeps(_ rule: LineRule) {
        #expect(rule.isKept(), "\(rule.rule) (\(rule.section))")
    }
}
