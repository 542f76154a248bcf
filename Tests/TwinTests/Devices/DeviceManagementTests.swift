import Events
import KNX
import Platform
import Testing

@testable import Twin

/// What a device answers to management, on a line in virtual time.
@Suite struct DeviceManagementTests {
    private static let client = IndividualAddress(raw: 0x11C8)

    private func line(_ change: (inout DeviceIdentity) -> Void = { _ in }) -> VirtualLine {
        var identity = DeviceIdentity(
            serial: 0x0102_0304, order: "ORDER", firmware: 7, application: 0x1234, applicationVersion: 0x56,
            memory: (0..<64).map { UInt8($0) })
        change(&identity)
        var device = actuator()
        device.identity = identity
        // What sends for the client; nobody acknowledges at the client's own address, so that whatever goes there is on the line four times.
        let ears = SimulatedDevice.Configuration(
            id: "client", address: IndividualAddress(raw: 0x1114), functions: [])
        return VirtualLine(devices: [device, ears])
    }

    private func tell(_ line: inout VirtualLine, _ tpdu: [UInt8], to address: UInt16 = 0x110A, at milliseconds: Double)
    {
        let frame = TP1Frame(
            priority: .system, source: Self.client, destination: .individual(IndividualAddress(raw: address)),
            transportUnit: tpdu)
        line.send(frame.octets, device: 1, at: milliseconds)
    }

    private func broadcast(_ line: inout VirtualLine, _ service: ApplicationService, at milliseconds: Double) {
        let frame = TP1Frame(
            priority: .system, source: Self.client, destination: .group(GroupAddress(raw: 0)),
            transportUnit: service.tpdu(.dataBroadcast))
        line.send(frame.octets, device: 1, at: milliseconds)
    }

    /// TPDUs of the device, from the client's question on, without the line's repetitions.
    private func answers(_ line: VirtualLine, since milliseconds: Double = 0) -> [[UInt8]] {
        line.frames.filter { $0.senders == ["lamp"] && $0.began >= at(milliseconds) && $0.octets[0] & 0x20 != 0 }
            .compactMap { try? TP1Frame(octets: $0.octets).transportUnit }
    }

    /// Asks without a connection, and returns what was answered.
    private func ask(_ line: inout VirtualLine, _ service: ApplicationService, at milliseconds: Double)
        -> ApplicationService?
    {
        tell(&line, service.tpdu(.dataIndividual), at: milliseconds)
        line.run(until: milliseconds + 200)
        return answers(line, since: milliseconds).first.flatMap { try? ApplicationService(tpdu: $0) }
    }

    private func read(
        _ line: inout VirtualLine, object: UInt8 = 0, _ property: UInt8, start: UInt16 = 1, at milliseconds: Double
    ) -> [UInt8]? {
        let range = PropertyRange(objectIndex: object, property: property, count: 1, start: start)
        guard case .propertyValueResponse(let data)? = ask(&line, .propertyValueRead(range), at: milliseconds) else {
            return nil
        }
        #expect(data.objectIndex == object && data.property == property && data.start == start)
        return data.count == 1 ? data.data : nil
    }

    /// The exchange of the facts: connect, data, acknowledge, answer, acknowledge, disconnect.
    @Test func theMaskIsReadByConnection() {
        var line = line()
        tell(&line, [0x80], at: 1_000)
        tell(&line, [0x43, 0x00], at: 1_100)
        tell(&line, [0xC2], at: 1_200)
        tell(&line, [0x81], at: 1_300)
        line.run(until: 20_000)
        #expect(answers(line) == [[0xC2], [0x43, 0x40, 0x07, 0xB0]])
        #expect(line.frames.filter { $0.senders == ["lamp"] }.allSatisfy { $0.octets[0] | 0x20 == 0xB0 })
    }

    @Test func aClientThatGoesAwayIsWaitedForAndGivenUp() {
        var line = line()
        tell(&line, [0x80], at: 1_000)
        tell(&line, [0x43, 0x00], at: 1_100)
        line.run(until: 30_000)
        // The answer four times, three seconds apart, then T_Disconnect.
        #expect(answers(line) == [[0xC2]] + Array(repeating: [0x43, 0x40, 0x07, 0xB0], count: 4) + [[0x81]])
        tell(&line, [0x80], at: 40_000)
        line.run(until: 50_000)
        let end = line.frames.last { $0.senders == ["lamp"] && $0.octets[0] & 0x20 != 0 }
        #expect(answers(line, since: 40_000) == [[0x81]])
        #expect(end.map { (46_000...46_100).contains(Double($0.began.nanoseconds) / 1e6) } == true)
    }

