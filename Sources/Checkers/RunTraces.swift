public import Events
import KNX

/// What a picture of a run is drawn from, computed as the verdict computes it: how long each telegram took to each view, when each point was wrong in
/// which view, and how busy the line was. Nothing here judges.
public struct RunTraces: Sendable {
    /// A telegram on its way to one view.
    public struct Passage: Sendable, Hashable {
        public enum Fate: Sendable, Hashable {
            /// Shown this long after the end of its frame; a little below zero where two stamps differ.
            case shown(after: Instant.Span)
            /// The same value as before, which the view does not show again.
            case suppressed
            /// The probe could not see.
            case unobserved
            case missing
        }

        /// End of the frame on the line.
        public var instant: Instant
        /// The group address, such as `1/1/5`.
        public var point: String
        public var fate: Fate

        public init(instant: Instant, point: String, fate: Fate) {
            self.instant = instant
            self.point = point
            self.fate = fate
        }
    }

    /// The way from the line to one streaming view.
    public struct Hop: Sendable, Hashable {
        public var view: String
        /// How far the view may lag behind the line.
        public var limit: Instant.Span
        /// By the end of the frames.
        public var passages: [Passage]

        public init(view: String, limit: Instant.Span, passages: [Passage]) {
            self.view = view
            self.limit = limit
            self.passages = passages
        }
    }

    /// A window in which a view showed something else than the line had said.
    public struct Disagreement: Sendable, Hashable {
        public var view: String
        public var from: Instant
        /// nil: it still stood at the end.
        public var until: Instant?
        /// Hex of what it showed last; nil when it showed nothing.
        public var shown: String?
        public var wanted: String

        public init(view: String, from: Instant, until: Instant?, shown: String?, wanted: String) {
            self.view = view
            self.from = from
            self.until = until
            self.shown = shown
            self.wanted = wanted
        }
    }

    /// A sentinel or repeat: a point on whose state the recovery is judged.
    public struct Point: Sendable, Hashable {
        public var name: String
        public var isSentinel: Bool
        /// The instants at which the line, or the device where the line could not, said a value.
        public var said: [Instant]
        public var disagreements: [Disagreement]

        public init(name: String, isSentinel: Bool, said: [Instant], disagreements: [Disagreement]) {
            self.name = name
            self.isSentinel = isSentinel
            self.said = said
            self.disagreements = disagreements
        }
    }

    /// The line during one second.
    public struct Second: Sendable, Hashable {
        public var from: Instant
        /// Load in tenths of a percent; saturation is 1000.
        public var permille: Int
        public var frames: Int
        /// Frames with a flaw, or with a negative acknowledge or none.
        public var troubled: Int

        public init(from: Instant, permille: Int, frames: Int, troubled: Int) {
            self.from = from
            self.permille = permille
            self.frames = frames
            self.troubled = troubled
        }
    }

    public var hops: [Hop] = []
    public var points: [Point] = []
    /// One after the other from the witness's first frame to its last; empty when no witness saw a frame.
    public var seconds: [Second] = []

    public init(hops: [Hop] = [], points: [Point] = [], seconds: [Second] = []) {
        self.hops = hops
        self.points = points
        self.seconds = seconds
    }

    /// - Parameters:
    ///   - plan: the details of event 0; of one that this build cannot judge by, only the line's load is told.
    ///   - events: the run's events, the plan among them or not.
    public init(plan: Value, events: [Event]) {
        var timeline = Timeline()
        for event in events { timeline.observe(event) }
        seconds = RunTraces.seconds(timeline)
        guard let plan = try? JudgePlan(plan), let last = timeline.last else { return }
        let world = World(plan, timeline, until: timeline.end(of: .checkLeaks) ?? last)
        hops = world.deliveries.map { view, delivery in
            Hop(
                view: view.id, limit: view.limit,
                passages: delivery.entries.map {
                    Passage(instant: $0.instant, point: Text.group($0.group), fate: RunTraces.fate($0))
                })
        }
        points = plan.sentinels.map { RunTraces.point($0.group, isSentinel: true, world) }
        points += plan.repeats.map { RunTraces.point($0, isSentinel: false, world) }
    }

    private static func fate(_ entry: Delivery.Entry) -> Passage.Fate {
        switch entry.fate {
        case .delivered(let at, _): .shown(after: at - entry.instant)
        case .suppressed: .suppressed
        case .unobserved: .unobserved
        case .missing: .missing
        }
    }

    private static func point(_ group: UInt16, isSentinel: Bool, _ world: World) -> Point {
        let disagreements = world.plan.views.flatMap { view in
            world.agreement(view, group, limit: view.limit, until: world.end).disagreements.map {
                Disagreement(
                    view: view.id, from: $0.from, until: $0.until, shown: $0.shown.map(Text.raw),
                    wanted: Text.raw($0.wanted))
            }
        }
        return Point(
            name: Text.group(group), isSentinel: isSentinel, said: (world.truth.values[group] ?? []).map(\.instant),
            disagreements: disagreements)
    }

    /// The longest evidence that is told second by second.
    private static let mostSeconds: Int64 = 100_000

    private static func seconds(_ timeline: Timeline) -> [Second] {
        let frames = timeline.frames
        guard let first = frames.first?.instant, let last = frames.last?.instant else { return [] }
        let length = (last - first).nanoseconds / 1_000_000_000
        guard length < mostSeconds else { return [] }
        var seconds = (0...length).map {
            Second(from: first + .seconds($0), permille: 0, frames: 0, troubled: 0)
        }
        var bits = [Int](repeating: 0, count: seconds.count)
        for frame in frames {
            let index = Int((frame.instant - first).nanoseconds / 1_000_000_000)
            let isAcknowledged = frame.content.acknowledge == 0xCC
            seconds[index].frames += 1
            if frame.content.flaw != nil || !isAcknowledged { seconds[index].troubled += 1 }
            bits[index] += BusLoad.cycleBits(frame.content.octets, isAcknowledged: frame.content.acknowledge != nil)
        }
        for index in seconds.indices { seconds[index].permille = bits[index] * 1000 / Int(BusTiming.bitsPerSecond) }
        return seconds
    }
}
