import Events

/// A fault that the system is not to feel: by its own word it is healthy from the fault to the heal.
enum Healthy {
    static func findings(_ world: World, fault: Instant, healed: Instant) -> [Finding] {
        let samples = (world.timeline.samples["health"]?["status"] ?? []).filter {
            $0.instant > fault && $0.instant <= healed
        }
        if world.plan.saysHealth, samples.isEmpty {
            return [
                Finding(
                    checker: "healthy", outcome: .inconclusive,
                    sentence: "health: nobody asked while the fault lasted", at: fault, hop: "controller")
            ]
        }
        guard let ill = samples.first(where: { $0.content.reading != "healthy" }) else { return [] }
        return [
            Finding(
                checker: "healthy", outcome: .fail,
                sentence:
                    "health: it was \(ill.content.reading?.text ?? "unknown") \(Text.relative(ill.instant, to: fault)), "
                    + "which this fault is no reason for", at: ill.instant, hop: "controller")
        ]
    }
}
