import Catalogue
import Events

/// After a fail: the first hop on the way from the line to the views that did not work again, said in one sentence with its instant, from what the
/// rig's own witnesses saw wherever they can see.
struct FirstBrokenHop {
    /// - Parameter instant: the end of what is judged.
    static func sentence(_ world: World, at instant: Instant) -> (sentence: String, hop: String)? {
        guard let fault = world.witness.fault?.instant, let healed = world.witness.healed?.instant else { return nil }
        return sentence(world, at: instant, fault: fault, healed: healed)
    }

    /// - Parameters:
    ///   - fault: When the fault was effective that is told of, which is one of several in a sweep.
    ///   - healed: When it was over.
    static func sentence(
        _ world: World, at instant: Instant, fault: Instant, healed: Instant
    ) -> (sentence: String, hop: String)? {
        let after = "\(Text.seconds(instant - healed)) after \(world.plan.ending)"
        if let exit = world.absence(of: "controller", at: instant) {
            return (
                "controller: it exited \(Text.with(exit.instant, fault))\(how(exit.content)) and was not there again \(after)",
                "controller"
            )
        }
        // What hangs on the controller goes with it; so only a controller that is there can miss its daemon.
        if let exit = world.absence(of: world.plan.interfaceDaemon, at: instant) {
            let isShown = world.deliveries.contains { _, delivery in
                delivery.entries.contains {
                    if case .delivered(let at, _) = $0.fate { at > exit.instant } else { false }
                }
            }
            return (
                "interface daemon: \(world.plan.interfaceDaemon) exited \(Text.with(exit.instant, fault))\(how(exit.content)) and "
                    + "was not there again \(after)"
                    + (isShown ? "" : "; no telegram has reached the controller since"),
                "line → interface daemon"
            )
        }
        if let killed = world.plan.eachStep.first(where: { $0.faultKind == .daemonKilled })?.process,
            killed != world.plan.interfaceDaemon, let exit = world.absence(of: killed, at: instant)
        {
            return (
                "\(killed): it exited \(Text.with(exit.instant, fault))\(how(exit.content)) and was not there again \(after)",
                "interface daemon → controller"
            )
        }
        if let stop = world.standstill(of: world.plan.interfaceDaemon, at: instant) {
            let since = Text.with(stop.instant, fault)
            return (
                "interface daemon: \(world.plan.interfaceDaemon) was stopped \(since) and still stood still \(after): nobody has ended it, "
                    + "and no telegram has reached the controller since",
                "line → interface daemon"
            )
        }
        for view in world.plan.views where !view.isStreaming {
            if let reason = world.unanswered(view, at: instant) {
                return ("\(view.id) view: it cannot be read \(after): \(reason)", "controller → \(view.id)")
            }
            if let found = wrong(world, view, at: instant) {
                return (found.sentence(view, fault, after), "line → \(view.id)")
            }
            // Only the first polled view is the controller's own state; later ones are stores behind it.
            break
        }
        if let gate = world.plan.eachStep.lazy.compactMap(\.refusedGate).first,
            let last = world.timeline.links.last(where: { link in
                link.content.link == gate && link.instant <= instant
                    && [.connected, .disconnected, .refused].contains(link.content.change)
            }), last.content.change != .connected, !isAnsweredOneByOne(gate, world, healed)
        {
            let ended = world.timeline.links.last {
                $0.content.link == gate && $0.content.change == .disconnected && $0.instant <= instant
            }
            let how = ended.map { " (its last connection ended \(Text.relative($0.instant, to: fault)))" } ?? ""
            return (
                "broker connection: the controller was not connected to the \(gate) again \(after)\(how)",
                "controller → \(gate)"
            )
        }
        for view in world.plan.views {
            if let found = wrong(world, view, at: instant) {
                let own = world.plan.views.first { !$0.isStreaming && $0.id != view.id }
                let right = own.map { "; the controller's own state (\($0.id)) is right" } ?? ""
                return (found.sentence(view, fault, after) + right, "controller → \(view.id)")
            }
        }
        return nil
    }

    /// Whoever makes a connection per write has none between two of them: that it has made one since is what counts.
    private static func isAnsweredOneByOne(_ gate: String, _ world: World, _ healed: Instant) -> Bool {
        world.plan.rows?.gate == gate
            && world.timeline.links.contains {
                $0.content.link == gate && $0.content.change == .connected && $0.instant >= healed
            }
    }

    private static func how(_ change: Event.ProcessChange) -> String {
        if let signal = change.signal { return " (signal \(signal))" }
        return change.status.map { " (exit status \($0))" } ?? ""
    }

    private struct Wrong {
        var group: UInt16
        var isSentinel: Bool
        var count: Int
        var disagreement: Agreement.Disagreement

        func sentence(_ view: JudgePlan.View, _ fault: Instant, _ after: String) -> String {
            let name = isSentinel ? "sentinel" : "tracer"
            let others = count > 1 ? " (and \(count - 1) more)" : ""
            return "\(view.id) view: \(name) \(Text.group(group))\(others) still shows "
                + "\(disagreement.shown.map(Text.raw) ?? "nothing") \(after); the line has said \(Text.raw(disagreement.wanted)) since "
                + Text.relative(disagreement.since, to: fault)
        }
    }

    /// The points about which a view is wrong at `instant`: tracers first, since they show that nothing flows at all.
    private static func wrong(_ world: World, _ view: JudgePlan.View, at instant: Instant) -> Wrong? {
        var found: [Wrong] = []
        for group in world.plan.points.sorted() where !world.plan.isExcused(view, group) {
            let isSentinel = !world.plan.tracers.contains(group)
            if isSentinel, !world.plan.judgesSentinels { continue }
            guard let open = world.agreement(view, group, limit: view.limit, until: instant).disagreements.last,
                open.until == nil
            else { continue }
            found.append(Wrong(group: group, isSentinel: isSentinel, count: 1, disagreement: open))
        }
        guard var first = found.first(where: { !$0.isSentinel }) ?? found.first else { return nil }
        first.count = found.count { $0.isSentinel == first.isSentinel }
        return first
    }
}
