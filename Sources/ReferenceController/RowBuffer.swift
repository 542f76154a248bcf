/// One state change as the time-series database takes it: which series, what value, and the stamp of the telegram that brought it.
struct TimeSeriesRow: Equatable, Sendable {
    let group: GroupAddress
    let value: Double
    /// Nanoseconds since 1970 in UTC.
    var stamp: Int64

    /// A line of Influx line protocol.
    var line: String { "knx,group=\(group) value=\(value) \(stamp)" }
}

/// Rows that wait to be written, oldest first. A row leaves it when it has been written, or when it is given up, which is counted.
struct RowBuffer {
    /// How many wait at most; nil for any number.
    let bound: Int?
    private(set) var rows: [TimeSeriesRow] = []
    /// Rows that were given up.
    private(set) var dropped = 0
    /// The first of the rows, which a write is under way with: they are not given up meanwhile.
    private var underWay = 0

    init(bound: Int?) {
        self.bound = bound
    }

    /// Takes a row; a full buffer gives its oldest one up.
    mutating func append(_ row: TimeSeriesRow) {
        rows.append(row)
        guard let bound, rows.count > bound else { return }
        rows.remove(at: underWay)
        dropped += 1
    }

    /// The oldest rows, at most so many, for a write.
    mutating func begin(atMost count: Int) -> [TimeSeriesRow] {
        underWay = min(count, rows.count)
        return Array(rows[..<underWay])
    }

    /// The write has succeeded.
    mutating func written() {
        rows.removeFirst(underWay)
        underWay = 0
    }

    /// The write has failed: its rows are written again, as they are or as `change` makes them.
    mutating func keep(_ change: (TimeSeriesRow) -> TimeSeriesRow) {
        for index in 0..<underWay { rows[index] = change(rows[index]) }
        underWay = 0
    }

    /// The write has failed for good: its rows are given up.
    mutating func giveUp(counted: Bool) {
        if counted { dropped += underWay }
        written()
    }
}
