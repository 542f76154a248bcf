import Events
import Synchronization

/// What octets mean to a board on a serial line. One exchange each; `SerialBoard` does the repeating.
protocol SerialBoardLanguage: Sendable {
    var baudRate: Int { get }
    /// Empties the line and gets the board to listen from the beginning of a command on.
    func synchronise(_ line: SerialConnection) throws(TransportFailure)
    /// Makes sure that the board is one of its kind and returns how many channels it has. Switches nothing.
    func channelCount(_ line: SerialConnection) throws(TransportFailure) -> Int
    /// Commands one channel, from 1 on. What is answered is no proof.
    func command(_ channel: Int, energised: Bool, _ line: SerialConnection) throws(TransportFailure)
    func commandAllOff(channelCount: Int, _ line: SerialConnection) throws(TransportFailure)
    /// nil from a board that can't be read.
    func read(channelCount: Int, _ line: SerialConnection) throws(TransportFailure) -> [Bool]?
    /// What the board's supply is short of, in words; nil where it is enough or can't be known.
    func shortage(_ line: SerialConnection) throws(TransportFailure) -> String?
}

extension SerialBoardLanguage {
    func shortage(_ line: SerialConnection) throws(TransportFailure) -> String? { nil }
}

/// A relay board on a serial line, of whatever language: command, read back, compare, and repeat, as boards on plain USB do.
final class SerialBoard: RelayBoard {
    /// How long an answer may take; converters hold octets back for up to 16 ms.
    static let timeoutMilliseconds = 200
    private static let tries = 3
    /// How long the line must be silent before a command is repeated.
    private static let patienceMilliseconds = 50

    let identity: BoardIdentity
    let channelCount: Int
    private let driver: SerialBoardDriver
    private let transport: SerialTransport
    private let language: any SerialBoardLanguage
    /// nil while the board is lost.
    private let line: Mutex<SerialConnection?>

    init(_ driver: SerialBoardDriver, _ transport: SerialTransport, _ port: SerialPort) throws(RelayFailure) {
        self.driver = driver
        self.transport = transport
        language = driver.language(port)
        identity = BoardIdentity(
            driver: driver.name, serial: port.device?.serialNumber ?? "", path: port.path, transport: transport.name)
        let opened = try Self.open(port, identity, language, transport)
        channelCount = opened.channelCount
        line = Mutex(opened.line)
    }

    deinit { close() }

    func set(_ channel: Int, energised: Bool) throws(RelayFailure) -> Readback {
        guard (1...channelCount).contains(channel) else {
            throw .noSuchChannel(board: "\(identity)", channel: channel, count: channelCount)
        }
        let command = { [language] (line: SerialConnection) throws(TransportFailure) in
            try language.command(channel, energised: energised, line)
        }
        let states = try exchange({ $0[channel - 1] == energised }, command)
        guard let states else { return .assumed }
        guard states[channel - 1] == energised else {
            throw .notFollowed(board: "\(identity)", channel: channel, wanted: energised, states: states)
        }
        return .confirmed
    }

    func setAllOff() throws(RelayFailure) -> Readback {
        let command = { [language, channelCount] (line: SerialConnection) throws(TransportFailure) in
            try language.commandAllOff(channelCount: channelCount, line)
        }
        let states = try exchange({ !$0.contains(true) }, command)
        guard let states else { return .assumed }
        guard !states.contains(true) else {
            throw .notFollowed(board: "\(identity)", channel: nil, wanted: false, states: states)
        }
        return .confirmed
    }

    func readAll() throws(RelayFailure) -> [Bool]? {
        try exchange({ _ in true }, nil)
    }

    var isOpen: Bool { line.withLock { $0 != nil } }

    func reopen() throws(RelayFailure) {
        close()
        let ports = transport.ports(at: identity.path)
        guard let port = ports.first else {
            throw .transport(board: "\(identity)", .notFound(path: identity.path))
        }
        if let device = port.device, device.serialNumber ?? "" != identity.serial || !driver.recognises(device) {
            throw .exchanged(board: "\(identity)", serial: device.serialNumber ?? "")
        }
        let opened = try Self.open(port, identity, language, transport)
        guard opened.channelCount == channelCount else {
            opened.line.close()
            throw .exchanged(board: "\(identity)", serial: port.device?.serialNumber ?? "")
        }
        line.withLock { $0 = opened.line }
    }

    func close() {
        line.withLock { line in
            line?.close()
            line = nil
        }
    }

    /// The coils after `command` (nil: only read), nil from a board that can't be read. A board that is gone is not looked for here: its relays have
    /// fallen, and whoever commanded it has to know.
    private func exchange(
        _ isFollowed: ([Bool]) -> Bool, _ command: ((SerialConnection) throws(TransportFailure) -> Void)?
    ) throws(RelayFailure) -> [Bool]? {
        var last: Result<Outcome, TransportFailure> = .failure(.gone)
        for number in 1...Self.tries {
            guard let line = line.withLock({ $0 }) else { break }
            last = attempt(line, isRepeated: number > 1, command)
            switch last {
            case .success(let outcome):
                guard let states = outcome.states, !isFollowed(states) else {
                    return try supplied(outcome)
                }
            case .failure(let failure) where failure.isTransient: continue
            case .failure(let failure):
                if failure == .gone { close() }
                throw .transport(board: "\(identity)", failure)
            }
        }
        switch last {
        case .success(let outcome): return try supplied(outcome)
        case .failure(let failure): throw .transport(board: "\(identity)", failure)
        }
    }

    private func supplied(_ outcome: Outcome) throws(RelayFailure) -> [Bool]? {
        if let shortage = outcome.shortage { throw .supplyMissing(board: "\(identity)", shortage) }
        return outcome.states
    }

    private struct Outcome {
        var states: [Bool]?
        var shortage: String?
    }

    private func attempt(
        _ line: SerialConnection, isRepeated: Bool, _ command: ((SerialConnection) throws(TransportFailure) -> Void)?
    ) -> Result<Outcome, TransportFailure> {
        do throws(TransportFailure) {
            // What went wrong may have been an answer that is late: it has time to come, and goes.
            if isRepeated { try line.drain(quietMilliseconds: Self.patienceMilliseconds) }
            try language.synchronise(line)
            guard let command else {
                return .success(Outcome(states: try language.read(channelCount: channelCount, line), shortage: nil))
            }
            try command(line)
            let states = try language.read(channelCount: channelCount, line)
            return .success(Outcome(states: states, shortage: try language.shortage(line)))
        } catch {
            return .failure(error)
        }
    }

    private static func open(
        _ port: SerialPort, _ identity: BoardIdentity, _ language: any SerialBoardLanguage, _ transport: SerialTransport
    ) throws(RelayFailure) -> (line: SerialConnection, channelCount: Int) {
        var failure = TransportFailure.gone
        let line: SerialConnection
        do {
            line = try transport.open(port, baudRate: language.baudRate)
        } catch {
            throw .transport(board: "\(identity)", error)
        }
        for _ in 1...tries {
            do {
                try language.synchronise(line)
                return (line, try language.channelCount(line))
            } catch {
                failure = error
            }
            if !failure.isTransient { break }
        }
        line.close()
        throw .transport(board: "\(identity)", failure)
    }
}
