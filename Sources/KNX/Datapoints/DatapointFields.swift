extension DatapointType {
    /// The value as reports and JSON show it: `value` and `unit`. Nothing for a code without a name (see `decodedFields`).
    public func fields(of value: DatapointValue) -> [Field] {
        if case .unknown = value { return [] }
        return [Field("value", shown(value)), Field("unit", unit.map(Field.Value.text) ?? .null)]
    }

    /// What is known beyond `fields`: the code that has no name, and a date that the calendar does not have.
    public func decodedFields(of value: DatapointValue) -> [Field] {
        switch value {
        case .unknown(let code): [Field("code", .integer(code))]
        case .date(let date) where !date.existsInCalendar: [Field("exists_in_calendar", .boolean(false))]
        default: []
        }
    }

    private func shown(_ value: DatapointValue) -> Field.Value {
        switch (coding, value) {
        case (.proportion, .number(let number)): return Self.whole(number)
        case (.layout(let layout), .members(let members)):
            return .object(
                zip(layout.members, members).map { place, member in
                    if case .percent = place.coding, case .number(let number) = member.value {
                        return Field(member.name, Self.whole(number))
                    }
                    return Field(member.name, Self.field(member.value))
                })
        default: return Self.field(value)
        }
    }

    /// Rounded; as it is when that is no integer, which no octets give but a caller may.
    private static func whole(_ number: Double) -> Field.Value {
        Int(exactly: number.rounded()).map(Field.Value.integer) ?? .number(number)
    }

    private static func field(_ value: DatapointValue) -> Field.Value {
        switch value {
        case .notValid: .null
        case .boolean(let isSet): .boolean(isSet)
        case .integer(let integer): .integer(integer)
        case .number(let number): .number(number)
        case .single(let number): .number(sevenDigits(number))
        case .name(let name): .text(name)
        case .unknown(let code): .text("unknown(\(code))")
        case .text(let text): .text(text)
        case .time(let time): .object(time.fields)
        case .date(let date): .object(date.fields)
        case .dateAndTime(let instant): .object(instant.fields)
        case .octets(let octets): .octets(octets)
        case .list(let values): .list(values.map(field))
        case .members(let members): .object(members.map { Field($0.name, field($0.value)) })
        }
    }

    /// A single holds seven decimal digits; those are shown, and not the noise behind them.
    static func sevenDigits(_ single: Float) -> Double {
        let number = Double(single)
        guard number.isFinite, number != 0 else { return number }
        // Step by step, because the least of all numbers needs 10^51, which no Double is exactly; the error stays far below a digit.
        var exponent = 0
        var magnitude = number.magnitude
        while magnitude >= 10_000_000 {
            magnitude /= 10
            exponent += 1
        }
        while magnitude < 1_000_000 {
            magnitude *= 10
            exponent -= 1
        }
        let digits = Int(magnitude.rounded(.toNearestOrEven))
        return Double("\(number < 0 ? "-" : "")\(digits)e\(exponent)") ?? number
    }
}