    @Test func theDeviceObjectSaysWhatItIs() {
        var line = line()
        let expected: [(UInt8, [UInt8])] = [
            (1, [0, 0]), (9, [7]), (11, [0x00, 0xFA, 1, 2, 3, 4]), (12, [0x00, 0xFA]), (14, [0]),
            (15, Array("ORDER".utf8) + [0, 0, 0, 0, 0]), (54, [0]), (56, [0, 15]), (57, [0x11]), (58, [0x0A]),
            (83, [0x07, 0xB0]),
        ]
        for (place, (property, octets)) in expected.enumerated() {
            #expect(read(&line, property, at: 1_000 + Double(place) * 1_000) == octets, "PID \(property)")
        }
        #expect(read(&line, object: 1, 1, at: 20_000) == [0, 3])
        #expect(read(&line, object: 1, 13, at: 21_000) == [0x00, 0xFA, 0x12, 0x34, 0x56])
        // The number of elements; what is not there.
        #expect(read(&line, 11, start: 0, at: 22_000) == [0, 1])
        #expect(read(&line, 11, start: 2, at: 23_000) == nil)
        #expect(read(&line, 200, at: 24_000) == nil && read(&line, object: 9, 1, at: 25_000) == nil)
    }

    @Test func propertiesAreDescribedByIdentifierAndByIndex() {
        var line = line()
        func describe(_ property: UInt8, index: UInt8, at milliseconds: Double) -> PropertyDescription? {
            let request = PropertyDescriptionRequest(objectIndex: 0, property: property, propertyIndex: index)
            guard
                case .propertyDescriptionResponse(let description)? = ask(
                    &line, .propertyDescriptionRead(request), at: milliseconds)
            else { return nil }
            return description
        }
        let mode = describe(54, index: 0, at: 1_000)
        #expect(mode?.isWritable == true && mode?.maximumElements == 1 && mode?.propertyIndex == 6)
        let third = describe(0, index: 2, at: 2_000)
        #expect(third?.property == 11 && third?.isWritable == false)
        let none = describe(0, index: 99, at: 3_000)
        #expect(none?.dataType == 0 && none?.maximumElements == 0)
    }

    @Test func programmingModeIsWrittenAndAnswersTheBroadcast() {
        var line = line()
        broadcast(&line, .individualAddressRead, at: 1_000)
        line.run(until: 1_500)
        #expect(answers(line).isEmpty)
        let on = PropertyData(objectIndex: 0, property: 54, count: 1, start: 1, data: [1])
        #expect(ask(&line, .propertyValueWrite(on), at: 2_000) == .propertyValueResponse(on))
        broadcast(&line, .individualAddressRead, at: 3_000)
        line.run(until: 3_500)
        #expect(answers(line, since: 3_000) == [[0x01, 0x40]])
        // It takes another address, and is there and no longer here.
        broadcast(&line, .individualAddressWrite(NewAddress(address: IndividualAddress(raw: 0x1142))), at: 4_000)
        tell(&line, [0x03, 0x00], at: 5_000)
        line.run(until: 6_000)
        #expect(answers(line, since: 4_000).isEmpty)
        tell(&line, [0x03, 0x00], to: 0x1142, at: 7_000)
        line.run(until: 8_000)
        #expect(answers(line, since: 7_000) == [[0x03, 0x40, 0x07, 0xB0]])
        #expect(line.frames.last { $0.senders == ["lamp"] }.map { $0.octets[1...2] == [0x11, 0x42] } == true)
    }

    @Test func whatMayNotBeWrittenIsNot() {
        var line = line()
        for (place, data) in [
            PropertyData(objectIndex: 0, property: 11, count: 1, start: 1, data: [1, 2, 3, 4, 5, 6]),
            PropertyData(objectIndex: 0, property: 54, count: 1, start: 1, data: [1, 2]),
            PropertyData(objectIndex: 0, property: 54, count: 1, start: 2, data: [1]),
            PropertyData(objectIndex: 0, property: 99, count: 1, start: 1, data: [1]),
        ].enumerated() {
            guard
                case .propertyValueResponse(let answer)? = ask(
                    &line, .propertyValueWrite(data), at: 1_000 * Double(place + 1))
            else {
                Issue.record("no answer")
                continue
            }
            #expect(answer.count == 0 && answer.data.isEmpty)
        }
        #expect(read(&line, 54, at: 9_000) == [0])
    }

    @Test func aSerialNumberIsAnsweredByItsDevice() {
        var line = line()
        let serial: [UInt8] = [0x00, 0xFA, 1, 2, 3, 4]
        broadcast(&line, .individualAddressSerialRead(SerialNumber(serialNumber: [0x00, 0xFA, 1, 2, 3, 5])), at: 1_000)
        line.run(until: 1_500)
        #expect(answers(line).isEmpty)
        broadcast(&line, .individualAddressSerialRead(SerialNumber(serialNumber: serial)), at: 2_000)
        line.run(until: 2_500)
        #expect(answers(line) == [[0x03, 0xDD] + serial + [0, 0, 0, 0]])
    }

