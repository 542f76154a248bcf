/// A text that is no value of a datapoint type, in a sentence for the person who wrote it.
public struct DatapointTextFailure: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String
}

extension DatapointType {
    /// Reads what `text(of:)` writes, with or without the unit; names in any case, and codes for names.
    public func value(parsing text: String) throws(DatapointTextFailure) -> DatapointValue {
        guard let value = read(text) else {
            throw DatapointTextFailure(description: "'\(text)' is no value of \(self): it takes \(expectation)")
        }
        return value
    }

    /// Reads a text and encodes it; says what the type takes when that fails.
    public func encode(parsing text: String) throws(DatapointTextFailure) -> GroupValue {
        let value = try value(parsing: text)
        do {
            return try encode(value)
        } catch {
            throw DatapointTextFailure(description: "'\(text)' does not fit \(self): it takes \(expectation)")
        }
    }

    private func read(_ text: String) -> DatapointValue? {
        switch coding {
        case .bit(let names), .twoBits(let names), .enumeration(let names): Self.code(text, names)
        case .step(let names): Self.step(text.split(separator: " ").joined(separator: ":"), names)
        case .unsigned, .signed: Int(number(text)).map(DatapointValue.integer)
        case .proportion, .hundredths, .float16: Self.finite(number(text)).map(DatapointValue.number)
        case .single:
            if number(text).lowercased() == "nan" {
                .notValid
            } else {
                Self.single(number(text)).map(DatapointValue.single)
            }
        case .time: TimeOfDay(parsing: text).map(DatapointValue.time)
        case .date: CalendarDate(parsing: text).map(DatapointValue.date)
        case .dateAndTime: DateAndTime(parsing: text).map(DatapointValue.dateAndTime)
        case .character, .paddedText, .letters, .terminatedLatin1, .terminatedUTF8: .text(text)
        case .layout(let layout): Self.members(text, layout)
        case .opaque: (try? Hexadecimal.octets(text)).map(DatapointValue.octets)
        }
    }

    private func number(_ text: String) -> Substring {
        var rest = Substring(text)
        if let unit, rest.hasSuffix(unit) { rest = rest.dropLast(unit.count) }
        while rest.last == " " { rest = rest.dropLast() }
        while rest.first == " " { rest = rest.dropFirst() }
        return rest
    }

    private static func finite(_ text: Substring) -> Double? {
        Double(text).flatMap { $0.isFinite ? $0 : nil }
    }

    /// Decimal text is rounded once, straight to the single.
    private static func single(_ text: Substring) -> Float? {
        guard let number = Float(text), !number.isNaN else { return nil }
        return number.isInfinite && !text.lowercased().contains("inf") ? nil : number
    }

    private static func code(_ text: String, _ names: Enumeration) -> DatapointValue? {
        let spoken = spoken(text)
        if let entry = names.codes.first(where: { Self.spoken($0.name) == spoken }) { return .name(entry.name) }
        var digits = Substring(spoken)
        if digits.hasPrefix("unknown("), digits.hasSuffix(")") { digits = digits.dropFirst(8).dropLast() }
        return Int(digits).map(names.value)
    }

