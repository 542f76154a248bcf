/// The connections of some clients in the kernel's table, known by the ports of the clients.
///
/// A port is a client's for as long as the client lives or one of its ends is held: when all are gone, the next connection from it is somebody else's. (Once in some
/// hundred runs a probe's request came from the port of a client that had been reset, and looked like one that had not.)
struct ClientSockets {
    /// The port that all of them are connected to.
    private let service: UInt16
    private var ports: Set<UInt16>

    init(to service: UInt16, from ports: Set<UInt16>) {
        self.service = service
        self.ports = ports
    }

    /// The ends that nobody has closed, the clients' and the service's.
    ///
    /// - Parameter alive: the ports of the clients that we have not ended. The kernel's table changes while it is read and may leave one out for once.
    mutating func held(
        in table: [SocketTable.Entry], alive: [UInt16]
    ) -> (ours: [SocketTable.Entry], theirs: [SocketTable.Entry]) {
        let ours = table.filter { $0.remotePort == service && ports.contains($0.localPort) && $0.state.isHeld }
        let theirs = table.filter { $0.localPort == service && ports.contains($0.remotePort) && $0.state.isHeld }
        ports.formIntersection(alive + ours.map(\.localPort) + theirs.map(\.remotePort))
        return (ours, theirs)
    }
}
