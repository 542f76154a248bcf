/// What a driver of a board on a serial line gives the rig.
public struct SerialBoardDriver: Sendable {
    /// As rig files name it.
    public let name: String
    /// Whether a listed device may be one of its boards.
    public let recognises: @Sendable (DeviceInfo) -> Bool
    /// True where the ids are those of a common converter, behind which anything may be: then only a path binds a board.
    public let needsPath: Bool
    /// Speaks the board's language.
    let language: @Sendable (SerialPort) -> any SerialBoardLanguage
}

/// The list of drivers for boards on serial lines.
public enum SerialBoardDrivers {
    public static let all: [SerialBoardDriver] = [LCUS.driver, Numato.driver, Devantech.driver, KMtronic.driver]

    /// Opens the one board that `match` means. Serials are those that the system shows, so that no line is opened to look for one.
    ///
    /// - Throws: what `RelayBoardDrivers.open` throws; `needsPath` where ids and serial can't tell a board from anything else.
    public static func open(
        _ name: String, on transport: SerialTransport, matching match: BoardMatch
    ) throws(RelayFailure) -> any RelayBoard {
        guard let driver = all.first(where: { $0.name == name }) else {
            throw .noDriver(name: name, known: all.map(\.name))
        }
        let listed = match.path.map { transport.ports(at: $0) } ?? transport.ports()
        // Who names a node that is on no USB device vouches for what is behind it.
        var candidates = listed.filter { $0.device.map(driver.recognises) ?? true }
        if let serial = match.serial { candidates.removeAll { $0.device?.serialNumber ?? "" != serial } }
        guard match.path != nil || !driver.needsPath else {
            throw .needsPath(driver: name, paths: candidates.map(\.path))
        }
        guard let only = candidates.first else {
            if match.serial != nil, match.path != nil, let other = listed.first(where: { $0.device != nil }) {
                throw .exchanged(board: "the \(name) board at \(other.path)", serial: other.device?.serialNumber ?? "")
            }
            throw .noBoard(
                driver: name, wanted: "\(match)", transport: transport.name,
                found: transport.ports().filter { $0.device.map(driver.recognises) ?? false }.map {
                    "one at \($0.path)"
                })
        }
        guard candidates.count == 1 else {
            if let serial = match.serial { throw .duplicateSerial(serial: serial, paths: candidates.map(\.path)) }
            throw .ambiguous(driver: name, paths: candidates.map(\.path))
        }
        return try SerialBoard(driver, transport, only)
    }

    /// Opens the board that a person names by path or by serial; nil means the only one.
    public static func open(
        _ name: String, on transport: SerialTransport, named board: String?
    ) throws(RelayFailure) -> any RelayBoard {
        guard let board else { return try open(name, on: transport, matching: BoardMatch()) }
        let isPath = board.hasPrefix("/") || !transport.ports(at: board).isEmpty
        return try open(
            name, on: transport, matching: isPath ? BoardMatch(path: board) : BoardMatch(serial: board))
    }
}
