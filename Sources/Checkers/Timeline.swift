import Events
import KNX

/// The events of a run, sorted by what they are about and by when they happened. Every checker reads it, and nothing else.
struct Timeline: Sendable {
    struct Stamped<Content: Sendable>: Sendable {
        var instant: Instant
        var uncertainty: Int64
        var source: String
        var content: Content
    }

    /// A good telegram with a group value that was on the line.
    struct Telegram: Sendable, Hashable {
        var group: UInt16
        var raw: [UInt8]
        var sender: UInt16
        var isRepetition: Bool
    }

    /// Octets that the witness told of, as a frame, as noise or as a service of its chip.
    struct Heard: Sendable, Hashable {
        var octets: [UInt8]
        var began: Instant
        var ended: Instant
        /// A good frame.
        var isWhole: Bool
        /// A frame that a silence ended.
        var isTruncated: Bool
    }

    /// In the order in which the witness told it, which says more than instants do that lie closer than its uncertainty.
    private(set) var heard: [Heard] = []
    private(set) var telegrams: [Stamped<Telegram>] = []
    private(set) var frames: [Stamped<Event.Frame>] = []
    private(set) var interfaceReports: [Stamped<Event.InterfaceReport>] = []
    private(set) var stimulations: [Stamped<Event.Stimulation>] = []
    private(set) var actuations: [Stamped<Event.Actuation>] = []
    private(set) var supplies: [Stamped<Event.SupplyReading>] = []
    private(set) var operations: [Stamped<Event.Operation>] = []
    /// Samples by view, then by point.
    private(set) var samples: [String: [String: [Stamped<Event.Sample>]]] = [:]
    private(set) var processes: [Stamped<Event.ProcessChange>] = []
    private(set) var logs: [Stamped<Event.LogLine>] = []
    private(set) var links: [Stamped<Event.LinkChange>] = []
    private(set) var slips: [Stamped<Event.Slip>] = []
    private(set) var gaps: [Stamped<Event.Gap>] = []
    private(set) var phases: [Stamped<Event.Phase>] = []
    /// Why the runner left the seven steps early.
    private(set) var interruption: Interruption?

    struct Interruption: Sendable {
        var outcome: Outcome
        var reason: String
        var instant: Instant
        /// A step did not get to where the run goes on from; nothing else stopped it.
        var isUnreached = false
    }
    private(set) var last: Instant?

    mutating func observe(_ event: Event) {
        // Ground truth is for tests of the rig alone; the plan and the seal say nothing that happened.
        if event.source == "truth" { return }
        guard Plausibility.holds(event) else {
            interruption =
                interruption
                ?? Interruption(
                    outcome: .error,
                    reason: "the evidence holds a record of '\(event.source)' with impossible numbers: it is damaged",
                    instant: event.instant)
            return
        }
        switch event.payload {
        case .plan, .seal: return
        case .frame(let content): observe(content, event)
        case .interface(let content):
            Self.insert(content, event, &interfaceReports)
            if event.source == "witness", let octet = content.octet {
                heard.append(
                    Heard(
                        octets: [octet], began: event.instant, ended: event.instant, isWhole: false, isTruncated: false)
                )
            }
        case .stimulus(let content): Self.insert(content, event, &stimulations)
        case .actuation(let content): Self.insert(content, event, &actuations)
        case .supply(let content): Self.insert(content, event, &supplies)
        case .operation(let content): Self.insert(content, event, &operations)
        case .sample(let content):
            Self.insert(content, event, &samples[content.view, default: [:]][content.point, default: []])
        case .process(let content): Self.insert(content, event, &processes)
        case .log(let content): Self.insert(content, event, &logs)
        case .link(let content): Self.insert(content, event, &links)
        case .slip(let content): Self.insert(content, event, &slips)
        case .gap(let content): Self.insert(content, event, &gaps)
        case .phase(let content): Self.insert(content, event, &phases)
        case .other(let kind, let value):
            if kind == "interruption", interruption == nil {
                let outcome = value["outcome"]?.text.flatMap(Outcome.init(rawValue:)) ?? .error
                // Whatever ended a run early, it did not pass.
                interruption = Interruption(
                    outcome: outcome == .pass ? .error : outcome, reason: value["reason"]?.text ?? "no reason given",
                    instant: event.instant, isUnreached: value["unreached"] == true)
            }
        }
        last = max(last ?? event.instant, event.instant)
    }

    private mutating func observe(_ frame: Event.Frame, _ event: Event) {
        // Only a witness says what was on the line; drivers may show their own echo.
        guard event.source == "witness" else { return }
        Self.insert(frame, event, &frames)
        heard.append(
            Heard(
                octets: frame.octets, began: frame.began, ended: event.instant, isWhole: frame.flaw == nil,
                isTruncated: frame.flaw == TP1Frame.Flaw.truncated.rawValue))
        guard frame.flaw == nil, let decoded = try? TP1Frame(octets: frame.octets),
            case .group(let group) = decoded.destination, let raw = Self.value(decoded.transportUnit)
        else { return }
        let telegram = Telegram(
            group: group.raw, raw: raw, sender: decoded.source.raw, isRepetition: decoded.isRepetition)
        Self.insert(telegram, event, &telegrams)
    }

    /// The raw value of a GroupValueWrite or GroupValueResponse; nil for any other service.
    private static func value(_ unit: [UInt8]) -> [UInt8]? {
        guard unit.count >= 2, unit[0] & 0xFC == 0 else { return nil }
        let service = (UInt16(unit[0] & 3) << 8 | UInt16(unit[1])) & 0x3C0
        guard service == 0x080 || service == 0x040 else { return nil }
        return unit.count == 2 ? [unit[1] & 0x3F] : Array(unit.dropFirst(2))
    }

