import KNX
import Platform
import Testing

/// What must hold for each type and any octets at all.
@Suite struct DatapointRoundTripTests {
    static let mains = (UInt16(1)...UInt16(255)).compactMap { DatapointType(main: $0) }
    static let types = DatapointType.all + mains

    /// Types each of whose bits counts, so that octets come back as they were.
    static let exact: Set<UInt16> = [5, 7, 8, 12, 13, 15, 17, 20, 25, 29, 217, 221, 230, 231, 232, 234]

    /// In these, subtypes differ from the main type in their unit only (a sample will do), but for those in `own`.
    static let unitOnly: Set<UInt16> = [7, 8, 9]
    static let own: Set = ["7.003", "7.004", "8.003", "8.004", "8.010", "9.001", "9.004", "9.027"]

    /// Every pattern up to sixteen bits; beyond, both ends and a seeded sample.
    static func patterns(of type: DatapointType) -> [[UInt8]] {
        switch type.octetCount {
        case 1: return (UInt8.min...UInt8.max).map { [$0] }
        case 2:
            let step = unitOnly.contains(type.main) && type.unit != nil && !own.contains(type.description) ? 61 : 1
            return stride(from: 0, through: 0xFFFF, by: step).map { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
        case let count:
            var generator = SeededGenerator(seed: 20_261_127 + UInt64(type.main))
            let sizes = (0..<3000).map { _ in count ?? Int.random(in: 1...30, using: &generator) }
            var patterns = sizes.map { size in
                // Small octets as well, so that times, dates and digits are often valid.
                let last: UInt8 = [255, 9, 24][Int.random(in: 0..<3, using: &generator)]
                var octets = (0..<size).map { _ in UInt8.random(in: 0...last, using: &generator) }
                if count == nil, type.main != 25 { octets = octets.map { max(UInt8(1), $0 & 0x7F) } + [0] }
                return octets
            }
            if let count { patterns += [[UInt8](repeating: 0, count: count), [UInt8](repeating: 255, count: count)] }
            return patterns
        }
    }

    @Test func theTableIsWhole() {
        #expect(DatapointType.all.count == 269)
        #expect(Set(DatapointType.all).count == DatapointType.all.count)
        let listed: [UInt16] = [
            1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29,
            206,
            207, 217, 219, 221, 222, 225, 229, 230, 231, 232, 234, 235, 238, 240, 241, 242, 243, 249, 250, 251, 252,
            253,
            254,
        ]
        #expect(Self.mains.map(\.main) == listed)
    }

    @Test(arguments: types) func comesBack(_ type: DatapointType) throws {
        var valid = 0
        let patterns = Self.patterns(of: type)
        for (index, octets) in patterns.enumerated() {
            let (value, faults) = type.decode(octets.span, isSixBit: type.isSixBit)
            guard let value else {
                if !faults.isRejected { Issue.record("\(type): \(octets) has neither a value nor a fault") }
                continue
            }
            valid += 1
            if faults.isRejected { Issue.record("\(type): \(octets) has a value and is rejected") }
            if case .text(let text) = value, text.contains("\u{FFFD}") {
                #expect(throws: Fault.self) { try type.encode(value) }
                continue
            }
            let encoded = try type.encode(value)
            let again = type.decode(encoded)
            if again.value != value || !again.faults.allSatisfy({ $0.code == .unknownEnum }) {
                Issue.record(
                    "\(type): \(octets) is \(value), then \(String(describing: again.value)) with \(again.faults)")
            }
            if Self.exact.contains(type.main) && faults.isEmpty && encoded.raw != octets {
                Issue.record("\(type): \(octets) became \(encoded.raw)")
            }
            // Texts take long; a prime step meets every octet in both places.
            guard patterns.count < 5000 || index.isMultiple(of: 61) else { continue }
            for text in [type.text(of: value)] + (type.unit == nil ? [] : [type.textWithUnit(of: value)]) {
                let reread = try type.encode(parsing: text)
                if reread != encoded { Issue.record("\(type): '\(text)' is \(reread), not \(encoded)") }
            }
            let names = type.fields(of: value).map(\.name)
            if names != (faults.contains { $0.code == .unknownEnum } && names.isEmpty ? [] : ["value", "unit"]) {
                Issue.record("\(type): the fields of \(value) are \(names)")
            }
        }
        #expect(valid > 0, "no pattern of \(type) was valid")
    }

    @Test(arguments: types) func otherSizesAreRejected(_ type: DatapointType) {
        let length = type.octetCount ?? 0
        for size in 0...20 where size != length {
            guard type.octetCount != nil || size == 0 else { continue }
            let octets = [UInt8](repeating: 1, count: size)
            let (value, faults) = type.decode(octets.span, isSixBit: type.isSixBit)
            #expect(value == nil && faults.worst?.code == .length, "\(type) of \(size) octets")
        }
        let octets = [UInt8](repeating: 0, count: max(1, length))
        let (value, faults) = type.decode(octets.span, isSixBit: !type.isSixBit)
        #expect(value == nil && faults.worst?.code == .length)
    }

    /// Nothing of another type gets in, and nothing traps.
    @Test(arguments: types) func strangersAreRefused(_ type: DatapointType) {
        let strangers: [DatapointValue] = [
            .notValid, .integer(.max), .integer(.min), .number(.nan), .number(.infinity), .number(-1e300), .unknown(-1),
            .unknown(.max), .name("NO_SUCH_NAME"), .text(String(repeating: "x", count: 300)), .members([]),
            .members([DatapointMember("red", .integer(256))]), .list([]), .octets([]),
        ]
        for value in strangers {
            guard let encoded = try? type.encode(value) else { continue }
            #expect([14, 24, 28, 29].contains(type.main), "\(type) took \(value) as \(encoded)")
        }
        var generator = SeededGenerator(seed: 77)
        for _ in 0..<300 {
            let scalars = (0..<Int.random(in: 0...12, using: &generator)).map { _ in
                Character(Unicode.Scalar(UInt8.random(in: 32...126, using: &generator)))
            }
            _ = try? type.encode(parsing: String(scalars))
        }
    }
}
