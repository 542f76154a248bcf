public import Bus
public import Events
public import Platform

/// Where a line's witness is found once its rig is up, and how it is opened: the one place that knows the drivers of witnesses.
public enum WitnessPlace: Sendable, Hashable, CustomStringConvertible {
    case chip(BusPort)
    case interface(InterfaceLocation)
    case daemon(RigDaemon)

    public var description: String {
        switch self {
        case .chip(let port): port.description
        case .interface(let location): "\(location.host):\(location.port)"
        case .daemon(let daemon): daemon.server.description
        }
    }

    /// What to look at when it does not answer.
    public var advice: String {
        switch self {
        case .chip:
            "is the line powered, is this the right device, has another program opened it?"
        case .interface: "is it a KNXnet/IP interface, has it a busmonitor tunnel, and is it in use by nobody else?"
        case .daemon(let daemon):
            daemon.mode == .busmonitor
                ? "does knxd run, and is its link a monitor (monitor = true)?"
                : "does knxd run, and has it a client address left?"
        }
    }

    /// Starts the witness.
    ///
    /// - Parameters:
    ///   - line: the line's id in the rig file.
    ///   - silence: how long a chip may be silent before it is asked whether it lives; other drivers have ways of their own.
    public func open(
        line: String, asksAfterSilence silence: Instant.Span = .seconds(1), sink: @escaping EventSink
    ) throws(SystemFailure) -> any LineWitness {
        switch self {
        case .chip(let port):
            var configuration = TPUARTWitness.Configuration(source: Self.source, line: line, port: port)
            configuration.asksAfterSilence = silence
            return try TPUARTWitness(configuration, sink: sink)
        case .interface(let location):
            return try KNXnetIPWitness(
                KNXnetIPWitness.Configuration(
                    source: Self.source, line: line, host: location.host, port: location.port), sink: sink)
        case .daemon(let daemon):
            return try KnxdWitness(
                KnxdWitness.Configuration(source: Self.source, line: line, server: daemon.server, mode: daemon.mode),
                sink: sink)
        }
    }

    /// The source of a witness's events.
    public static let source = "witness"
}

extension RigLine.Attachment {
    /// What a witness with this driver can see.
    public var visibility: VisibilityClass {
        switch driver {
        case "knxnetip": KNXnetIPWitness.visibility
        case "knxd": (daemon?.mode ?? .busmonitor).visibility
        default: .transceiver
        }
    }

    /// Where the witness is found.
    ///
    /// - Parameters:
    ///   - devices: of a twin, the device of each chip, by `LINE/ID`.
    ///   - interfaces: of a twin, where each of its KNXnet/IP interfaces is, by `LINE/ID`.
    public func place(
        on line: String, devices: [String: String], interfaces: [String: InterfaceLocation]
    ) -> WitnessPlace {
        if let daemon { return .daemon(daemon) }
        if driver == "knxnetip", let location = location ?? interfaces["\(line)/\(device ?? "")"] {
            return .interface(location)
        }
        return .chip(serialPort(device ?? devices["\(line)/\(id)"] ?? ""))
    }
}
