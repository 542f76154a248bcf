public import Events

/// When a long recording goes on in a new file, what its files are called, and how many of them stay. With no limit it is one file.
///
/// `line.pcapng` becomes `line_00001_20261127T164500Z.pcapng`, `line_00002_…`: the number goes on where an earlier recording ended.
public struct CaptureRotation: Hashable, Sendable {
    /// A file that has reached so many octets is followed by a new one; nil: no limit.
    public var octets: Int?
    /// So is a file that is so old.
    public var span: Instant.Span?
    /// How many files stay; the oldest are removed. nil: all.
    public var kept: Int?

    public init(octets: Int? = nil, span: Instant.Span? = nil, kept: Int? = nil) {
        self.octets = octets
        self.span = span
        self.kept = kept
    }

    public var isOn: Bool { octets != nil || span != nil }

    /// Whether the next frame goes into a new file.
    func isDue(octets written: Int, since begun: Instant, at now: Instant) -> Bool {
        if let octets, written >= octets { return true }
        if let span, now - begun >= span { return true }
        return false
    }

    /// The file's name of that number, begun at that Unix time.
    static func name(_ name: String, number: Int, unixSeconds: Int64) -> String {
        let (stem, ending) = parts(name)
        let digits = String(number)
        let padding = String(repeating: "0", count: max(0, 5 - digits.count))
        return "\(stem)_\(padding)\(digits)_\(stamp(unixSeconds))\(ending)"
    }

    /// Those among `names` that are files of this recording, with their numbers, in order.
    static func files(of name: String, among names: [String]) -> [(number: Int, name: String)] {
        let (stem, ending) = parts(name)
        return names.compactMap { candidate in
            guard candidate.hasPrefix(stem + "_"), candidate.hasSuffix(ending) else { return nil }
            let middle = candidate.dropFirst(stem.count + 1).dropLast(ending.count)
            let words = middle.split(separator: "_", omittingEmptySubsequences: false)
            guard words.count == 2, (5...15).contains(words[0].count), words[0].allSatisfy(\.isNumber),
                let number = Int(words[0]),
                words[1].count == 16, words[1].hasSuffix("Z")
            else { return nil }
            return (number, candidate)
        }.sorted { $0.number < $1.number }
    }

    private static func parts(_ name: String) -> (stem: String, ending: String) {
        guard let point = name.lastIndex(of: "."), point != name.startIndex else { return (name, "") }
        return (String(name[..<point]), String(name[point...]))
    }

    private static func stamp(_ unixSeconds: Int64) -> String {
        RunsDirectory.stamp(Int(unixSeconds))
    }
}
