import Platform
import Rigs

extension Command {
    private static let keeperOptions: [Option] = [
        .value("--rig", "FILE", "the rig file"), .value("--socket", "PATH", "where to listen for the run"),
        .value("--directory", "DIR", "where locks, unsafe marks and wear counters live"),
        .value("--usbip", "HOST:PORT", "where boards with the transport usbip are"),
        .value("--journal", "FILE", "append every command and read-back to FILE"),
        .value("--group", "NAME", "whose members may take the rig, beside root and this user"),
        .flag("--stay", "wait for the next client when one has gone, as a service does"),
        .flag("--even-unsafe", "take a rig that is marked unsafe, to check it"),
    ]

    static let keeper = Command(
        name: "keeper", summary: "Own the relay boards of a rig for one run", options: keeperOptions, isInternal: true
    ) { arguments in
        ExitStatus(rawValue: Keeper.run(try options(arguments), lifeline: Lifeline.inherited())) ?? .error
    }

    static let guardian = Command(
        name: "guardian", summary: "Command the safe state when the keeper dies", options: keeperOptions,
        isInternal: true
    ) { arguments in
        guard let lifeline = Lifeline.inherited() else { throw UsageFailure("a guardian is started by its keeper") }
        return ExitStatus(rawValue: Guardian.run(try options(arguments), lifeline: lifeline)) ?? .error
    }

    private static func options(_ arguments: Arguments) throws(UsageFailure) -> KeeperOptions {
        guard let rig = arguments.value("--rig"), let socket = arguments.value("--socket"),
            let directory = arguments.value("--directory")
        else { throw UsageFailure("--rig, --socket and --directory are needed") }
        var options = KeeperOptions(
            rigFile: rig, socket: socket, directory: directory,
            access: try arguments.usbip().map { BoardAccess(usbipHost: $0.host, usbipPort: $0.port) } ?? BoardAccess(),
            journal: arguments.value("--journal"), program: Program.path, evenUnsafe: arguments.has("--even-unsafe"))
        options.group = arguments.value("--group")
        options.stays = arguments.has("--stay")
        return options
    }
}

extension Arguments {
    /// The value of `--usbip`, split.
    func usbip() throws(UsageFailure) -> (host: String, port: UInt16)? { try hostAndPort("--usbip") }

    /// The value of an option that is HOST:PORT, split; nil when it is not given.
    func hostAndPort(_ name: String) throws(UsageFailure) -> (host: String, port: UInt16)? {
        guard let text = value(name) else { return nil }
        let parts = text.split(separator: ":")
        guard parts.count == 2, let port = UInt16(parts[1]) else {
            throw UsageFailure("'\(name) \(text)' should be HOST:PORT such as 127.0.0.1:3240")
        }
        return (String(parts[0]), port)
    }

    func refuseOperands() throws(UsageFailure) {
        if let first = operands.first { throw UsageFailure("'\(first)' is not expected here") }
    }
}
