/// What intended cuts cost the contacts, and which of them the rig forbids. Pure: said before anything is touched.
public struct PlanOfClicks: Sendable {
    public struct Cut: Sendable, Hashable {
        public var channel: String
        public var nanoseconds: Int64
        public var count: Int

        public init(channel: String, nanoseconds: Int64, count: Int) {
            self.channel = channel
            self.nanoseconds = nanoseconds
            self.count = count
        }
    }

    /// Operations of all contacts together: a cut is two.
    public let clicks: Int
    /// Why some of the cuts must not be made.
    public let refusals: [String]

    public init(cuts: [Cut], rig: Rig) {
        clicks = cuts.reduce(0) { $0 + 2 * $1.count }
        refusals = cuts.compactMap { cut in
            guard let channel = rig.channel(cut.channel)?.channel else {
                return "no board has a channel '\(cut.channel)'"
            }
            guard cut.nanoseconds <= channel.longestCutNanoseconds else {
                return
                    "channel '\(cut.channel)' may be cut for \(channel.longestCutNanoseconds / 1_000_000_000) s at most, not for "
                    + "\(cut.nanoseconds / 1_000_000_000) s"
            }
            return cut.nanoseconds < channel.minimumOffNanoseconds
                ? "channel '\(cut.channel)' must be cut for at least \(channel.minimumOffNanoseconds / 1_000_000) ms"
                : nil
        }
    }
}
