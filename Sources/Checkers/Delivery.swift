import Events

/// What became of each telegram on its way from the line to one streaming view.
struct Delivery {
    enum Fate: Hashable {
        case delivered(at: Instant, uncertainty: Int64)
        /// The same value as before, which the view does not show again.
        case suppressed
        /// The probe could not see.
        case unobserved
        case missing
    }

    struct Entry {
        var group: UInt16
        var raw: [UInt8]
        /// End of the frame on the line.
        var instant: Instant
        var fate: Fate
    }

    /// By the end of their frame.
    private(set) var entries: [Entry] = []
    /// Instants of samples that no telegram accounts for: re-publications.
    private(set) var duplicated: [Instant] = []

    private static let earliness = Instant.Span.milliseconds(50)
    /// Beyond its limit and this, a sample is no delivery of a telegram any more.
    private static let patience = Instant.Span.seconds(3)
    /// A probe that has just lost or just regained its sight may have missed what lies this close.
    private static let blindMargin = Instant.Span.milliseconds(100)

    /// - Parameter held: when a consumer took nothing, to its end: what was on the line meanwhile may come after that, however long it was.
    init(
        _ view: JudgePlan.View, _ plan: JudgePlan, _ timeline: Timeline, _ truth: LineTruth,
        held: ClosedRange<Instant>? = nil, until end: Instant
    ) {
        let blind = timeline.blindWindows(of: view.id, until: end).map {
            ($0.lowerBound - Self.blindMargin)...($0.upperBound + Self.blindMargin)
        }
        for group in plan.points.sorted() {
            let samples = timeline.samples(of: view.id, group)
            // Each sample accounts for one telegram; one that comes out of order is delivered all the same, and `Order` says so.
            var isUsed = [Bool](repeating: false, count: samples.count)
            var previous: [UInt8]?
            for value in truth.values[group] ?? [] where value.instant <= end {
                var fate = Fate.missing
                let earliest = value.instant - Self.earliness
                let isHeld = held?.contains(value.instant) ?? false
                let latest = (isHeld ? held?.upperBound ?? value.instant : value.instant) + view.limit + Self.patience
                let match = samples.indices.first {
                    !isUsed[$0] && samples[$0].content.raw == value.raw && samples[$0].instant >= earliest
                        && samples[$0].instant <= latest
                }
                if let match {
                    isUsed[match] = true
                    fate = .delivered(at: samples[match].instant, uncertainty: samples[match].uncertainty)
                } else if view.suppressesSame, previous == value.raw {
                    fate = .suppressed
                } else if blind.contains(where: { $0.contains(value.instant) }) {
                    fate = .unobserved
                }
                entries.append(Entry(group: group, raw: value.raw, instant: value.instant, fate: fate))
                previous = value.raw
            }
            duplicated += samples.indices.filter { !isUsed[$0] }.map { samples[$0].instant }
        }
        entries.sort { $0.instant < $1.instant }
    }
}
