/// What is broken in the field about a relay board, each as a parameter.
public struct BoardFaults: Hashable, Sendable {
    /// How the firmware takes what is specific to it: class and vendor requests, and its endpoints.
    public enum Answer: Hashable, Sendable {
        case sound
        /// No answer at all to this many requests; nil is for ever.
        case silent(requests: Int?)
        /// STALL to this many requests; nil is for ever.
        case stalling(requests: Int?)
        /// What it sends ends after this many octets.
        case short(octets: Int)
        /// Each bit of what it sends is turned round.
        case garbled
    }

    public var answer = Answer.sound
    /// Channels whose driver pin doesn't follow: the read-back tells.
    public var deafChannels: Set<Int> = []
    /// Channels whose contact stays where it was though the pin follows, as all of them do on a board without its 12 V: no read-back tells.
    public var stuckContacts: Set<Int> = []
    /// Takes this many more commands as if they were sound, and does nothing.
    public var ignoresCommands = 0
    /// Drops off the bus after this many more commands.
    public var vanishesAfterCommands: Int?

    public init() {}

    /// What meets the next request; counts it down.
    mutating func meet() -> USBReply? {
        switch answer {
        case .silent(let requests):
            if let requests { answer = requests > 1 ? .silent(requests: requests - 1) : .sound }
            return .silence
        case .stalling(let requests):
            if let requests { answer = requests > 1 ? .stalling(requests: requests - 1) : .sound }
            return .stall
        case .sound, .short, .garbled: return nil
        }
    }

    /// `reply` as it gets to the host.
    func cut(_ reply: USBReply) -> USBReply {
        guard case .data(let data) = reply else { return reply }
        switch answer {
        case .short(let octets): return .data(Array(data.prefix(octets)))
        case .garbled: return .data(data.map { ~$0 })
        case .sound, .silent, .stalling: return reply
        }
    }

    /// Whether the next command does anything; counts it down.
    mutating func takesCommand() -> Bool {
        guard ignoresCommands > 0 else { return true }
        ignoresCommands -= 1
        return false
    }

    /// Whether the board is off the bus after a command; counts it down.
    mutating func vanishes() -> Bool {
        guard let left = vanishesAfterCommands else { return false }
        vanishesAfterCommands = left > 1 ? left - 1 : nil
        return left <= 1
    }
}
