/// Which relay contact feeds what. A feed is connected while none of the contacts in its way is open.
struct Wiring: Sendable {
    private struct Contact: Hashable {
        let board: String
        let channel: Int
    }

    private var wired: [Contact: TwinConfiguration.WiredChannel] = [:]
    private var cutting: [TwinConfiguration.Feed: Set<Contact>] = [:]

    /// Boards whose relays have all fallen.
    init(_ boards: [TwinConfiguration.Board]) {
        for board in boards {
            for channel in board.wiring where channel.feed != .none {
                let contact = Contact(board: board.id, channel: channel.number)
                wired[contact] = channel
                if !channel.energisedMeansCut { cutting[channel.feed, default: []].insert(contact) }
            }
        }
    }

    func isConnected(_ feed: TwinConfiguration.Feed) -> Bool {
        cutting[feed]?.isEmpty ?? true
    }

    /// A contact has moved.
    ///
    /// - Returns: the feed that is connected or cut by it; nil when that changes nothing.
    mutating func moved(board: String, channel: Int, isEnergised: Bool) -> TwinConfiguration.Feed? {
        let contact = Contact(board: board, channel: channel)
        guard let wired = wired[contact] else { return nil }
        let wasConnected = isConnected(wired.feed)
        if isEnergised == wired.energisedMeansCut {
            cutting[wired.feed, default: []].insert(contact)
        } else {
            cutting[wired.feed]?.remove(contact)
        }
        return isConnected(wired.feed) == wasConnected ? nil : wired.feed
    }
}
