/// Type 19: date and time with what the sender says about its clock. Parts that the sender marked as not valid are nil.
public struct DateAndTime: Hashable, Sendable {
    /// 1900…2155.
    public var year: Int?
    public var date: MonthAndDay?
    /// Hour 24 only at 24:00:00. The weekday in here is always 0.
    public var time: Clock?
    /// 1 Monday … 7 Sunday, 0 any.
    public var weekday: Int?
    public var isWorkingDay: Bool?
    public var isSummerTime = false
    /// The clock has a fault.
    public var isFault = false
    /// The clock is synchronised from outside.
    public var isSynchronised = false
    /// The source of synchronisation can be relied on.
    public var isSourceReliable = false

    public struct MonthAndDay: Hashable, Sendable {
        public let month: Int
        public let day: Int

        /// Nil outside 1…12 and 1…31.
        public init?(month: Int, day: Int) {
            guard (1...12).contains(month), (1...31).contains(day) else { return nil }
            self.month = month
            self.day = day
        }
    }

    public struct Clock: Hashable, Sendable {
        public let hour: Int
        public let minute: Int
        public let second: Int

        /// Nil for what is no time between 00:00:00 and 24:00:00.
        public init?(hour: Int, minute: Int, second: Int) {
            guard (0...24).contains(hour), (0...59).contains(minute), (0...59).contains(second),
                hour < 24 || minute + second == 0
            else { return nil }
            self.hour = hour
            self.minute = minute
            self.second = second
        }
    }

    public init() {}

    init(_ octets: Span<UInt8>) throws(Fault) {
        let flags = octets[6]
        if flags & 0x10 == 0 { year = 1900 + Int(octets[0]) }
        if flags & 0x08 == 0 {
            let (month, day) = (Int(octets[1] & 15), Int(octets[2] & 31))
            guard let valid = MonthAndDay(month: month, day: day) else {
                throw Fault(.invalidValue, .datapoint, at: (1...12).contains(month) ? 2 : 1)
            }
            date = valid
        }
        if flags & 0x04 == 0 { weekday = Int(octets[3] >> 5) }
        if flags & 0x02 == 0 {
            let (hour, minute, second) = (Int(octets[3] & 31), Int(octets[4] & 63), Int(octets[5] & 63))
            guard let valid = Clock(hour: hour, minute: minute, second: second) else {
                throw Fault(
                    .invalidValue, .datapoint, at: hour > 24 ? 3 : minute > 59 || (hour == 24 && minute > 0) ? 4 : 5)
            }
            time = valid
        }
        if flags & 0x20 == 0 { isWorkingDay = flags & 0x40 != 0 }
        isSummerTime = flags & 0x01 != 0
        isFault = flags & 0x80 != 0
        isSynchronised = octets[7] & 0x80 != 0
        isSourceReliable = octets[7] & 0x40 != 0
    }

    /// Nil when the year or the weekday lies outside its range.
    var octets: [UInt8]? {
        var octets = [UInt8](repeating: 0, count: 8)
        if let year {
            guard (1900...2155).contains(year) else { return nil }
            octets[0] = UInt8(year - 1900)
        }
        if let weekday {
            guard (0...7).contains(weekday) else { return nil }
            octets[3] = UInt8(weekday << 5)
        }
        if let date { (octets[1], octets[2]) = (UInt8(date.month), UInt8(date.day)) }
        if let time {
            octets[3] |= UInt8(time.hour)
            (octets[4], octets[5]) = (UInt8(time.minute), UInt8(time.second))
        }
        let flags: [(Bool, UInt8)] = [
            (isFault, 0x80), (isWorkingDay == true, 0x40), (isWorkingDay == nil, 0x20), (year == nil, 0x10),
            (date == nil, 0x08), (weekday == nil, 0x04), (time == nil, 0x02), (isSummerTime, 0x01),
        ]
        for (isSet, bit) in flags where isSet { octets[6] |= bit }
        octets[7] = (isSynchronised ? 0x80 : 0) | (isSourceReliable ? 0x40 : 0)
        return octets
    }

    var fields: [Field] {
        [
            Field("year", .optional(year)), Field("month", .optional(date?.month)), Field("day", .optional(date?.day)),
            Field("hour", .optional(time?.hour)), Field("minutes", .optional(time?.minute)),
            Field("seconds", .optional(time?.second)),
            Field("day_of_week", weekday.map { .text($0 == 0 ? "ANY_DAY" : TimeOfDay.weekdays[$0 & 7]) } ?? .null),
            Field("fault", .boolean(isFault)),
            Field("working_day", isWorkingDay.map(Field.Value.boolean) ?? .null), Field("dst", .boolean(isSummerTime)),
            Field("external_sync", .boolean(isSynchronised)), Field("source_reliable", .boolean(isSourceReliable)),
        ]
    }
}

extension Field.Value {
    static func optional(_ integer: Int?) -> Field.Value { integer.map(Field.Value.integer) ?? .null }
}
