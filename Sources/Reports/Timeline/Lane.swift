import Checkers
import Events

/// One row of the timeline: a name, what there is to say about it in a few words, and its drawing.
struct Lane {
    var name: String
    var note: String?
    var height: Double
    /// It has figures beside it, to the left of the drawing.
    var isScaled = true
    /// What somebody hears who cannot see it.
    var says: String
    var drawing: [Markup]

    /// The lanes that a run's events have something to say for, from the rig's hands over the line to the system's views, and what was not recorded.
    static func all(_ run: RunReport, _ scale: Scale, _ traces: RunTraces) -> (lanes: [Lane], missing: [String]) {
        let history = StateHistory(run, scale)
        var lanes = ActuationLane.lanes(run, scale)
        var missing: [String] = []
        func add(_ found: [Lane], else name: String) {
            lanes += found
            if found.isEmpty { missing.append(name) }
        }
        if lanes.isEmpty { missing.append("what the rig did") }
        add(SupplyLane.lanes(run, scale), else: "the supply’s voltage")
        add(history.interfaces.map { StateLane.lane($0, scale) }, else: "the state of the interfaces")
        add(LoadLane.load(traces, scale), else: "the line’s load")
        add(LoadLane.telegrams(run, scale), else: "telegrams on the line")
        add(history.processes.map { StateLane.lane($0, scale) }, else: "processes")
        lanes += history.links.map { StateLane.lane($0, scale) }
        add(history.health.map { StateLane.lane($0, scale) }, else: "the system’s health")
        add(PointsLane.lanes(traces, scale), else: "the state of the sentinels")
        add(LatencyLane.lanes(run, traces, scale), else: "latency from the line to a view")
        return (lanes, missing)
    }
}
