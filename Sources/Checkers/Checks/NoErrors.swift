import Events

/// A fault that the interface is not to feel: no command may fail from the fault to the heal.
enum NoErrors {
    static func findings(_ world: World, fault: Instant, healed: Instant) -> [Finding] {
        let failure = world.timeline.operations.first {
            $0.content.name == "command" && [.failed, .unknown].contains($0.content.action) && $0.instant > fault
                && $0.instant <= healed
        }
        return failure.map {
            [
                Finding(
                    checker: "no-errors", outcome: .fail,
                    sentence:
                        "a command failed \(Text.relative($0.instant, to: fault)), which this fault is no reason for: "
                        + ($0.content.detail ?? "no reason given"), at: $0.instant, hop: "controller → line")
            ]
        } ?? []
    }
}
