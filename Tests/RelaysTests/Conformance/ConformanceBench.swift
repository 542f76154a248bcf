import Events
import Platform
import Twin

@testable import Relays

/// A field fault as a check asks for it.
enum FieldFault: Hashable, Sendable {
    /// No answer to this many requests; nil is for ever.
    case silence(Int?)
    case stall(Int?)
    /// What it sends ends after this many octets, or on a serial line after half of them.
    case shortAnswers(Int)
    /// What it sends is wrong.
    case garbledAnswers
    /// This many commands are acknowledged and not followed.
    case ignores(Int)
    case deafChannel(Int)
    case stuckContact(Int)
    /// Off the bus after this many more commands.
    case vanishes(Int)
}

/// One board with its model, on the carrier that it has in the field, and everything that may happen to it there.
protocol ConformanceBench: Sendable {
    var channelCount: Int { get }
    var isReadable: Bool { get }
    /// What the board has to be known by; empty where it has no serial.
    var serialNumber: String { get }
    var contactsAtPowerUp: [Bool] { get }
    var onUnplugging: UnpluggedContacts { get }
    /// What a person has to say of it.
    var binding: RelayBoardDriver.Binding { get }
    var driver: String { get }
    /// What a rig file binds it by.
    var path: String { get }
    /// Whether it is on plain USB, where there are claims and STALL.
    var isOnUSB: Bool { get }
    var contacts: [Bool] { get }
    /// Whether a transfer that is not answered takes its time.
    var passesTime: Bool { get }
    /// Whether the system itself keeps a second program from it.
    var isHeldAlone: Bool { get }

    func open(_ match: BoardMatch) throws -> any RelayBoard
    func listing() -> RelayListing
    /// - Returns: false where this carrier has no such fault.
    func apply(_ fault: FieldFault) -> Bool
    /// The fault of answers is over.
    func recover()
    /// A channel turns by itself.
    func turn(_ channel: Int, energised: Bool)
    /// The board lost its power for a moment that its host didn't notice.
    func loseState()
    func unplug()
    func plug() throws
    /// Puts another board of the kind in its place, still unplugged.
    ///
    /// - Returns: false where boards of the kind can't be told apart.
    func exchange() throws -> Bool
    /// What the kernel saw; nil where there are no claims.
    var claims: ClaimKeepingTransport.Notes? { get }
    func end()
}

extension ConformanceBench {
    var isHeldAlone: Bool { true }
    var passesTime: Bool { true }

    func open() throws -> any RelayBoard { try open(BoardMatch(path: path)) }

    var expectedReadback: Event.Actuation.Readback { isReadable ? .confirmed : .assumed }

    /// Whether the contacts come to be these; a board that answers nothing is a moment behind its driver.
    func comesTo(_ wanted: [Bool]) -> Bool {
        let deadline = MonotonicClock.now() + .seconds(2)
        while contacts != wanted, MonotonicClock.now() < deadline { MonotonicClock.sleep(for: .milliseconds(1)) }
        return contacts == wanted
    }
}

/// Boards on plain USB, over USB/IP, as many as asked for; all that happens, happens to the first.
final class USBConformanceBench: ConformanceBench {
    let sold: RelayBoardSpecimen
    let kind: any RelayBoardModel
    /// What stands between the board and its check, to see whether the check notices.
    let lie: Lie?
    private let server: USBIPServer
    private let keeping: ClaimKeepingTransport
    private let boardDriver: RelayBoardDriver
    let driver: String

    init(_ specimen: RelayBoardSpecimen, models: [any RelayBoardModel], lie: Lie? = nil) throws {
        self.lie = lie
        sold = specimen
        kind = models[0]
        driver = specimen.driver
        boardDriver = try RelayBoardDrivers.named(specimen.driver)
        let boards = models.enumerated().map {
            (id: "\($0.offset + 1)", model: $0.element as any USBDeviceModel)
        }
        server = try USBIPServer(boards: boards) { _, _, _, _ in }
        keeping = ClaimKeepingTransport(USBIPTransport(host: "127.0.0.1", port: server.port))
    }

    convenience init(_ specimen: RelayBoardSpecimen, count: Int = 1, lie: Lie? = nil) throws {
        try self.init(specimen, models: (1...count).map { _ in specimen.model() }, lie: lie)
    }

    var channelCount: Int { kind.channelCount }
    var isReadable: Bool { kind.isReadable }
    var serialNumber: String { kind.serialNumber }
    var contactsAtPowerUp: [Bool] { kind.contactsAtPowerUp }
    var onUnplugging: UnpluggedContacts { kind.onUnplugging }
    var binding: RelayBoardDriver.Binding { boardDriver.binding }
    var transport: any USBTransport { keeping }
    var path: String { "1-1" }
    var isOnUSB: Bool { true }
    var contacts: [Bool] { server.contacts(of: "1") }
    var contactsOfSecond: [Bool] { server.contacts(of: "2") }
    var claims: ClaimKeepingTransport.Notes? { keeping.seen }