    private static func step(_ text: some StringProtocol, _ names: Enumeration) -> DatapointValue? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, case .name(let control)? = code(String(parts[0]), names), let step = Int(parts[1])
        else { return nil }
        return .members([DatapointMember("control", .name(control)), DatapointMember("step_code", .integer(step))])
    }

    private static func members(_ text: String, _ layout: DatapointLayout) -> DatapointValue? {
        var given: [String: String] = [:]
        for word in text.split(separator: " ") where word != "none" {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0].lowercased().map { $0 == "-" ? "_" : $0 })
            guard given.updateValue(parts.count > 1 ? String(parts[1]) : "on", forKey: name) == nil else { return nil }
        }
        var members: [DatapointMember] = []
        for place in layout.members {
            let value: DatapointValue?
            switch (place.coding, given.removeValue(forKey: place.name)) {
            case (_, let text?): value = member(text, place.coding)
            case (_, nil) where place.validity != nil: value = .notValid
            case (.flag, nil), (.invertedFlag, nil): value = .boolean(false)
            case (_, nil): return nil
            }
            guard let value else { return nil }
            members.append(DatapointMember(place.name, value))
        }
        return given.isEmpty ? .members(members) : nil
    }

    private static func member(_ text: String, _ coding: DatapointLayout.Coding) -> DatapointValue? {
        switch coding {
        case .flag, .invertedFlag:
            switch text.lowercased() {
            case "on", "true", "yes", "1": return .boolean(true)
            case "off", "false", "no", "0": return .boolean(false)
            default: return nil
            }
        case .unsigned, .signed: return Int(text).map(DatapointValue.integer)
        case .percent, .tenths, .float16: return finite(Substring(text)).map(DatapointValue.number)
        case .colour:
            let axes = text.split(separator: ",", omittingEmptySubsequences: false).map(finite)
            guard axes.count == 2, let x = axes[0], let y = axes[1] else { return nil }
            return .list([.number(x), .number(y)])
        case .step: return step(text, DatapointLayout.dimming)
        case .names(let names): return code(text, names)
        case .letters, .digits: return .text(text)
        }
    }
}

extension TimeOfDay {
    /// Reads `12:30:00 Mon`; seconds and the day may be missing.
    init?(parsing text: String) {
        let words = text.split(separator: " ")
        guard let first = words.first, words.count <= 2, let clock = DateAndTime.Clock(parsing: first) else {
            return nil
        }
        var weekday = 0
        if words.count == 2 {
            guard let day = Self.weekday(words[1]), day > 0 else { return nil }
            weekday = day
        }
        self.init(hour: clock.hour, minute: clock.minute, second: clock.second, weekday: weekday)
    }

    /// Three letters or the whole name, in any case.
    static func weekday(_ word: Substring) -> Int? {
        let lower = word.lowercased()
        return shortWeekdays.firstIndex { $0.lowercased() == lower }
            ?? weekdays.firstIndex { $0.lowercased() == lower }
    }
}

extension CalendarDate {
    /// Reads `2026-11-27`.
    init?(parsing text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { digits($0) }
        guard parts.count == 3, let year = parts[0], let month = parts[1], let day = parts[2] else { return nil }
        self.init(year: year, month: month, day: day)
    }
}

extension DateAndTime.Clock {
    init?(parsing text: Substring) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { digits($0) }
        guard (2...3).contains(parts.count), let hour = parts[0], let minute = parts[1] else { return nil }
        guard parts.count == 3 else {
            self.init(hour: hour, minute: minute, second: 0)
            return
        }
        guard let second = parts[2] else { return nil }
        self.init(hour: hour, minute: minute, second: second)
    }
}

extension DateAndTime {
    /// Reads what `text` writes, the words in any order. What does not stand there is marked as not valid.
    init?(parsing text: String) {
        self.init()
        for word in text.split(separator: " ") where word != "none" {
            switch word.lowercased() {
            case "working": isWorkingDay = true
            case "free": isWorkingDay = false
            case "summer": isSummerTime = true
            case "fault": isFault = true
            case "synchronised": isSynchronised = true
            case "reliable": isSourceReliable = true
            default:
                if let day = TimeOfDay.weekday(word) {
                    weekday = day
                } else if let clock = Clock(parsing: word) {
                    time = clock
                } else if !read(date: word) {
                    return nil
                }
            }
        }
    }

    private mutating func read(date word: Substring) -> Bool {
        let parts = word.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return false }
        if parts[0] != "*" {
            guard let number = digits(parts[0]), (1900...2155).contains(number) else { return false }
            year = number
        }
        if parts[1] != "*" {
            let numbers = parts[1].split(separator: "-", omittingEmptySubsequences: false).map { digits($0) }
            guard numbers.count == 2, let month = numbers[0], let day = numbers[1],
                let valid = MonthAndDay(month: month, day: day)
            else { return false }
            date = valid
        }
        return true
    }
}

/// A number of digits only, without a sign.
private func digits(_ text: Substring) -> Int? {
    text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
}
