public import Events

/// Which board it is.
public struct BoardIdentity: Hashable, Sendable, CustomStringConvertible {
    /// Name of its driver, as rig files have it.
    public var driver: String
    /// What the board says; empty when it says nothing.
    public var serial: String
    /// Where it is plugged in.
    public var path: String
    /// Name of the transport that reaches it.
    public var transport: String

    public init(driver: String, serial: String, path: String, transport: String) {
        self.driver = driver
        self.serial = serial
        self.path = path
        self.transport = transport
    }

    public var description: String { "\(driver) board \(serial.isEmpty ? "without serial" : serial) at \(path)" }
}

/// A board of relays, apart from how its octets travel: channels are numbered from 1, `energised` is current in the coil. What that means for
/// a circuit is the wiring's business (`ChannelWiring`). Calls block, for a bounded time, and come from one thread.
public protocol RelayBoard: Sendable {
    /// How far a command is known to have been followed.
    typealias Readback = Event.Actuation.Readback

    var identity: BoardIdentity { get }
    var channelCount: Int { get }

    /// Commands one channel, reads back and compares, with retries.
    ///
    /// - Returns: `confirmed`, or `assumed` from a board that can't be read.
    func set(_ channel: Int, energised: Bool) throws(RelayFailure) -> Readback
    /// Commands all channels off in one go, reads back and compares.
    func setAllOff() throws(RelayFailure) -> Readback
    /// The coils as the board has them, from channel 1 on; nil from a board that can't be read. Says nothing of the contacts.
    func readAll() throws(RelayFailure) -> [Bool]?
    /// False once the board was found to be off the bus, or could not be opened anew: it has to be found again first.
    var isOpen: Bool { get }
    /// Finds the board again where it was plugged in, after it was lost.
    func reopen() throws(RelayFailure)
    func close()
    /// Has the board itself turn all off once it has not been spoken to for this long, so that it goes safe though whoever had it is dead. It is kept
    /// away by each command and each look, and armed anew where the board was found again.
    ///
    /// - Returns: false from a board that has no such thing.
    func armDeadMan(milliseconds: Int) throws(RelayFailure) -> Bool
    func disarmDeadMan() throws(RelayFailure)
}

extension RelayBoard {
    public func armDeadMan(milliseconds: Int) throws(RelayFailure) -> Bool { false }
    public func disarmDeadMan() throws(RelayFailure) {}
}
