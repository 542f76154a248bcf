public import Events

/// A relay board as it is sold, with what breaks in the field: what any driver of it has to live with.
public protocol RelayBoardModel: SwitchingBoardModel {
    var faults: BoardFaults { get set }
    var channelCount: Int { get }
    /// Whether the board can be asked for its coils.
    var isReadable: Bool { get }
    /// The serial that tells it from others of its kind, as text; empty where it has none.
    var serialNumber: String { get }
    /// What its contacts do when it is pulled from its host.
    var onUnplugging: UnpluggedContacts { get }
    /// Its contacts after power-up, from channel 1 on.
    var contactsAtPowerUp: [Bool] { get }
    /// Turns a channel by itself, as a schedule of its own, another program or a glitch does.
    mutating func turn(_ channel: Int, energised: Bool)
    /// The board lost its power for a moment that the bus didn't notice.
    mutating func loseState(at instant: Instant)
    /// A board of the same kind whose memory for the serial reads as octets of ones; nil where there is no such memory.
    static func unwritten() -> Self?
    /// A board of the same kind with another serial; nil where boards have none.
    static func another() -> Self?
}

/// Where contacts are when a board has no host.
public enum UnpluggedContacts: Hashable, Sendable {
    /// As without current in any coil.
    case released
    /// As they were: it has a supply of its own.
    case kept
    /// All of them as energised: ports of a hub that is off.
    case cut
}

extension RelayBoardModel {
    public static func unwritten() -> Self? { nil }
    public static func another() -> Self? { nil }
    public var contactsAtPowerUp: [Bool] { [Bool](repeating: false, count: channelCount) }
}

/// A specimen of a board: the driver it is sold for, as rig files name it, and a fresh one.
public struct RelayBoardSpecimen: Sendable {
    public var driver: String
    /// Which of the driver's boards it is.
    public var name: String
    public var model: @Sendable () -> any RelayBoardModel

    public init(driver: String, name: String, model: @escaping @Sendable () -> any RelayBoardModel) {
        self.driver = driver
        self.name = name
        self.model = model
    }
}

/// The one list of models: a new board is one file beside this one and one line here.
public enum RelayBoardModels {
    public static let all: [RelayBoardSpecimen] =
        DcttechBoard.specimens + UcreateBoard.specimens + LCUSHIDBoard.specimens + FT245RBoard.specimens
        + MCP2200Board.specimens + Nuvoton16Board.specimens + ConradBoard.specimens + SiSPMBoard.specimens
        + ClewareBoard.specimens + YepkitBoard.specimens + K8055Board.specimens + DeditecBoard.specimens
}
