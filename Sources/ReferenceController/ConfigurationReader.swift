/// One value of the configuration, with its place, so that every complaint names file, key and what was expected.
struct ConfigurationReader {
    let value: JSON
    let file: String
    /// Path from the root such as `points[2].type`; empty for the root.
    let key: String

    func failure(_ expected: String) -> ConfigurationError {
        let found: String
        switch value {
        case .array, .object: found = value.kind
        default: found = value.text
        }
        let place = key.isEmpty ? file : "\(file): \(key)"
        return ConfigurationError(message: "\(place): expected \(expected), found \(found)")
    }

    private func path(_ name: String) -> String {
        key.isEmpty ? name : "\(key).\(name)"
    }

    /// A member that must be there.
    subscript(name: String) -> ConfigurationReader {
        get throws(ConfigurationError) {
            guard case .object = value else { throw failure("an object") }
            guard let member = try optional(name) else {
                throw ConfigurationError(message: "\(file): \(path(name)): is missing")
            }
            return member
        }
    }

    func optional(_ name: String) throws(ConfigurationError) -> ConfigurationReader? {
        value[name].map { ConfigurationReader(value: $0, file: file, key: path(name)) }
    }

    /// Refuses members that mean nothing here: most of them are misspelt.
    func allow(_ names: [String]) throws(ConfigurationError) {
        guard case .object(let members) = value else { throw failure("an object") }
        for member in members where !names.contains(member.name) {
            let nearest = names.min { editDistance($0, member.name) < editDistance($1, member.name) }!
            throw ConfigurationError(
                message: "\(file): \(path(member.name)): is unknown here; the nearest known name is \"\(nearest)\"")
        }
    }

    func string() throws(ConfigurationError) -> String {
        guard case .string(let text) = value, !text.isEmpty, !text.contains(where: { $0.isNewline || $0 == "\0" })
        else {
            throw failure("a string of one line that is not empty")
        }
        return text
    }

    func integer(in range: ClosedRange<Int>) throws(ConfigurationError) -> Int {
        guard case .integer(let number) = value, let integer = Int(exactly: number), range.contains(integer) else {
            throw failure("a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return integer
    }

    func bool() throws(ConfigurationError) -> Bool {
        guard case .bool(let flag) = value else { throw failure("true or false") }
        return flag
    }

    func list() throws(ConfigurationError) -> [ConfigurationReader] {
        guard case .array(let values) = value else { throw failure("a list") }
        return values.enumerated().map { index, value in
            ConfigurationReader(value: value, file: file, key: "\(key)[\(index)]")
        }
    }
}
