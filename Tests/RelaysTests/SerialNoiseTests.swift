import Events
import Platform
import Testing
import Twin

@testable import Relays

/// A board whose line damages, loses and adds octets both ways, by a seed.
private struct NoisyBoard: SerialBoardModel {
    var board: any SerialBoardModel
    var state: UInt64
    /// Of a thousand octets, how many are damaged.
    var perMille: UInt64

    var relays: RelayBank {
        get { board.relays }
        set { board.relays = newValue }
    }

    mutating func receive(_ octet: UInt8) -> [UInt8] {
        let answer = damaged([octet]).flatMap { board.receive($0) }
        return damaged(answer)
    }

    mutating func powerDown() { board.powerDown() }

    private mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }

    private mutating func damaged(_ octets: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        for octet in octets {
            guard next() % 1_000 < perMille else {
                result.append(octet)
                continue
            }
            switch next() % 3 {
            case 0: result.append(octet ^ UInt8(1 << (next() % 8)))
            case 1: break
            default: result += [octet, UInt8(truncatingIfNeeded: next())]
            }
        }
        return result
    }
}

/// On a bad line a driver may fail; it may not trap, hang, or leave a board that a good line doesn't bring back.
@Suite struct SerialNoiseTests {
    @Test(arguments: SerialSpecimen.quick, [50, 1_000] as [UInt64]) func aBadLineIsSurvived(
        _ specimen: SerialSpecimen, perMille: UInt64
    ) throws {
        let seed = UInt64.random(in: 1...UInt64.max)
        print("noise on \(specimen.name), \(perMille) of 1000 octets: seed \(seed)")
        let bench = try specimen.bench()
        defer { bench.end() }
        let board = try specimen.open(bench)
        defer { board.close() }
        bench.server.exchange(for: NoisyBoard(board: specimen.model(), state: seed, perMille: perMille))
        let began = MonotonicClock.now()
        for round in 0..<4 {
            let channel = 1 + round % specimen.channelCount
            _ = try? board.set(channel, energised: round % 2 == 0)
            // What is read has as many channels as the board, whatever came over the line.
            if let states = try? board.readAll() { #expect(states.count == specimen.channelCount) }
        }
        _ = try? board.setAllOff()
        #expect(MonotonicClock.now() - began < .seconds(120), "every wait ends")
        bench.server.exchange(for: specimen.model())
        let proof = specimen.canBeRead ? Event.Actuation.Readback.confirmed : .assumed
        #expect(try board.set(1, energised: true) == proof)
        try bench.expect(contacts: (1...specimen.channelCount).map { $0 == 1 })
    }
}
