import Catalogue
import Events

/// The account of a run's witness: what it comes to, and what of it makes the run invalid.
struct WitnessLosses {
    /// Around both edges of a fault the witness itself need not see.
    private static let edge = Instant.Span.milliseconds(500)

    private let world: World
    let conclusion: WitnessConclusion
    private let outages: [ClosedRange<Instant>]

    init(_ world: World) {
        self.world = world
        outages = Self.outages(world)
        var account = WitnessAccount(source: Self.source)
        for event in world.timeline.accountEvents { account.observe(event) }
        conclusion = account.concluded()
    }

    private static let source = "witness"

    /// The first loss of the judged time that the fault does not explain, in a sentence; nil when there was none.
    func first(from began: Instant, besides spoiled: [ClosedRange<Instant>]) -> (sentence: String, at: Instant)? {
        let origin = conclusion.begun ?? began
        var found: [(sentence: String, at: Instant)] = []
        for place in conclusion.losses.missing + conclusion.losses.disagreements {
            guard place.before >= began, place.after <= world.end, place.after <= place.before else { continue }
            guard !isExplained(place.after...place.before, spoiled) else { continue }
            found.append((place.text(since: origin), place.after))
        }
        for sent in conclusion.unheard where sent.instant >= began && sent.instant <= world.end {
            guard !isExplained(sent.instant...sent.instant, spoiled) else { continue }
            found.append(("not heard: \(sent.text(since: origin))", sent.instant))
        }
        return found.min { $0.at < $1.at }
    }

    private func isExplained(_ place: ClosedRange<Instant>, _ spoiled: [ClosedRange<Instant>]) -> Bool {
        (spoiled + outages).contains { $0.overlaps(place) }
    }

    /// While a line is without voltage, and until the rig itself is ready again, no verdict needs what was on it. Nothing else is excused. A place may be
    /// wider than what it misses: what was missed outside of an outage is found by its name.
    private static func outages(_ world: World) -> [ClosedRange<Instant>] {
        func outage(_ from: Instant, _ to: Instant?) -> ClosedRange<Instant> {
            (from - edge)...max(from, (to ?? world.end) + edge)
        }
        if world.plan.expects("dips") || world.plan.faultKind == .supplyDips {
            return Dip.all(world.plan, world.timeline, until: world.end).map {
                outage($0.cut, $0.healed?.instant ?? $0.end)
            }
        }
        guard world.plan.cuts.contains("line") || world.plan.faultKind == .busCut,
            let fault = world.witness.fault?.instant
        else { return [] }
        return [outage(fault, world.witness.healed?.instant)]
    }
}

extension Timeline {
    /// What the account of the witness is made of, by instant.
    fileprivate var accountEvents: [Event] {
        func event<Content>(_ stamped: Stamped<Content>, _ payload: (Content) -> Event.Payload) -> Event {
            Event(
                at: stamped.instant, uncertaintyNanoseconds: stamped.uncertainty, source: stamped.source,
                payload(stamped.content))
        }
        let events =
            stimulations.filter { $0.content.outcome == .confirmed }.map { event($0, Event.Payload.stimulus) }
            + frames.map { event($0, Event.Payload.frame) } + gaps.map { event($0, Event.Payload.gap) }
            + interfaceReports.map { event($0, Event.Payload.interface) }
        return events.enumerated().sorted {
            ($0.element.instant, $0.offset) < ($1.element.instant, $1.offset)
        }.map(\.element)
    }
}
