/// What the witnesses of something that a channel feeds say of it at one moment.
public enum FeedState: Sendable, Hashable {
    case powered
    case cut
    /// They contradict each other, or there is none.
    case unclear(String)

    /// A supply that reads less is no supply: TP1 devices work from 21 V on, and a line without power discharges to nothing.
    public static let deadMillivolts: Int64 = 20_000
}

extension FeedState {
    /// What a chip of a line shows.
    public enum Chip: Sendable, Hashable {
        case answers
        case silent
        /// Its device is not there: it says nothing of the line.
        case absent
    }

    /// The state of a line, from its chips and, where there is one, its sense. One chip that falls silent by itself is a cable, so a cut needs two witnesses.
    public init(chips: [(id: String, shows: Chip)], millivolts: Int64?) {
        let present = chips.filter { $0.shows != .absent }
        let silent = present.filter { $0.shows == .silent }.map(\.id)
        let answering = present.filter { $0.shows == .answers }.map(\.id)
        let isDead = millivolts.map { $0 < Self.deadMillivolts }
        func names(_ ids: [String]) -> String { ids.joined(separator: ", ") }
        if present.isEmpty {
            self = .unclear("no chip on it can be reached")
        } else if !silent.isEmpty, !answering.isEmpty {
            self = .unclear(
                "only \(names(silent)) fell silent and \(names(answering)) answers: that is a cable, not the supply")
        } else if silent.isEmpty {
            self = isDead == true ? .unclear("\(names(answering)) answers, and its sense sees no voltage") : .powered
        } else if isDead == false {
            self = .unclear("\(names(silent)) is silent, and its sense sees voltage")
        } else if present.count + (isDead == true ? 1 : 0) < 2 {
            self = .unclear("\(names(silent)) alone fell silent: one chip can't tell a dead line from a cable")
        } else {
            self = .cut
        }
    }
}
