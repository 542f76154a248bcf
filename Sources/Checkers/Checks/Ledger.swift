import Events

/// Per hop: on the bus = delivered + suppressed + dropped + unreachable + unobserved; what is left is silent loss.
enum Ledger {
    private static let beforeFault = Instant.Span.milliseconds(50)
    private static let namedAtMost = 20

    /// - Parameter recovered: Tr; nil when it never recovered, so that the hop counts as cut to the end.
    static func rows(_ world: World, recovered: Instant?) -> [LedgerRow] {
        guard let began = world.judgedFrom else { return [] }
        let fault = world.witness.fault?.instant
        let last = world.end - Recovery.unjudged
        return world.deliveries.map { view, delivery in
            var row = LedgerRow(hop: "line → \(view.id)")
            // A cut line cuts every view behind it; a cut view only itself.
            let isCut = world.plan.cuts.contains("line") || world.plan.cuts.contains(view.id)
            var held = 0
            for entry in delivery.entries where entry.instant >= began && entry.instant <= last {
                row.onBus += 1
                let isUnreachable =
                    isCut
                    && (fault.map { entry.instant >= $0 - beforeFault && entry.instant <= (recovered ?? world.end) }
                        ?? false)
                switch entry.fate {
                case .delivered: row.delivered += 1
                case .suppressed: row.suppressed += 1
                case .unobserved where !isUnreachable: row.unobserved += 1
                case .unobserved, .missing:
                    if isUnreachable {
                        row.unreachable += 1
                    } else {
                        row.silent += 1
                        if world.stalled.map({
                            entry.instant >= $0.lowerBound - beforeFault && entry.instant <= $0.upperBound
                        })
                            ?? false
                        {
                            held += 1
                        }
                        if row.missing.count < namedAtMost {
                            row.missing.append(
                                "\(Text.group(entry.group)) = \(Text.raw(entry.raw)), \(Text.relative(entry.instant, to: fault))"
                            )
                        }
                    }
                }
            }
            // What the system itself says that it dropped is not lost in silence. On a hop that the fault cuts its count would excuse too much: there
            // it stands for what a consumer did not take, and for no more.
            if world.plan.expects("backlog"), view.bound != nil, let counted = Drops.counted(world, view) {
                row.dropped = min(counted, isCut ? held : row.silent)
                row.silent -= row.dropped
            }
            row.duplicated = delivery.duplicated.count { $0 >= began && $0 <= last }
            return row
        }
    }

    /// What was lost while the system still warmed up, said for whoever wonders.
    static func notes(_ world: World) -> [String] {
        guard let began = world.timeline.begin(of: .verifyNormal), let from = world.judgedFrom else { return [] }
        return world.deliveries.compactMap { view, delivery in
            let lost = delivery.entries.count { $0.instant >= began && $0.instant < from && $0.fate == .missing }
            return lost == 0
                ? nil : "\(view.id) did not show \(lost) telegrams before the state was normal: not judged"
        }
    }

    static func findings(_ rows: [LedgerRow]) -> [Finding] {
        rows.filter { $0.silent > 0 }.map { row in
            Finding(
                checker: "ledger", outcome: .fail,
                sentence:
                    "silent loss on \(row.hop): \(row.silent) of \(row.onBus) telegrams, the first \(row.missing.first ?? "unnamed")",
                hop: row.hop)
        }
    }
}
