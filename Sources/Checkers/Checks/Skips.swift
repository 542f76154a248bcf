import Events

/// A malformed telegram leaves nothing behind: no view shows a value of it, the good telegram after it is taken, and the connection to the line is not lost
/// again and again.
enum Skips {
    static func findings(_ world: World) -> [Finding] {
        guard let fault = world.witness.fault?.instant, !world.plan.isNullRun else { return [] }
        let groups = Set(world.plan.good.map(\.group)).sorted()
        return world.plan.views.flatMap { view in
            groups.compactMap { group in wrong(world, view, group, since: fault) ?? missed(world, view, group) }.prefix(
                1)
        } + [storm(world, since: fault)].compactMap(\.self)
    }

    private static func storm(_ world: World, since fault: Instant) -> Finding? {
        guard let most = world.plan.mostLosses else { return nil }
        let span = fault...max(fault, world.end)
        let connection = world.timeline.logs.filter { $0.content.means == "line lost" && span.contains($0.instant) }
            .map(\.instant)
        let daemon = world.timeline.processes.filter {
            $0.content.process == world.plan.interfaceDaemon && $0.content.change == .exited
                && span.contains($0.instant)
        }.map(\.instant)
        // A daemon that ends takes the connection with it: the two are not added.
        let (what, lost) =
            daemon.count > connection.count
            ? (world.plan.interfaceDaemon, daemon) : ("the connection to the line", connection)
        guard lost.count > most else { return nil }
        return Finding(
            checker: "skips", outcome: .fail,
            sentence:
                "reconnect storm: \(what) was lost \(lost.count) times after the malformed telegrams, for the second time "
                + "\(Text.relative(lost[most], to: fault)): \(most) may be",
            at: lost[most], hop: "interface daemon")
    }

    private static func wrong(_ world: World, _ view: JudgePlan.View, _ group: UInt16, since fault: Instant) -> Finding?
    {
        // What the view had shown before may be shown again: by a connection that comes back, or by whoever subscribes.
        let before = world.timeline.samples(of: view.id, group).filter { $0.instant < fault }.compactMap(\.content.raw)
        let good = Set(world.plan.good.filter { $0.group == group }.map(\.raw) + before)
        guard
            let shown = world.timeline.samples(of: view.id, group).first(where: { sample in
                sample.instant >= fault && sample.instant <= world.end
                    && !(sample.content.raw.map(good.contains) ?? true)
            })
        else { return nil }
        return Finding(
            checker: "skips", outcome: .fail,
            sentence:
                "\(view.id) view: \(Text.group(group)) shows \(Text.raw(shown.content.raw ?? [])) \(Text.relative(shown.instant, to: fault)): that is of "
                + "a malformed telegram", at: shown.instant, hop: "line → \(view.id)")
    }

    /// A streaming view shows every good telegram, a polled one the last.
    private static func missed(_ world: World, _ view: JudgePlan.View, _ group: UInt16) -> Finding? {
        let sent = world.timeline.telegrams.filter { telegram in
            telegram.content.group == group && telegram.instant <= world.end - view.limit - .seconds(1)
                && world.plan.good.contains(JudgePlan.Good(group: group, raw: telegram.content.raw))
        }
        let samples = world.timeline.samples(of: view.id, group)
        let due = view.isStreaming ? sent : Array(sent.suffix(1))
        guard
            let lost = due.first(where: { telegram in
                !samples.contains {
                    $0.content.raw == telegram.content.raw && $0.instant >= telegram.instant - .milliseconds(50)
                        && $0.instant <= telegram.instant + view.limit + .seconds(1)
                }
            })
        else {
            return sent.isEmpty
                ? Finding(
                    checker: "skips", outcome: .inconclusive,
                    sentence: "the witness saw no good telegram to \(Text.group(group)) after the malformed ones",
                    hop: "line → \(view.id)") : nil
        }
        return Finding(
            checker: "skips", outcome: .fail,
            sentence:
                "\(view.id) view: the good telegram \(Text.group(group)) = \(Text.raw(lost.content.raw)) after a malformed one was not shown",
            at: lost.instant, hop: "line → \(view.id)")
    }
}