    /// Events arrive late by up to about a second; they are kept by when they happened, equal instants by arrival.
    private static func insert<Content>(_ content: Content, _ event: Event, _ list: inout [Stamped<Content>]) {
        let stamped = Stamped(
            instant: event.instant, uncertainty: event.uncertaintyNanoseconds, source: event.source, content: content)
        var index = list.endIndex
        while index > list.startIndex, list[index - 1].instant > event.instant { index -= 1 }
        list.insert(stamped, at: index)
    }

    /// What happened from one instant to another, nil for the end, as if nothing else had.
    func between(_ from: Instant, _ to: Instant?) -> Timeline {
        func part<Content>(_ list: [Stamped<Content>]) -> [Stamped<Content>] {
            let first = Self.index(of: from, in: list)
            return Array(list[first..<max(first, to.map { Self.index(of: $0, in: list) } ?? list.endIndex)])
        }
        var between = self
        between.heard = heard.filter { heard in heard.began >= from && (to.map { heard.began < $0 } ?? true) }
        between.telegrams = part(telegrams)
        between.frames = part(frames)
        between.interfaceReports = part(interfaceReports)
        between.stimulations = part(stimulations)
        between.actuations = part(actuations)
        between.supplies = part(supplies)
        between.operations = part(operations)
        between.samples = samples.mapValues { $0.mapValues(part) }
        between.processes = part(processes)
        between.logs = part(logs)
        between.links = part(links)
        between.slips = part(slips)
        between.gaps = part(gaps)
        between.phases = part(phases)
        return between
    }

    /// Where the first that happened at `instant` or later stands, or would stand.
    private static func index<Content>(of instant: Instant, in list: [Stamped<Content>]) -> Int {
        var range = list.startIndex..<list.endIndex
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            range = list[middle].instant < instant ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return range.lowerBound
    }

    // MARK: questions that several checkers ask

    /// Where the judged time begins: the length of the baseline before the fault. What happened earlier, while the system still warmed up, is
    /// not held against it: the baseline waits until all has been normal for long enough.
    func judgedFrom(_ plan: JudgePlan) -> Instant? {
        guard let began = begin(of: .verifyNormal) else { return nil }
        return injected(plan).map { max(began, $0 - plan.baseline) } ?? began
    }

    func samples(of view: String, _ group: UInt16) -> [Stamped<Event.Sample>] {
        samples[view]?[GroupAddress(raw: group).description] ?? []
    }

    /// Frames on the line whose source is one of the system's own.
    func telegrams(of sources: [ClosedRange<UInt16>], in window: ClosedRange<Instant>) -> [Stamped<Event.Frame>] {
        frames.filter { frame in
            guard window.contains(frame.instant), let decoded = try? TP1Frame(octets: frame.content.octets) else {
                return false
            }
            return sources.contains { $0.contains(decoded.source.raw) }
        }
    }

    /// When the system asked for a value on the line (A_GroupValue_Read).
    func reads(by sources: [ClosedRange<UInt16>]) -> [Instant] {
        frames.compactMap { frame in
            guard let decoded = try? TP1Frame(octets: frame.content.octets), decoded.transportUnit == [0x00, 0x00],
                sources.contains(where: { $0.contains(decoded.source.raw) })
            else { return nil }
            return frame.instant
        }
    }

    func begin(of step: Event.Phase.Step) -> Instant? {
        phases.first { $0.content.step == step && $0.content.edge == .begin }?.instant
    }

    func end(of step: Event.Phase.Step) -> Instant? {
        phases.first { $0.content.step == step && $0.content.edge == .end }?.instant
    }

    /// The first actuation for a purpose.
    func actuation(_ purpose: String, of target: String) -> Event.Actuation? {
        actuations.first { $0.content.purpose == purpose && $0.content.target == target }?.content
    }

    /// When the first thing was done to the normal state: the line was saturated, or the fault commanded; in a null run, when it would have
    /// been.
    func injected(_ plan: JudgePlan) -> Instant? {
        if plan.isNullRun { return begin(of: .inject) }
        let fault = actuation("fault", of: plan.faultTarget)?.commanded
        return plan.load == nil ? fault : saturated ?? fault
    }

    /// When the line began to be saturated, and when that ended.
    var saturated: Instant? { load("saturated")?.commanded }
    var relaxed: Instant? { load("relaxed")?.commanded }

    /// What was done for the sake of the load.
    func load(_ meaning: String) -> Event.Actuation? {
        actuations.first { $0.content.purpose == "load" && $0.content.meaning == meaning }?.content
    }

    /// Windows in which a source could not see, also one that is still open: a streaming probe that lost its connection.
    func blindWindows(of source: String, until end: Instant) -> [ClosedRange<Instant>] {
        var windows = gaps.filter { $0.content.blind == source && $0.content.from <= $0.content.to }
            .map { $0.content.from...$0.content.to }
        var lost: Instant?
        for sample in samples[source]?["connection"] ?? [] {
            switch sample.content.reading {
            case .text("lost"): lost = lost ?? sample.instant
            case .text("connected"):
                if let from = lost, from <= sample.instant { windows.append(from...sample.instant) }
                lost = nil
            default: break
            }
        }
        if let lost, lost <= end { windows.append(lost...end) }
        return windows
    }
}
