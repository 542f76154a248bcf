import Events

/// When a view disagreed with the line about one group address.
///
/// At an instant a view may show the newest value that is older than its limit, or any newer one: it may lag, and it may be quick. Anything
/// else is a disagreement.
struct Agreement {
    struct Disagreement {
        var from: Instant
        /// nil: it still stood at the end.
        var until: Instant?
        /// Standard uncertainty of the instant at which it ended.
        var uncertainty: Int64
        /// nil: the view had shown nothing yet.
        var shown: [UInt8]?
        var wanted: [UInt8]
        /// Since when the line has said so.
        var since: Instant
    }

    private(set) var disagreements: [Disagreement] = []

    /// Stamps of different places differ by this much at most; a sample may seem to come that much before its telegram ended.
    private static let earliness = Instant.Span.milliseconds(50)

    /// - Parameters:
    ///   - truth: what the line said about the address, by instant.
    ///   - shown: the view's samples of it, by instant.
    ///   - until: nothing after this is judged.
    init(
        truth: [LineTruth.Value], shown: [Timeline.Stamped<Event.Sample>], limit: Instant.Span, until end: Instant
    ) {
        var instants =
            truth.map { $0.instant - Self.earliness } + truth.map { $0.instant + limit } + shown.map(\.instant)
        instants = instants.filter { $0 <= end }.sorted()
        var settled = -1
        var newest = -1
        var view = -1
        var open: Disagreement?
        for instant in instants {
            while newest + 1 < truth.count, truth[newest + 1].instant <= instant + Self.earliness { newest += 1 }
            while settled + 1 < truth.count, truth[settled + 1].instant + limit <= instant { settled += 1 }
            while view + 1 < shown.count, shown[view + 1].instant <= instant { view += 1 }
            guard settled >= 0 else { continue }
            let value = view >= 0 ? shown[view].content.raw : nil
            if let value, truth[settled...newest].contains(where: { $0.raw == value }) {
                if var closing = open {
                    closing.until = instant
                    closing.uncertainty = view >= 0 && shown[view].instant == instant ? shown[view].uncertainty : 0
                    disagreements.append(closing)
                    open = nil
                }
            } else if open == nil {
                open = Disagreement(
                    from: instant, until: nil, uncertainty: 0, shown: value, wanted: truth[settled].raw,
                    since: truth[settled].instant)
            } else {
                open?.shown = value
                open?.wanted = truth[settled].raw
                open?.since = truth[settled].instant
            }
        }
        if let open { disagreements.append(open) }
    }
}
