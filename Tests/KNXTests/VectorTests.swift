import FoundationEssentials
import KNX
import Testing

/// A frame with the decoding that independent decoders agreed on.
struct FrameVector: Decodable, CustomTestStringConvertible {
    struct Expectation: Decodable {
        var frame: String?
        var src: String?
        var dst: String?
        var priority: String?
        var repeated: Bool?
        var hops: Int?
        var len: Int?
        var eff: Int?
        var tpci: String?
        var seq: UInt8?
        var service: String?
        var asdu: String?
        var apciData6: UInt8?
        var ack: String?
        var slots: UInt8?
    }

    var id: String
    var hex: String
    var error: String?
    var expect: Expectation
    var note: String

    var testDescription: String { "\(id) \(note)" }
}

struct DatapointVector: Decodable, CustomTestStringConvertible {
    struct Expectation: Decodable {
        enum Reading: Decodable {
            case number(Double)
            case word(String)

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                self =
                    try (try? container.decode(Double.self)).map(Reading.number) ?? .word(container.decode(String.self))
            }
        }
        var value: Reading
    }

    var id: String
    var dpt: String
    var direction: String
    var hex: String
    var error: String?
    var expect: Expectation?
    var isSmall: Bool

    var testDescription: String { "\(id) \(dpt) \(hex)" }
}

private struct VectorFile<Vector: Decodable>: Decodable {
    var vectors: [Vector]

    static func read(_ name: String) throws -> [Vector] {
        let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
        let data = try Data(contentsOf: URL(fileURLWithPath: "/\(folder)/Vectors/\(name)"))
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Self.self, from: data).vectors
    }
}

@Suite struct FrameVectorTests {
    static let vectors = (try? VectorFile<FrameVector>.read("tp1.json")) ?? []

    /// Vectors whose error lies in an application service of device management, which this package does not read.
    static let outsideScope = ["tp1-0353": "apdu-length"]

    @Test func allVectorsAreRead() {
        #expect(Self.vectors.count == 51)
    }

    @Test(arguments: vectors) func decodes(_ vector: FrameVector) throws {
        let octets = hex(vector.hex)
        var error: String?
        do throws(TP1Frame.Flaw) {
            switch try LPDU(octets: octets) {
            case .acknowledge(let acknowledge): #expect(acknowledge.description == vector.expect.ack)
            case .poll(let poll):
                #expect(poll.source.description == vector.expect.src)
                #expect(poll.slots == vector.expect.slots)
            case .data(let frame): error = check(frame, octets, vector.expect)
            }
        } catch let flaw {
            error = flaw.rawValue
        }
        #expect(error == (Self.outsideScope[vector.id] == vector.error ? nil : vector.error))
    }

    /// Compares all that the vector says; gives the code of what is wrong with the frame's content.
    private func check(_ frame: TP1Frame, _ octets: [UInt8], _ expect: FrameVector.Expectation) -> String? {
        #expect(frame.source.description == expect.src)
        #expect(frame.destination.description == expect.dst)
        #expect("\(frame.priority)" == expect.priority)
        #expect(frame.isRepetition == expect.repeated)
        #expect(Int(frame.hopCount) == expect.hops)
        #expect(frame.transportUnit.count - 1 == expect.len)
        #expect(Int(frame.extendedFormat) == expect.eff ?? 0)
        if expect.frame == "standard" || frame.transportUnit.count > 16 || frame.extendedFormat > 0 {
            #expect(frame.octets == octets)
        }
        guard frame.extendedFormat == 0 else {
            #expect(throws: GroupService.Refusal.extendedFormatUnsupported) { try GroupService.of(frame) }
            return GroupService.Refusal.extendedFormatUnsupported.rawValue
        }
        do {
            let control = try TransportControl(
                transportUnit: frame.transportUnit, destination: frame.destination)
            #expect(control.name == expect.tpci)
            switch control {
            case .dataConnected(let sequence), .acknowledge(let sequence), .notAcknowledge(let sequence):
                #expect(sequence == expect.seq)
            case .dataGroup, .dataTagGroup:
                let (_, service) = try GroupService.of(frame)
                #expect(service.name == expect.service)
                switch service.value {
                case .small(let bits): #expect(bits == expect.apciData6)
                case .octets(let data): #expect(data == hex(expect.asdu ?? ""))
                case nil: break
                }
                if control == .dataGroup { #expect(service.transportUnit == frame.transportUnit) }
            default: break
            }
            return nil
        } catch let flaw as TransportControl.Flaw {
            return flaw.rawValue
        } catch let refusal as GroupService.Refusal {
            return refusal.rawValue
        } catch {
            return "\(error)"
        }
    }
}

@Suite struct DatapointVectorTests {
    static let vectors = (try? VectorFile<DatapointVector>.read("datapoints.json")) ?? []

