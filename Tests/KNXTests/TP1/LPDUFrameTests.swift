import KNX
import Platform
import Testing

@Suite struct LPDUFrameTests {
    static let units = [
        "BC11050901E100813F", "B011051101 60 80 AB", "BC00020903E300800C1A3E", "9C11050901E100811F",
        "3CE011050901100080111111111111111111111111111111BE", "3CE411050901100080111111111111111111111111111111BA",
        "F011050E000316", "CC", "0C", "C0", "00",
    ].map(hex)

    private func read(_ octets: [UInt8], at base: Int = 0) -> (frame: LPDUFrame, faults: Faults) {
        var faults = Faults()
        let frame = LPDUFrame(octets.span, faults: &faults, at: base)
        return (frame, faults)
    }

    /// What must hold of any octets: both readers of a unit agree, and faults lie inside it.
    private func expectSound(_ octets: [UInt8]) {
        let (frame, faults) = read(octets)
        #expect(frame.transportUnit.upperBound <= octets.count)
        #expect(faults.allSatisfy { (0...octets.count).contains($0.offset) })
        #expect(LPDUDescription(octets.span).faults.isRejected == faults.isRejected)
        do throws(TP1Frame.Flaw) {
            let unit = try LPDU(octets: octets)
            #expect(!faults.isRejected && frame.depth == .body)
            switch unit {
            case .data(let data):
                #expect(frame.isData && frame.source == data.source && frame.destination == data.destination)
                #expect(frame.priority == data.priority && frame.isRepetition == data.isRepetition)
                #expect(frame.hopCount == data.hopCount && frame.extendedFormat == data.extendedFormat)
                #expect(Array(octets[frame.transportUnit]) == data.transportUnit)
            case .poll(let poll):
                #expect(frame.kind == .poll && frame.rawDestination == poll.group && frame.length == poll.slots)
                #expect(frame.source == poll.source)
            case .acknowledge(let acknowledge): #expect(frame.acknowledge == acknowledge)
            }
            if case .data(let data) = unit, frame.kind == .extended, data.extendedFormat == 0, frame.length < 16 {
                return
            }
            if case .poll = unit, octets[5] > 15 { return }
            #expect(unit.octets == octets)
        } catch {
            #expect(faults.worst?.code.name == error.rawValue)
        }
    }

    @Test(arguments: units) func isSound(_ octets: [UInt8]) {
        #expect(!read(octets).faults.isRejected)
        expectSound(octets)
        #expect((try? LPDU(octets: octets))?.octets == octets)
    }

    @Test(arguments: units) func cut(_ octets: [UInt8]) {
        for count in 0..<octets.count {
            expectSound(Array(octets.prefix(count)))
            #expect(read(Array(octets.prefix(count))).faults.isRejected)
        }
    }

    /// A frame with one wrong octet is never taken for a frame.
    @Test(arguments: units) func damaged(_ octets: [UInt8]) {
        for index in octets.indices {
            for value in UInt8.min...UInt8.max where value != octets[index] {
                var damaged = octets
                damaged[index] = value
                expectSound(damaged)
                if octets.count > 1 { #expect(read(damaged).faults.isRejected) }
            }
        }
    }

    @Test(arguments: 0..<4 as Range<UInt64>) func anything(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<5_000 {
            var octets = (0..<Int.random(in: 0...30, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            if octets.count > 8, Bool.random(using: &random) {
                octets[0] = [0xBC, 0x3C, 0x90, 0xF0].randomElement(using: &random) ?? 0xBC
                octets[5] = octets[5] & 0xF0 | UInt8((octets.count - 8) & 15)
                octets[6] = octets[0] == 0x3C ? UInt8(max(0, octets.count - 9)) : octets[6]
                octets[octets.count - 1] = TP1.checkOctet(octets.dropLast())
            }
            expectSound(octets)
        }
    }

    @Test func longestAndEscape() {
        var longest = hex("3CE0 1105 0901 FE") + [UInt8](repeating: 0, count: 255)
        longest.append(TP1.checkOctet(longest))
        #expect(longest.count == TP1.longestFrame && read(longest).faults.isEmpty)
        let escape = hex("3CE0 1105 0901 FF") + [UInt8](repeating: 0, count: 257)
        #expect(read(escape).faults.worst == Fault(.lengthEscape, .frame, at: 6))
        #expect(read(Array(escape.dropLast())).faults.worst == Fault(.truncated, .frame, at: 263))
        expectSound(longest)
        expectSound(Array(escape.dropLast()))
        expectSound(escape)
    }

    @Test func placesCountFromTheBase() {
        #expect(read(hex("BC11050901E100813E"), at: 10).faults.worst == Fault(.checksum, .link, at: 18))
        #expect(read(hex("BC11050901E10081"), at: 10).faults.worst == Fault(.truncated, .frame, at: 18))
        #expect(read(hex("BC11050901E100813F00"), at: 10).faults.worst == Fault(.trailing, .frame, at: 19))
        #expect(read(hex("33"), at: 10).faults.worst == Fault(.shortFrameUnknown, .link, at: 10))
        #expect(read([], at: 10).faults.worst == Fault(.empty, .frame, at: 10))
    }

    @Test func polls() throws {
        let poll = PollData(source: IndividualAddress(raw: 0x1105), group: 0x0E00, slots: 3)
        #expect(poll.octets == hex("F011050E000316"))
        #expect(try PollData(octets: poll.octets) == poll)
    }
}
