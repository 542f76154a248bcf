import Events
import Synchronization
import USB

/// What an open device says of itself before anything specific is sent to it.
struct USBBoardFacts: Sendable {
    var device: DeviceDescriptor
    var configuration: ConfigurationDescriptor
    var manufacturer: String?
    var productName: String?
    var serialNumber: String?

    /// The reports of a HID interface; nil where it has none.
    func reports(of interface: UInt8) -> HIDReports? {
        guard let found = configuration.interfaces.first(where: { $0.number == interface && $0.interfaceClass == 3 })
        else { return nil }
        return HIDReports(found)
    }

    /// The first endpoint of an interface in a direction, as an address; nil where it has none.
    func endpoint(_ direction: Direction, of interface: UInt8) -> UInt8? {
        configuration.interfaces.first { $0.number == interface }?.endpoints.first {
            ($0.address & 0x80 != 0) == (direction == .in)
        }?.address
    }
}

/// When a driver holds an interface.
enum USBBoardClaim: Hashable, Sendable {
    /// For one exchange, so that other programs can use the board in between.
    case perExchange(UInt8)
    /// From opening to closing: the kernel's driver would undo on its return what was set.
    case whileOpen(UInt8)
    /// Never: all requests are to the device.
    case never
}

/// What octets mean to a board on plain USB. One exchange each; `USBBoard` does claiming, comparing and repeating.
protocol USBBoardLanguage: Sendable {
    var channelCount: Int { get }
    var claim: USBBoardClaim { get }
    /// The serial that the board keeps by itself, where descriptors don't have it.
    func ownSerial(_ device: any USBDevice) throws(TransportFailure) -> String?
    /// Makes an opened board listen, and returns the language as the board turned out to speak it. Switches nothing.
    func prepared(_ device: any USBDevice) throws(TransportFailure) -> any USBBoardLanguage
    /// Commands one channel, from 1 on. What is answered is no proof.
    ///
    /// - Parameter assumed: the coils as they were left, for boards that take all of them at once and can't be asked.
    func command(
        _ channel: Int, energised: Bool, assumed: [Bool], _ device: any USBDevice
    ) throws(TransportFailure)
    func commandAllOff(_ device: any USBDevice) throws(TransportFailure)
    /// nil from a board that can't be read.
    func read(_ device: any USBDevice) throws(TransportFailure) -> [Bool]?
    /// What the board's supply is short of, in words; nil where it is enough or can't be known.
    func shortage(_ device: any USBDevice) throws(TransportFailure) -> String?
    /// Has the board turn all off by itself once nobody has sent it anything for this long. False from a board that can't.
    func armDeadMan(tenthsOfSecond: UInt16, _ device: any USBDevice) throws(TransportFailure) -> Bool
    func disarmDeadMan(_ device: any USBDevice) throws(TransportFailure)
    /// False once it has turned all off, too.
    func deadManIsArmed(_ device: any USBDevice) throws(TransportFailure) -> Bool
}

extension USBBoardLanguage {
    func ownSerial(_ device: any USBDevice) throws(TransportFailure) -> String? { nil }
    func prepared(_ device: any USBDevice) throws(TransportFailure) -> any USBBoardLanguage { self }
    func shortage(_ device: any USBDevice) throws(TransportFailure) -> String? { nil }
    func armDeadMan(tenthsOfSecond: UInt16, _ device: any USBDevice) throws(TransportFailure) -> Bool { false }
    func disarmDeadMan(_ device: any USBDevice) throws(TransportFailure) {}
    func deadManIsArmed(_ device: any USBDevice) throws(TransportFailure) -> Bool { false }
}

/// A relay board on plain USB, of whatever language: claim, command, read back, compare, repeat at most twice, release; where the transfers failed to
/// the last, as often again after the board was opened anew.
final class USBBoard: RelayBoard {
    /// How long a transfer may take.
    static let timeoutMilliseconds = 100
    private static let tries = 3

    /// Makes a language of what the device says; nil for another maker's device on the same ids.
    typealias Recognition = @Sendable (USBBoardFacts) -> (any USBBoardLanguage)?

