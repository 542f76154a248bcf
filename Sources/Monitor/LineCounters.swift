/// What was counted on a line since the monitor began.
public struct LineCounters: Hashable, Sendable {
    /// Good frames, repetitions too.
    public private(set) var telegrams = 0
    public private(set) var acknowledged = 0
    public private(set) var notAcknowledged = 0
    public private(set) var busy = 0
    /// Good frames that nothing followed.
    public private(set) var unacknowledged = 0
    public private(set) var repeated = 0
    /// Frames cut short or damaged, and noise; not among the telegrams.
    public private(set) var bad = 0
    /// Telegrams that were on the line and are proven not to have been heard.
    public var lost = 0

    public init() {}

    public mutating func count(_ telegram: MonitoredTelegram) {
        if telegram.mark != .bad { telegrams += 1 }
        if telegram.isRepetition { repeated += 1 }
        switch telegram.mark {
        case .acknowledged: acknowledged += 1
        case .notAcknowledged: notAcknowledged += 1
        case .busy: busy += 1
        case .unacknowledged: unacknowledged += 1
        case .bad: bad += 1
        }
    }

    /// Names and numbers in the order in which they are shown: what was lost goes before everything else.
    public var all: [(name: String, count: Int)] {
        let lost = [(name: "lost", count: lost)]
        let heard: [(name: String, count: Int)] = [
            ("telegrams", telegrams), ("ACK", acknowledged), ("NACK", notAcknowledged), ("BUSY", busy),
            ("unacknowledged", unacknowledged), ("repeated", repeated), ("bad", bad),
        ]
        return self.lost > 0 ? lost + heard : heard + lost
    }
}
