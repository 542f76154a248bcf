/// How the database came to look as it does: each step makes the next version of its schema from the one before, in a transaction of its own, and is never
/// changed once a file may have been made by it.
enum Schema {
    struct Step {
        let version: Int
        let statements: String
    }

    /// In the order of their versions, from 1, without a gap.
    static func steps(_ protections: Set<Protection>) -> [Step] {
        [
            Step(
                version: 1,
                statements: """
                    CREATE TABLE points(
                        group_address TEXT PRIMARY KEY, raw TEXT NOT NULL, value TEXT, source TEXT, sequence INTEGER,
                        updated_at_ms INTEGER)
                    """),
            Step(version: 2, statements: RegistryTable.first(protections)),
            Step(version: 3, statements: HistoryBound.schema),
            Step(version: 4, statements: RegistryTable.second(protections)),
        ]
    }
}
