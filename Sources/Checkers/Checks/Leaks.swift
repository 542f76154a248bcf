import Events

/// What must be as before: descriptors within the tolerance, children exactly. Memory and threads are printed as they were before the fault and at the end, and
/// judged by their growth over many cycles alone (`Growth`): a system may take some the first time that it meets a fault, and keep it.
///
/// Judged at the first instant from which all has been as before for the hold: what comes later, when somebody looks again, changes nothing, so
/// that the runner, who stops there, and the journal, which goes on a little, agree.
struct Leaks {
    /// How long the state of before must have held.
    private static let hold = Instant.Span.seconds(3)
    /// After the recovery, the latest at which it must.
    private static let patience = Instant.Span.seconds(45)
    /// Samples come once a second; without one for this long nobody knows.
    private static let blindness = Instant.Span.milliseconds(2_500)

    struct Before {
        var descriptors: Int64
        var children: Int64
    }

    private struct Reading {
        var instant: Instant
        /// What is more than before, in words; nil when nothing is.
        var excess: String?
    }

    /// The middle value of the normal state.
    static func before(_ world: World) -> Before? {
        guard let began = world.judgedFrom, let injected = world.timeline.injected(world.plan),
            let descriptors = median(world, "descriptors", began, injected),
            let children = median(world, "children", began, injected)
        else { return nil }
        return Before(descriptors: descriptors, children: children)
    }

    private static func median(_ world: World, _ point: String, _ from: Instant, _ to: Instant) -> Int64? {
        let readings = (world.timeline.samples["process"]?[point] ?? []).filter {
            $0.instant >= from && $0.instant < to
        }
        .compactMap(\.content.reading?.integer).sorted()
        return readings.isEmpty ? nil : readings[readings.count / 2]
    }

    /// Memory and threads before the fault and at the end; nil where nobody looked.
    static func note(_ world: World, fault: Instant) -> String? {
        func course(_ point: String) -> (before: Int64, after: Int64)? {
            let samples = (world.timeline.samples["process"]?[point] ?? []).filter { $0.instant <= world.end }
            guard let before = samples.last(where: { $0.instant <= fault })?.content.reading?.integer,
                let after = samples.last?.content.reading?.integer
            else { return nil }
            return (before, after)
        }
        guard let memory = course("resident_kilobytes"), let threads = course("threads") else { return nil }
        return
            "the controller before the fault and at the end: resident memory \(memory.before) and \(memory.after) kB, threads "
            + "\(threads.before) and \(threads.after) (a single fault does not judge them)"
    }

    /// What was counted after the recovery, by instant.
    private static func readings(_ world: World, _ before: Before, _ point: String, since: Instant) -> [Reading] {
        let isChildren = point == "children"
        let was = isChildren ? before.children : before.descriptors
        return (world.timeline.samples["process"]?[point] ?? []).compactMap { sample in
            guard sample.instant >= since, let count = sample.content.reading?.integer else { return nil }
            let isFine = isChildren ? count == was : count <= was + world.plan.descriptors
            return Reading(
                instant: sample.instant, excess: isFine ? nil : "\(point): \(count), before the fault \(was)")
        }
    }

    /// The first instant at which `readings` had been fine for the hold.
    private static func held(_ readings: [Reading], since recovered: Instant) -> Instant? {
        var fineSince: Instant?
        var previous = recovered
        for reading in readings {
            if reading.excess != nil || reading.instant - previous > blindness { fineSince = nil }
            previous = reading.instant
            guard reading.excess == nil else { continue }
            let since = fineSince ?? reading.instant
            fineSince = since
            if reading.instant - since >= hold - .milliseconds(100) { return reading.instant }
        }
        return nil
    }

    /// Whether everything has been as before for the hold at any time up to `instant`; broken once it is too late for that.
    static func standing(_ world: World, recovered: Instant?, at instant: Instant) -> Standing {
        guard let recovered else { return .broken("there was no recovery to measure after") }
        guard let before = before(world) else { return .broken("nothing was counted before the fault") }
        let until = min(instant, recovered + patience)
        var waiting: String?
        for point in ["descriptors", "children"] {
            let readings = readings(world, before, point, since: recovered).filter { $0.instant <= until }
            guard held(readings, since: recovered) == nil else { continue }
            let last = readings.last
            waiting =
                waiting
                ?? (last?.excess
                    ?? (last == nil
                        ? "\(point) have not been counted since the recovery"
                        : "\(point) as before for less than \(Text.seconds(hold))"))
        }
        guard let waiting else { return .holds }
        return instant - recovered > patience ? .broken(waiting) : .pending(waiting)
    }

    /// An excess is the system's; that nobody counted is ours, and leaves it open.
    static func findings(_ world: World, recovered: Instant?) -> [Finding] {
        guard let recovered else { return [] }
        let reason: String
        switch standing(world, recovered: recovered, at: world.end) {
        case .holds: return []
        case .pending(let text), .broken(let text): reason = text
        }
        let isExcess =
            before(world).map { before in
                ["descriptors", "children"].contains { point in
                    readings(world, before, point, since: recovered).last { $0.instant <= world.end }?.excess != nil
                }
            } ?? false
        return [
            Finding(
                checker: "leaks", outcome: isExcess ? .fail : .inconclusive,
                sentence: isExcess ? "leak: \(reason)" : "leaks could not be judged: \(reason)", at: world.end,
                hop: "controller")
        ]
    }
}
