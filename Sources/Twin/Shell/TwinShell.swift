public import Events
import KNX
public import Platform
import Synchronization

/// A running twin without boards and sockets: its lines in real time on a thread of their own, its chips on pseudo-terminals. What it does is
/// told to a sink; what boards do is told to it.
public final class TwinShell: Sendable {
    /// The published path of each chip's terminal by `<line>/<chip>`.
    public let attachments: [(name: String, path: String)]
    /// The TCP port on 127.0.0.1 of each chip that has no terminal, by `<line>/<chip>`.
    public let servers: [(name: String, port: UInt16)]
    /// The IPv4 address and the port of each KNXnet/IP interface by `<line>/<interface>`.
    public var interfaces: [(name: String, host: String, port: UInt16)] { shells.map { ($0.name, $0.host, $0.port) } }
    /// The KNX USB interfaces of all lines as devices to serve, and what each is called: `<line>/<interface>`.
    public var usbInterfaces: [(name: String, device: String, model: KNXUSBInterface)] {
        plugged.map { ($0.name, $0.device, $0.model) }
    }
    /// Whether the lines have real-time priority; without it they slip on a busy machine.
    public var isRealtime: Bool { thread.isRealtime }

    private let inbox: LineInbox
    private let thread: NamedThread
    private let shells: [IPInterfaceShell]
    private let plugged: [USBInterfaceShell]
    private let configuration: TwinConfiguration

    /// Publishes the terminals and starts the lines. All relays have fallen: normally closed contacts feed, normally open ones don't.
    ///
    /// - Parameter sink: called on the line's thread for everything that happens, so it must return at once.
    /// - Throws: when the directory cannot be written or no terminal is to be had.
    public init(
        _ configuration: TwinConfiguration, sink: @escaping @Sendable (TwinRecord) -> Void
    ) throws(SystemFailure) {
        self.configuration = configuration
        let inbox = try LineInbox()
        self.inbox = inbox
        let wiring = Wiring(configuration.boards)
        let made = try PlannedPort.all(configuration, wiring)
        attachments = made.compactMap { if case .terminal(let symlink) = $0.place { ($0.name, symlink) } else { nil } }
        servers = made.compactMap { if case .tcp(let port) = $0.place { ($0.name, port) } else { nil } }
        var shells: [IPInterfaceShell] = []
        let plugged: [USBInterfaceShell]
        do throws(SystemFailure) {
            shells = try IPInterfaceShell.all(configuration, wiring, inbox: inbox)
            plugged = try USBInterfaceShell.all(configuration, wiring, inbox: inbox)
        } catch {
            for shell in shells { shell.stop() }
            for port in made { port.connection?.unplug() }
            throw error
        }
        self.shells = shells
        self.plugged = plugged
        let interfaces = shells.map { $0 as any TappedInterface } + plugged.map { $0 as any TappedInterface }
        thread = NamedThread.start(TwinRecord.threadName, realtimePriority: 20) {
            let ports = made.map {
                HostPort(
                    line: $0.line, chip: $0.chip, model: $0.model, place: $0.place, connection: $0.connection)
            }
            LineThread(
                configuration, ports: ports, interfaces: interfaces, wiring: wiring, anchor: MonotonicClock.now(),
                inbox: inbox, sink: sink
            ).run()
        }
    }

    /// A relay's contact has moved. Contacts that are wired into nothing are recorded and otherwise ignored.
    public func boardChanged(board: String, channel: Int, energised: Bool, at instant: Instant) {
        inbox.post(.board(board, channel: channel, isEnergised: energised, at: instant))
    }

    /// Somebody wires a contact to another place.
    func rewire(board: String, _ channel: TwinConfiguration.WiredChannel) {
        inbox.post(.rewire(board, channel, at: MonotonicClock.now()))
    }

    /// Cuts or connects a line's supply or a chip's serial connection directly, past all boards.
    public func connect(_ feed: TwinConfiguration.Feed, _ isConnected: Bool, at instant: Instant = MonotonicClock.now())
    {
        inbox.post(.feed(feed, isConnected: isConnected, at: instant))
    }

    /// Gives the contact in a line's feed a timing of its own.
    ///
    /// - Precondition: the line exists.
    public func wire(_ contact: SupplyContact, line id: String) {
        guard let line = configuration.lines.firstIndex(where: { $0.id == id }) else {
            preconditionFailure("the twin has no line \(id)")
        }
        inbox.post(.contact(line: line, contact))
    }

    /// Shorts the wires of a line, or ends that.
    ///
    /// - Precondition: the line exists.
    public func short(_ isShorted: Bool, line id: String) {
        guard let line = configuration.lines.firstIndex(where: { $0.id == id }) else {
            preconditionFailure("the twin has no line \(id)")
        }
        inbox.post(.short(line: line, isShorted, at: MonotonicClock.now()))
    }

