import Events

/// What must not grow: descriptors within the tolerance, children exactly. A single run prints memory and threads and judges neither.
struct Leaks {
    /// How long the state of before must have held.
    private static let hold = Instant.Span.seconds(3)
    /// After the recovery, the latest at which it must.
    private static let patience = Instant.Span.seconds(45)

    struct Before {
        var descriptors: Int64
        var children: Int64
    }

    /// The middle value of the normal state.
    static func before(_ world: World) -> Before? {
        guard let began = world.timeline.begin(of: .verifyNormal), let injected = world.witness.injected?.commanded,
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

    /// Whether everything has been as before for the hold, up to `instant`.
    static func standing(_ world: World, recovered: Instant?, at instant: Instant) -> Standing {
        guard let recovered else { return .broken("there was no recovery to measure after") }
        guard let before = before(world) else { return .pending("nothing was measured before the fault") }
        let since = max(recovered, instant - hold)
        var isMeasured = true
        var excess: String?
        for (point, allowed) in [
            ("descriptors", before.descriptors + world.plan.descriptors), ("children", before.children),
        ] {
            let samples = (world.timeline.samples["process"]?[point] ?? []).filter {
                $0.instant >= since && $0.instant <= instant
            }
            isMeasured = isMeasured && samples.count >= 2
            for sample in samples {
                guard let reading = sample.content.reading?.integer else { continue }
                let isFine = point == "children" ? reading == allowed : reading <= allowed
                if !isFine {
                    excess =
                        "\(point): \(reading), before the fault \(point == "children" ? before.children : before.descriptors)"
                }
            }
        }
        if let excess {
            return instant - recovered > patience ? .broken(excess) : .pending(excess)
        }
        guard isMeasured, instant - recovered >= hold else {
            return .pending("as before for less than \(Text.seconds(hold))")
        }
        return .holds
    }

    static func findings(_ world: World, recovered: Instant?) -> [Finding] {
        guard recovered != nil else { return [] }
        switch standing(world, recovered: recovered, at: world.end) {
        case .holds: return []
        case .pending(let reason), .broken(let reason):
            return [
                Finding(checker: "leaks", outcome: .fail, sentence: "leak: \(reason)", at: world.end, hop: "controller")
            ]
        }
    }
}
