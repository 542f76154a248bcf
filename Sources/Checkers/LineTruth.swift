import Events

/// What the line said, by group address: the yardstick of every view.
struct LineTruth {
    struct Value {
        var instant: Instant
        var uncertainty: Int64
        var raw: [UInt8]
    }

    private(set) var values: [UInt16: [Value]] = [:]
    /// Every telegram once, by instant.
    private(set) var telegrams: [Timeline.Stamped<Timeline.Telegram>] = []

    /// A repetition of a telegram that was accepted already is the same telegram, not a new one (KNX standard 3/2/2: compared with the last
    /// from that source); one whose first transmission nobody could read is the first that counts.
    private static let repetitionWindow = Instant.Span.seconds(1)

    init(_ timeline: Timeline) {
        var latest: [UInt16: Timeline.Stamped<Timeline.Telegram>] = [:]
        for telegram in timeline.telegrams {
            let group = telegram.content.group
            if telegram.content.isRepetition, let before = latest[group], before.content.raw == telegram.content.raw,
                before.content.sender == telegram.content.sender,
                telegram.instant - before.instant < Self.repetitionWindow
            {
                continue
            }
            latest[group] = telegram
            telegrams.append(telegram)
            values[group, default: []].append(
                Value(instant: telegram.instant, uncertainty: telegram.uncertainty, raw: telegram.content.raw))
        }
    }

    /// A value that changed at a device while the line could not say so.
    mutating func changedSilently(_ group: UInt16, to raw: [UInt8], at instant: Instant) {
        var list = values[group] ?? []
        let index = list.firstIndex { $0.instant > instant } ?? list.endIndex
        list.insert(Value(instant: instant, uncertainty: 0, raw: raw), at: index)
        values[group] = list
    }
}
