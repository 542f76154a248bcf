import Events

/// False acknowledgement: a command answered with success whose telegram the witness did not see.
struct Commands {
    /// From the answer on, a telegram may still wait for its turn on the line.
    private static let patience = Instant.Span.seconds(2)
    private static let earliness = Instant.Span.milliseconds(50)

    static func findings(_ world: World, recovered: Instant?) -> [Finding] {
        var invocations: [Int64: Timeline.Stamped<Event.Operation>] = [:]
        var findings: [Finding] = []
        let fault = world.witness.fault?.instant
        for operation in world.timeline.operations where operation.content.name == "command" {
            switch operation.content.action {
            case .invoke: invocations[operation.content.id] = operation
            case .ok:
                guard let invoked = invocations[operation.content.id], let group = invoked.content.group,
                    let raw = invoked.content.raw, operation.instant + patience <= world.end
                else { continue }
                // The same command given once more has a telegram of its own, which must not stand in for this one's.
                let next = world.timeline.operations.first {
                    $0.content.action == .invoke && $0.instant > operation.instant && $0.content.group == group
                        && $0.content.raw == raw
                }?.instant
                let latest = max(
                    operation.instant, min(operation.instant + patience, next ?? operation.instant + patience))
                let window = (invoked.instant - earliness)...latest
                let isSeen = world.timeline.telegrams.contains { telegram in
                    window.contains(telegram.instant) && telegram.content.group == group && telegram.content.raw == raw
                        && world.plan.systemSources.contains { $0.contains(telegram.content.sender) }
                }
                if !isSeen {
                    findings.append(
                        Finding(
                            checker: "commands", outcome: .fail,
                            sentence: "false acknowledgement: the command \(Text.group(group)) = \(Text.raw(raw)), "
                                + "\(Text.relative(invoked.instant, to: fault)), was answered with success, and its telegram was never on the line",
                            at: invoked.instant, hop: "controller → line"))
                }
            case .failed, .unknown:
                // While the fault lasts a clean failure is right; some time after the recovery it is not.
                guard let recovered, operation.instant > recovered + .seconds(5), operation.instant <= world.end else {
                    continue
                }
                findings.append(
                    Finding(
                        checker: "commands", outcome: .fail,
                        sentence:
                            "a command still failed \(Text.seconds(operation.instant - recovered)) after the recovery: "
                            + (operation.content.detail ?? "no reason given"),
                        at: operation.instant, hop: "controller → line"))
            }
        }
        return findings
    }
}