    let identity: BoardIdentity
    let channelCount: Int
    private let transport: any USBTransport
    private let recognition: Recognition
    private let state: Mutex<State>

    private struct Opened: Sendable {
        var device: any USBDevice
        var language: any USBBoardLanguage
        var serial: String
    }

    private struct State {
        /// The open device, or why there is none.
        var opened: Result<Opened, RelayFailure>
        /// Opened anew, it did not say again who it is.
        var isSuspect = false
        /// How the coils were left.
        var assumed: [Bool]
        /// What the board's own dead man is to be set to; nil where it has none, or is to have it disarmed.
        var deadMan: UInt16?
    }

    init(
        _ name: String, _ transport: any USBTransport, _ path: String, _ recognition: @escaping Recognition
    ) throws(RelayFailure) {
        let subject = "\(name) board at \(path) on \(transport.name)"
        let device = try Self.open(transport, path, subject)
        let opened = try Self.identify(device, path, subject, recognition)
        self.transport = transport
        self.recognition = recognition
        channelCount = opened.language.channelCount
        state = Mutex(State(opened: .success(opened), assumed: [Bool](repeating: false, count: channelCount)))
        identity = BoardIdentity(driver: name, serial: opened.serial, path: path, transport: transport.name)
    }

    deinit { close() }

    func set(_ channel: Int, energised: Bool) throws(RelayFailure) -> Readback {
        guard (1...channelCount).contains(channel) else {
            throw .noSuchChannel(board: "\(identity)", channel: channel, count: channelCount)
        }
        let assumed = state.withLock { $0.assumed }
        let command: Command = { opened throws(TransportFailure) in
            try opened.language.command(channel, energised: energised, assumed: assumed, opened.device)
        }
        let states = try exchange({ $0[channel - 1] == energised }, command)
        state.withLock { $0.assumed[channel - 1] = energised }
        guard let states else { return .assumed }
        guard states[channel - 1] == energised else {
            throw .notFollowed(board: "\(identity)", channel: channel, wanted: energised, states: states)
        }
        return .confirmed
    }

    func setAllOff() throws(RelayFailure) -> Readback {
        let command: Command = { opened throws(TransportFailure) in
            try opened.language.commandAllOff(opened.device)
        }
        let states = try exchange({ !$0.contains(true) }, command)
        state.withLock { $0.assumed = $0.assumed.map { _ in false } }
        guard let states else { return .assumed }
        guard !states.contains(true) else {
            throw .notFollowed(board: "\(identity)", channel: nil, wanted: false, states: states)
        }
        return .confirmed
    }

    func readAll() throws(RelayFailure) -> [Bool]? {
        // It comes once and is not armed again by itself: a host that stood still for so long and goes on is to be watched again.
        if let deadMan = state.withLock({ $0.deadMan }) {
            try commandOnce { opened throws(TransportFailure) in
                guard try !opened.language.deadManIsArmed(opened.device) else { return }
                _ = try opened.language.armDeadMan(tenthsOfSecond: deadMan, opened.device)
            }
        }
        return try exchange({ _ in true }, nil)
    }

    func armDeadMan(milliseconds: Int) throws(RelayFailure) -> Bool {
        let tenths = UInt16(clamping: max(1, milliseconds / 100))
        let isArmed = Atomic(false)
        try commandOnce { opened throws(TransportFailure) in
            let answer = try opened.language.armDeadMan(tenthsOfSecond: tenths, opened.device)
            isArmed.store(answer, ordering: .relaxed)
        }
        guard isArmed.load(ordering: .relaxed) else { return false }
        state.withLock { $0.deadMan = tenths }
        return true
    }

    func disarmDeadMan() throws(RelayFailure) {
        state.withLock { $0.deadMan = nil }
        try commandOnce { opened throws(TransportFailure) in try opened.language.disarmDeadMan(opened.device) }
    }