    func open(_ match: BoardMatch) throws -> any RelayBoard {
        guard let lie else { return try RelayBoardDrivers.open(driver, on: keeping, matching: match) }
        return try lie.open(match, at: path) { match in
            try RelayBoardDrivers.open(driver, on: LyingTransport(keeping, lie), matching: match)
        }
    }

    func listing() -> RelayListing { RelayListing([lie.map { LyingTransport(keeping, $0) } ?? keeping]) }

    func apply(_ fault: FieldFault) -> Bool {
        change { model in
            switch fault {
            case .silence(let requests): model.faults.answer = .silent(requests: requests)
            case .stall(let requests): model.faults.answer = .stalling(requests: requests)
            case .shortAnswers(let octets): model.faults.answer = .short(octets: octets)
            case .garbledAnswers: model.faults.answer = .garbled
            case .ignores(let commands): model.faults.ignoresCommands = commands
            case .deafChannel(let channel): model.faults.deafChannels = [channel]
            case .stuckContact(let channel): model.faults.stuckContacts = [channel]
            case .vanishes(let commands): model.faults.vanishesAfterCommands = commands
            }
        }
        return true
    }

    func recover() {
        change { model in
            model.faults.answer = .sound
            model.faults.ignoresCommands = 0
        }
    }

    func turn(_ channel: Int, energised: Bool) { change { $0.turn(channel, energised: energised) } }
    func loseState() { change { $0.loseState(at: MonotonicClock.now()) } }
    func unplug() {
        server.unplug("1")
        if lie == .holdsUnplugged { turn(1, energised: true) }
    }
    func plug() { server.plug("1") }

    func exchange() -> Bool {
        guard let other = type(of: kind).another() else { return false }
        change { $0 = other }
        return true
    }

    func end() { server.stop() }

    private func change(_ body: (inout any RelayBoardModel) -> Void) {
        Self.change(server, kind, body)
    }

    private static func change<Model: RelayBoardModel>(
        _ server: USBIPServer, _ kind: Model, _ body: (inout any RelayBoardModel) -> Void
    ) {
        server.withModel(of: "1", as: Model.self) { model in
            var changed: any RelayBoardModel = model
            body(&changed)
            if let changed = changed as? Model { model = changed }
        }
    }
}

/// A board on a serial line, on a pseudo-terminal and a sysfs of our own.
final class SerialConformanceBench: ConformanceBench {
    private let specimen: SerialSpecimen
    private let bench: SerialBench

    init(_ specimen: SerialSpecimen) throws {
        self.specimen = specimen
        bench = try specimen.bench()
    }

    var channelCount: Int { specimen.channelCount }
    var isReadable: Bool { specimen.canBeRead }
    var serialNumber: String { specimen.plug.serial ?? "" }
    var contactsAtPowerUp: [Bool] { [Bool](repeating: false, count: channelCount) }
    var onUnplugging: UnpluggedContacts { .released }
    var binding: RelayBoardDriver.Binding {
        SerialBoardDrivers.all.first { $0.name == specimen.driver }?.needsPath == true ? .path : .any
    }
    var driver: String { specimen.driver }
    var path: String { "1-1.4" }
    var isOnUSB: Bool { false }
    var contacts: [Bool] { bench.server.contacts }
    var claims: ClaimKeepingTransport.Notes? { nil }

    func open(_ match: BoardMatch) throws -> any RelayBoard {
        try SerialBoardDrivers.open(specimen.driver, on: bench.transport, matching: match)
    }

    func listing() -> RelayListing { RelayListing([], serial: bench.transport) }

    func apply(_ fault: FieldFault) -> Bool {
        switch fault {
        // What isn't answered can't be missed.
        case .silence where !isReadable, .shortAnswers where !isReadable, .garbledAnswers where !isReadable,
            .vanishes where !isReadable:
            return false
        case .stall, .ignores: return false
        case .silence(let times): bench.server.setFaults { $0.answer = .silent(times: times) }
        case .shortAnswers: bench.server.setFaults { $0.answer = .half(times: nil) }
        case .garbledAnswers: bench.server.setFaults { $0.answer = .garbage(times: nil) }
        case .deafChannel(let channel): bench.server.withRelays { $0.deafChannels = [channel] }
        case .stuckContact(let channel): bench.server.withRelays { $0.stuckContacts = [channel] }
        case .vanishes(let commands): bench.server.setFaults { $0.vanishesAfterBursts = commands }
        }
        return true
    }

    func recover() { bench.server.setFaults { $0.answer = .sound } }
    func turn(_ channel: Int, energised: Bool) { bench.server.withRelays { $0.drive(channel, energised) } }
    func loseState() { bench.server.withRelays { $0.powerDown() } }
    func unplug() { bench.server.unplug() }
    func plug() throws { try bench.server.plug() }

    func exchange() throws -> Bool {
        guard !serialNumber.isEmpty else { return false }
        try bench.change("serial", to: "ANOTHER")
        return true
    }

    func end() { bench.end() }
}
