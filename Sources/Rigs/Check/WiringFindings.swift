/// What a matrix of effects says of a rig's wiring. Pure: for every click, what every witness saw, in; sentences, out.
public struct WiringFindings: Sendable {
    public enum Kind: String, Sendable {
        /// It does what the rig file says.
        case good
        case wrong
        /// The witnesses can't tell.
        case unproven
    }

    public struct Finding: Sendable, Hashable {
        public var board: String
        public var channel: String
        public var kind: Kind
        /// One sentence, for the person at the bench.
        public var sentence: String
    }

    /// One for each click, in their order.
    public let channels: [Finding]
    /// What concerns a board as a whole.
    public let notes: [String]

    /// The worst of all findings.
    public var kind: Kind {
        let kinds = channels.map(\.kind)
        return kinds.contains(.wrong) ? .wrong : kinds.contains(.unproven) ? .unproven : .good
    }

    /// - Parameters:
    ///   - clicks: one of each channel.
    ///   - followedBefore: what channels are known to have cut at an earlier check, by their id.
    public init(_ clicks: [Click], followedBefore: [String: String] = [:]) {
        channels = clicks.map { click in
            let (kind, sentence) = Self.judge(click, among: clicks, followedBefore[click.channel.id])
            return Finding(board: click.board, channel: click.channel.id, kind: kind, sentence: sentence)
        }
        notes = Self.notes(clicks)
    }

    private static func judge(_ click: Click, among all: [Click], _ before: String?) -> (Kind, String) {
        let channel = click.channel
        let name = name(channel)
        if let failure = click.failure { return (.wrong, "\(name) did not follow: \(failure)") }
        let effects = click.seen.keys.sorted().map { (feed: $0, effect: click.effect(on: $0)) }
        let moved = effects.filter { [.cut, .notRestored, .reversed].contains($0.effect) }
        let others = moved.filter { $0.feed != channel.feeds }
        let own = channel.feeds == "nothing" ? Click.Effect.none : click.effect(on: channel.feeds)
        switch own {
        case .reversed:
            return (
                .wrong,
                "\(name) is declared \(channel.wiring.rawValue), but \(thing(channel.feeds)) is there only while its coil is "
                    + "\(channel.wiring == .normallyClosed ? "on" : "off"): it is wired to the other contact "
                    + "(\(channel.wiring == .normallyClosed ? "NO" : "NC"))"
            )
        case .notRestored:
            return (
                .wrong,
                "\(name) cut \(thing(channel.feeds)), and it did not come back: the contact is stuck open, though its coil was read back as off"
            )
        case .cut where others.isEmpty: return (.good, "\(name) cuts \(thing(channel.feeds)), and it comes back")
        case .cut:
            return (
                .wrong,
                "\(name) cuts \(thing(channel.feeds)) as declared, and \(list(others.map(\.feed))) with it: they hang on one wire"
            )
        case .none, .dead, .unclear:
            if !others.isEmpty { return (.wrong, elsewhere(click, others.map(\.feed), among: all)) }
        }
        if channel.feeds == "nothing" { return (.good, "\(name) feeds nothing, as declared") }
        switch own {
        case .unclear(let reason): return (.unproven, "\(name) could not be proven: \(thing(channel.feeds)): \(reason)")
        case .dead: return dead(click, among: all)
        default: break
        }
        let read = "\(name) had no effect: its coil followed, and \(thing(channel.feeds)) stayed"
        if before == channel.feeds {
            return (
                .wrong,
                "\(read), which it cut when it was last checked: its contact is stuck (welded), or its wire came off"
            )
        }
        return (.wrong, "\(read): the channel is wired to nothing, or its contact has always been stuck")
    }

    private static func elsewhere(_ click: Click, _ feeds: [String], among all: [Click]) -> String {
        let channel = click.channel
        let declared = channel.feeds == "nothing" ? "feed nothing" : "cut \(thing(channel.feeds))"
        let text = "\(name(channel)) is declared to \(declared), but \(list(feeds)) \(went(feeds[0]))"
        let partner = all.first { other in
            other.channel.id != channel.id && feeds == [other.channel.feeds]
                && [.cut, .notRestored].contains(other.effect(on: channel.feeds))
        }
        if let partner {
            let pair = [click, partner].sorted { ($0.board, $0.channel.number) < ($1.board, $1.channel.number) }
            let numbers =
                click.board == partner.board
                ? pair.map { "\($0.channel.number)" } : pair.map { "\($0.channel.number) of \($0.board)" }
            return "\(text): channels \(numbers.joined(separator: " and ")) are swapped"
        }
        return "\(text): it is wired to \(list(feeds))"
    }

    private static func dead(_ click: Click, among all: [Click]) -> (Kind, String) {
        let feed = click.channel.feeds
        let text = "\(name(click.channel)) could not be proven: \(thing(feed)) \(went(feed)) before it was switched"
        if let other = all.first(where: { $0.effect(on: feed) == .reversed }) {
            return (
                .unproven, "\(text), and is there only while the coil of channel \(other.channel.number) is on"
            )
        }
        if let other = all.first(where: { $0.effect(on: feed) == .notRestored }) {
            return (.unproven, "\(text), since channel \(other.channel.number) did not give it back")
        }
        return (
            .unproven,
            "\(text), with all coils off: look at its own supply, its fuse and its plug"
        )
    }

    private static func notes(_ clicks: [Click]) -> [String] {
        Set(clicks.map(\.board)).sorted().compactMap { board in
            let own = clicks.filter { $0.board == board && $0.channel.feeds != "nothing" }
            let isIdle = own.allSatisfy { click in
                click.failure == nil && click.seen.keys.allSatisfy { click.effect(on: $0) == .none }
            }
            guard own.count > 1, isIdle else { return nil }
            return
                "no channel of board '\(board)' moved anything: it may lack the supply of its coils (12 V), which no read-back tells"
        }
    }

    // MARK: words

    private static func name(_ channel: RigChannel) -> String { "channel \(channel.number) ('\(channel.id)')" }

    /// What a feed is, to a person.
    static func thing(_ feed: String) -> String {
        switch feed {
        case "host": return "the host"
        case _ where feed.hasSuffix("/sut"): return "the interface \(feed)"
        case _ where feed.contains("/"): return "the transceiver \(feed)"
        default: return "line \(feed)"
        }
    }

    private static func list(_ feeds: [String]) -> String { feeds.map(thing).joined(separator: " and ") }

    private static func went(_ feed: String) -> String {
        switch feed {
        case "host": "was down"
        case _ where feed.contains("/"): "was gone"
        default: "was silent"
        }
    }
}
