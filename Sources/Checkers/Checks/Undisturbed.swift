import Events

/// A fault that asks for nothing: the system goes on through it, and neither its log nor its health speaks of a loss.
enum Undisturbed {
    static func findings(_ world: World) -> [Finding] {
        guard let fault = world.witness.fault?.instant, let sign = Detection.proven(world) else { return [] }
        return [
            Finding(
                checker: "undisturbed", outcome: .fail,
                sentence: (world.plan.isNullRun ? "false alarm: " : "undisturbed: ")
                    + "\(sign.what) spoke of a loss \(Text.relative(sign.instant, to: fault)), and nothing in this fault asks for that",
                at: sign.instant)
        ]
    }
}
