import Events
import KNX

/// Of what a cut leaves of a telegram nothing becomes a value: what a view shows of an address, somebody has said about it.
enum NoWrongValue {
    /// A sample may seem to come this much before the end of its telegram.
    private static let earliness = Instant.Span.milliseconds(50)

    /// The first wrong value of each view.
    static func findings(_ world: World, since fault: Instant) -> [Finding] {
        let said = said(world)
        return world.plan.views.compactMap { view in
            let samples = (world.timeline.samples[view.id] ?? [:]).flatMap { point, samples in
                GroupAddress(point).map { group in samples.map { (group: group.raw, sample: $0) } } ?? []
            }
            let wrong = samples.filter { group, sample in
                guard let raw = sample.content.raw, sample.instant >= fault, sample.instant <= world.end else {
                    return false
                }
                guard let values = said[group] else { return true }
                // Of other addresses the rig does not know what their devices say before the witness hears again.
                guard world.plan.points.contains(group) else { return false }
                return !(values[raw].map { $0 <= sample.instant + earliness } ?? false)
            }
            return wrong.min { $0.sample.instant < $1.sample.instant }.map { group, sample in
                Finding(
                    checker: "no-wrong-value", outcome: .fail,
                    sentence:
                        "\(view.id) view: \(Text.group(group)) showed \(Text.raw(sample.content.raw ?? [])) "
                        + "\(Text.relative(sample.instant, to: fault)), which nobody had said",
                    at: sample.instant, hop: "line → \(view.id)")
            }
        }
    }

    /// Each value of each address, and when it was said first: on the line, or by a stimulus of the rig's while the witness was not ready yet.
    private static func said(_ world: World) -> [UInt16: [[UInt8]: Instant]] {
        var said: [UInt16: [[UInt8]: Instant]] = [:]
        func note(_ group: UInt16, _ raw: [UInt8], _ instant: Instant) {
            said[group, default: [:]][raw] = min(said[group]?[raw] ?? instant, instant)
        }
        for telegram in world.timeline.telegrams {
            note(telegram.content.group, telegram.content.raw, telegram.instant)
        }
        for stimulation in world.timeline.stimulations
        where [.confirmed, .unacknowledged, .changed].contains(stimulation.content.outcome) {
            note(stimulation.content.group, stimulation.content.raw, stimulation.instant)
        }
        return said
    }
}
