/// What can be wrong with a configuration file, whatever language it is written in.
public enum ConfigurationDamage: String, CaseIterable, Sendable {
    case truncated
    case wrongType = "wrong type"
    case badSyntax = "bad syntax"
    case binary
    case empty
    case missing

    /// The damaged octets; nil: there is no file.
    ///
    /// - Parameter randomness: settles where it is damaged.
    public func apply(to text: String, randomness: UInt64) -> [UInt8]? {
        let octets = Array(text.utf8)
        switch self {
        case .truncated:
            // In the middle half: a file that lacks only its last line break would be whole.
            return Array(octets.prefix(octets.count / 4 + Int(randomness % UInt64(max(1, octets.count / 2)))))
        case .wrongType: return Self.wrongType(octets, randomness)
        case .badSyntax:
            let third = octets.count / 3
            return Array(octets.prefix(third)) + Array("]}\t: [{".utf8) + Array(octets.dropFirst(third))
        case .binary:
            var state = randomness | 1
            return (0..<2048).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return UInt8(truncatingIfNeeded: state >> 33)
            }
        case .empty: return []
        case .missing: return nil
        }
    }

    /// One of the numbers that stand after a colon and a space becomes a text.
    private static func wrongType(_ octets: [UInt8], _ randomness: UInt64) -> [UInt8] {
        let ends: Set<UInt8> = [UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: " "), 0x0A]
        var numbers: [Range<Int>] = []
        var index = 0
        while index < octets.count {
            guard octets[index] == UInt8(ascii: ":") else {
                index += 1
                continue
            }
            var start = index + 1
            while start < octets.count, octets[start] == UInt8(ascii: " ") { start += 1 }
            var end = start
            while end < octets.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(octets[end]) { end += 1 }
            if start > index + 1, end > start, end < octets.count, ends.contains(octets[end]) {
                numbers.append(start..<end)
            }
            index = max(end, index + 1)
        }
        guard !numbers.isEmpty else { return [0x22] + octets }
        let chosen = numbers[Int(randomness % UInt64(numbers.count))]
        return Array(octets[..<chosen.lowerBound]) + Array("\"a number\"".utf8) + Array(octets[chosen.upperBound...])
    }
}
