import FoundationEssentials
import KNX
import Testing

/// JSON as it stands in a file, to compare with `Field` values key by key.
enum RecordedValue: Decodable, Equatable {
    case null
    case boolean(Bool)
    case number(Double)
    case text(String)
    case list([RecordedValue])
    case object([String: RecordedValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .boolean(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([RecordedValue].self) {
            self = .list(value)
        } else {
            self = .object(try container.decode([String: RecordedValue].self))
        }
    }

    init(_ value: Field.Value) {
        switch value {
        case .null: self = .null
        case .boolean(let value): self = .boolean(value)
        case .integer(let value): self = .number(Double(value))
        case .number(let value):
            self = value.isFinite ? .number(value) : .text(value < 0 ? "-Infinity" : "Infinity")
        case .text(let value): self = .text(value)
        case .octets(let octets):
            self = .text(octets.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined())
        case .list(let values): self = .list(values.map(RecordedValue.init))
        case .object(let fields): self = RecordedValue(fields)
        }
    }

    init(_ fields: [Field]) {
        self = .object(
            Dictionary(fields.map { ($0.name, RecordedValue($0.value)) }, uniquingKeysWith: { first, _ in first }))
    }
}

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
        #expect((fields.isEmpty ? nil : RecordedValue(fields)) == (vector.expect == .null ? nil : vector.expect))
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
