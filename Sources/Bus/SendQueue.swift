import Events
import KNX

/// A telegram that a stimulus is to send.
struct Telegram: Hashable, Sendable {
    var frame: TP1Frame
    var value: GroupValue?
    var role: Event.Stimulation.Role
}

/// Telegrams that wait for the chip: answers to reads first, then by the priority they will have on the line, each in order of arrival.
struct SendQueue: Sendable {
    private var telegrams: [Telegram] = []

    var count: Int { telegrams.count }

    mutating func append(_ telegram: Telegram) {
        let rank = Self.rank(telegram)
        let place = telegrams.firstIndex { Self.rank($0) > rank } ?? telegrams.count
        telegrams.insert(telegram, at: place)
    }

    mutating func next() -> Telegram? {
        telegrams.isEmpty ? nil : telegrams.removeFirst()
    }

    mutating func removeAll() -> [Telegram] {
        defer { telegrams = [] }
        return telegrams
    }

    private static func rank(_ telegram: Telegram) -> Int {
        if telegram.role == .response { return 0 }
        switch telegram.frame.priority {
        case .system: return 1
        case .urgent: return 2
        case .normal: return 3
        case .low: return 4
        }
    }
}
