/// Why a relay board can't be used, or did not do what it was told.
public enum RelayFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// No board of this driver matches.
    case noBoard(driver: String, wanted: String, transport: String, found: [String])
    /// Several boards fit and the rig file doesn't say which.
    case ambiguous(driver: String, paths: [String])
    /// Two boards carry one serial, so it names neither.
    case duplicateSerial(serial: String, paths: [String])
    /// The ids fit, the texts don't: another maker's device on a shared id.
    case otherDevice(path: String, manufacturer: String?, product: String?)
    /// Another board answers where this one was.
    case exchanged(board: String, serial: String)
    /// Anything may be behind these ids: only a path binds a board.
    case needsPath(driver: String, paths: [String])
    /// The board answers and its coils have no supply; the text says what it measured.
    case supplyMissing(board: String, String)
    /// A hub, or one port of it, that must not be used to switch power.
    case hubRefused(hub: String, port: Int?, reason: String)
    case noDriver(name: String, known: [String])
    case transport(board: String, TransportFailure)
    /// The board took the command, and the read-back says otherwise.
    case notFollowed(board: String, channel: Int?, wanted: Bool, states: [Bool])
    case noSuchChannel(board: String, channel: Int, count: Int)
    case wiredTwice(board: String, channel: String, number: Int)
    case unknownChannel(id: String, known: [String])
    /// The safe state was commanded before this was done.
    case overtakenBySafeState(channel: String)
    case stopped
    case system(String)

    public var description: String {
        switch self {
        case .noBoard(let driver, let wanted, let transport, let found):
            "no \(driver) board \(wanted) on \(transport) "
                + (found.isEmpty ? "(there is none at all)" : "(there is \(found.joined(separator: ", ")))")
                + ": check its plug and the match in the rig file; 'knxrig relay list' shows what is there"
        case .ambiguous(let driver, let paths):
            "\(paths.count) \(driver) boards are plugged in (\(paths.joined(separator: ", "))): "
                + "say which by serial or port_path in the rig file"
        case .duplicateSerial(let serial, let paths):
            "\(paths.count) boards carry the serial \(serial) (\(paths.joined(separator: ", "))), as whole batches do: "
                + "match by port_path, or give one of them another serial"
        case .otherDevice(let path, let manufacturer, let product):
            "the device at \(path) has a relay board's ids but calls itself \(manufacturer ?? "nothing") "
                + "\(product ?? "nothing"): the ids are shared, so it is left alone"
        case .exchanged(let board, let serial):
            "\(board) answers with the serial \(serial): the board was exchanged; start again so that it is checked"
        case .needsPath(let driver, let paths):
            "a \(driver) board can't be told from other things on the same converter "
                + (paths.isEmpty ? "(there is none at all)" : "(there is one at \(paths.joined(separator: ", ")))")
                + ": bind it by port_path in the rig file"
        case .supplyMissing(let board, let shortage):
            "\(board) was commanded, but \(shortage): no contact can have moved; connect its supply"
        case .hubRefused(let hub, let port, let reason):
            "\(port.map { "port \($0) of " } ?? "")the hub at \(hub) can't be a channel: \(reason); take another "
                + "\(port == nil ? "hub" : "port")"
        case .noDriver(let name, let known):
            "there is no relay driver '\(name)'; there is \(known.joined(separator: ", "))"
        case .transport(let board, let failure):
            "\(board): \(failure)"
        case .notFollowed(let board, let channel, let wanted, let states):
            "\(board) was told to turn \(channel.map { "channel \($0)" } ?? "all channels") \(wanted ? "on" : "off") "
                + "and reads back \(states.map { $0 ? "1" : "0" }.joined()): check its 12 V supply and that no other "
                + "program drives it"
        case .noSuchChannel(let board, let channel, let count):
            "\(board) has channels 1 to \(count), not \(channel): check the wiring in the rig file"
        case .wiredTwice(let board, let channel, let number):
            "channel '\(channel)' (number \(number)) of \(board) shares its id or its number with another one: "
                + "each names one relay in the rig file"
        case .unknownChannel(let id, let known):
            "no channel '\(id)' on this board; it has \(known.joined(separator: ", "))"
        case .overtakenBySafeState(let channel):
            "the safe state was commanded before '\(channel)' was done"
        case .stopped:
            "the board's thread was stopped"
        case .system(let reason):
            reason
        }
    }

    /// True when it was broken off for the safe state's sake, and says nothing of the board.
    var hasGivenWay: Bool {
        guard case .transport(_, .gaveWay) = self else { return false }
        return true
    }

    /// True where whoever was asked did not say who it is, rather than that it is another one.
    var isSilence: Bool {
        guard case .transport(_, let failure) = self else { return false }
        return failure.isTransient || failure == .gaveWay
    }

    /// True when the board is off the bus.
    var isLoss: Bool {
        guard case .transport(_, let failure) = self else { return false }
        switch failure {
        case .gone, .notFound, .unreachable: return true
        default: return false
        }
    }
}
