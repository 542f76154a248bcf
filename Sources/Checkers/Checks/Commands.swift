import Events

/// False acknowledgement: a command answered with success whose telegram the witness did not see.
///
/// Each telegram answers for one command only. Its time is from the command to a little after the answer, and not beyond the next equal
/// command that was answered with success, which has a telegram of its own. For a command answered with success while the system had no way to the
/// line, from the fault that cuts it until the recovery, it is until the recovery limit: whoever keeps a command until there is a way again may say so.
struct Commands {
    /// From the answer on, a telegram may still wait for its turn on the line.
    private static let patience = Instant.Span.seconds(2)
    private static let earliness = Instant.Span.milliseconds(50)
    /// After the recovery, commands must work again from here on.
    private static let settled = Instant.Span.seconds(5)

    private struct Target: Hashable {
        var group: UInt16
        var raw: [UInt8]
    }

    /// A command answered with success, and when its telegram may be on the line.
    private struct Claim {
        var invoked: Instant
        var answered: Instant
        var window: ClosedRange<Instant>
        var target: Target
    }

    private let world: World
    private let recovered: Instant?

    static func findings(_ world: World, recovered: Instant?) -> [Finding] {
        Commands(world: world, recovered: recovered).findings
    }

    private var findings: [Finding] {
        let fault = world.witness.fault?.instant
        let unkept = unkept(claims).map { claim in
            Finding(
                checker: "commands", outcome: .fail,
                sentence:
                    "false acknowledgement: the command \(Text.group(claim.target.group)) = \(Text.raw(claim.target.raw)), "
                    + "\(Text.relative(claim.invoked, to: fault)), was answered with success, and its telegram was never on the line",
                at: claim.invoked, hop: "controller → line")
        }
        return unkept + failures
    }

    private var claims: [Claim] {
        var invocations: [Int64: Timeline.Stamped<Event.Operation>] = [:]
        var claims: [Claim] = []
        for operation in world.timeline.operations where operation.content.name == "command" {
            if operation.content.action == .invoke { invocations[operation.content.id] = operation }
            guard operation.content.action == .ok, let invoked = invocations[operation.content.id],
                let group = invoked.content.group, let raw = invoked.content.raw, invoked.instant <= operation.instant
            else { continue }
            claims.append(
                Claim(
                    invoked: invoked.instant, answered: operation.instant,
                    window: (invoked.instant - Self.earliness)...(operation.instant + Self.patience),
                    target: Target(group: group, raw: raw)))
        }
        return claims.map { claim in
            var claim = claim
            claim.window = claim.window.lowerBound...latest(claim, among: claims)
            return claim
        }
    }

    /// The last instant at which a claim's telegram may be on the line.
    private func latest(_ claim: Claim, among claims: [Claim]) -> Instant {
        if isKept(claim.answered), let healed = world.witness.healed {
            return max(claim.window.upperBound, healed.instant + world.plan.recover)
        }
        let equal = claims.filter { $0.target == claim.target && $0.answered >= claim.invoked }
        // Two equal commands at once may both be answered by the effect of whichever was on the line first.
        let isAlone = equal.count { $0.invoked <= claim.answered } == 1
        guard isAlone, let next = equal.map(\.invoked).filter({ $0 > claim.answered }).min() else {
            return claim.window.upperBound
        }
        return max(claim.answered, min(claim.window.upperBound, next))
    }

    /// Whether the system had no way to the line, so that a command may have been kept. A fault that nobody heals, as a kill, lasts until the recovery.
    private func isKept(_ instant: Instant) -> Bool {
        guard let cut = world.witness.cutting("line"), let fault = cut.fault?.instant else { return false }
        // While its contact still moves the line is as good as cut.
        let healed = cut.healing.map { $0.commanded + cut.plan.closing }
        let until = [healed, recovered].compactMap(\.self).max() ?? world.end
        return instant >= fault - Self.earliness && instant <= until
    }

    /// Claims without a telegram of their own. A telegram goes to the claim that can wait least, so that as many as possible are kept; claims
    /// from the cut, which can wait long, get what is left.
    private func unkept(_ claims: [Claim]) -> [Claim] {
        var telegrams = world.truth.telegrams.filter { telegram in
            world.plan.systemSources.contains { $0.contains(telegram.content.sender) }
        }
        var unkept: [Claim] = []
        for isOfTheCut in [false, true] {
            var open = claims.filter { isKept($0.answered) == isOfTheCut }
                .sorted { $0.window.upperBound < $1.window.upperBound }
            telegrams.removeAll { telegram in
                let target = Target(group: telegram.content.group, raw: telegram.content.raw)
                guard
                    let index = open.firstIndex(where: { $0.target == target && $0.window.contains(telegram.instant) })
                else { return false }
                open.remove(at: index)
                return true
            }
            unkept += open
        }
        // What may still come after the end of what is judged is nobody's fault. Of what came before its beginning nobody knows what the witness missed.
        guard let began = world.judgedFrom else { return [] }
        return unkept.filter {
            $0.invoked >= began && $0.answered + Self.patience <= world.end && !isUnseen($0)
        }.sorted { $0.invoked < $1.invoked }
    }

    /// Between the return of the supply and the witness's being ready again, a telegram may have passed unseen.
    private func isUnseen(_ claim: Claim) -> Bool {
        guard let cut = world.witness.cutting("line"), let healing = cut.healing, let armed = cut.armed?.instant else {
            return false
        }
        return claim.window.overlaps(healing.commanded...max(healing.commanded, armed))
            && claim.answered > healing.commanded + cut.plan.closing
    }

    /// While the fault lasts a clean failure is right; some time after the recovery it is not.
    private var failures: [Finding] {
        // In a null run there is nothing that a command could fail for.
        guard let from = world.plan.isNullRun ? world.judgedFrom : recovered.map({ $0 + Self.settled }) else {
            return []
        }
        return world.timeline.operations.filter {
            $0.content.name == "command" && [.failed, .unknown].contains($0.content.action)
                && $0.instant > from && $0.instant <= world.end
        }.map {
            Finding(
                checker: "commands", outcome: .fail,
                sentence:
                    "a command failed \(Text.relative($0.instant, to: world.witness.fault?.instant)), when all was to work: "
                    + ($0.content.detail ?? "no reason given"), at: $0.instant, hop: "controller → line")
        }
    }
}
