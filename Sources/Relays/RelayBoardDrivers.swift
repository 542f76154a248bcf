import USB

/// What a driver gives the rig: how to know its boards and how to open one.
public struct RelayBoardDriver: Sendable {
    /// What a person has to say of a board before it is touched.
    public enum Binding: Hashable, Sendable {
        /// Nothing, while there is only one.
        case any
        /// Its serial or its path: other things carry the same ids and texts.
        case serialOrPath
        /// Its path: anything may be behind these ids.
        case path
    }

    /// As rig files name it.
    public let name: String
    public let binding: Binding
    /// Whether a listed device may be one of its boards, by ids and whatever texts are known without opening it.
    public let recognises: @Sendable (DeviceInfo) -> Bool
    /// Opens the board at a path and checks what can only be checked on the open device.
    public let open: @Sendable (any USBTransport, _ path: String) throws(RelayFailure) -> any RelayBoard

    init(
        name: String, binding: Binding = .any, recognises: @escaping @Sendable (DeviceInfo) -> Bool,
        open: @escaping @Sendable (any USBTransport, _ path: String) throws(RelayFailure) -> any RelayBoard
    ) {
        self.name = name
        self.binding = binding
        self.recognises = recognises
        self.open = open
    }

    /// A driver whose boards speak a language of plain USB.
    init(
        name: String, binding: Binding = .any, recognises: @escaping @Sendable (DeviceInfo) -> Bool,
        language: @escaping USBBoard.Recognition
    ) {
        self.init(name: name, binding: binding, recognises: recognises) { transport, path throws(RelayFailure) in
            try USBBoard(name, transport, path, language)
        }
    }

    /// Whether `match` says enough to touch a board.
    public func isBound(by match: BoardMatch) -> Bool {
        switch binding {
        case .any: true
        case .serialOrPath: match.path != nil || match.serial?.isEmpty == false
        case .path: match.path != nil
        }
    }
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
        Dcttech.driver, Ucreate.driver, LCUSHID.driver, FT245R.driver, MCP2200.driver, Nuvoton16.driver, Conrad.driver,
        SiSPM.driver, Cleware.driver, Yepkit.driver, K8055.driver, Deditec.driver,
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
        guard driver.isBound(by: match) else { throw .needsPath(driver: name, paths: candidates.map(\.path)) }
        if let path = match.path {
            guard candidates.contains(where: { $0.path == path }) else { throw noBoard() }
            if let serial = match.serial, let other = try otherSerial(than: serial, at: path, driver, transport) {
                throw .exchanged(board: "the \(name) board at \(path)", serial: other)
            }
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

    /// The serial that a device's descriptors bring, where it is another than `serial` and opening a board would do something to any device on
    /// these ids; nil otherwise.
    private static func otherSerial(
        than serial: String, at path: String, _ driver: RelayBoardDriver, _ transport: any USBTransport
    ) throws(RelayFailure) -> String? {
        guard driver.binding == .serialOrPath else { return nil }
        do {
            let device = try transport.open(path)
            defer { device.close() }
            let timeout = USBBoard.timeoutMilliseconds
            let descriptor = try device.deviceDescriptor(timeoutMilliseconds: timeout)
            let found =
                try device.string(at: descriptor.serialNumberString, timeoutMilliseconds: timeout).map(SerialText.meant)
                ?? ""
            return found == serial ? nil : found
        } catch {
            throw .transport(board: "\(driver.name) board at \(path) on \(transport.name)", error)
        }
    }

    private static func open(
        _ serial: String, of candidates: [DeviceInfo], _ driver: RelayBoardDriver, _ transport: any USBTransport
    ) throws(RelayFailure) -> (any RelayBoard)? {
        var found: [any RelayBoard] = []
        var refusal: RelayFailure?
        for candidate in candidates {
            do {
                if try otherSerial(than: serial, at: candidate.path, driver, transport) != nil { continue }
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
