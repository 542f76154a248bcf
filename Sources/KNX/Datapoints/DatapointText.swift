extension DatapointType {
    /// The value as a person writes it, without its unit: `21.5`, `on`, `12:30:00 Mon`, `2026-11-27`, `learn scene_number=5`.
    public func text(of value: DatapointValue) -> String {
        switch (coding, value) {
        case (.step, .members): Self.stepText(value).map { "\($0.control) \($0.code)" } ?? ""
        case (.layout(let layout), .members(let members)): Self.text(of: members, layout)
        case (.proportion, .number(let number)): Self.oneDecimal(number)
        default: Self.text(of: value)
        }
    }

    /// The same with the unit behind it, when the type has one.
    public func textWithUnit(of value: DatapointValue) -> String {
        text(of: value) + (unit.map { " \($0)" } ?? "")
    }

    private static func text(of value: DatapointValue) -> String {
        switch value {
        case .notValid: "nan"
        case .boolean(let isSet): isSet ? "on" : "off"
        case .integer(let integer): String(integer)
        case .number(let number): trimmed(number.description)
        case .single(let number): trimmed(number.description)
        case .name(let name): spoken(name)
        case .unknown(let code): "unknown(\(code))"
        case .text(let text): text
        case .time(let time): time.text
        case .date(let date): date.text
        case .dateAndTime(let instant): instant.text
        case .octets(let octets): Hexadecimal.text(octets)
        case .list(let values): values.map(text).joined(separator: ",")
        case .members: stepText(value).map { "\($0.control):\($0.code)" } ?? ""
        }
    }

    private static func stepText(_ value: DatapointValue) -> (control: String, code: String)? {
        guard let control = value["control"], let code = value["step_code"] else { return nil }
        return (text(of: control), text(of: code))
    }

    /// Flags that are set stand by their name; members that are not valid don't stand at all.
    private static func text(of members: [DatapointMember], _ layout: DatapointLayout) -> String {
        var words: [String] = []
        for (place, member) in zip(layout.members, members) {
            switch (place.coding, member.value) {
            case (_, .notValid): break
            case (.flag, .boolean(let isSet)) where place.validity == nil,
                (.invertedFlag, .boolean(let isSet)) where place.validity == nil:
                if isSet { words.append(member.name) }
            case (.percent, .number(let number)): words.append("\(member.name)=\(oneDecimal(number))")
            default: words.append("\(member.name)=\(text(of: member.value))")
            }
        }
        return words.isEmpty ? "none" : words.joined(separator: " ")
    }

    private static func trimmed(_ text: String) -> String {
        text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    /// One octet has 256 steps, so one decimal of percent or degrees tells them apart.
    private static func oneDecimal(_ number: Double) -> String {
        guard let tenths = Int(exactly: (number * 10).rounded()) else { return trimmed(number.description) }
        let (whole, tenth) = tenths.magnitude.quotientAndRemainder(dividingBy: 10)
        return (tenths < 0 ? "-" : "") + (tenth == 0 ? "\(whole)" : "\(whole).\(tenth)")
    }

    /// `NOT_OCCUPIED` is spoken `not-occupied`.
    static func spoken(_ name: String) -> String {
        String(name.lowercased().map { $0 == "_" || $0 == " " ? "-" : $0 })
    }
}

extension TimeOfDay {
    static let shortWeekdays = ["Any", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]

    /// `12:30:00 Mon`, or without the day when there is none.
    var text: String {
        twoDigits(hour) + ":" + twoDigits(minute) + ":" + twoDigits(second)
            + (weekday > 0 ? " " + Self.shortWeekdays[weekday] : "")
    }
}

extension CalendarDate {
    /// `2026-11-27`.
    var text: String { "\(year)-\(twoDigits(month))-\(twoDigits(day))" }
}

extension DateAndTime {
    /// `2026-11-23 12:30:45 Thu free synchronised`; `*` stands for a year or a day that is not valid.
    var text: String {
        var words: [String] = []
        if year != nil || date != nil {
            words.append(
                (year.map(String.init) ?? "*") + "-"
                    + (date.map { "\(twoDigits($0.month))-\(twoDigits($0.day))" } ?? "*"))
        }
        if let time { words.append(twoDigits(time.hour) + ":" + twoDigits(time.minute) + ":" + twoDigits(time.second)) }
        if let weekday { words.append(TimeOfDay.shortWeekdays[weekday & 7]) }
        if let isWorkingDay { words.append(isWorkingDay ? "working" : "free") }
        let flags = [
            (isSummerTime, "summer"), (isFault, "fault"), (isSynchronised, "synchronised"),
            (isSourceReliable, "reliable"),
        ]
        words += flags.filter(\.0).map(\.1)
        return words.isEmpty ? "none" : words.joined(separator: " ")
    }
}

private func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
