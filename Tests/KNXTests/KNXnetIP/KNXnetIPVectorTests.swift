import FoundationEssentials
import KNX
import Testing

/// A frame of KNXnet/IP with the decoding that independent decoders agreed on.
struct KNXnetIPVector: Decodable, Sendable, CustomTestStringConvertible {
    var id: String
    var hex: String
    var error: String?
    var errorLayer: String?
    var severity: String?
    var expect: [String: RecordedValue]
    var note: String

    enum CodingKeys: String, CodingKey {
        case id, hex, error, severity, expect, note
        case errorLayer = "error_layer"
    }

    var testDescription: String { "\(id) \(note)" }
    var octets: [UInt8] { KNXTests.hex(hex) }

    static let all: [KNXnetIPVector] = {
        struct File: Decodable {
            var vectors: [KNXnetIPVector]
        }
        let folder = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: "/\(folder)/Vectors/knxnetip.json")),
            let file = try? JSONDecoder().decode(File.self, from: data)
        else { return [] }
        return file.vectors
    }()
}

@Suite struct KNXnetIPVectorTests {
    @Test func allVectorsAreRead() {
        #expect(KNXnetIPVector.all.count == 62)
    }

    @Test(arguments: KNXnetIPVector.all) func decodes(_ vector: KNXnetIPVector) {
        let octets = vector.octets
        let frame = KNXnetIPFrame(octets.span)
        let fields = RecordedValue.members(frame.fields)
        let worst = frame.faults.worst
        #expect(fields == vector.expect)
        #expect(worst?.code.name == vector.error)
        #expect(worst?.layer.name == vector.errorLayer)
        #expect(worst?.severity.name == vector.severity)
    }
}
