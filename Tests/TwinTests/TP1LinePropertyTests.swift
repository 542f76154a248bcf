import KNX
import Platform
import Testing

@testable import Twin

@Suite struct TP1LinePropertyTests {
    private struct Wish: Hashable {
        let sender: Int
        let number: Int
        let priority: Priority
        let at: BitTime
        let octets: [UInt8]
    }

    private func wishes(seed: UInt64) -> [Wish] {
        var generator = SeededGenerator(seed: seed)
        return (0..<120).map { number in
            let sender = Int.random(in: 0..<6, using: &generator)
            let priority = Priority.allCases.randomElement(using: &generator) ?? .low
            let data = (0..<Int.random(in: 0...14, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            return Wish(
                sender: sender, number: number, priority: priority,
                at: BitTime.random(in: 0..<30_000, using: &generator),
                octets: frame(source: UInt16(0x1101 + sender), priority: priority, data: [0x80] + data))
        }.sorted { $0.at < $1.at }
    }

    private func play(_ wishes: [Wish], seed: UInt64) -> [TP1Line.Effect] {
        var generator = SeededGenerator(seed: seed ^ 0xFF)
        var line = TP1Line()
        let senders = (0..<6).map { _ in line.addParticipant() }
        let receiver = line.addParticipant()
        let answer = { (line: inout TP1Line, _: [UInt8], _: [TP1Line.Participant]) in
            switch Int.random(in: 0..<10, using: &generator) {
            case 0: line.say(.notAcknowledge, from: receiver)
            case 1: line.say(.busy, from: receiver)
            case 2: break
            default: line.say(.acknowledge, from: receiver)
            }
        }
        var effects: [TP1Line.Effect] = []
        for wish in wishes {
            effects += run(&line, to: wish.at, onComplete: answer)
            line.enqueue(
                Transmission(number: wish.number, octets: wish.octets), from: senders[wish.sender], at: wish.at)
        }
        return effects + run(&line, to: 1_000_000, onComplete: answer)
    }

    @Test(arguments: UInt64(1)...30)
    func everyTelegramHasOneOutcomeInOrderAndNoTwoOverlap(seed: UInt64) {
        let wishes = wishes(seed: seed)
        let effects = play(wishes, seed: seed)
        #expect(effects == play(wishes, seed: seed), "seed \(seed): not deterministic")

        var settled: [[Int]] = Array(repeating: [], count: 6)
        for case .outcome(let sender, let number, _, _) in effects { settled[sender.index].append(number) }
        #expect(settled.flatMap(\.self).sorted() == wishes.map(\.number).sorted(), "seed \(seed)")

        // Within one sender and priority telegrams keep the order in which they were wanted.
        for sender in 0..<6 {
            for priority in Priority.allCases {
                let wanted = wishes.filter { $0.sender == sender && $0.priority == priority }.map(\.number)
                #expect(settled[sender].filter(wanted.contains) == wanted, "seed \(seed), sender \(sender)")
            }
        }

        let all = frames(effects)
        for (before, after) in zip(all, all.dropFirst()) {
            let answered = before.acknowledge == nil ? before.ended : before.ended + 26
            let priority = Priority(rawValue: after.octets[0] >> 2 & 3) ?? .low
            let idle = BusTiming.idleBits(priority: priority, isRepetition: after.octets[0] & 0x20 == 0)
            #expect(after.began - answered >= BitTime(idle), "seed \(seed): begins \(after.began)")
            #expect(after.began >= before.ended, "seed \(seed)")
        }
        #expect(all.allSatisfy { TP1.checkOctet($0.octets) == 0 && $0.senders.count == 1 }, "seed \(seed)")
    }

    @Test func twoHoursOfTrafficTakeSeconds() {
        var line = TP1Line()
        let senders = [line.addParticipant(), line.addParticipant()]
        let receiver = line.addParticipant()
        let octets = senders.indices.map { frame(source: UInt16(0x1101 + $0), data: [0x80, 0x0C, 0x1A]) }
        let horizon = BitTime(2 * 3_600) * BusTiming.bitsPerSecond
        var frames = 0
        for sender in senders {
            line.enqueue(Transmission(number: 0, octets: octets[sender.index]), from: sender, at: 0)
        }
        var effects: [TP1Line.Effect] = []
        while let due = line.nextDue, due <= horizon {
            line.advance(to: due, effects: &effects)
            for effect in effects {
                switch effect {
                case .complete: line.say(.acknowledge, from: receiver)
                case .frame: frames += 1
                case .outcome(let sender, _, _, let bit):
                    line.enqueue(Transmission(number: frames, octets: octets[sender.index]), from: sender, at: bit)
                default: break
                }
            }
            effects.removeAll(keepingCapacity: true)
        }
        // 220 bits per telegram of 11 octets and low priority.
        #expect(abs(frames - Int(horizon / 220)) <= 1)
    }
}
