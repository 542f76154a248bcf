import Catalogue
import Events

/// The ride-through: what has an interface daemon that outlives a short cut must not restart for it.
enum NoRestart {
    static func findings(_ world: World, since begin: Instant) -> [Finding] {
        world.timeline.processes.filter {
            $0.content.change == .exited && $0.instant >= begin && $0.instant <= world.end
                && [world.plan.interfaceDaemon, "controller"].contains($0.content.process)
        }.map {
            Finding(
                checker: "no-restart", outcome: .fail,
                sentence:
                    "\($0.content.process) exited \(Text.relative($0.instant, to: world.witness.fault?.instant)): "
                    + (world.plan.eachStep.contains { $0.faultKind == .busCut }
                        ? "the cut was short enough to ride through" : "nothing in this fault asks for that"),
                at: $0.instant, hop: "interface daemon")
        }
    }
}
