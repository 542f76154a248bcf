/// What a channel does to the circuit that it feeds. Scenarios speak of this, never of on and off.
public enum Meaning: String, CaseIterable, Sendable {
    /// The circuit has its power.
    case powered
    /// It hasn't.
    case cut

    public var opposite: Meaning { self == .powered ? .cut : .powered }
}

/// How one channel of a board is wired.
public struct ChannelWiring: Hashable, Sendable {
    /// What the rig file calls it, such as `bus-power`.
    public var id: String
    /// The board's channel, from 1 on.
    public var number: Int
    /// True when the circuit runs through the normally closed contact: energised is cut, and a dead board leaves it powered.
    public var normallyClosed: Bool
    /// After a command, how long until the contact counts as settled. An SRD-05VDC relay operates and releases within 10 ms and bounces after
    /// that.
    public var settleMilliseconds: Int
    /// Shortest time that the circuit stays cut, such as for capacitors to discharge; a command to power it earlier is held back.
    public var minimumOffMilliseconds: Int
    /// Shortest time that the circuit stays powered.
    public var minimumOnMilliseconds: Int

    public init(
        id: String, number: Int, normallyClosed: Bool = true, settleMilliseconds: Int = 20,
        minimumOffMilliseconds: Int = 0, minimumOnMilliseconds: Int = 0
    ) {
        self.id = id
        self.number = number
        self.normallyClosed = normallyClosed
        self.settleMilliseconds = settleMilliseconds
        self.minimumOffMilliseconds = minimumOffMilliseconds
        self.minimumOnMilliseconds = minimumOnMilliseconds
    }

    /// Whether the coil carries current when the circuit is in `meaning`.
    public func energised(for meaning: Meaning) -> Bool {
        (meaning == .cut) == normallyClosed
    }

    public func meaning(energised: Bool) -> Meaning {
        energised == normallyClosed ? .cut : .powered
    }

    /// How long the circuit has to stay in `meaning`.
    func minimumMilliseconds(in meaning: Meaning) -> Int {
        meaning == .cut ? minimumOffMilliseconds : minimumOnMilliseconds
    }
}