    /// The words that the bit 1 has in the subtypes of datapoint type 1.
    static let set: Set = [
        "ON", "TRUE", "ENABLE", "INCREASE", "DOWN", "CLOSE", "START", "ACTIVE", "TRIGGER", "OCCUPIED", "OPEN", "AND",
        "SCENE_B", "NIGHT", "HEAT",
    ]

    /// 1.009 and 1.019 name their ends in opposite order in the decoder that checked the vectors; both have the bit set.
    @Test func allVectorsAreRead() {
        #expect(Self.vectors.count == 64)
    }

    @Test(arguments: vectors) func agrees(_ vector: DatapointVector) throws {
        let octets = hex(vector.hex)
        if vector.direction == "encode" {
            guard case .number(let number) = vector.expect?.value else { return }
            #expect(try DPT9(number).value == .octets(octets))
            return
        }
        let value: GroupValue = vector.isSmall ? .small(octets[0]) : .octets(octets)
        var error: String?
        do {
            switch (vector.dpt, vector.expect?.value) {
            case (let type, let expected) where type.hasPrefix("1."):
                let bit = try DPT1(value)
                if case .word(let word) = expected { #expect(bit.isSet == Self.set.contains(word)) }
                #expect(bit.value == value)
            case (let type, let expected) where type.hasPrefix("9."):
                let float = try DPT9(value)
                if case .number(let number) = expected { #expect(Double(float.hundredths) / 100 == number) }
                #expect(try DPT9(hundredths: float.hundredths).hundredths == float.hundredths)
            case ("5.001", .number(let number)): #expect(try DPT5(value).percent == Int(number))
            case ("5.003", .number(let number)): #expect(try DPT5(value).degrees == Int(number))
            case ("5.010", .number(let number)): #expect(try DPT5(value).raw == UInt8(number))
            case ("5.006", _): _ = try DPT5(value).tariff
            default: Issue.record("no reader for \(vector.dpt)")
            }
        } catch let flaw {
            error = flaw.rawValue
        }
        #expect(error == vector.error)
    }

    @Test(arguments: [
        (0, 0x0000), (1, 0x0001), (-1, 0x87FF), (2047, 0x07FF), (2048, 0x0C00), (2100, 0x0C1A), (2150, 0x0C33),
        (-550, 0x85DA), (-2048, 0x8000), (-27300, 0xA156), (10000, 0x1CE2), (100_000, 0x361A), (123_456, 0x3789),
        (67_043_328, 0x7FFE), (-67_108_864, 0xF800), (-3000, 0x8A24),
    ]) func hundredths(_ number: Int, _ code: UInt16) throws {
        #expect(try DPT9(hundredths: number).raw == code)
    }

    @Test func everyCodeReadsBackExactly() throws {
        for code in UInt16.min...UInt16.max where code != 0x7FFF {
            let value = try DPT9(raw: code)
            #expect(try DPT9(hundredths: value.hundredths).hundredths == value.hundredths)
        }
        for hundredths in DPT9.exactHundredths {
            let code = DPT9.raw(hundredths: hundredths)
            #expect(try DPT9(raw: code).hundredths == hundredths)
            #expect(try DPT9(hundredths: hundredths).raw == code)
        }
    }

    @Test(arguments: [67_060_097, -67_125_249, Int.max, Int.min]) func outOfRange(_ hundredths: Int) {
        #expect(throws: DatapointFlaw.self) { try DPT9(hundredths: hundredths) }
    }

    @Test(arguments: [Double.nan, .infinity, 1e300]) func noNumber(_ number: Double) {
        #expect(throws: DatapointFlaw.outOfRange) { try DPT9(number) }
    }

    @Test func percentCodes() throws {
        #expect(try [0, 1, 50, 99, 100].map { try DPT5(percent: $0).raw } == [0, 3, 128, 252, 255])
        for percent in 0...100 { #expect(try DPT5(percent: percent).percent == percent) }
        #expect(throws: DatapointFlaw.outOfRange) { try DPT5(percent: 101) }
    }
}
