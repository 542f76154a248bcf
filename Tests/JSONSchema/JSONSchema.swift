public import Events

/// As much of JSON Schema as ours uses; everything else in a schema is refused, so that nothing is left unchecked.
public struct JSONSchema: Sendable {
    public let root: Value

    public init(root: Value) {
        self.root = root
    }

    /// What of `value` the schema forbids, each with its path; none when it fits.
    public func faults(_ value: Value) -> [String] { faults(value, root, at: "$") }

    private func faults(_ value: Value, _ schema: Value, at path: String) -> [String] {
        guard case .record(let rules) = schema else { return ["\(path): no schema"] }
        var faults: [String] = []
        for rule in rules {
            switch (rule.key, rule.value) {
            case ("$schema", _), ("title", _), ("$defs", _): break
            case ("$ref", .text(let name)):
                let definition = field(
                    name.replacing("#/$defs/", with: ""), field("$defs", root) ?? .null)
                faults += self.faults(value, definition ?? .null, at: path)
            case ("const", let wanted): if value != wanted { faults.append("\(path): is not \(wanted)") }
            case ("enum", .list(let choices)): if !choices.contains(value) { faults.append("\(path): \(value)") }
            case ("type", .text(let type)):
                if !isType(value, type) { faults.append("\(path): \(value) is no \(type)") }
            case ("type", .list(let types)):
                let names = types.compactMap { if case .text(let name) = $0 { name } else { nil } }
                if !names.contains(where: { isType(value, $0) }) {
                    faults.append("\(path): \(value) is none of \(names)")
                }
            case ("minimum", .integer(let least)):
                if case .integer(let n) = value, n < least { faults.append("\(path): \(n)") }
            case ("maximum", .integer(let most)):
                if case .integer(let n) = value, n > most { faults.append("\(path): \(n)") }
            case ("items", let item):
                if case .list(let elements) = value {
                    for (index, element) in elements.enumerated() {
                        faults += self.faults(element, item, at: "\(path)[\(index)]")
                    }
                }
            case ("required", .list(let keys)):
                for key in keys where value.fields != nil {
                    if case .text(let name) = key, field(name, value) == nil {
                        faults.append("\(path): no \(name)")
                    }
                }
            case ("additionalProperties", .bool(false)):
                if case .record(let fields) = value, let known = self.field("properties", schema) {
                    for field in fields where self.field(field.key, known) == nil {
                        faults.append("\(path): \(field.key) is unknown")
                    }
                }
            case ("properties", .record(let properties)):
                for property in properties {
                    if let inner = field(property.key, value) {
                        faults += self.faults(inner, property.value, at: "\(path).\(property.key)")
                    }
                }
            default: faults.append("\(path): the rule \(rule.key) is not known here")
            }
        }
        return faults
    }

    private func field(_ key: String, _ value: Value) -> Value? {
        guard case .record(let fields) = value else { return nil }
        return fields.first { $0.key == key }?.value
    }

    private func isType(_ value: Value, _ type: String) -> Bool {
        switch (value, type) {
        case (.record, "object"), (.list, "array"), (.text, "string"), (.bool, "boolean"), (.null, "null"),
            (.integer, "integer"), (.integer, "number"):
            true
        default: false
        }
    }
}
