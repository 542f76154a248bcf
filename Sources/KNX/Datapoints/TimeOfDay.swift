/// Types 10, 11 and 19 (KNX standard 3/7/2).
extension DatapointRow {
    static let times: [DatapointRow] = [
        DatapointRow(10, nil, .time), DatapointRow(10, 1, .time), DatapointRow(11, nil, .date),
        DatapointRow(11, 1, .date), DatapointRow(19, nil, .dateAndTime), DatapointRow(19, 1, .dateAndTime),
    ]
}

/// Type 10: a time of the day, perhaps with the day of the week.
public struct TimeOfDay: Hashable, Sendable {
    /// 0…23; as part of a `DateAndTime` also 24, with neither minutes nor seconds.
    public let hour: Int
    public let minute: Int
    public let second: Int
    /// 1 Monday … 7 Sunday, 0 none.
    public let weekday: Int

    /// Nil when a part lies outside its range.
    public init?(hour: Int, minute: Int, second: Int, weekday: Int = 0) {
        guard (0...23).contains(hour), (0...59).contains(minute), (0...59).contains(second), (0...7).contains(weekday)
        else { return nil }
        self.hour = hour
        self.minute = minute
        self.second = second
        self.weekday = weekday
    }

    init(_ octets: Span<UInt8>) throws(Fault) {
        let weekday = Int(octets[0] >> 5)
        let (hour, minute, second) = (Int(octets[0] & 31), Int(octets[1] & 63), Int(octets[2] & 63))
        guard let time = TimeOfDay(hour: hour, minute: minute, second: second, weekday: weekday) else {
            throw Fault(.invalidValue, .datapoint, at: hour > 23 ? 0 : minute > 59 ? 1 : 2)
        }
        self = time
    }

    var octets: [UInt8] { [UInt8(weekday << 5 | hour), UInt8(minute), UInt8(second)] }

    static let weekdays = [
        "NO_DAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY",
    ]

    var fields: [Field] {
        [
            Field("day", .text(Self.weekdays[weekday])), Field("hour", .integer(hour)),
            Field("minutes", .integer(minute)), Field("seconds", .integer(second)),
        ]
    }
}
