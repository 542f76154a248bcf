import Foundation
import KNX
import Testing

/// A transport unit with the decoding that independent decoders agreed on.
struct ApplicationVector: Sendable, CustomTestStringConvertible {
    let id: String
    let tpdu: [UInt8]
    let isGroup: Bool
    let destinationIsZero: Bool
    let isSystemBroadcast: Bool
    let error: String?
    let errorLayer: String?
    let severity: String?
    /// Rendered, so that one comparison covers keys and values.
    let expectation: [String: String]
    let note: String

    var testDescription: String { "\(id) \(note)" }

    func read(_ faults: inout Faults) -> TransportUnit {
        TransportUnit(
            tpdu.span, isGroup: isGroup, destinationIsZero: destinationIsZero, isSystemBroadcast: isSystemBroadcast,
            faults: &faults, at: 0)
    }

    static let all: [ApplicationVector] = {
        let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
        let url = URL(fileURLWithPath: "/\(folder)/Vectors/application.json")
        guard let data = try? Data(contentsOf: url),
            let file = try? JSONSerialization.jsonObject(with: data) as? [String: Any],
            let vectors = file["vectors"] as? [[String: Any]]
        else { return [] }
        return vectors.compactMap { vector in
            guard let id = vector["id"] as? String, let tpdu = vector["tpdu"] as? String,
                let expectation = vector["expect"] as? [String: Any]
            else { return nil }
            return ApplicationVector(
                id: id, tpdu: hex(tpdu), isGroup: vector["is_group"] as? Bool ?? false,
                destinationIsZero: vector["destination_is_zero"] as? Bool ?? false,
                isSystemBroadcast: vector["system_broadcast"] as? Bool ?? false, error: vector["error"] as? String,
                errorLayer: vector["error_layer"] as? String, severity: vector["severity"] as? String,
                expectation: expectation.mapValues(rendered), note: vector["note"] as? String ?? "")
        }
    }()

    private static func rendered(_ value: Any) -> String {
        if let text = value as? String { return text }
        guard let number = value as? NSNumber else { return "null" }
        return BooleanOrNumber(number).description
    }

    /// JSON's booleans and numbers come as the same class; only the class of its storage tells them apart.
    private struct BooleanOrNumber: CustomStringConvertible {
        let description: String

        init(_ number: NSNumber) {
            description =
                type(of: number) == type(of: NSNumber(value: true)) ? "\(number.boolValue)" : "\(number.intValue)"
        }
    }
}

extension Field.Value {
    /// As a reader of a report would see it: octets in hexadecimal, lists in brackets, objects in braces.
    var rendered: String {
        switch self {
        case .null: "null"
        case .boolean(let flag): "\(flag)"
        case .integer(let number): "\(number)"
        case .number(let number): "\(number)"
        case .text(let text): text
        case .octets(let octets): octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        case .list(let values): "[" + values.map(\.rendered).joined(separator: " ") + "]"
        case .object(let fields): "{" + fields.rendered + "}"
        }
    }
}

extension [Field] {
    var rendered: String { map { "\($0.name)=\($0.value.rendered)" }.joined(separator: " ") }
    var byName: [String: String] { Dictionary(map { ($0.name, $0.value.rendered) }) { first, _ in first + " twice" } }
}

@Suite struct ApplicationVectorTests {
    @Test func allVectorsAreRead() {
        #expect(ApplicationVector.all.count == 183)
        #expect(ApplicationVector.all.contains { $0.expectation["tool_access"] == "true" })
        #expect(ApplicationVector.all.contains { $0.expectation["sec_service"] == "0" })
    }

    @Test(arguments: ApplicationVector.all) func decodes(_ vector: ApplicationVector) {
        var faults = Faults()
        let unit = vector.read(&faults)
        #expect(unit.fields(tpdu: vector.tpdu.span).byName == vector.expectation)
        #expect(faults.worst?.code.name == vector.error)
        #expect(faults.worst?.layer.name == vector.errorLayer)
        #expect(faults.worst?.severity.name == vector.severity)
    }

    /// What was read without fault is written again octet by octet.
    @Test(arguments: ApplicationVector.all.filter { $0.error == nil && $0.expectation["service"] != nil })
    func roundTrip(_ vector: ApplicationVector) throws {
        var faults = Faults()
        let unit = vector.read(&faults)
        let service = try ApplicationService(tpdu: vector.tpdu)
        #expect(service.code == unit.service)
        #expect(service.tpdu(try #require(unit.transport), sequence: unit.sequence ?? 0) == vector.tpdu)
    }

    /// No cut of a frame makes a decoder trap, and what is missing octets of its service says so.
    @Test(arguments: ApplicationVector.all) func truncated(_ vector: ApplicationVector) {
        for count in 0..<vector.tpdu.count {
            let cut = Array(vector.tpdu[..<count])
            var faults = Faults()
            let unit = TransportUnit(
                cut.span, isGroup: vector.isGroup, destinationIsZero: vector.destinationIsZero,
                isSystemBroadcast: vector.isSystemBroadcast, faults: &faults, at: 9)
            _ = unit.decoded(tpdu: cut.span)
            #expect(!unit.fields(tpdu: cut.span).isEmpty || !faults.isEmpty)
            #expect(faults.allSatisfy { (9...(9 + count)).contains($0.offset) })
            #expect(count > 1 || !faults.isEmpty || unit.transport?.isControl == true)
        }
    }

    /// Every other value of every octet is read without a trap, and what reads without fault is written again the same.
    @Test(arguments: ApplicationVector.all) func mutated(_ vector: ApplicationVector) throws {
        for place in vector.tpdu.indices {
            for change in UInt8(1)...255 {
                var octets = vector.tpdu
                octets[place] ^= change
                var faults = Faults()
                let unit = TransportUnit(
                    octets.span, isGroup: vector.isGroup, destinationIsZero: vector.destinationIsZero,
                    isSystemBroadcast: vector.isSystemBroadcast, faults: &faults, at: 0)
                _ = unit.fields(tpdu: octets.span)
                let decoded = unit.decoded(tpdu: octets.span)
                guard faults.isEmpty, let transport = unit.transport, !transport.isControl else { continue }
                let service = try ApplicationService(tpdu: octets)
                #expect(service.tpdu(transport, sequence: unit.sequence ?? 0) == octets)
                #expect(decoded.starts(with: service.fields))
            }
        }
    }
}
