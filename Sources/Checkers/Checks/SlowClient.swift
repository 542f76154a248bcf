import Events

/// A client that does not read costs itself something and nobody else: it is cut, or misses messages once the system's declared bound is full; and the
/// system's memory does not grow beyond its limit.
enum SlowClient {
    /// Messages that the kernels' buffers hold besides, as small as they were made.
    private static let buffered = 100
    /// Messages under way at either edge.
    private static let edge = 10

    static func judge(
        _ world: World, fault: FaultWitness.Proven, healed: FaultWitness.Proven, into verdict: inout RunVerdict
    ) {
        verdict.findings += dropped(world, fault.instant, healed.instant, &verdict.notes)
        memory(world, fault.instant, healed.instant, &verdict)
    }

    private static func finding(_ sentence: String, _ outcome: Outcome, at instant: Instant) -> Finding {
        Finding(
            checker: "slow-client", outcome: outcome, sentence: "slow client: " + sentence, at: instant,
            hop: "controller")
    }

    private static func dropped(
        _ world: World, _ fault: Instant, _ healed: Instant, _ notes: inout [String]
    ) -> [Finding] {
        let looks = ClientLooks(world.timeline).between(fault, healed)
        if let cut = looks.first(where: { $0.held < world.plan.clients }) {
            notes.append("the slow client was cut \(Text.seconds(cut.instant - fault)) after it stopped reading")
            return []
        }
        let messages = world.timeline.samples[ClientLooks.view]?["messages"] ?? []
        let connected = ClientLooks(world.timeline).between(healed, world.end).last { $0.open >= world.plan.clients }
        guard let before = messages.last(where: { $0.instant <= fault })?.content.reading?.integer,
            let connected,
            let after = messages.last(where: { $0.instant <= connected.instant })?.content.reading?.integer
        else { return [finding("nobody counted what it read", .inconclusive, at: healed)] }
        let got = Int(after - before)
        // What others were shown as long as it was connected is what it would have got.
        let shown = shown(world, from: fault, to: connected.instant)
        if got + edge < shown {
            notes.append("the slow client got \(got) messages of \(shown) that others were shown")
            return []
        }
        let waited = Self.shown(world, from: fault, to: healed)
        guard waited > world.plan.backlog + buffered else {
            return [
                finding(
                    "only \(waited) messages were due, fewer than the declared bound of \(world.plan.backlog) and the buffers hold",
                    .inconclusive, at: healed)
            ]
        }
        return [
            finding(
                "nothing was dropped: all \(waited) messages of \(Text.seconds(healed - fault)) were kept for it, and the declared bound is "
                    + "\(world.plan.backlog)", .fail, at: healed)
        ]
    }

    /// What the busiest streaming view showed.
    private static func shown(_ world: World, from: Instant, to: Instant) -> Int {
        world.deliveries.map { _, delivery in
            delivery.entries.count { entry in
                if case .delivered(let at, _) = entry.fate { at > from && at <= to } else { false }
            }
        }.max() ?? 0
    }

    private static func memory(_ world: World, _ fault: Instant, _ healed: Instant, _ verdict: inout RunVerdict) {
        let readings = world.timeline.samples["process"]?["resident_kilobytes"] ?? []
        let before = readings.last { $0.instant <= fault }?.content.reading?.integer
        let during = readings.filter { $0.instant > fault && $0.instant <= healed }
        guard let before, let most = during.compactMap(\.content.reading?.integer).max() else {
            verdict.findings.append(finding("nobody looked at the controller's memory", .inconclusive, at: healed))
            return
        }
        let limit = world.plan.memoryKilobytes
        let growth = most - before
        verdict.notes.append(
            "resident memory of the controller grew by \(max(0, growth)) kB while a client did not read (limit \(limit) kB)"
        )
        guard growth > limit else { return }
        verdict.findings.append(
            finding(
                "the controller's memory grew by \(growth) kB meanwhile, and \(limit) kB are allowed", .fail, at: healed
            ))
    }
}
