import Events
import Platform

/// Somebody who presses a button now and then. Seeded: the same seed presses at the same instants.
public struct SeededHand: Hashable, Sendable {
    public var seed: UInt64
    /// Between two presses on average; each pause is half to one and a half of it, and the first press comes anywhere within it.
    public var everyNanoseconds: Int64
    /// Of a hundred presses, how many are long.
    public var longPercent: Int

    public init(seed: UInt64, everyNanoseconds: Int64, longPercent: Int = 0) {
        precondition(everyNanoseconds >= 10_000_000_000, "a hand needs ten seconds between two presses on average")
        precondition((0...100).contains(longPercent))
        self.seed = seed
        self.everyNanoseconds = everyNanoseconds
        self.longPercent = longPercent
    }

    /// What a hand does next.
    struct Presses: Sendable {
        private let hand: SeededHand
        private var generator: SeededGenerator
        private var isFirst = true

        init(_ hand: SeededHand) {
            self.hand = hand
            generator = SeededGenerator(seed: hand.seed)
        }

        /// After how long the button is pressed, and for how long then.
        mutating func next() -> (pause: Instant.Span, held: Instant.Span) {
            let pause =
                (isFirst ? 1 : hand.everyNanoseconds / 2) + Int64(generator.next() % UInt64(hand.everyNanoseconds))
            isFirst = false
            let isLong = generator.next() % 100 < UInt64(hand.longPercent)
            let drawn = Int64(generator.next() % 1_000)
            // 80…280 ms, or 0.9…2.9 s.
            let held = isLong ? 900_000_000 + drawn * 2_000_000 : 80_000_000 + drawn * 200_000
            return (Instant.Span(nanoseconds: pause), Instant.Span(nanoseconds: held))
        }
    }
}
