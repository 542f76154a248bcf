/// Type 11: a date from 1990 to 2089.
public struct CalendarDate: Hashable, Sendable {
    /// 1990…2089.
    public let year: Int
    public let month: Int
    /// 1…31; the 30th of February is carried too, see `existsInCalendar`.
    public let day: Int

    /// Nil when a part lies outside its range.
    public init?(year: Int, month: Int, day: Int) {
        guard (1990...2089).contains(year), (1...12).contains(month), (1...31).contains(day) else { return nil }
        self.year = year
        self.month = month
        self.day = day
    }

    init(_ octets: Span<UInt8>) throws(Fault) {
        let (day, month, year) = (Int(octets[0] & 31), Int(octets[1] & 15), Int(octets[2] & 127))
        guard year < 100, let date = CalendarDate(year: year >= 90 ? 1900 + year : 2000 + year, month: month, day: day)
        else { throw Fault(.invalidValue, .datapoint, at: day < 1 ? 0 : (1...12).contains(month) ? 2 : 1) }
        self = date
    }

    var octets: [UInt8] { [UInt8(day), UInt8(month), UInt8(year % 100)] }

    /// False for a day that its month does not have. Devices carry such dates, so they are no fault.
    public var existsInCalendar: Bool { day <= Self.days(inMonth: month, of: year) }

    /// Days of a month of the Gregorian calendar.
    static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 2: year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400)) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    var fields: [Field] {
        [Field("day", .integer(day)), Field("month", .integer(month)), Field("year", .integer(year))]
    }
}
