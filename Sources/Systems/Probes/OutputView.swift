import Events

/// A view of the telegrams that the system itself writes as JSON, one a line: every line of the main process that names a group is a sample at the
/// instant at which the host read it.
struct OutputView: Sendable {
    let view: String
    /// The unit whose lines it reads.
    let process: String
    let source: ViewSource.Output
    let sink: EventSink

    /// Takes every event of the host; lines without a group are about something else.
    func observe(_ event: Event) {
        guard case .log(let line) = event.payload, line.process == process, line.line.first == "{",
            let document = try? JSON.parse(Array(line.line.utf8)),
            let point = document.at(pointer: source.group)?.text
        else { return }
        let raw = document.at(pointer: source.raw)?.octets
        sink(
            Event(
                at: event.instant, uncertaintyNanoseconds: event.uncertaintyNanoseconds, source: view,
                .sample(
                    .init(
                        view: view, point: point, raw: raw,
                        reading: raw == nil ? .text("unreadable: " + line.line.prefix(200)) : nil))))
    }
}
