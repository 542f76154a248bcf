/// One named value of a decoded frame, as reports and JSON show it.
public struct Field: Hashable, Sendable {
    public enum Value: Hashable, Sendable {
        case null
        case boolean(Bool)
        case integer(Int)
        case number(Double)
        case text(String)
        /// Shown as lower-case hexadecimal digits without separators.
        case octets([UInt8])
        case list([Value])
        case object([Field])
    }
    /// Lower case, words joined by underscores.
    public let name: String
    public let value: Value

    public init(_ name: String, _ value: Value) {
        self.name = name
        self.value = value
    }
}
