/// What points were, one row each time: how many rows are kept and for how long.
struct HistoryBound: Sendable {
    static let standard = HistoryBound(rows: 10_000, retentionSeconds: 30 * 86_400)

    let rows: Int
    let retentionSeconds: Int

    /// The table. Ids go up by one and are never used again, so that the newest N are those above the greatest id less N.
    static let schema = """
        CREATE TABLE history(
            id INTEGER PRIMARY KEY AUTOINCREMENT, group_address TEXT NOT NULL, raw TEXT NOT NULL, at_ms INTEGER NOT NULL)
        """

    /// Deletes what is beyond the bound at an instant.
    func prune(at milliseconds: Int64) -> String {
        """
        DELETE FROM history WHERE id <= (SELECT max(id) FROM history) - \(rows)
            OR at_ms < \(milliseconds - Int64(retentionSeconds) * 1000)
        """
    }
}

/// A row that waits for the database.
struct HistoryEntry: Sendable {
    let group: GroupAddress
    let octets: [UInt8]
    let milliseconds: Int64
}
