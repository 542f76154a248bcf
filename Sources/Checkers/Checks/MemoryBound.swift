import Events

/// A system that nobody takes anything from, or that is asked for more than anybody needs, grows by no more than its profile allows: what it keeps for later is bounded.
enum MemoryBound {
    /// Samples come once a second; a longer time without one is not known.
    private static let blindness = Instant.Span.milliseconds(2_500)

    /// The main process's resident memory before, and the most that it had between two instants.
    struct Course {
        var before: Int64
        var most: Int64
        var growth: Int64 { max(0, most - before) }
    }

    static func judge(_ world: World, from: Instant, to: Instant, into verdict: inout RunVerdict) {
        func find(_ sentence: String, _ outcome: Outcome) {
            verdict.findings.append(
                Finding(checker: "memory", outcome: outcome, sentence: sentence, at: to, hop: "controller"))
        }
        guard let course = course(world, from: from, to: to), isSeen(world, from: from, to: to) else {
            return find("nobody looked at the controller's memory while the fault lasted", .inconclusive)
        }
        let limit = world.plan.memoryKilobytes
        verdict.notes.append(
            "resident memory of the controller grew by \(course.growth) kB while the fault lasted (limit \(limit) kB)")
        guard course.growth > limit else { return }
        find(
            "memory: the controller's resident memory grew from \(course.before) to \(course.most) kB while the fault lasted, and \(limit) kB more are allowed",
            .fail)
    }

    /// nil where nobody looked.
    static func course(_ world: World, from: Instant, to: Instant) -> Course? {
        let samples = world.timeline.samples["process"] ?? [:]
        func readings(_ point: String) -> (before: Int64, during: [Int64])? {
            let readings = samples[point] ?? []
            guard let before = readings.last(where: { $0.instant <= from })?.content.reading?.integer else {
                return nil
            }
            let during = readings.filter { $0.instant > from && $0.instant <= to }.compactMap(
                \.content.reading?.integer)
            return during.isEmpty ? nil : (before, during)
        }
        guard let resident = readings("resident_kilobytes"), let most = resident.during.max() else { return nil }
        // Between two samples it may have had more; a peak that was never higher before was reached here.
        let peak = readings("peak_kilobytes").flatMap { peak in
            peak.during.max().flatMap { $0 > peak.before ? $0 : nil }
        }
        return Course(before: resident.before, most: max(most, peak ?? most))
    }

    private static func isSeen(_ world: World, from: Instant, to: Instant) -> Bool {
        let looks = (world.timeline.samples["process"]?["resident_kilobytes"] ?? []).map(\.instant)
        let marks = [from] + looks.filter { $0 > from && $0 < to } + [to]
        return zip(marks, marks.dropFirst()).allSatisfy { $1 - $0 <= blindness }
    }
}
