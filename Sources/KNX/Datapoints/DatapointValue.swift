/// What a datapoint says, without its unit (the unit belongs to the `DatapointType`).
public enum DatapointValue: Hashable, Sendable {
    /// A part that the sender marked as not valid, or a floating-point number that is none.
    case notValid
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    /// A number of datapoint type 14, kept exactly as it travels.
    case single(Float)
    /// The name of a code in an enumeration: upper case, words joined by underscores.
    case name(String)
    /// A code for which the enumeration has no name (yet).
    case unknown(Int)
    case text(String)
    case time(TimeOfDay)
    case date(CalendarDate)
    case dateAndTime(DateAndTime)
    case octets([UInt8])
    case list([DatapointValue])
    case members([DatapointMember])

    /// The member of that name, of a value that consists of members.
    public subscript(name: String) -> DatapointValue? {
        guard case .members(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// The value as a number, when it is one.
    var double: Double? {
        switch self {
        case .integer(let integer): Double(integer)
        case .number(let number): number
        case .single(let number): Double(number)
        default: nil
        }
    }

    /// The value as a whole number, when it is one exactly.
    var integer: Int? {
        switch self {
        case .integer(let integer): integer
        case .number(let number): Int(exactly: number)
        case .single(let number): Int(exactly: number)
        default: nil
        }
    }
}

/// One part of a value that consists of several.
public struct DatapointMember: Hashable, Sendable {
    /// Lower case, words joined by underscores.
    public let name: String
    public let value: DatapointValue

    public init(_ name: String, _ value: DatapointValue) {
        self.name = name
        self.value = value
    }
}
