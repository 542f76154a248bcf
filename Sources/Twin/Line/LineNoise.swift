import Platform

/// Noise on a line, seeded: what everybody on it reads other than it was sent. The sender does not notice, for its own signal is the strongest
/// where it listens.
public struct LineNoise: Hashable, Sendable {
    public var seed: UInt64
    /// Of a million characters, frames' octets and acknowledges, how many are read with one bit wrong.
    public var flippedPerMillion: Int

    public init(seed: UInt64, flippedPerMillion: Int) {
        precondition(
            (0...1_000_000).contains(flippedPerMillion), "of a million octets no more than a million are flipped")
        self.seed = seed
        self.flippedPerMillion = flippedPerMillion
    }
}

/// Which bit of which character is flipped.
struct BitFlips: Sendable {
    private let perMillion: UInt64
    private var generator: SeededGenerator

    init(_ noise: LineNoise) {
        perMillion = UInt64(noise.flippedPerMillion)
        generator = SeededGenerator(seed: noise.seed)
    }

    /// The bits to flip in the next character: none or one.
    mutating func next() -> UInt8 {
        let drawn = generator.next()
        // The high half says whether, the low bits which.
        return (drawn >> 32) % 1_000_000 < perMillion ? 1 << UInt8(drawn & 7) : 0
    }
}

/// Noise on the serial line between a chip and its host, in the host's direction.
public struct SerialNoise: Hashable, Sendable {
    public var seed: UInt64
    /// Of a million octets, how many never arrive, as when a UART overruns.
    public var lostPerMillion: Int
    /// After how many of a million octets another one arrives that the chip did not send.
    public var extraPerMillion: Int

    public init(seed: UInt64, lostPerMillion: Int = 0, extraPerMillion: Int = 0) {
        precondition(
            (0...1_000_000).contains(lostPerMillion) && (0...1_000_000).contains(extraPerMillion),
            "of a million octets no more than a million are lost or added")
        self.seed = seed
        self.lostPerMillion = lostPerMillion
        self.extraPerMillion = extraPerMillion
    }
}

/// What becomes of the octets of a serial line.
struct SerialDisturbance: Sendable {
    private let noise: SerialNoise
    private var generator: SeededGenerator

    init(_ noise: SerialNoise) {
        self.noise = noise
        generator = SeededGenerator(seed: noise.seed)
    }

    /// Whether the next octet arrives, and what comes after it that nobody sent.
    mutating func next() -> (isLost: Bool, extra: UInt8?) {
        let isLost = generator.next() % 1_000_000 < UInt64(noise.lostPerMillion)
        let drawn = generator.next()
        let isJoined = (drawn >> 32) % 1_000_000 < UInt64(noise.extraPerMillion)
        return (isLost, isJoined ? UInt8(drawn & 0xFF) : nil)
    }
}
