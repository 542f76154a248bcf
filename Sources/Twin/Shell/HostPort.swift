import Events
import Glibc
import KNX
import Platform

/// The serial connection between a chip and its host, which can be pulled out and put in again. It never blocks the line. Of one thread.
final class HostPort {
    /// Where it belongs: indices of the line and of the chip on it.
    let line: Int
    let chip: Int
    private let place: HostConnection.Place
    private var connection: HostConnection?
    /// Octets on their way to the host, in order of their instants.
    private var outgoing: [(octet: UInt8, due: Instant)] = []
    private var sent = 0
    /// Tells a reset from a data octet that looks like one, also while the chip has no power.
    private var services: TPUARTRequestStream
    /// A host has come or gone since `takeChange`.
    private var hasChanged = false

    /// - Parameter model: what its octets mean.
    init(
        line: Int, chip: Int, model: TransceiverModel = .tpuart2, place: HostConnection.Place,
        connection: HostConnection?
    ) {
        self.line = line
        self.chip = chip
        self.place = place
        self.connection = connection
        services = TPUARTRequestStream(chip: model.chip)
    }

    var isPlugged: Bool { connection != nil }

    /// What to watch for hosts and their octets; none while it is unplugged.
    var watched: [Descriptor] {
        switch connection {
        case .terminal(let terminal): [terminal.terminal.primary]
        case .server(let server): [server.listener] + (server.host.map { [$0] } ?? [])
        case nil: []
        }
    }

    /// What octets for the host are written to.
    private var outlet: Descriptor? {
        switch connection {
        case .terminal(let terminal): terminal.terminal.primary
        case .server(let server): server.host
        case nil: nil
        }
    }

    /// A new connection in the same place.
    func plug() throws(SystemFailure) {
        connection = try HostConnection.open(place)
    }

    func unplug() {
        connection?.unplug()
        connection = nil
        forget()
    }

    private func forget() {
        services = TPUARTRequestStream(chip: services.chip)
        outgoing = []
        sent = 0
    }

    /// What the host has written; empty when there is nothing, or no host. nil: the host has hung up.
    func read() -> [UInt8]? {
        switch connection {
        case .terminal(let terminal): return read(terminal)
        case .server(var server):
            let had = server.host != nil
            server.accept()
            let octets = server.read(maximum: 256)
            if had != (server.host != nil) || octets == nil { hasChanged = true }
            connection = .server(server)
            if octets == nil { forget() }
            return octets
        case nil: return []
        }
    }

    /// Whether what is to be watched is another than before.
    func takeChange() -> Bool {
        defer { hasChanged = false }
        return hasChanged
    }

    private func read(_ connection: HostTerminal) -> [UInt8] {
        guard let octets = try? connection.terminal.primary.read(maximum: 256) else { return [] }
        if octets.contains(0x01) { connection.terminal.rearm() }
        // A serial line keeps nothing for a host that was not there; a terminal does. Reset is a host's first word: only there may octets
        // that it has not read yet be thrown away.
        var isReset = false
        for octet in octets where services.feed(octet) == .request(.reset) { isReset = true }
        if isReset { tcflush(connection.hostSide.number, TCIFLUSH) }
        return octets
    }

    func queue(_ octet: UInt8, due: Instant) {
        guard outlet != nil else { return }
        outgoing.append((octet, due))
    }

    var nextDue: Instant? { sent < outgoing.count ? outgoing[sent].due : nil }

    /// Writes what is due. Octets that the connection has no room for are lost, as on a serial line whose host does not read.
    func write(at instant: Instant, _ punctuality: inout Punctuality) {
        guard sent < outgoing.count, let outlet else { return }
        while sent < outgoing.count, outgoing[sent].due <= instant {
            let (octet, due) = outgoing[sent]
            sent += 1
            if (try? outlet.write(CollectionOfOne(octet))) == 1 {
                punctuality.wrote(lateNanoseconds: (instant - due).nanoseconds)
            } else {
                punctuality.droppedOctets += 1
            }
        }
        if sent == outgoing.count {
            outgoing.removeAll(keepingCapacity: true)
            sent = 0
        }
    }
}
