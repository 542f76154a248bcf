import Events
import Platform

extension ProbeThread {
    /// An answer that takes longer is none.
    private static let patience: Instant.Span = .seconds(1)

    /// Polls a view over HTTP, on one connection as long as it lasts, until the probe stops, and tells what changed between two polls.
    ///
    /// - Parameter read: has the present values by the instant it is given.
    func pollState(
        of view: String, port: UInt16, every interval: Instant.Span, session: Session? = nil, sink: EventSink,
        _ read: (inout HTTPClient, Instant) -> Result<[String: [UInt8]], SystemFault>
    ) {
        var client = HTTPClient(port: port, keepsAlive: true, session: session)
        var state = PolledState(view: view, interval: interval)
        let always = { interval }
        poll(every: always, source: view, sink: sink) {
            let begun = MonotonicClock.now()
            let values = read(&client, begun + Self.patience)
            for event in state.polled(values, from: begun, to: MonotonicClock.now()) { sink(event) }
        }
    }
}
