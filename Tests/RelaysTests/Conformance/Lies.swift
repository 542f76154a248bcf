import Events
import Platform
import Relays
import Synchronization
import USB

/// What drivers get wrong: each is put around a driver that is right, to see whether the checks notice.
enum Lie: String, CaseIterable, Sendable {
    // About itself.
    case wrongName, wrongSerial, oneChannelMore, listsNothing
    /// Takes whatever is at the path for what was asked for.
    case opensAnything
    /// Makes something up when another program has the board.
    case sharesAnything
    case switchesWhenOpened
    // About its relays.
    case switchesNeighbourToo, staysOn, flips, offMissesFirst, takesAnyChannel
    /// A channel that comes on turns the others off.
    case oneAtATime
    /// All off turns what is off on.
    case turnsRound
    /// Skips what comes too soon after the command before.
    case skipsFast
    /// A board that holds its contact without current.
    case holdsUnplugged
    /// Believes every command.
    case believes
    case saysAssumed
    /// Tells what it was told, without asking.
    case remembers
    case slow, neverGivesUp
    /// Looks to the end, whatever is asked for meanwhile.
    case neverGivesWay
    /// Says that the board lets go by itself, and does not ask it to.
    case armsNothing
    // About coming and going.
    case dropsWhenClosed, neverCloses, looksForIt, takesAnyBoardBack, neverReopens
    // About its transfers.
    case failsForGood, swallowsRepeats, leaksClaims, claimsNothing, waitsLong

    func open(_ match: BoardMatch, at path: String, _ open: (BoardMatch) throws -> any RelayBoard) throws
        -> any RelayBoard
    {
        do {
            let board = try open(self == .opensAnything ? BoardMatch(path: match.path ?? path) : match)
            if self == .switchesWhenOpened { _ = try board.setAllOff() }
            return LyingBoard(board, self)
        } catch RelayFailure.transport(_, .busy) where self == .sharesAnything {
            return LyingBoard(nil, self)
        }
    }
}

/// A board behind a lie.
final class LyingBoard: RelayBoard {
    private let board: (any RelayBoard)?
    private let lie: Lie
    private let told: Mutex<[Bool]>
    private let commanded = Mutex<Instant?>(nil)

    init(_ board: (any RelayBoard)?, _ lie: Lie) {
        self.board = board
        self.lie = lie
        told = Mutex([Bool](repeating: false, count: board?.channelCount ?? 0))
    }

    var identity: BoardIdentity {
        var identity = board?.identity ?? BoardIdentity(driver: "", serial: "", path: "", transport: "")
        if lie == .wrongName { identity.driver = "relay" }
        if lie == .wrongSerial { identity.serial = "WRONG" }
        return identity
    }

    var channelCount: Int { (board?.channelCount ?? 0) + (lie == .oneChannelMore ? 1 : 0) }

    func set(_ channel: Int, energised: Bool) throws(RelayFailure) -> Readback {
        guard let board else { return .confirmed }
        let count = board.channelCount
        if (1...count).contains(channel) { told.withLock { $0[channel - 1] = energised } }
        switch lie {
        case .takesAnyChannel: return try board.set(min(max(channel, 1), count), energised: energised)
        case .staysOn where !energised: return .confirmed
        case .flips:
            return try board.set(channel, energised: try board.readAll()?[channel - 1] == true ? false : energised)
        case .switchesNeighbourToo:
            let readback = try board.set(channel, energised: energised)
            _ = try board.set(channel % count + 1, energised: energised)
            return readback
        case .slow: MonotonicClock.sleep(for: .milliseconds(600))
        case .oneAtATime where energised: _ = try board.setAllOff()
        case .skipsFast:
            let now = MonotonicClock.now()
            let last = commanded.withLock { last in
                defer { last = now }
                return last
            }
            if let last, now - last < .milliseconds(50) { return .confirmed }
        default: break
        }
        return try honestly { board throws(RelayFailure) in try board.set(channel, energised: energised) }
    }

    func setAllOff() throws(RelayFailure) -> Readback {
        told.withLock { $0 = $0.map { _ in false } }
        if lie == .offMissesFirst, let board, board.channelCount > 1 {
            for channel in 2...board.channelCount { _ = try board.set(channel, energised: false) }
            return .confirmed
        }
        if lie == .turnsRound, let board, try board.readAll()?.contains(true) == false {
            return try board.set(1, energised: true)
        }
        return try honestly { board throws(RelayFailure) in try board.setAllOff() }
    }

