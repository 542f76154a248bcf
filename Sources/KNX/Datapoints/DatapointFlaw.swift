/// Why octets are no value of a datapoint type, or a value has no octets in it.
public enum DatapointFlaw: String, Error, Sendable {
    /// The value has another size than the type.
    case length
    /// The pattern that says "no valid data", or one outside the type's range.
    case invalidValue = "invalid-value"
    /// A value that the type cannot carry.
    case outOfRange = "out-of-range"
}
