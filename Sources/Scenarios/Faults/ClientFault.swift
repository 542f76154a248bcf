import Events
import Platform
import Systems

/// WebSocket clients of the rig's own are opened, read for a while, and then all are reset at once, or read and answer nothing any more. The heal closes
/// those that fell silent; one that only stopped reading reads on.
final class ClientFault: CommandedFault {
    enum Kind: Sendable {
        case reset, silent, slow
    }

    /// How long they read before, so that everybody knows them.
    private static let readsFor = Instant.Span.seconds(2)
    /// How long a slow client has to read what was kept for it.
    private static let readsOnFor = Instant.Span.seconds(3)

    private let kind: Kind
    private let count: Int
    private let duration: Instant.Span
    private let phase: Instant.Span
    let commanded = Commanded()

    init(kind: Kind, count: Int, duration: Instant.Span, phase: Instant.Span) {
        self.kind = kind
        self.count = count
        self.duration = duration
        self.phase = phase
    }

    var announcement: String {
        switch kind {
        case .reset: "resetting \(count) WebSocket clients at once"
        case .silent: "letting \(count) WebSocket clients fall silent for \(duration.wholeMilliseconds / 1000) s"
        case .slow: "letting a WebSocket client not read for \(duration.wholeMilliseconds / 1000) s"
        }
    }

    var healing: String {
        switch kind {
        case .reset: "nothing heals it but the system itself"
        case .silent: "closing the silent clients"
        case .slow: "reading on"
        }
    }

    var lineIsAlive: Bool { true }

    func inject(_ bench: Bench) throws(Interruption) {
        try bench.openClients(count, withSmallBuffer: kind == .slow)
        try bench.sleep(until: MonotonicClock.now() + Self.readsFor + phase)
        let clients = try bench.clients
        let from: Instant
        let to: Instant
        switch kind {
        case .reset: (from, to) = clients.reset()
        case .silent, .slow:
            from = MonotonicClock.now()
            to = clients.fallSilent()
        }
        commanded.set(from)
        bench.recordClients(kind == .reset ? "reset" : "silent", purpose: "fault", from: from, to: to)
    }

    func heal(_ bench: Bench) throws(Interruption) {
        try bench.sleep(until: bench.healing(healDue(bench)))
        let clients = try bench.clients
        let from = MonotonicClock.now()
        switch kind {
        case .reset: bench.recordClients("none", purpose: "heal", from: from, to: from)
        case .silent:
            clients.close()
            bench.recordClients("closed", purpose: "heal", from: from, to: MonotonicClock.now())
        case .slow:
            bench.recordClients("reads", purpose: "heal", from: from, to: clients.readAgain())
            try bench.sleep(until: from + Self.readsOnFor)
            clients.close()
        }
    }

    func healDue(_ bench: Bench) -> Instant { began(bench) + duration }
}