    /// Sends a telegram from a device, beside what its behaviour sends: load for measurements.
    ///
    /// - Precondition: the line and the device exist.
    public func send(_ octets: [UInt8], line id: String, device: String) {
        guard let line = configuration.lines.firstIndex(where: { $0.id == id }),
            let index = configuration.lines[line].devices.firstIndex(where: { $0.id == device })
        else { preconditionFailure("the twin has no device \(device) on a line \(id)") }
        inbox.post(.send(line: line, device: index, Transmission(number: 0, octets: octets)))
    }

    /// Puts octets on a line once, as they are, from a device.
    ///
    /// - Precondition: the line and the device exist.
    func inject(_ injection: LineInjection, device: String) {
        guard let line = configuration.lines.firstIndex(where: { $0.id == injection.line }),
            let index = configuration.lines[line].devices.firstIndex(where: { $0.id == device })
        else { preconditionFailure("the twin has no device \(device) on a line \(injection.line)") }
        inbox.post(.send(line: line, device: index, injection.transmission))
    }

    /// How punctual the lines have been so far.
    public var punctuality: Punctuality { inbox.punctuality.withLock { $0 } }

    /// Makes something wrong with a KNXnet/IP interface, or right again; false when there is none of that name.
    ///
    /// - Parameter name: `<line>/<interface>`.
    @discardableResult
    public func disturb(interface name: String, _ faults: IPInterfaceFaults) -> Bool {
        guard let shell = shells.first(where: { $0.name == name }) else { return false }
        shell.post(.faults(faults))
        return true
    }

    /// Makes something wrong with a chip, or right again; false when there is none of that name.
    ///
    /// - Parameter name: `<line>/<chip>`.
    @discardableResult
    public func disturb(chip name: String, _ faults: ChipFaults) -> Bool {
        for (index, line) in configuration.lines.enumerated() {
            guard let chip = line.chips.firstIndex(where: { "\(line.id)/\($0.id)" == name }) else { continue }
            inbox.post(.faults(line: index, chip: chip, faults))
            return true
        }
        return false
    }

    /// Makes something wrong with a KNX USB interface, or right again; false when there is none of that name.
    ///
    /// - Parameter name: `<line>/<interface>`.
    @discardableResult
    public func disturb(usbInterface name: String, _ faults: USBInterfaceFaults) -> Bool {
        guard let shell = plugged.first(where: { $0.name == name }) else { return false }
        shell.disturb(faults)
        return true
    }

    /// Says who serves the KNX USB interfaces, all of `usbInterfaces` under the names of their devices; until then they are deaf. Those whose relay
    /// contacts are open are unplugged at once.
    public func carry(by server: any DeviceServer) {
        for shell in plugged { shell.carry(by: server) }
    }

    /// Unplugs every chip and waits for the end of the threads.
    public func stop() {
        for shell in shells { shell.stop() }
        for shell in plugged { shell.stop() }
        inbox.post(.stop)
        thread.join()
    }
}

/// A port before the thread is there that owns it.
private struct PlannedPort: Sendable {
    let line: Int
    let chip: Int
    let model: TransceiverModel
    let name: String
    /// With the port that it has, once it has been plugged in.
    let place: HostConnection.Place
    let connection: HostConnection?

    /// The ports of all chips, those plugged in whose contacts feed them.
    static func all(_ configuration: TwinConfiguration, _ wiring: Wiring) throws(SystemFailure) -> [PlannedPort] {
        var made: [PlannedPort] = []
        do throws(SystemFailure) {
            for (lineIndex, line) in configuration.lines.enumerated() {
                for (chipIndex, chip) in line.chips.enumerated() {
                    var place = HostConnection.Place.terminal(
                        symlink: "\(configuration.directory)/\(line.id)-\(chip.id)")
                    if let port = chip.tcpPort { place = .tcp(port: port) }
                    let isPlugged = wiring.isConnected(.interface(line: line.id, chip: chip.id))
                    // A free port is found by taking it, though nobody is to find it plugged in.
                    let isFound = isPlugged || chip.tcpPort == 0
                    let connection = isFound ? try HostConnection.open(place) : nil
                    if case .server(let server) = connection { place = .tcp(port: server.port) }
                    if !isPlugged { connection?.unplug() }
                    made.append(
                        PlannedPort(
                            line: lineIndex, chip: chipIndex, model: chip.parameters.model,
                            name: "\(line.id)/\(chip.id)", place: place, connection: isPlugged ? connection : nil))
                }
            }
        } catch {
            for port in made { port.connection?.unplug() }
            throw error
        }
        return made
    }
}
