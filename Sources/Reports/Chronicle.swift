import Events

/// What happened, in order: the events that a person would tell of, from the rig's commands to the system's own words.
enum Chronicle {
    /// Something that was told; what the same source told of the same kind at the same instant is told in one line.
    private struct Entry {
        var when: String
        var source: String
        var phrase: String
        var items: [String]
    }

    static func markup(_ run: RunReport, _ scale: Scale) -> [Markup] {
        var isHealthy = true
        var entries: [Entry] = []
        for event in run.events.sorted(by: { $0.instant < $1.instant }) where scale.contains(event.instant) {
            guard let (phrase, item) = words(event, &isHealthy) else { continue }
            let when = Figures.offset(event.instant, from: scale.origin)
            if let last = entries.last, last.when == when, last.source == event.source, last.phrase == phrase {
                entries[entries.count - 1].items.append(item)
            } else {
                entries.append(Entry(when: when, source: event.source, phrase: phrase, items: [item]))
            }
        }
        let columns = [Table.Column("From T0", .short), Table.Column("Told by", .short), "What"]
        return Table.titled(
            "What happened, in order", columns,
            entries.map { entry in
                [
                    [.text(entry.when)], [.text(entry.source)],
                    [.text(entry.phrase + entry.items.filter { !$0.isEmpty }.joined(separator: ", "))],
                ]
            }, else: "Nothing that a person would tell of is in the evidence.")
    }

    private static func words(_ event: Event, _ isHealthy: inout Bool) -> (phrase: String, item: String)? {
        switch event.payload {
        case .actuation(let actuation):
            let failure = actuation.readback == .failed ? ", failed: \(actuation.reason ?? "no reason given")" : ""
            return ("\(RunSection.words(actuation.purpose)): \(actuation.target) \(actuation.meaning)\(failure)", "")
        case .interface(let report) where report.report != .state:
            return ("interface ", report.report.rawValue + (report.detail.map { ": \($0)" } ?? ""))
        case .process(let change):
            let how =
                change.status.map { ", exit status \($0)" } ?? change.signal.map { ", signal \($0)" } ?? ""
            return ("\(change.process) \(change.change.rawValue), pid \(change.pid)\(how)", "")
        case .link(let change):
            return ("link to \(change.link) \(change.change.rawValue)", change.detail.map { ": \($0)" } ?? "")
        case .log(let line):
            return line.means.map { ("\($0): \(line.process) says “\(message(line.line))”", "") }
        case .sample(let sample) where sample.view == "health":
            guard let word = sample.reading?.text else { return nil }
            let isGood = ["ok", "up", "healthy", "pass"].contains(word.lowercased())
            defer { isHealthy = isGood }
            return isGood == isHealthy ? nil : ("health turned \(word)", "")
        case .stimulus(let stimulation) where stimulation.outcome == .changed:
            return (
                "changed at the device, without a telegram: ",
                "\(address(stimulation.group)) to \(Hex.text(stimulation.raw))"
            )
        default: return nil
        }
    }

    /// What a line of a log says, without the clothes of a structured one.
    private static func message(_ line: String) -> String {
        guard case .record(let fields) = try? JSON.parse(line),
            let message = fields.first(where: { $0.key == "message" || $0.key == "msg" })
        else { return line }
        let dressing: Set<String> = ["message", "msg", "time", "ts", "timestamp", "level"]
        let rest = fields.filter { !dressing.contains($0.key) }.map { field in
            "\(field.key) \(field.value.text ?? JSON.text(field.value))"
        }
        return (message.value.text ?? JSON.text(message.value))
            + (rest.isEmpty ? "" : ", " + rest.joined(separator: ", "))
    }

    /// A group address in three levels.
    static func address(_ group: UInt16) -> String { "\(group >> 11)/\(group >> 8 & 7)/\(group & 0xFF)" }
}
