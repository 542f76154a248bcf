/// What a driver gives the rig: how to know its boards and how to open one.
public struct RelayBoardDriver: Sendable {
    /// As rig files name it.
    public let name: String
    /// Whether a listed device may be one of its boards, by ids and whatever texts are known without opening it.
    public let recognises: @Sendable (DeviceInfo) -> Bool
    /// Opens the board at a path and checks what can only be checked on the open device.
    public let open: @Sendable (any USBTransport, _ path: String) throws(RelayFailure) -> any RelayBoard
}

/// What a rig file says of a board it means.
public struct BoardMatch: Hashable, Sendable, CustomStringConvertible {
    public var serial: String?
    public var path: String?

    public init(serial: String? = nil, path: String? = nil) {
        self.serial = serial
        self.path = path
    }

    public var description: String {
        switch (serial, path) {
        case (nil, nil): "(any)"
        case (let serial?, nil): "with serial \(serial)"
        case (nil, let path?): "at \(path)"
        case (let serial?, let path?): "with serial \(serial) at \(path)"
        }
    }
}

/// The one list of drivers: a new board is one file in `Boards/` and one line here.
public enum RelayBoardDrivers {
    public static let all: [RelayBoardDriver] = [
        Dcttech.driver
    ]

    public static func named(_ name: String) throws(RelayFailure) -> RelayBoardDriver {
        guard let driver = all.first(where: { $0.name == name }) else {
            throw .noDriver(name: name, known: all.map(\.name))
        }
        return driver
    }

    /// Opens the one board that `match` means. A path decides alone. A serial has to be unique among the boards that can be asked for theirs;
    /// a board that another program has can't.
    public static func open(
        _ name: String, on transport: any USBTransport, matching match: BoardMatch
    ) throws(RelayFailure) -> any RelayBoard {
        let driver = try named(name)
        let listed: [DeviceInfo]
        do {
            listed = try transport.devices()
        } catch {
            throw .transport(board: "\(name) board \(match) on \(transport.name)", error)
        }
        let candidates = listed.filter(driver.recognises)
        func noBoard() -> RelayFailure {
            .noBoard(
                driver: name, wanted: "\(match)", transport: transport.name,
                found: candidates.map { "one at \($0.path)" })
        }
        if let path = match.path {
            guard candidates.contains(where: { $0.path == path }) else { throw noBoard() }
            let board = try driver.open(transport, path)
            if let serial = match.serial, board.identity.serial != serial {
                board.close()
                throw .exchanged(board: "the \(name) board at \(path)", serial: board.identity.serial)
            }
            return board
        }
        guard let serial = match.serial else {
            guard candidates.count <= 1 else { throw .ambiguous(driver: name, paths: candidates.map(\.path)) }
            guard let only = candidates.first else { throw noBoard() }
            return try driver.open(transport, only.path)
        }
        guard let board = try open(serial, of: candidates, driver, transport) else { throw noBoard() }
        return board
    }

    /// Opens the board that a person names by port path or by serial; nil means the only one.
    public static func open(
        _ name: String, on transport: any USBTransport, named board: String?
    ) throws(RelayFailure) -> any RelayBoard {
        guard let board else { return try open(name, on: transport, matching: BoardMatch()) }
        // A name that is a path of the moment means that: five characters of serial could look like one.
        let paths = (try? transport.devices().map(\.path)) ?? []
        let match = paths.contains(board) ? BoardMatch(path: board) : BoardMatch(serial: board)
        return try open(name, on: transport, matching: match)
    }

    private static func open(
        _ serial: String, of candidates: [DeviceInfo], _ driver: RelayBoardDriver, _ transport: any USBTransport
    ) throws(RelayFailure) -> (any RelayBoard)? {
        var found: [any RelayBoard] = []
        var refusal: RelayFailure?
        for candidate in candidates {
            do {
                let board = try driver.open(transport, candidate.path)
                if board.identity.serial == serial { found.append(board) } else { board.close() }
            } catch {
                if case .otherDevice = error { continue }
                refusal = error
            }
        }
        guard found.count <= 1 else {
            for board in found { board.close() }
            throw .duplicateSerial(serial: serial, paths: found.map(\.identity.path))
        }
        if found.isEmpty, let refusal { throw refusal }
        return found.first
    }
}