    @Test func memoryIsReadAndWritten() {
        var line = line()
        func read(_ address: UInt16, _ count: UInt8, at milliseconds: Double) -> [UInt8]? {
            guard
                case .memoryResponse(let block)? = ask(
                    &line, .memoryRead(MemoryRange(count: count, address: address)), at: milliseconds)
            else { return nil }
            return block.data
        }
        #expect(read(0x4000, 12, at: 1_000) == (0..<12).map { UInt8($0) })
        #expect(read(0x403F, 1, at: 2_000) == [63])
        // Beyond either end, and more than an answer holds.
        #expect(
            read(0x3FFF, 2, at: 3_000) == [] && read(0x403F, 2, at: 4_000) == [] && read(0x4000, 13, at: 5_000) == [])
        // Without verify mode nothing is answered.
        let write = ApplicationService.memoryWrite(MemoryBlock(address: 0x4010, data: [0xAA, 0xBB]))
        #expect(ask(&line, write, at: 6_000) == nil)
        #expect(read(0x400F, 4, at: 7_000) == [15, 0xAA, 0xBB, 18])
        let verify = PropertyData(objectIndex: 0, property: 14, count: 1, start: 1, data: [4])
        _ = ask(&line, .propertyValueWrite(verify), at: 8_000)
        #expect(ask(&line, write, at: 9_000) == .memoryResponse(MemoryBlock(address: 0x4010, data: [0xAA, 0xBB])))
    }

    @Test func aRestartDropsTheConnectionAndTheDeviceComesBack() {
        var line = line { $0.isProgramming = true }
        tell(&line, [0x80], at: 1_000)
        tell(&line, [0x43, 0x80], at: 1_100)
        line.run(until: 1_400)
        #expect(answers(line) == [[0xC2]])
        #expect(line.powers(of: "lamp").map(\.state) == [.starting])
        // Gone: no acknowledge from it.
        tell(&line, [0x03, 0x00], at: 1_400)
        line.run(until: 1_450)
        #expect(line.frames.last?.acknowledge == .some(nil))
        line.run(until: 3_000)
        #expect(line.powers(of: "lamp").map(\.state) == [.starting, .running])
        // The connection is forgotten, and so is programming mode.
        tell(&line, [0x47, 0x00], at: 3_000)
        line.run(until: 4_000)
        #expect(answers(line, since: 3_000) == [[0x81]])
        #expect(read(&line, 54, at: 5_000) == [0])
    }

    @Test(arguments: [
        (UInt8(1), UInt8(0), UInt8(0)), (2, 0, 0), (3, 0, 0), (7, 0, 0), (4, 0, 2), (6, 0, 2), (9, 0, 2), (0, 0, 2),
        (1, 5, 3),
    ])
    func aMasterResetIsAnswered(code: UInt8, channel: UInt8, error: UInt8) {
        var line = line()
        _ = ask(&line, .memoryWrite(MemoryBlock(address: 0x4000, data: [0xEE])), at: 500)
        let answer = ask(&line, .restartMasterReset(MasterReset(eraseCode: code, channel: channel)), at: 1_000)
        let seconds: UInt16 = error == 0 ? 1 : 0
        #expect(answer == .restartMasterResetResponse(MasterResetResult(errorCode: error, processTime: seconds)))
        line.run(until: 3_000)
        #expect(line.powers(of: "lamp").map(\.state) == (error == 0 ? [.starting, .running] : []))
        // Without an address it is 15.15.255.
        let address: UInt16 = error == 0 && (code == 2 || code == 3) ? 0xFFFF : 0x110A
        tell(
            &line, ApplicationService.memoryRead(MemoryRange(count: 1, address: 0x4000)).tpdu(.dataIndividual),
            to: address, at: 4_000)
        line.run(until: 5_000)
        let memory: UInt8 = error == 0 && (code == 2 || code == 7) ? 0 : 0xEE
        #expect(answers(line, since: 4_000) == [[0x02, 0x41, 0x40, 0x00, memory]])
    }

    @Test func aPowerCutForgetsTheConnection() {
        var line = line()
        tell(&line, [0x80], at: 1_000)
        line.run(until: 1_100)
        line.supply(on: false, at: 1_200)
        line.supply(on: true, at: 2_000)
        line.run(until: 4_000)
        tell(&line, [0x43, 0x00], at: 4_000)
        line.run(until: 20_000)
        #expect(answers(line) == [[0x81]])
    }

    /// Whatever is said to it, it answers with frames that can be read, or not at all.
    @Test func itStandsWhatIsNoManagement() {
        var line = line()
        var generator = SeededGenerator(seed: 11)
        for round in 0..<600 {
            let count = 1 + Int(generator.next() % 14)
            var tpdu = (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
            if round.isMultiple(of: 2) { tpdu[0] = [0x80, 0x43, 0x03, 0x02, 0xC2][Int(generator.next() % 5)] }
            tell(&line, tpdu, at: 1_000 + Double(round) * 100)
        }
        line.run(until: 300_000)
        for frame in line.frames where frame.senders == ["lamp"] {
            guard let said = try? TP1Frame(octets: frame.octets) else {
                Issue.record("not a frame: \(frame.octets)")
                continue
            }
            if said.transportUnit[0] & 0x80 == 0 {
                #expect(throws: Never.self) { try ApplicationService(tpdu: said.transportUnit) }
            }
        }
    }
}
