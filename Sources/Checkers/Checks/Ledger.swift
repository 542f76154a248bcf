import Events

/// Per hop: on the bus = delivered + suppressed + dropped + unreachable + unobserved; what is left is silent loss.
enum Ledger {
    private static let beforeFault = Instant.Span.milliseconds(50)
    private static let namedAtMost = 20

    /// - Parameter recovered: Tr; nil when it never recovered, so that the hop counts as cut to the end.
    static func rows(_ world: World, recovered: Instant?) -> [LedgerRow] {
        guard let began = world.timeline.begin(of: .verifyNormal) else { return [] }
        let fault = world.witness.fault?.instant
        let last = world.end - Recovery.unjudged
        return world.deliveries.map { view, delivery in
            var row = LedgerRow(hop: "line → \(view.id)")
            // A cut line cuts every view behind it; a cut view only itself.
            let isCut = world.plan.cuts.contains("line") || world.plan.cuts.contains(view.id)
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
                        if row.missing.count < namedAtMost {
                            row.missing.append(
                                "\(Text.group(entry.group)) = \(Text.raw(entry.raw)), \(Text.relative(entry.instant, to: fault))"
                            )
                        }
                    }
                }
            }
            row.duplicated = delivery.duplicated
            return row
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
