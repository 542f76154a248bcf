/// Which relay contact feeds what. A feed is connected while none of the contacts in its way is open.
struct Wiring: Sendable {
    private struct Contact: Hashable {
        let board: String
        let channel: Int
    }

    private var wired: [Contact: TwinConfiguration.WiredChannel] = [:]
    private var cutting: [TwinConfiguration.Feed: Set<Contact>] = [:]
    private var energised: Set<Contact> = []

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
        if isEnergised { energised.insert(contact) } else { energised.remove(contact) }
        guard let wired = wired[contact] else { return nil }
        let wasConnected = isConnected(wired.feed)
        if isEnergised == wired.energisedMeansCut {
            cutting[wired.feed, default: []].insert(contact)
        } else {
            cutting[wired.feed]?.remove(contact)
        }
        return isConnected(wired.feed) == wasConnected ? nil : wired.feed
    }

    /// The wire of a contact goes to another place.
    ///
    /// - Returns: the feeds that are connected or cut by it.
    mutating func rewire(board: String, _ channel: TwinConfiguration.WiredChannel) -> [TwinConfiguration.Feed] {
        let contact = Contact(board: board, channel: channel.number)
        let left = wired[contact]?.feed
        let feeds = Set([left, channel.feed].compactMap(\.self)).subtracting([.none])
        let before = feeds.map { ($0, isConnected($0)) }
        if let left { cutting[left]?.remove(contact) }
        wired[contact] = channel.feed == .none ? nil : channel
        if channel.feed != .none, energised.contains(contact) == channel.energisedMeansCut {
            cutting[channel.feed, default: []].insert(contact)
        }
        return before.filter { isConnected($0.0) != $0.1 }.map(\.0)
    }
}
