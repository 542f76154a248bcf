public import Events

/// One thing that happened in a twin, as its sockets and its journal tell it.
public enum TwinRecord: Hashable, Sendable {
    case line(String, LineRecord)
    /// A relay's contact has moved.
    case board(String, channel: Int, isEnergised: Bool, at: Instant)
    /// A chip's serial connection has been put in or pulled out.
    case plug(line: String, chip: String, isPlugged: Bool, at: Instant)
    /// The twin itself was late.
    case slip(lateNanoseconds: Int64, at: Instant)

    /// The name of the thread that keeps the lines, as slips name it.
    static let threadName = "twin line"

    /// One JSON line: `t` nanoseconds, `k` kind, and the details.
    public var value: Value {
        switch self {
        case .line(let line, let record): record.value(line: line)
        case .board(let board, let channel, let isEnergised, let instant):
            [
                "t": .integer(instant.nanoseconds), "k": "board", "board": .text(board),
                "channel": .integer(Int64(channel)), "energised": .bool(isEnergised),
            ]
        case .plug(let line, let chip, let isPlugged, let instant):
            [
                "t": .integer(instant.nanoseconds), "k": .text(isPlugged ? "plug" : "unplug"), "line": .text(line),
                "chip": .text(chip),
            ]
        case .slip(let late, let instant):
            [
                "t": .integer(instant.nanoseconds), "k": "slip", "thread": .text(Self.threadName),
                "late": .integer(late),
            ]
        }
    }

    /// What a bench could see too: the voltage, and the twin's own lateness.
    var isSensed: Bool {
        switch self {
        case .line(_, .supply), .slip: true
        default: false
        }
    }

    /// What outlives the run in the journal: whatever the hardware was told and did.
    var isJournalled: Bool {
        switch self {
        case .line(_, .supply), .board, .plug: true
        default: false
        }
    }
}
