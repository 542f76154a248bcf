import Documents
import Events
import Glibc
import Platform
import Relays
import Rigs

extension Command {
    private static let board = Option.value(
        "--board", "BOARD", "which one, by serial or port path (default: the only one)")
    private static let usbip = Option.value(
        "--usbip", "HOST:PORT", "on a USB/IP server, such as a twin's, instead of here")
    private static let driver = Option.value(
        "--driver", "NAME", "what kind it is, as rig files and 'relay boards' name it (default: dcttech)")
    private static let json = Option.flag("--json", "print JSON")

    static let relayCommands: [Command] = [relayList, relayBoards, relayGet, relaySet, relayCycle, relayWatch]

    private static let relayList = Command(
        name: "relay list", summary: "List the relay boards that can be reached",
        options: [.value("--usbip", "HOST:PORT", "look at a USB/IP server too, such as a twin's"), json],
        examples: ["knxrig relay list", "knxrig relay list --usbip 127.0.0.1:3240"]
    ) { arguments in
        try arguments.refuseOperands()
        var transports: [any USBTransport] = [LibUSBTransport()]
        if let usbip = try arguments.usbip() { transports.append(USBIPTransport(host: usbip.host, port: usbip.port)) }
        let listing = RelayListing(transports, serial: SerialTransport(), hubs: (LibUSBTransport(), "/sys"))
        Terminal.output(arguments.has("--json") ? JSON.text(listing.value) + "\n" : listing.text)
        return .pass
    }

    private static let relayBoards = Command(
        name: "relay boards", summary: "List the boards that there are drivers for, and what is known of each",
        options: [data, json], examples: ["knxrig relay boards", "knxrig relay boards --json"],
        notes: """
            Read-back `coils`: the board can be asked whether its coils have current; `none`: each command is reported as assumed. Bind by `path`: other
            things carry the same ids, so a rig file names the port. What is known is from firmware-notes/.
            """
    ) { arguments in
        try arguments.refuseOperands()
        let listing = RelayDriverListing(try dataDirectories(arguments).firmwareNotes())
        Terminal.output(arguments.has("--json") ? JSON.text(listing.value) + "\n" : listing.text)
        return .pass
    }

    private static let relayGet = Command(
        name: "relay get", summary: "Read the coils of a relay board", operands: "[CHANNEL]",
        options: [board, driver, usbip, json], examples: ["knxrig relay get", "knxrig relay get 2 --board PSUIS"]
    ) { arguments in
        guard arguments.operands.count <= 1 else { throw UsageFailure("one channel, or none for all of them") }
        return try withBoard(arguments) { board in
            let channels =
                try arguments.operands.first.map { [try channel($0, of: board)] } ?? Array(1...board.channelCount)
            guard let states = try board.readAll() else {
                throw RelayFailure.system("\(board.identity) can't be read: boards of its kind tell nothing")
            }
            show(board, channels, states, arguments)
        }
    }

    private static let relaySet = Command(
        name: "relay set", summary: "Turn a coil of a relay board on or off, and read it back",
        operands: "CHANNEL on|off",
        options: [board, driver, usbip, json],
        examples: ["knxrig relay set 1 on", "knxrig relay set 2 off --board 1-1.4"],
        notes: """
            What a coil does to the circuit is the wiring's business: here on is current in the coil. In JSON `microseconds` is how long it took to
            claim the board, set the coil, read it back and release the board.
            """
    ) { arguments in
        guard arguments.operands.count == 2, let isOn = ["on": true, "off": false][arguments.operands[1]] else {
            throw UsageFailure("a channel and 'on' or 'off' are needed")
        }
        return try withLockedBoard(arguments) { board in
            let number = try channel(arguments.operands[0], of: board)
            let began = MonotonicClock.now()
            let readback = try board.set(number, energised: isOn)
            let took = MonotonicClock.now() - began
            let states = try board.readAll() ?? [Bool](repeating: isOn, count: board.channelCount)
            show(board, [number], states, arguments, readback, took: took)
        }
    }

    private static let relayCycle = Command(
        name: "relay cycle", summary: "Turn a coil over for a time and back again", operands: "CHANNEL",
        options: [board, driver, usbip, json, .value("--milliseconds", "N", "how long (default: 1000)")],
        examples: ["knxrig relay cycle 1", "knxrig relay cycle 1 --milliseconds 5000"]
    ) { arguments in
        guard arguments.operands.count == 1 else { throw UsageFailure("one channel is needed") }
        let duration = try arguments.integer("--milliseconds", 10...3_600_000, default: 1_000)
        let signals = try Signals.descriptor(for: [SIGINT, SIGTERM, SIGHUP])
        var isInterrupted = false
        let status = try withLockedBoard(arguments) { board in
            let number = try channel(arguments.operands[0], of: board)
            guard let before = try board.readAll()?[number - 1] else {
                throw RelayFailure.system("\(board.identity) can't be read, so there is no state to come back to")
            }
            let restorer = try CoilRestorer(restoring(number, to: before, board.identity, arguments))
            let readback = try board.cycle(number, from: before) {
                let ready = Poll.wait(
                    [(signals, .readable)], until: MonotonicClock.now() + .milliseconds(Int64(duration)))
                isInterrupted = !ready[0].isEmpty
            }
            if readback != .failed { restorer.dismiss() }
            show(board, [number], try board.readAll() ?? [], arguments, readback)
        }
        return isInterrupted ? .aborted : status
    }

