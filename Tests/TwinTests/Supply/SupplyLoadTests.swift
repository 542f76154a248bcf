import Events
import KNX
import Platform
import Testing

@testable import Twin

/// Who draws from a line, how fast it falls, and what it tells of that.
@Suite struct SupplyLoadTests {
    /// ΣI/C: 10 V of a full line in a millisecond, of half the load or twice the capacitance in two.
    @Test(arguments: [(Int64(640), Int64(64), 1.0), (320, 64, 2), (640, 128, 2), (1_280, 64, 0.5), (1, 64, 640)])
    func itFallsByLoadOverCapacitance(load: Int64, capacitance: Int64, milliseconds: Double) {
        var supply = Supply(
            SupplyParameters(loadMilliamperes: load, capacitanceMicrofarads: capacitance), at: at(0))
        supply.turn(on: false, at: at(5))
        #expect(supply.millivolts(at: at(5 + milliseconds)) == 19_000)
        #expect(
            supply.instant(below: 19_001).map { abs(Double(($0 - at(5)).nanoseconds) / 1e6 - milliseconds) < 0.001 }
                == true)
    }

    @Test func itFallsMoreSlowlyWhenOthersStopDrawing() {
        var supply = Supply(SupplyParameters(holdUpNanoseconds: 100_000_000), at: at(0))
        supply.turn(on: false, at: at(0))
        // Within the hold-up nothing changes but the rate to come.
        supply.draw(milliamperes: 320, at: at(60))
        #expect(supply.millivolts(at: at(100)) == 29_000 && supply.millivolts(at: at(101)) == 24_000)
        supply.draw(milliamperes: 64, at: at(101))
        #expect(supply.millivolts(at: at(102)) == 23_000 && supply.millivolts(at: at(111)) == 14_000)
        // Going up it does not matter.
        supply.turn(on: true, at: at(111))
        supply.draw(milliamperes: 640, at: at(112))
        #expect(supply.millivolts(at: at(211)) == 28_500)
    }

    @Test func participantsThatSaveDrawNoMore() {
        // Two devices of 300 mA and 40 mA of others: full load until they stop, the others' after that.
        var devices = [actuator(), listener]
        for index in devices.indices {
            devices[index].power = BusPowerParameters(startNanoseconds: 1, milliamperes: 300)
        }
        var line = VirtualLine(chips: [], devices: devices, supply: SupplyParameters(loadMilliamperes: 640))
        #expect(line.simulation.supply.loadMilliamperes == 640)
        line.supply(on: false, at: 10)
        // 20 V after 0.9 ms, 1.5 ms of debounce: 5 V.
        line.run(until: 12.39)
        #expect(line.simulation.supply.loadMilliamperes == 640)
        line.run(until: 12.5)
        #expect(line.simulation.supply.loadMilliamperes == 40)
        let now = line.simulation.supply.millivolts(at: at(12.5))
        // 0.625 V/ms from here.
        #expect(abs(line.simulation.supply.millivolts(at: at(14.5)) - (now - 1_250)) <= 1)
        // What is simulated and draws more than the line is said to, draws it all the same.
        let heavy = VirtualLine(chips: [], devices: devices, supply: SupplyParameters(loadMilliamperes: 100))
        #expect(heavy.simulation.supply.loadMilliamperes == 601)
    }

    @Test func aLineOfManyDevicesFallsFasterThanOneOfFew() {
        func fall(devices: Int) -> Double {
            let many = (0..<devices).map { number in
                SimulatedDevice.Configuration(
                    id: "\(number)", address: IndividualAddress(raw: 0x1101 + UInt16(number)), functions: [])
            }
            var line = VirtualLine(chips: [], devices: many, supply: SupplyParameters(loadMilliamperes: 1))
            line.supply(on: false, at: 0)
            line.run(until: 10_000)
            return line.readings.first { $0.millivolts < 20_000 }?.milliseconds ?? .infinity
        }
        let (few, many) = (fall(devices: 8), fall(devices: 64))
        // 81 mA and 641 mA on 64 µF.
        #expect(abs(few - 9.001 * 64 / 81) < 0.01 && abs(many - 9.001 * 64 / 641) < 0.01, "\(few) \(many)")
    }

    /// The capacitor of the logic is emptied from the off threshold down, and only from there.
    @Test func theLogicLivesUntilItsOwnThreshold() {
        var device = actuator()
        device.power = BusPowerParameters(
            saveMillivolts: 20_000, offMillivolts: 9_000, logicHoldUpNanoseconds: 5_000_000, wakeMillivolts: 21_000,
            startNanoseconds: 1)
        // 1 V/ms: below 20 V after 9, saving after 10.5, below 9 V after 20, off 5 ms later.
        var line = VirtualLine(
            chips: [], devices: [device], supply: SupplyParameters(loadMilliamperes: 64, riseNanoseconds: 1_000_000))
        line.supply(on: false, at: 0)
        line.run(until: 22)
        let down = line.powers(of: "lamp")
        #expect(down.map(\.state) == [.saving] && abs(down[0].milliseconds - 10.5) < 0.01)
        var dip = line
        line.run(until: 100)
        let off = line.powers(of: "lamp").last
        // It draws 10 of 64 mA until it saves: 54 mA from there.
        #expect(off?.state == .off)
        #expect(
            off.map { abs($0.milliseconds - (10.5 + 9.5 * 64 / 54 + 5)) < 0.05 } == true, "\(String(describing: off))")
        // Power that comes back before that wakes it as it was.
        dip.supply(on: true, at: 22)
        dip.run(until: 400)
        #expect(dip.powers(of: "lamp").map(\.state) == [.saving, .running])
    }

    @Test func aShortIsNoVoltageAtOnceAndRisesFromNothing() {
        var line = VirtualLine(devices: [actuator(), listener])
        line.write([0x01], at: 10)
        line.run(until: 99)
        line.short(true, at: 100)
        line.run(until: 100)
        #expect(line.readings.last.map { $0 == (0, 100) } == true)
        #expect(line.simulation.supply.millivolts(at: at(100)) == 0)
        // Dead: 1.5 ms of debounce, 20 ms of hold-up.
        line.write(hostFrame(frame()), at: 130)
        line.run(until: 500)
        #expect(line.powers(of: "sut").map(\.state) == [.saving, .off] && line.frames.isEmpty)
        #expect(line.powers(of: "sut").map(\.milliseconds)[0] == 101.5)
        line.short(false, at: 600)
        line.run(until: 700)
        #expect(line.simulation.supply.millivolts(at: at(700)) == 14_500)
        line.run(until: 2_000)
        #expect(line.powers(of: "sut").map(\.state) == [.saving, .off, .starting, .running])
        #expect(line.readings.last?.millivolts == 29_000 && line.heard().last == 0x03)
        line.send(frame(group: 0x3001), at: 2_000)
        line.run(until: 2_100)
        #expect(line.frames.last?.acknowledge == 0xCC)
    }

    @Test func aShortOfALineThatIsOffStaysDead() {
        var line = VirtualLine(devices: [actuator()])
        line.supply(on: false, at: 100)
        line.short(true, at: 200)
        line.short(false, at: 300)
        line.run(until: 900)
        #expect(line.simulation.supply.millivolts(at: at(900)) == 0)
        line.short(true, at: 1_000)
        line.supply(on: true, at: 1_100)
        line.run(until: 1_500)
        #expect(line.simulation.supply.millivolts(at: at(1_500)) == 0)
        line.short(false, at: 1_500)
        line.run(until: 3_000)
        #expect(line.simulation.supply.millivolts(at: at(3_000)) == 29_000)
    }

    /// The curve can be drawn from what is told: where it begins to fall, where it crosses a threshold, its bottom, and where it has come back.
    @Test func theTraceHasEdgesThresholdsAndAReadingPerMillisecond() {
        var line = VirtualLine(devices: [actuator()], supply: SupplyParameters(holdUpNanoseconds: 100_000_000))
        line.supply(on: false, at: 100)
        line.run(until: 300)
        line.supply(on: true, at: 400)
        line.run(until: 1_000)
        let readings = line.readings
        let first = { (millivolts: Int64, from: Double) in
            readings.first { $0.millivolts == millivolts && $0.milliseconds >= from }?.milliseconds
        }
        // The hold-up ends at 200 ms.
        #expect(readings.first.map { $0 == (29_000, 200) } == true)
        // The first reading below the thresholds of the chip and the device.
        #expect(first(19_999, 200).map { abs($0 - 200.9) < 0.001 } == true)
        #expect(first(20_999, 200).map { abs($0 - 200.8) < 0.001 } == true)
        #expect(first(0, 200).map { (202.9...203.2).contains($0) } == true)
        #expect(first(0, 300) == 400, "the rise begins")
        #expect(first(20_000, 400).map { abs($0 - (400 + 200 * 20 / 29.0)) < 0.01 } == true)
        #expect(first(21_000, 400).map { abs($0 - (400 + 200 * 21 / 29.0)) < 0.01 } == true)
        #expect(readings.last.map { $0 == (29_000, 600) } == true)
        // No gap above a millisecond within a slope, and no two readings at one instant.
        for (before, after) in zip(readings, readings.dropFirst()) {
            #expect(after.milliseconds > before.milliseconds)
            if before.millivolts != after.millivolts { #expect(after.milliseconds - before.milliseconds <= 1.000001) }
        }
        #expect((205...215).contains(readings.count))
    }

    @Test func aContactThatMovesWithinTheHoldUpTellsNothing() {
        var line = VirtualLine(supply: SupplyParameters(holdUpNanoseconds: 100_000_000))
        line.supply(on: false, at: 100)
        line.supply(on: true, at: 150)
        line.run(until: 1_000)
        #expect(line.readings.isEmpty)
    }
}
