import Documents

/// A wrong command line: one line for the person, exit status 2.
struct UsageFailure: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) {
        self.description = description
    }
}

/// One option of a command.
struct Option: Sendable {
    var name: String
    /// What its value is, for the help text: `FILE`, `N`; nil for a switch.
    var value: String?
    var help: String
    var repeats = false

    static func flag(_ name: String, _ help: String) -> Option {
        Option(name: name, value: nil, help: help)
    }

    static func value(_ name: String, _ value: String, _ help: String, repeats: Bool = false) -> Option {
        Option(name: name, value: value, help: help, repeats: repeats)
    }
}

/// The words of a command line, sorted into options and operands by the options that a command declares.
struct Arguments: Sendable {
    private(set) var operands: [String] = []
    private var values: [String: [String]] = [:]

    /// - Throws: an unknown option (with the nearest one), a missing value, or an option given twice that may stand once.
    init(_ words: some Sequence<String>, options: [Option]) throws(UsageFailure) {
        var words = Array(words)[...]
        var onlyOperands = false
        while let word = words.popFirst() {
            // No option begins with a digit, so that -5.5 is a value.
            if onlyOperands || !word.hasPrefix("-") || word == "-" || word.dropFirst().first?.isNumber == true {
                operands.append(word)
                continue
            }
            if word == "--" {
                onlyOperands = true
                continue
            }
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            guard let option = options.first(where: { $0.name == name }) else {
                throw UsageFailure(
                    "unknown option '\(name)'" + Nearest.suggestion(for: name, among: options.map(\.name)))
            }
            guard option.repeats || values[name] == nil else { throw UsageFailure("'\(name)' stands here twice") }
            if option.value == nil {
                guard parts.count == 1 else { throw UsageFailure("'\(name)' takes no value") }
                values[name, default: []].append("")
            } else if parts.count == 2 {
                values[name, default: []].append(String(parts[1]))
            } else if let value = words.popFirst() {
                values[name, default: []].append(value)
            } else {
                throw UsageFailure("'\(name)' needs a value: \(name) \(option.value ?? "")")
            }
        }
    }

    func has(_ name: String) -> Bool { values[name] != nil }

    func value(_ name: String) -> String? { values[name]?.last }

    func all(_ name: String) -> [String] { values[name] ?? [] }

    /// The whole number given with `name`; `fallback` when it is not given.
    func integer(_ name: String, _ range: ClosedRange<Int>, default fallback: Int) throws(UsageFailure) -> Int {
        guard let text = value(name) else { return fallback }
        guard let number = Int(text), range.contains(number) else {
            throw UsageFailure(
                "'\(name) \(text)' should be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}
