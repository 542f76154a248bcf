import Events

/// Things that are up or down, each with its changes and what went wrong at single instants, gathered from a run's events.
struct StateHistory {
    struct Change {
        var at: Instant
        var isUp: Bool
        /// How it came to be so: `exit status 1`.
        var detail: String?
    }

    struct Thing {
        var name: String
        var changes: [Change] = []
        /// Attempts that were refused or failed.
        var failures: [(at: Instant, what: String)] = []

        /// Saying the same again changes nothing. What ends was there before, even if its beginning is not in the evidence.
        mutating func set(_ at: Instant, _ isUp: Bool, _ detail: String? = nil, beganUnseen: Instant? = nil) {
            if changes.isEmpty, !isUp, let beganUnseen {
                changes.append(Change(at: min(beganUnseen, at), isUp: true, detail: nil))
            }
            if changes.last?.isUp != isUp { changes.append(Change(at: at, isUp: isUp, detail: detail)) }
        }
    }

    private(set) var interfaces: [Thing] = []
    private(set) var processes: [Thing] = []
    private(set) var links: [Thing] = []
    private(set) var health: [Thing] = []

    init(_ run: RunReport, _ scale: Scale) {
        for event in run.events.sorted(by: { $0.instant < $1.instant }) {
            let at = event.instant
            switch event.payload {
            case .interface(let report):
                let name = event.source == "interface" ? "SUT’s interface" : event.source
                Self.change(name, &interfaces) { thing in
                    switch report.report {
                    case .opened, .reset, .armed: thing.set(at, true, report.detail)
                    case .closed, .silent: thing.set(at, false, report.detail ?? report.report.rawValue)
                    case .state: break
                    }
                }
            case .process(let change):
                var how = change.status.map { "exit status \($0)" } ?? change.signal.map { "signal \($0)" }
                if change.change == .started { how = "pid \(change.pid)" }
                Self.change(change.process, &processes) {
                    $0.set(at, change.change == .started, how, beganUnseen: scale.first)
                }
            case .link(let change):
                Self.change("link to \(change.link)", &links) { thing in
                    switch change.change {
                    case .connected: thing.set(at, true, change.detail)
                    case .disconnected: thing.set(at, false, change.detail, beganUnseen: scale.first)
                    case .refused: thing.failures.append((at, "refused"))
                    case .opened, .closed: break
                    }
                }
            case .operation(let operation) where operation.name == "health" && operation.action != .invoke:
                Self.change("health", &health) { thing in
                    thing.set(at, operation.action == .ok, operation.status.map { "status \($0)" })
                }
            case .sample(let sample) where sample.view == "health":
                guard let isUp = Self.isGood(sample.reading) else { continue }
                Self.change("health", &health) { thing in
                    thing.set(at, isUp, sample.reading?.text)
                }
            default: break
            }
        }
        processes.removeAll { $0.changes.isEmpty }
        interfaces.removeAll { $0.changes.isEmpty }
        links.removeAll { $0.changes.isEmpty && $0.failures.isEmpty }
    }

    private static func change(_ name: String, _ things: inout [Thing], _ change: (inout Thing) -> Void) {
        if let index = things.firstIndex(where: { $0.name == name }) {
            change(&things[index])
        } else {
            var thing = Thing(name: name)
            change(&thing)
            things.append(thing)
        }
    }

    /// A health reading as good or bad: a truth, an HTTP status, or the words that health endpoints use.
    private static func isGood(_ reading: Value?) -> Bool? {
        switch reading {
        case .bool(let truth): truth
        case .integer(let status): (200..<300).contains(status) || status == 1
        case .text(let text): ["ok", "up", "healthy", "pass"].contains(text.lowercased())
        default: nil
        }
    }
}