    /// A command that leaves the coils as they are.
    private func commandOnce(_ command: @escaping Command) throws(RelayFailure) {
        _ = try exchange({ _ in true }, command)
    }

    var isOpen: Bool {
        state.withLock { state in
            if case .success = state.opened { true } else { false }
        }
    }

    func reopen() throws(RelayFailure) {
        close()
        let device = try Self.open(transport, identity.path, "\(identity)")
        let opened = try identifySame(device, "\(identity)", closing: true)
        state.withLock { state in
            state.opened = .success(opened)
            state.isSuspect = false
            state.assumed = state.assumed.map { _ in false }
        }
    }

    func close() { close(because: .transport(board: "\(identity)", .gone)) }

    private func close(because failure: RelayFailure) {
        let opened = state.withLock { state in
            defer {
                state.opened = .failure(failure)
                state.isSuspect = false
            }
            return state.opened
        }
        if case .success(let opened) = opened { Self.close(opened) }
    }

    /// Opens the board anew that does not answer. Whatever was open until this moment is the same board, so it is kept though it does not say who it is: a
    /// command need not wait for that.
    private func renew() throws(RelayFailure) {
        if Urgency.isPressing { throw .transport(board: "\(identity)", .gaveWay) }
        let subject = "\(identity), opened anew since transfers failed"
        let before = try state.withLock { $0.opened }.get()
        do throws(RelayFailure) {
            // What opening waits for is another program; if it gives way, that is the reason why there is no device.
            close(because: .transport(board: subject, .busy))
            let device = try Self.open(transport, identity.path, subject)
            do throws(RelayFailure) {
                let opened = try identifySame(device, subject, closing: false)
                state.withLock { $0.opened = .success(opened) }
            } catch {
                guard error.isSilence, Self.reclaim(device, before.language) else {
                    device.close()
                    throw error
                }
                var kept = before
                kept.device = device
                state.withLock { [kept] state in
                    state.opened = .success(kept)
                    state.isSuspect = true
                }
                throw error
            }
        } catch {
            // What it was found to be is the reason from now on: nobody knows it to be gone.
            if !isOpen, !error.hasGivenWay { close(because: error) }
            throw error
        }
    }

    /// Holds what the board's language wants to be held while it is open.
    private static func reclaim(_ device: any USBDevice, _ language: any USBBoardLanguage) -> Bool {
        guard case .whileOpen(let interface) = language.claim else { return true }
        return (try? device.claim(interface: interface)) != nil
    }

    private func identifySame(
        _ device: any USBDevice, _ subject: String, closing: Bool
    ) throws(RelayFailure) -> Opened {
        let opened = try Self.identify(device, identity.path, subject, closing: closing, recognition)
        guard opened.serial == identity.serial, opened.language.channelCount == channelCount else {
            Self.close(opened)
            throw .exchanged(board: "\(identity)", serial: opened.serial)
        }
        return opened
    }

    private typealias Command = (Opened) throws(TransportFailure) -> Void

    /// The coils after `command` (nil: only read), nil from a board that can't be read. A board that is gone is not looked for here: its relays have
    /// fallen, and whoever commanded it has to know.
    private func exchange(_ isFollowed: ([Bool]) -> Bool, _ command: Command?) throws(RelayFailure) -> [Bool]? {
        // A board that owes its name is asked for it as soon as nothing more urgent is to be done.
        let owesName = command == nil && state.withLock { $0.isSuspect }
        var outcome = try attempts(owesName ? 1 : Self.tries, isFollowed, command)
        var isRenewed = owesName
        if case .failure(let failure) = outcome { isRenewed = failure.isTransient }
        if isRenewed {
            try renew()
            outcome = try attempts(Self.tries, isFollowed, command)
        }
        switch outcome {
        case .success(let outcome):
            if let shortage = outcome.shortage { throw .supplyMissing(board: "\(identity)", shortage) }
            return outcome.states
        case .failure(let failure):
            if failure == .gone { close() }
            throw .transport(board: "\(identity)", failure)
        }
    }

    private struct Outcome {
        var states: [Bool]?
        var shortage: String?
    }

