import Events
import KNX
import Platform
import Testing

@testable import Twin

@Suite struct SupplyTests {
    @Test func heldOnTheMainsSideThenFalling() {
        var supply = Supply(
            SupplyParameters(holdUpNanoseconds: 100_000_000, loadMilliamperes: 64), at: at(0))
        supply.turn(on: false, at: at(50))
        #expect(supply.millivolts(at: at(50)) == 29_000)
        #expect(supply.millivolts(at: at(150)) == 29_000)
        #expect(supply.millivolts(at: at(155)) == 24_000)
        #expect(supply.millivolts(at: at(178)) == 1_000)
        #expect(supply.millivolts(at: at(10_000)) == 0)
        #expect(supply.millivolts(at: at(1e9)) == 0)
        #expect(supply.ramp == at(150)...supply.ramp.upperBound)
    }

    /// A switch on the DC side lies behind whatever holds the supply up.
    @Test func notHeldOnTheDCSide() {
        var supply = Supply(
            SupplyParameters(holdUpNanoseconds: 100_000_000, loadMilliamperes: 64), at: at(0))
        supply.turn(on: false, heldUp: false, at: at(50))
        #expect(supply.millivolts(at: at(50)) == 29_000)
        #expect(supply.millivolts(at: at(60)) == 19_000)
        supply.turn(on: true, at: at(60))
        #expect(supply.millivolts(at: at(400)) == 29_000)
        // And the mains side is held up as before.
        supply.turn(on: false, at: at(500))
        #expect(supply.millivolts(at: at(599)) == 29_000)
        #expect(supply.millivolts(at: at(610)) == 19_000)
    }

    @Test func crossingsAgreeWithTheCurve() {
        for (load, capacitance) in [(Int64(49), Int64(70)), (641, 63), (640, 64)] {
            let parameters = SupplyParameters(loadMilliamperes: load, capacitanceMicrofarads: capacitance)
            var supply = Supply(parameters, at: at(0))
            supply.turn(on: false, at: at(7))
            for level in stride(from: Int64(500), to: 29_000, by: 777) {
                let crossing = supply.instant(below: level)
                #expect(crossing.map { supply.millivolts(at: $0) < level } == true)
                #expect(crossing.map { supply.millivolts(at: $0 - .microseconds(2)) >= level } == true)
            }
            supply.turn(on: true, at: at(9))
            let low = supply.millivolts(at: at(9))
            for level in stride(from: low + 1, through: Int64(29_000), by: 777) {
                let crossing = supply.instant(reaching: level)
                #expect(crossing.map { supply.millivolts(at: $0) >= level } == true)
                #expect(crossing.map { supply.millivolts(at: $0 - .microseconds(10)) < level } == true)
            }
        }
    }

    @Test func aCutShorterThanTheHoldUpHasNoEffect() {
        var line = VirtualLine(
            devices: [actuator(), listener], supply: SupplyParameters(holdUpNanoseconds: 100_000_000))
        line.send(frame(group: 0x3001), at: 1_000)
        line.supply(on: false, at: 1_005)
        line.run(until: 1_095)
        line.supply(on: true, at: 1_100)
        line.run(until: 2_000)
        #expect(line.frames.map(\.isTruncated) == [false])
        #expect(line.records.allSatisfy { if case .power = $0 { false } else { true } })
        #expect(line.heard() == frame(group: 0x3001))
    }

    @Test func chipSavesDiesAndReturnsByItself() {
        var line = VirtualLine()
        line.write([0x01], at: 10)
        line.supply(on: false, at: 1_000)
        line.run(until: 2_000)
        // 29 V fall below 20 V in 0.9 ms; 1.5 ms of debounce; 20 ms of hold-up.
        let down = line.powers(of: "sut")
        #expect(down.map(\.state) == [.saving, .off])
        #expect(abs(down[0].milliseconds - 1_002.4) < 0.01)
        #expect(abs(down[1].milliseconds - 1_022.4) < 0.01)
        line.toHost[0] = []
        line.write([0x02, 0x01], at: 2_100)
        line.write(hostFrame(frame()), at: 2_200)
        line.run(until: 4_000)
        #expect(line.heard().isEmpty)
        line.supply(on: true, at: 4_000)
        line.run(until: 5_000)
        // 21 of 29 V after 144.8 of 200 ms, 50 ms of start, 40 idle bits that are long over.
        let up = line.powers(of: "sut").dropFirst(2)
        #expect(up.map(\.state) == [.starting, .running])
        #expect(line.heard() == [0x03])
        let said = Double(line.toHost[0][0].due.nanoseconds) / 1e6
        #expect(abs(said - (4_000 + 144.83 + 50 + 0.573)) < 0.1, "\(said)")
    }

    @Test func aShortDipIsDebouncedAndALongerOneOnlySaves() {
        // The threshold is passed 0.9 ms after the cut. With a fast rise it is passed again soon after power is back; with a slow one the
        // debounce goes on while the voltage rises.
        let cases: [(Double, Int64, [BusPower.State])] = [
            (1.2, 1_000_000, []), (5.0, 1_000_000, [.saving, .running]), (1.2, 20_000_000, [.saving, .running]),
            (1.2, 200_000_000, [.saving, .off, .starting, .running]),
        ]
        for (length, rise, states) in cases {
            var line = VirtualLine(supply: SupplyParameters(riseNanoseconds: rise))
            line.supply(on: false, at: 100)
            line.supply(on: true, at: 100 + length)
            line.run(until: 600)
            #expect(line.powers(of: "sut").map(\.state) == states, "\(length) ms, rise \(rise) ns")
            #expect(line.heard() == (states.contains(.off) ? [0x03] : []))
        }
    }

    @Test func repeatedCutsLeaveTheSupplyConsistent() {
        var line = VirtualLine(devices: [actuator(), listener])
        var generator = SeededGenerator(seed: 7)
        var time = 100.0
        for round in 0..<400 {
            line.supply(on: round.isMultiple(of: 2) ? false : true, at: time)
            time += Double.random(in: 0.1...300, using: &generator)
            line.run(until: time)
        }
        line.run(until: time + 1_000)
        #expect(line.simulation.supply.millivolts(at: at(time + 1_000)) == 29_000)
        #expect(line.simulation.power(ofChip: 0) == .running)
        line.send(frame(group: 0x3001), at: time + 2_000)
        line.run(until: time + 2_100)
        #expect(line.frames.last?.octets == frame(group: 0x3001))
    }

    @Test func aLineThatStartsWithoutSupplyIsDeadUntilItComes() {
        var line = VirtualLine(devices: [actuator(), listener], isSupplied: false)
        line.write([0x01], at: 10)
        line.send(frame(), at: 20)
        line.run(until: 500)
        #expect(line.heard().isEmpty && line.frames.isEmpty)
        line.supply(on: true, at: 500)
        line.run(until: 1_000)
        #expect(line.heard().first == 0x03)
    }
}
