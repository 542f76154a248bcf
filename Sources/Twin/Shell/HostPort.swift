import Events
import Glibc
import Platform

/// A pseudo-terminal as a host finds it.
struct HostTerminal: Sendable {
    let terminal: PseudoTerminal
    /// Open on the host's side, to throw away what no host has read.
    let hostSide: Descriptor

    /// A new terminal under `symlink`, in place of what stood there.
    init(symlink: String) throws(SystemFailure) {
        terminal = try PseudoTerminal()
        let number = unsafe open(terminal.path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
        guard number >= 0 else { throw SystemFailure("open", terminal.path) }
        hostSide = Descriptor(owning: number)
        try terminal.publish(as: symlink)
    }

    /// The symlink goes and the host sees the hang-up.
    func unplug() {
        hostSide.close()
        terminal.unplug()
    }
}

/// The serial connection between a chip and its host, which can be pulled out and put in again. It never blocks the line. Of one thread.
final class HostPort {
    /// Where it belongs: indices of the line and of the chip on it.
    let line: Int
    let chip: Int
    private let symlink: String
    private var connection: HostTerminal?
    /// Octets on their way to the host, in order of their instants.
    private var outgoing: [(octet: UInt8, due: Instant)] = []
    private var sent = 0
    /// Tells a reset from a data octet that looks like one, also while the chip has no power.
    private var services = HostServiceDecoder()

    init(line: Int, chip: Int, symlink: String, connection: HostTerminal?) {
        self.line = line
        self.chip = chip
        self.symlink = symlink
        self.connection = connection
    }

    /// What to watch for octets from the host; nil while it is unplugged.
    var descriptor: Descriptor? { connection?.terminal.primary }

    /// A new terminal under the same symlink.
    func plug() throws(SystemFailure) {
        connection = try HostTerminal(symlink: symlink)
    }

    func unplug() {
        connection?.unplug()
        connection = nil
        services = HostServiceDecoder()
        outgoing = []
        sent = 0
    }

    /// What the host has written; empty when there is nothing, or no host.
    func read() -> [UInt8] {
        guard let connection, let octets = try? connection.terminal.primary.read(maximum: 256) else { return [] }
        if octets.contains(0x01) { connection.terminal.rearm() }
        // A serial line keeps nothing for a host that was not there; a terminal does. Reset is a host's first word: only there may octets
        // that it has not read yet be thrown away.
        var isReset = false
        for octet in octets where services.feed(octet) == .reset { isReset = true }
        if isReset { tcflush(connection.hostSide.number, TCIFLUSH) }
        return octets
    }

    func queue(_ octet: UInt8, due: Instant) {
        guard connection != nil else { return }
        outgoing.append((octet, due))
    }

    var nextDue: Instant? { sent < outgoing.count ? outgoing[sent].due : nil }

    /// Writes what is due. Octets that the terminal has no room for are lost, as on a serial line whose host does not read.
    func write(at instant: Instant, _ punctuality: inout Punctuality) {
        guard let primary = descriptor else { return }
        while sent < outgoing.count, outgoing[sent].due <= instant {
            let (octet, due) = outgoing[sent]
            sent += 1
            if (try? primary.write(CollectionOfOne(octet))) == 1 {
                punctuality.wrote(lateNanoseconds: (instant - due).nanoseconds)
            } else {
                punctuality.droppedOctets += 1
            }
        }
        if sent == outgoing.count, sent > 0 {
            outgoing.removeAll(keepingCapacity: true)
            sent = 0
        }
    }
}