    private func attempts(
        _ tries: Int, _ isFollowed: ([Bool]) -> Bool, _ command: Command?
    ) throws(RelayFailure) -> Result<Outcome, TransportFailure> {
        let opened = try state.withLock { $0.opened }.get()
        var result = Result<Outcome, TransportFailure>.failure(.gone)
        for _ in 1...tries {
            do throws(TransportFailure) {
                let outcome = try Self.attempt(opened, command)
                result = .success(outcome)
                guard let states = outcome.states, !isFollowed(states) else { break }
            } catch {
                result = .failure(error)
                if !error.isTransient { break }
            }
        }
        return result
    }

    private static func attempt(_ opened: Opened, _ command: Command?) throws(TransportFailure) -> Outcome {
        if case .perExchange(let interface) = opened.language.claim { try opened.device.claim(interface: interface) }
        defer {
            if case .perExchange(let interface) = opened.language.claim { opened.device.release(interface: interface) }
        }
        guard let command else { return Outcome(states: try opened.language.read(opened.device)) }
        try command(opened)
        let states = try opened.language.read(opened.device)
        return Outcome(states: states, shortage: try opened.language.shortage(opened.device))
    }
}

extension USBBoard {
    private static func close(_ opened: Opened) {
        if case .whileOpen(let interface) = opened.language.claim { opened.device.release(interface: interface) }
        opened.device.close()
    }

    private static func open(
        _ transport: any USBTransport, _ path: String, _ subject: String
    ) throws(RelayFailure) -> any USBDevice {
        do {
            return try transport.open(path)
        } catch {
            throw .transport(board: subject, error)
        }
    }

    /// - Parameter closing: whether a device that turns out to be none of this kind, or silent, is closed.
    private static func identify(
        _ device: any USBDevice, _ path: String, _ subject: String, closing: Bool = true, _ recognition: Recognition
    ) throws(RelayFailure) -> Opened {
        var failure = TransportFailure.gone
        for _ in 1...tries {
            var facts: USBBoardFacts?
            do throws(TransportFailure) {
                let found = try self.facts(of: device)
                facts = found
                if let language = recognition(found) { return try begin(device, language, found) }
            } catch {
                failure = error
                if error.isTransient { continue } else { break }
            }
            if closing { device.close() }
            throw .otherDevice(path: path, manufacturer: facts?.manufacturer, product: facts?.productName)
        }
        if closing { device.close() }
        throw .transport(board: subject, failure)
    }

    private static func begin(
        _ device: any USBDevice, _ language: any USBBoardLanguage, _ facts: USBBoardFacts
    ) throws(TransportFailure) -> Opened {
        let interface: UInt8? =
            switch language.claim {
            case .perExchange(let interface), .whileOpen(let interface): interface
            case .never: nil
            }
        if let interface { try device.claim(interface: interface) }
        var isKept = false
        defer { if let interface, !isKept { device.release(interface: interface) } }
        let language = try language.prepared(device)
        let serial = try language.ownSerial(device) ?? facts.serialNumber ?? ""
        if case .whileOpen = language.claim { isKept = true }
        return Opened(device: device, language: language, serial: SerialText.meant(serial))
    }

    /// Asks for descriptors and texts: nothing specific goes to a device that may be another maker's.
    private static func facts(of device: any USBDevice) throws(TransportFailure) -> USBBoardFacts {
        let descriptor = try device.deviceDescriptor(timeoutMilliseconds: timeoutMilliseconds)
        let configuration = try device.configurationDescriptor(timeoutMilliseconds: timeoutMilliseconds)
        return USBBoardFacts(
            device: descriptor, configuration: configuration,
            manufacturer: try device.string(
                at: descriptor.manufacturerString, timeoutMilliseconds: timeoutMilliseconds),
            productName: try device.string(at: descriptor.productString, timeoutMilliseconds: timeoutMilliseconds),
            serialNumber: try device.string(
                at: descriptor.serialNumberString, timeoutMilliseconds: timeoutMilliseconds))
    }
}
