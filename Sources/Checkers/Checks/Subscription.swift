import Events

/// Whether the system takes commands over MQTT again after the broker was away: of those that were published between the heal and the recovery limit
/// one must have been on the line by then, as the witness saw it, and answered with success.
///
/// A command over MQTT that fails otherwise, and one that is answered with success and never on the line, are found as those over HTTP are.
enum Subscription {
    private static let earliness = Instant.Span.milliseconds(50)

    static func judge(_ world: World, healed: Instant, into verdict: inout RunVerdict) {
        let limit = healed + world.plan.recover
        let until = min(limit, world.end)
        let commands = world.timeline.operations.filter { $0.content.name == "command" && $0.content.way == "mqtt" }
        let published = commands.filter {
            $0.content.action == .invoke && $0.instant >= healed && $0.instant <= until
        }
        guard !published.isEmpty else {
            verdict.findings.append(
                Finding(
                    checker: "subscription", outcome: .inconclusive,
                    sentence:
                        "subscription: no command was published within \(Text.seconds(until - healed)) after \(world.plan.ending)",
                    hop: "broker → controller"))
            return
        }
        let telegrams = world.truth.telegrams.filter { telegram in
            telegram.instant <= until
                && world.plan.systemSources.contains { $0.contains(telegram.content.sender) }
        }
        for command in published {
            guard
                let answer = commands.first(where: {
                    $0.content.id == command.content.id && $0.content.action == .ok
                }),
                telegrams.contains(where: {
                    $0.content.group == command.content.group && $0.content.raw == command.content.raw
                        && $0.instant >= command.instant - earliness && $0.instant <= answer.instant
                })
            else { continue }
            verdict.notes.append(
                "the first command over MQTT that was on the line and answered was published \(Text.seconds(command.instant - healed)) after "
                    + world.plan.ending)
            return
        }
        verdict.findings.append(
            Finding(
                checker: "subscription", outcome: .fail,
                sentence:
                    "subscription: of \(published.count) commands published to the broker within \(Text.seconds(until - healed)) after "
                    + "\(world.plan.ending) none was on the line and answered with success: the controller does not take commands over MQTT again",
                at: published[0].instant, hop: "broker → controller"))
    }
}
