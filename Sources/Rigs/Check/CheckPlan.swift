/// The clicks of a check, said before any is made: what each cuts, for how long, and what it costs the contact.
public struct CheckPlan: Sendable {
    public struct Planned: Sendable {
        public var board: String
        public var channel: RigChannel
        /// How long the witnesses are given to see the cut, nanoseconds.
        public var cutNanoseconds: Int64
        /// How long they are given to see it back, nanoseconds.
        public var returnNanoseconds: Int64
        /// Operations of the contact so far.
        public var operations: Int

        /// For people: one line.
        public var text: String {
            let left = max(0, channel.contactLife - operations)
            let what = channel.feeds == "nothing" ? "nothing, as declared" : WiringFindings.thing(channel.feeds)
            return "\(board) channel \(channel.number) ('\(channel.id)'): cuts \(what) for "
                + "\(Double(cutNanoseconds / 100_000_000) / 10) s; 2 operations, "
                + "\(left) of \(channel.contactLife) left in its contact"
        }
    }

    public struct Skipped: Sendable, Hashable {
        public var board: String
        public var channel: String
        public var reason: String
    }

    public let clicks: [Planned]
    public let skipped: [Skipped]
    /// What has to be said before it can be made; nil when nothing has.
    public let missing: String?
    /// Why the check must not be made; empty when it may.
    public let refusals: [String]

    /// Silence of a chip takes 0.6 s to be one, a supply holds a line up for 0.2 s, and a look is due every now and then.
    static let cutNanoseconds: Int64 = 2_000_000_000
    /// A host has to be off for 5 s to be off.
    static let hostCutNanoseconds: Int64 = 10_000_000_000

    /// - Parameters:
    ///   - withHost: whether channels that feed the host are clicked.
    ///   - withMains: whether channels of mains circuits are.
    ///   - hasHeartbeat: whether something shows that the host lives.
    ///   - wear: operations of a channel's contact so far.
    public init(
        _ rig: Rig, withHost: Bool, withMains: Bool, hasHeartbeat: Bool, wear: (RigBoard, RigChannel) -> Int
    ) {
        var clicks: [Planned] = []
        var skipped: [Skipped] = []
        var refusals: [String] = []
        var missing: String?
        for board in rig.boards {
            for channel in board.channels.sorted(by: { $0.number < $1.number }) {
                func skip(_ reason: String) {
                    skipped.append(Skipped(board: board.id, channel: channel.id, reason: reason))
                }
                let isHost = channel.feeds == "host"
                if channel.circuit == .mains, !withMains {
                    skip("it switches mains: name it with --mains")
                } else if isHost, !withHost {
                    skip("it cuts the host: name it with --host")
                } else if isHost, !hasHeartbeat {
                    missing =
                        missing
                        ?? "channel '\(channel.id)' feeds the host: say with --heartbeat HOST:PORT what shows that it lives"
                } else {
                    let wanted = isHost ? Self.hostCutNanoseconds : Self.cutNanoseconds
                    let planned = Planned(
                        board: board.id, channel: channel,
                        cutNanoseconds: max(wanted, channel.minimumOffNanoseconds),
                        returnNanoseconds: isHost ? 120_000_000_000 : 10_000_000_000,
                        operations: wear(board, channel))
                    clicks.append(planned)
                    if planned.operations + 2 > channel.contactLife {
                        refusals.append(
                            "the contact of channel '\(channel.id)' has \(planned.operations) operations and counts as worn out "
                                + "after \(channel.contactLife): replace the board, then move its wear file away")
                    }
                }
            }
        }
        let cuts = clicks.map {
            PlanOfClicks.Cut(channel: $0.channel.id, nanoseconds: $0.cutNanoseconds, count: 1)
        }
        self.missing = missing
        self.clicks = clicks
        self.skipped = skipped
        self.refusals = refusals + PlanOfClicks(cuts: cuts, rig: rig).refusals
    }

    /// Whether every channel of a board is clicked.
    public func covers(_ board: String) -> Bool { !skipped.contains { $0.board == board } }
}
