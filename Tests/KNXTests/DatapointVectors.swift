import FoundationEssentials
import KNX
import Testing

struct RecordedDatapoint: Decodable, CustomTestStringConvertible {
    var id: String
    var dpt: String
    var direction: String
    var isSixBit: Bool
    var hex: String
    var expect: RecordedValue?
    var error: String?
    var errorLayer: String?
    var severity: String?
    var note: String

    var testDescription: String { "\(id) \(dpt) \(hex) \(note)" }

    static let all: [RecordedDatapoint] = {
        struct Recording: Decodable { var vectors: [RecordedDatapoint] }
        let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: "/\(folder)/Vectors/dpt.json")) else { return [] }
        return (try? JSONDecoder().decode(Recording.self, from: data).vectors) ?? []
    }()
}

@Suite struct RecordedDatapointTests {
    @Test func allAreRead() {
        #expect(RecordedDatapoint.all.count == 181)
    }

    @Test(arguments: RecordedDatapoint.all.filter { $0.direction == "decode" }) func decodes(
        _ vector: RecordedDatapoint
    ) throws {
        let type = try #require(DatapointType(parsing: vector.dpt))
        let (value, faults) = type.decode(hex(vector.hex).span, isSixBit: vector.isSixBit)
        let fields = value.map { type.fields(of: $0) } ?? []
        #expect(
            (fields.isEmpty ? nil : .object(RecordedValue.members(fields)))
                == (vector.expect == .null ? nil : vector.expect))
        #expect(faults.worst?.code.name == vector.error)
        #expect(faults.worst?.layer.name == vector.errorLayer)
        #expect(faults.worst?.severity.name == vector.severity)
        guard let value, faults.isEmpty else { return }
        if case .text(let text) = value, text.contains("\u{FFFD}") {
            #expect(throws: Fault.self) { try type.encode(value) }
            return
        }
        let group = try type.encode(value)
        #expect(group.raw == hex(vector.hex) || type.decode(group).value == value)
    }

    @Test(arguments: RecordedDatapoint.all.filter { $0.direction == "encode" }) func encodes(
        _ vector: RecordedDatapoint
    ) throws {
        let type = try #require(DatapointType(parsing: vector.dpt))
        guard case .object(let object) = vector.expect, case .number(let number) = object["value"] else {
            Issue.record("every recorded value is a number")
            return
        }
        #expect(try type.encode(.number(number)).raw == hex(vector.hex))
    }
}
