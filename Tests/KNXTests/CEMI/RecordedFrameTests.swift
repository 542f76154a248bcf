import FoundationEssentials
import KNX
import Testing

/// A frame with its recorded decoding, every key of it.
private struct RecordedFrame: Decodable, CustomTestStringConvertible {
    enum CodingKeys: String, CodingKey {
        case id, note, hex, error, severity, expect
        case errorLayer = "error_layer"
    }

    struct File: Decodable {
        var vectors: [RecordedFrame]
    }

    var id: String
    var note: String
    var hex: String
    var error: String?
    var errorLayer: String?
    var severity: String?
    var expect: [String: RecordedValue]

    var testDescription: String { "\(id) \(note)" }

    static func read(_ name: String) -> [RecordedFrame] {
        let folder = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
        let data = try? Data(contentsOf: URL(fileURLWithPath: "/\(folder)/Vectors/\(name).json"))
        return data.flatMap { try? JSONDecoder().decode(File.self, from: $0).vectors } ?? []
    }

    func compare(_ fields: [Field], _ faults: Faults) {
        let members = RecordedValue.members(fields)
        for key in Set(members.keys).union(expect.keys).sorted() {
            #expect(members[key] == expect[key], "\(key)")
        }
        let worst = faults.worst
        #expect(worst?.code.name == error)
        #expect(worst?.layer.name == errorLayer)
        #expect(worst?.severity.name == severity)
    }
}

@Suite struct RecordedFrameTests {
    fileprivate static let cemiFrames = RecordedFrame.read("cemi")
    fileprivate static let tp1Frames = RecordedFrame.read("tp1")

    @Test func allAreRead() {
        #expect(Self.cemiFrames.count == 192)
        #expect(Self.tp1Frames.count == 51)
    }

    @Test(arguments: cemiFrames) fileprivate func cemi(_ frame: RecordedFrame) {
        let description = CEMIDescription(hex(frame.hex))
        frame.compare(description.fields, description.faults)
    }

    @Test(arguments: tp1Frames) fileprivate func tp1(_ frame: RecordedFrame) {
        let octets = hex(frame.hex)
        let description = LPDUDescription(octets.span)
        frame.compare(description.fields, description.faults)
    }

    /// Every recorded message, cut everywhere and with every other value at every octet, is read to the end.
    @Test(arguments: cemiFrames) fileprivate func damagedMessage(_ frame: RecordedFrame) {
        let octets = hex(frame.hex)
        for count in octets.indices {
            let cut = CEMIDescription(Array(octets[..<count]))
            #expect(cut.faults.allSatisfy { $0.offset <= count })
            if frame.expect["src"] != nil { #expect(cut.faults.isRejected || frame.severity == "reject") }
        }
        for index in octets.indices {
            var damaged = octets
            for value in UInt8.min...UInt8.max {
                damaged[index] = value
                var faults = Faults()
                let message = CEMIFrame(damaged.span, faults: &faults)
                #expect(message.transportUnit.upperBound <= damaged.count)
                if value & 15 == 15 { #expect(CEMIDescription(damaged).frame == message) }
            }
        }
    }

    @Test(arguments: tp1Frames) fileprivate func damagedLine(_ frame: RecordedFrame) {
        let octets = hex(frame.hex)
        for count in octets.indices where frame.error == nil {
            let cut = LPDUDescription(Array(octets[..<count]).span)
            #expect(cut.faults.isRejected)
        }
        for index in octets.indices {
            var damaged = octets
            for value in UInt8.min...UInt8.max {
                damaged[index] = value
                let description = LPDUDescription(damaged.span)
                if frame.error == nil, octets.count > 1 {
                    #expect(description.faults.isRejected == (value != octets[index]))
                }
            }
        }
    }
}
