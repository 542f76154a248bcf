/// What the source says of itself and does not do.
public struct Mismatch: Hashable, Sendable {
    public var file: String
    public var line: Int
    public var what: String
}

/// Configuration keys that are parsed and never read: a promise to whoever edits the file.
enum Mismatches {
    static func unreadConfiguration(in tree: SourceTree) -> [Mismatch] {
        var mismatches: [Mismatch] = []
        for file in tree.files where file.family == .go && !file.isTest {
            for field in file.fields {
                guard let key = BoundResolution.configurationKey(of: field.tag), !isRead(field, in: tree) else {
                    continue
                }
                let place = "\(tree.symbols.text(field.structure)).\(tree.symbols.text(field.name))"
                mismatches.append(
                    Mismatch(
                        file: file.path, line: field.line,
                        what: "configuration key '\(key)' is parsed into \(place) and never read"))
            }
        }
        return mismatches
    }

    /// A selector `.Field` anywhere outside of tests that is not the left side of an assignment.
    private static func isRead(_ field: StructField, in tree: SourceTree) -> Bool {
        for place in tree.places(of: field.name) {
            let file = Int(place >> 32)
            let index = Int(place & 0xFFFF_FFFF)
            if tree.files[file].isTest || tree.text(file, index - 1) != "." { continue }
            if tree.text(file, index + 1) != "=" { return true }
        }
        return false
    }
}

extension BoundResolution {
    /// The key of a tag of a configuration file; JSON tags are wire formats more often than not, so they don't count.
    static func configurationKey(of tag: String) -> String? {
        tag.contains("yaml:\"") || tag.contains("toml:\"") || tag.contains("mapstructure:\"") ? key(of: tag) : nil
    }
}
