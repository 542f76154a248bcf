/// What a dip may do. The first is of the rig's own chips, the others are harms to the system under test.
public enum DipResponse: String, CaseIterable, Sendable {
    /// The line's chips restarted, the rig's own among them: the dip reached them.
    case chipsRestarted = "chips_restarted"
    /// A telegram did not get onto the line, or was on it and did not reach a view.
    case telegramLost = "telegram_lost"
    /// The system's interface daemon ended, whoever started it again.
    case interfaceRestarted = "interface_restarted"
    /// When all else worked again a view was still wrong.
    case stateWrong = "state_wrong"
    /// The system did not come back by itself.
    case needsHand = "needs_a_hand"

    /// A harm is counted among dips that a witness saw; that the chips restarted is a witness itself, and is counted among all dips.
    public var isHarm: Bool { self != .chipsRestarted }

    /// For people.
    public var words: String {
        switch self {
        case .chipsRestarted: "chips restarted"
        case .telegramLost: "telegram lost"
        case .interfaceRestarted: "interface restarted"
        case .stateWrong: "state wrong"
        case .needsHand: "needs a hand"
        }
    }
}
