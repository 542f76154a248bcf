import Events
import Platform
import Synchronization

/// The loop that keeps all lines of a twin on time: it sleeps until the next octet or bit is due or a host writes, carries the lines to now
/// and hands over what became due. Everything in it belongs to its one thread.
final class LineThread {
    private let lines: [TwinConfiguration.Line]
    private var simulations: [LineSimulation]
    private let ports: [HostPort]
    private var wiring: Wiring
    private let inbox: LineInbox
    private let interfaces: [any TappedInterface]
    private let sink: @Sendable (TwinRecord) -> Void
    private var effects: [LineSimulation.Effect] = []
    private var watched: [(descriptor: Descriptor, for: Readiness)] = []
    private var watchedPorts: [Int] = []

    init(
        _ configuration: TwinConfiguration, ports: [HostPort], interfaces: [any TappedInterface], wiring: Wiring,
        anchor: Instant, inbox: LineInbox, sink: @escaping @Sendable (TwinRecord) -> Void
    ) {
        lines = configuration.lines
        simulations = configuration.lines.map {
            LineSimulation($0, isSupplied: wiring.isConnected(.supply(line: $0.id)), anchor: anchor)
        }
        self.ports = ports
        self.wiring = wiring
        self.interfaces = interfaces
        self.inbox = inbox
        self.sink = sink
    }

    /// Runs until the inbox says stop; then every port is unplugged.
    func run() {
        watch()
        while true {
            let due = nextDue()
            let ready = Poll.wait(watched, until: due)
            let now = MonotonicClock.now()
            if let due, now > due { report(late: (now - due).nanoseconds, at: now) }
            if !ready[0].isEmpty, !takeMessages() { break }
            var hasChanged = false
            for (index, readiness) in zip(watchedPorts, ready.dropFirst()) where !readiness.isEmpty {
                let port = ports[index]
                if let octets = port.read() {
                    if !octets.isEmpty { simulations[port.line].hostWrote(octets, chip: port.chip, at: now) }
                } else {
                    simulations[port.line].hostLost(chip: port.chip)
                }
                if port.takeChange() { hasChanged = true }
            }
            if hasChanged { watch() }
            carry(to: now)
        }
        for port in ports { port.unplug() }
    }

    private func nextDue() -> Instant? {
        var due: Instant?
        for simulation in simulations {
            if let next = simulation.nextDue { due = min(due ?? next, next) }
        }
        for port in ports {
            if let next = port.nextDue { due = min(due ?? next, next) }
        }
        return due
    }

    private func carry(to now: Instant) {
        for index in simulations.indices {
            let delay = simulations[index].holdStarts(until: now)
            if delay.nanoseconds > 0 { inbox.punctuality.withLock { $0.slipped(lateNanoseconds: delay.nanoseconds) } }
            simulations[index].advance(to: now, effects: &effects)
            take(effectsOf: index)
        }
        inbox.punctuality.withLock { punctuality in
            for port in ports { port.write(at: now, &punctuality) }
        }
    }

    private func take(effectsOf line: Int) {
        for effect in effects {
            switch effect {
            case .toHost(let chip, let octet, let due):
                ports.first { $0.line == line && $0.chip == chip }?.queue(octet, due: due)
            case .record(let record): sink(.line(lines[line].id, record))
            case .toInterface(let index, let event):
                interfaces.first { $0.line == line && $0.index == index }?.happened(event)
            }
        }
        effects.removeAll(keepingCapacity: true)
    }

    private func report(late: Int64, at now: Instant) {
        guard late > Punctuality.slipNanoseconds else { return }
        inbox.punctuality.withLock { $0.slipped(lateNanoseconds: late) }
        if late > Punctuality.reportedSlipNanoseconds { sink(.slip(lateNanoseconds: late, at: now)) }
    }

    /// False when the thread is to end.
    private func takeMessages() -> Bool {
        for message in inbox.take() {
            switch message {
            case .stop: return false
            case .board(let board, let channel, let isEnergised, let instant):
                sink(.board(board, channel: channel, isEnergised: isEnergised, at: instant))
                guard let feed = wiring.moved(board: board, channel: channel, isEnergised: isEnergised) else {
                    continue
                }
                connect(feed, wiring.isConnected(feed), at: instant)
            case .rewire(let board, let channel, let instant):
                for feed in wiring.rewire(board: board, channel) {
                    connect(feed, wiring.isConnected(feed), at: instant)
                }
            case .feed(let feed, let isConnected, let instant): connect(feed, isConnected, at: instant)
            case .contact(let line, let contact):
                simulations[line].wire(contact, at: MonotonicClock.now(), effects: &effects)
                take(effectsOf: line)
            case .faults(let line, let chip, let faults):
                simulations[line].disturb(faults, chip: chip, at: MonotonicClock.now(), effects: &effects)
                take(effectsOf: line)
            case .short(let line, let isShorted, let instant):
                simulations[line].short(isShorted, at: instant, effects: &effects)
                take(effectsOf: line)
            case .send(let line, let device, let transmission):
                simulations[line].send(transmission, fromDevice: device, at: MonotonicClock.now())
            case .transmit(let line, let interface, let transmission):
                simulations[line].send(transmission, fromInterface: interface, at: MonotonicClock.now())
            case .attitude(let line, let interface, let attitude):
                simulations[line].setAttitude(attitude, ofInterface: interface)
            }
        }
        return true
    }

    private func connect(_ feed: TwinConfiguration.Feed, _ isConnected: Bool, at instant: Instant) {
        switch feed {
        case .none: break
        case .supply(let id):
            guard let line = lines.firstIndex(where: { $0.id == id }) else { return }
            // A supply whose wires are open does not come back to the line.
            let isOn = isConnected && wiring.isConnected(.wires(line: id))
            simulations[line].supply(on: isOn, at: instant, effects: &effects)
            take(effectsOf: line)
        case .wires(let id):
            guard let line = lines.firstIndex(where: { $0.id == id }) else { return }
            let isOn = isConnected && wiring.isConnected(.supply(line: id))
            simulations[line].supply(on: isOn, heldUp: false, at: instant, effects: &effects)
            take(effectsOf: line)
        case .interface(let id, let chip):
            if let interface = interfaces.first(where: { $0.name == "\(id)/\(chip)" }) {
                interface.connect(isConnected)
                return sink(.plug(line: id, chip: chip, isPlugged: isConnected, at: instant))
            }
            let port = ports.first { lines[$0.line].id == id && lines[$0.line].chips[$0.chip].id == chip }
            guard let port else { return }
            plug(port, isConnected, line: id, chip: chip, at: instant)
        }
    }

    private func plug(_ port: HostPort, _ isPlugged: Bool, line: String, chip: String, at instant: Instant) {
        guard isPlugged != port.isPlugged else { return }
        if isPlugged {
            // Without a terminal, or its TCP port, the port stays out; the truth tells, since no plug is recorded.
            guard (try? port.plug()) != nil else { return }
        } else {
            port.unplug()
            simulations[port.line].hostLost(chip: port.chip)
        }
        watch()
        sink(.plug(line: line, chip: chip, isPlugged: isPlugged, at: instant))
    }

    private func watch() {
        watched = [(inbox.wakeup.descriptor, .readable)]
        watchedPorts = []
        for (index, port) in ports.enumerated() {
            for descriptor in port.watched {
                watched.append((descriptor, .readable))
                watchedPorts.append(index)
            }
        }
    }
}
