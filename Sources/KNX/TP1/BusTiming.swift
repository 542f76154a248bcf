/// Arithmetic of bus occupancy on TP1: 9600 bit/s, everything in whole bit times (KNX standard 3/2/2).
public enum BusTiming {
    /// Bits per second on the line; one bit time is 1/9600 s = 104 166.67 ns.
    public static let bitsPerSecond: Int64 = 9_600
    /// One character: start, eight data bits, even parity, stop.
    public static let characterBits = 11
    /// From start bit to start bit of two characters of one frame: a character and two idle bits.
    public static let characterPitchBits = 13
    /// From the end of the check octet to the start of the acknowledge character.
    public static let acknowledgeDelayBits = 15
    /// Idle bits before a frame of priority system or urgent, or a repetition, may start.
    public static let idleBitsUrgent = 50
    /// Idle bits before a first transmission of priority normal or low may start.
    public static let idleBitsNormal = 53

    /// Nanoseconds of `bits` bit times, rounded down.
    public static func nanoseconds(bits: Int64) -> Int64 {
        // 1e9 / 9600 = 312500 / 3; whole bits times this stay exact to a third of a nanosecond.
        bits * 312_500 / 3
    }

    /// Whole bit times in `nanoseconds`, rounded down.
    public static func bits(nanoseconds: Int64) -> Int64 {
        nanoseconds * 3 / 312_500
    }

    /// From the first start bit to the last stop bit of a frame of `octets` octets.
    public static func frameBits(octets: Int) -> Int {
        characterPitchBits * (octets - 1) + characterBits
    }

    /// From start bit to start bit at saturation, acknowledged: 13·N + 24 + I. This strict count is the convention for capacity and load.
    public static func cycleBits(octets: Int, idleBits: Int) -> Int {
        frameBits(octets: octets) + acknowledgeDelayBits + characterBits + idleBits
    }

    /// Idle bits that must precede a frame.
    public static func idleBits(priority: Priority, isRepetition: Bool) -> Int {
        isRepetition || priority == .system || priority == .urgent ? idleBitsUrgent : idleBitsNormal
    }
}
