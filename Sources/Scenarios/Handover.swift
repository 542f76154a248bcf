import Events
import KNX

/// What one run's evidence hands to that of the next on the same system: everything since the state was normal again, and of before that how things
/// stood. With it the next evidence judges its run by itself.
enum Handover {
    /// - Parameters:
    ///   - events: the evidence of the run before, in any order.
    ///   - since: when everything was right again.
    ///   - sources: who may stamp events of the next run.
    static func events(_ events: [Event], since: Instant, sources: Set<String>) -> [Event] {
        var states: [String: Event] = [:]
        var processes: [Int64: [Event]] = [:]
        var recent: [Event] = []
        for event in events.sorted(by: { $0.instant < $1.instant }) where sources.contains(event.source) {
            guard isOfTheState(event) else { continue }
            if event.instant >= since {
                recent.append(event)
            } else if case .process(let change) = event.payload {
                // Of a process that has ended nothing is left.
                if change.change == .exited {
                    processes[change.pid] = nil
                } else {
                    processes[change.pid, default: []].append(event)
                }
            } else if let key = key(of: event) {
                states[key] = event
            }
        }
        return (Array(states.values) + processes.values.joined()).sorted { $0.instant < $1.instant } + recent
    }

    /// What was done for one run is no part of another; what was seen is.
    private static func isOfTheState(_ event: Event) -> Bool {
        if event.source == "truth" { return false }
        return switch event.payload {
        case .plan, .seal, .phase, .actuation, .other: false
        default: true
        }
    }

    /// What an event is the last word about; nil for what is no state.
    private static func key(of event: Event) -> String? {
        switch event.payload {
        case .frame(let frame):
            guard event.source == "witness", frame.flaw == nil, let decoded = try? TP1Frame(octets: frame.octets),
                case .group(let group) = decoded.destination, decoded.transportUnit != [0x00, 0x00]
            else { return nil }
            return "frame \(group.raw)"
        case .sample(let sample): return "sample \(sample.view) \(sample.point)"
        case .link(let link): return "link \(link.link) \(link.change.rawValue)"
        case .interface(let report): return "interface \(event.source) \(report.report.rawValue)"
        case .supply(let supply): return "supply \(supply.line)"
        default: return nil
        }
    }
}
