import Events

/// The database is whole: SQLite's own checks on a copy, made after the recovery.
enum IntegrityCheck {
    /// The view under which the rig's own check speaks; its point is `integrity`.
    static let view = "database-check"

    static func findings(_ world: World) -> [Finding] {
        guard !world.plan.isNullRun || world.timeline.samples[view] != nil else { return [] }
        guard let check = world.timeline.samples[view]?["integrity"]?.last else {
            return [
                Finding(
                    checker: "integrity", outcome: .inconclusive,
                    sentence: "nobody has looked whether the database is whole",
                    hop: "database")
            ]
        }
        guard check.content.reading != "ok" else { return [] }
        return [
            Finding(
                checker: "integrity", outcome: .fail,
                sentence: "database: it is damaged: \(check.content.reading?.text ?? "no reason given")",
                at: check.instant,
                hop: "database")
        ]
    }
}