    private static func restoring(
        _ number: Int, to isOn: Bool, _ identity: BoardIdentity, _ arguments: Arguments
    ) -> [String] {
        // By its place: serials are shared by whole batches.
        ["\(number)", isOn ? "on" : "off", "--board", identity.path, "--driver", identity.driver]
            + (arguments.value("--usbip").map { ["--usbip", $0] } ?? [])
    }

    static let relayRestore = Command(
        name: "relay-restore", summary: "Turn a coil back when `relay cycle` dies", operands: "CHANNEL on|off",
        options: [board, driver, usbip], isInternal: true
    ) { arguments in
        guard let lifeline = Lifeline.inherited(), arguments.operands.count == 2 else {
            throw UsageFailure("what turns a coil back is started by `knxrig relay cycle`")
        }
        return CoilRestorer.run(lifeline) {
            let board = try open(arguments)
            defer { board.close() }
            let locks = try RigLock.ofBoard(board.identity, holder: "knxrig relay, process \(getpid())")
            try withExtendedLifetime(locks) {
                let number = try channel(arguments.operands[0], of: board)
                guard try board.set(number, energised: arguments.operands[1] == "on") != .failed else {
                    throw RelayFailure.system("\(board.identity) does not follow")
                }
            }
        }
    }

    private static func channel(_ text: String, of board: any RelayBoard) throws -> Int {
        guard let number = Int(text) else { throw UsageFailure("'\(text)' is no channel: they are numbered from 1") }
        guard (1...board.channelCount).contains(number) else {
            throw UsageFailure("\(board.identity) has channels 1 to \(board.channelCount), not \(number)")
        }
        return number
    }

    private static func show(
        _ board: any RelayBoard, _ channels: [Int], _ states: [Bool], _ arguments: Arguments,
        _ readback: Event.Actuation.Readback? = nil, took: Instant.Span? = nil
    ) {
        if arguments.has("--json") {
            var fields: [Value.Field] = [
                Value.Field("driver", .text(board.identity.driver)),
                Value.Field("serial", .text(board.identity.serial)),
                Value.Field("path", .text(board.identity.path)), Value.Field("states", .list(states.map { .bool($0) })),
            ]
            if let readback { fields.append(Value.Field("readback", .text(readback.rawValue))) }
            if let took { fields.append(Value.Field("microseconds", .integer(took.nanoseconds / 1_000))) }
            Terminal.output(JSON.text(.record(fields)) + "\n")
        } else {
            let shown = channels.map { "\($0) \(states[$0 - 1] ? "on" : "off")" }.joined(separator: ", ")
            Terminal.output("\(board.identity): \(shown)\(readback.map { " (\($0.rawValue))" } ?? "")\n")
        }
    }

    /// Opens the board that the arguments mean and closes it when `body` is done with it.
    private static func withBoard(_ arguments: Arguments, _ body: (any RelayBoard) throws -> Void) throws -> ExitStatus
    {
        do {
            let board = try open(arguments)
            defer { board.close() }
            try body(board)
            return .pass
        } catch RelayFailure.ambiguous(_, let paths) {
            throw UsageFailure(
                "\(paths.count) boards are plugged in (\(paths.joined(separator: ", "))): say which with --board")
        } catch let failure as RelayFailure {
            guard case .needsPath = failure else { throw failure }
            throw UsageFailure("\(failure)")
        } catch let refusal as RigLock.Refusal {
            Terminal.error("knxrig: \(refusal)\n")
            return .invalid
        }
    }

    private static func open(_ arguments: Arguments) throws -> any RelayBoard {
        let name = arguments.value("--driver") ?? "dcttech"
        let board = arguments.value("--board")
        let usbip = try arguments.usbip()
        if SerialBoardDrivers.all.contains(where: { $0.name == name }) {
            guard usbip == nil else {
                throw UsageFailure("a \(name) board is on a serial line, not on a USB/IP server")
            }
            return try SerialBoardDrivers.open(name, on: SerialTransport(), named: board)
        }
        if name == HubPortPower.driverName {
            guard let board, usbip == nil else {
                throw UsageFailure("the ports of a hub are switched here: name the hub with --board, such as 1-1.4")
            }
            return try HubPortPower(board, on: LibUSBTransport())
        }
        guard RelayBoardDrivers.all.contains(where: { $0.name == name }) else {
            let known =
                RelayBoardDrivers.all.map(\.name) + [HubPortPower.driverName] + SerialBoardDrivers.all.map(\.name)
            throw UsageFailure("\(RelayFailure.noDriver(name: name, known: known))")
        }
        guard let usbip else { return try RelayBoardDrivers.open(name, on: LibUSBTransport(), named: board) }
        return try RelayBoardDrivers.open(name, on: USBIPTransport(host: usbip.host, port: usbip.port), named: board)
    }

    /// `withBoard`, unless a keeper has the board: it alone commands then.
    private static func withLockedBoard(
        _ arguments: Arguments, _ body: (any RelayBoard) throws -> Void
    ) throws -> ExitStatus {
        try withBoard(arguments) { board in
            let locks = try RigLock.ofBoard(
                board.identity, holder: "knxrig relay, process \(getpid())")
            try withExtendedLifetime(locks) { try body(board) }
        }
    }
}
