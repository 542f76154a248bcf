import Documents
import Events
public import KNX

/// How a view's JSON says the value of a point: raw octets in hex, or a value that must be encoded to be compared with what was on the line.
public enum ValueReading: Sendable, Hashable {
    /// JSON pointer to the raw octets in hex.
    case raw(String)
    /// Values by their datapoint type; the first whose pointer leads to something counts.
    case values([TypedValue])

    public struct TypedValue: Sendable, Hashable {
        /// JSON pointer to a truth, a number or a text.
        public var at: String
        /// Such as `9.001`.
        public var type: DatapointType
    }

    /// Keys of a view that are read here.
    static let keys = ["raw", "values"]

    init(_ node: Node) throws(DocumentFailure) {
        if let values = node["values"] {
            if node["raw"] != nil { throw values.failure("a view has 'raw' or 'values', not both") }
            try self.init(values: values)
        } else {
            self = .raw(try node.required("raw").pointer())
        }
    }

    /// Reads a list of values.
    init(values: Node) throws(DocumentFailure) {
        let typed = try SystemProfile.each(values) { node throws(DocumentFailure) in
            _ = try node.entries(of: "a value", keys: ["at", "type"])
            let type = try node.required("type")
            guard let datapoint = DatapointType(parsing: try type.text()) else {
                throw type.failure("'\(try type.text())' is no datapoint type that the rig knows, such as 9.001")
            }
            return TypedValue(at: try node.required("at").pointer(), type: datapoint)
        }
        guard !typed.isEmpty else { throw values.failure("at least one value was expected here") }
        self = .values(typed)
    }

    /// The octets that the line would carry for what `document` says; nil when it says nothing, or nothing that its type can hold.
    ///
    /// - Parameter document: parsed with its fractions kept.
    func octets(in document: Value) -> [UInt8]? {
        switch self {
        case .raw(let pointer): return document.at(pointer: pointer)?.octets
        case .values(let values):
            for value in values {
                guard let shown = document.at(pointer: value.at), shown != .null else { continue }
                return Self.octets(shown, value.type)
            }
            return nil
        }
    }

    private static func octets(_ value: Value, _ type: DatapointType) -> [UInt8]? {
        let text: String
        switch value {
        case .bool(let isSet): text = isSet ? "1" : "0"
        case .integer(let integer): text = String(integer)
        case .text(let word): text = word
        default: return nil
        }
        return (try? type.encode(parsing: text))?.raw
    }
}