    func readAll() throws(RelayFailure) -> [Bool]? {
        if lie == .remembers || lie == .believes { return told.withLock { $0 } }
        guard lie == .neverGivesWay else { return try board?.readAll() }
        // What is urgent is known to this thread only.
        let result = Mutex<Result<[Bool]?, RelayFailure>>(.success(nil))
        NamedThread.start("deaf look") { [board] in
            do throws(RelayFailure) {
                let read = try board?.readAll()
                result.withLock { $0 = .success(read) }
            } catch {
                result.withLock { $0 = .failure(error) }
            }
        }.join()
        return try result.withLock { $0 }.get()
    }

    func armDeadMan(milliseconds: Int) throws(RelayFailure) -> Bool {
        lie == .armsNothing ? true : try board?.armDeadMan(milliseconds: milliseconds) ?? false
    }

    func disarmDeadMan() throws(RelayFailure) { try board?.disarmDeadMan() }

    var isOpen: Bool { board?.isOpen ?? true }

    func reopen() throws(RelayFailure) {
        if lie == .neverReopens { return }
        do {
            try board?.reopen()
        } catch {
            if lie != .takesAnyBoardBack { throw error }
        }
    }

    func close() {
        if lie == .dropsWhenClosed { _ = try? board?.setAllOff() }
        if lie != .neverCloses { board?.close() }
    }

    private func honestly(
        _ command: (any RelayBoard) throws(RelayFailure) -> Readback
    ) throws(RelayFailure) -> Readback {
        guard let board else { return .confirmed }
        do {
            let readback = try command(board)
            return lie == .saysAssumed ? .assumed : lie == .believes ? .confirmed : readback
        } catch {
            switch lie {
            case .believes: return .confirmed
            case .neverGivesUp: MonotonicClock.sleep(for: .seconds(10))
            case .looksForIt:
                // For as long as a person might wait, and then as if nothing had been.
                MonotonicClock.sleep(for: .milliseconds(600))
                try board.reopen()
                return try command(board)
            default: break
            }
            throw error
        }
    }
}

/// A transport behind a lie.
struct LyingTransport: USBTransport {
    let inner: any USBTransport
    let lie: Lie

    init(_ inner: any USBTransport, _ lie: Lie) {
        self.inner = inner
        self.lie = lie
    }

    var name: String { inner.name }
    func devices() throws(TransportFailure) -> [DeviceInfo] { lie == .listsNothing ? [] : try inner.devices() }
    func open(_ path: String) throws(TransportFailure) -> any USBDevice { LyingDevice(try inner.open(path), lie) }
}

private final class LyingDevice: USBDevice {
    private struct Memory {
        var hasFailed = false
        var lastSent: [UInt8] = []
    }

    private let inner: any USBDevice
    private let lie: Lie
    private let memory = Mutex(Memory())

    init(_ inner: any USBDevice, _ lie: Lie) {
        self.inner = inner
        self.lie = lie
    }

    func claim(interface: UInt8) throws(TransportFailure) {
        if lie != .claimsNothing { try inner.claim(interface: interface) }
    }
    func release(interface: UInt8) {
        if lie != .leaksClaims { inner.release(interface: interface) }
    }
    func close() { inner.close() }

    func control(_ setup: SetupPacket, data: [UInt8], timeoutMilliseconds: Int) throws(TransportFailure) -> [UInt8] {
        if setup.direction == .out, isSwallowed(setup.octets + data) { return [] }
        return try through { () throws(TransportFailure) in
            try inner.control(setup, data: data, timeoutMilliseconds: time(timeoutMilliseconds))
        }
    }

    func send(_ octets: [UInt8], to endpoint: UInt8, timeoutMilliseconds: Int) throws(TransportFailure) {
        if isSwallowed(octets) { return }
        try through { () throws(TransportFailure) in
            try inner.send(octets, to: endpoint, timeoutMilliseconds: time(timeoutMilliseconds))
        }
    }

    func receive(_ length: Int, from endpoint: UInt8, timeoutMilliseconds: Int) throws(TransportFailure) -> [UInt8] {
        try through { () throws(TransportFailure) in
            try inner.receive(length, from: endpoint, timeoutMilliseconds: time(timeoutMilliseconds))
        }
    }

    private func time(_ milliseconds: Int) -> Int { lie == .waitsLong ? 60_000 : milliseconds }

    private func isSwallowed(_ octets: [UInt8]) -> Bool {
        memory.withLock { memory in
            defer { memory.lastSent = octets }
            return lie == .swallowsRepeats && memory.lastSent == octets
        }
    }

    private func through<Result>(_ transfer: () throws(TransportFailure) -> Result) throws(TransportFailure) -> Result {
        if lie == .failsForGood, memory.withLock({ $0.hasFailed }) { throw .gone }
        do throws(TransportFailure) {
            return try transfer()
        } catch {
            memory.withLock { $0.hasFailed = true }
            throw error
        }
    }
}
