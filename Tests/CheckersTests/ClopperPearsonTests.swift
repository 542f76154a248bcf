import Testing

@testable import Checkers

@Suite("The Clopper–Pearson bound")
struct ClopperPearsonTests {
    struct Known: Sendable {
        let successes: Int
        let trials: Int
        let bound: Double
    }

    /// With k = n the bound is 0.05^(1/n); the others are quantiles of the beta distribution Beta(k, n − k + 1) at 0.05.
    @Test(
        "gives the values of the tables",
        arguments: [
            Known(successes: 1, trials: 1, bound: 0.05), Known(successes: 10, trials: 10, bound: 0.7411),
            Known(successes: 29, trials: 29, bound: 0.9019),
            Known(successes: 9, trials: 10, bound: 0.6058), Known(successes: 1, trials: 10, bound: 0.0051),
            Known(successes: 59, trials: 59, bound: 0.9505),
        ])
    func known(_ known: Known) {
        let bound = ClopperPearson.lowerBound(successes: known.successes, of: known.trials)
        #expect(abs(bound - known.bound) < 0.00005)
    }

    @Test("is 0 when nothing succeeded", arguments: [1, 10, 1000])
    func nothing(trials: Int) {
        #expect(ClopperPearson.lowerBound(successes: 0, of: trials) == 0)
    }

    @Test(
        "lies where the tail is the risk, for many trials too",
        arguments: [(3, 7), (50, 100), (997, 1000), (4999, 10_000)])
    func tail(successes: Int, trials: Int) {
        for confidence in [0.5, 0.9, 0.95, 0.99] {
            let bound = ClopperPearson.lowerBound(successes: successes, of: trials, confidence: confidence)
            #expect(abs(ClopperPearson.upperTail(successes, of: trials, rate: bound) - (1 - confidence)) < 1e-9)
        }
    }

    @Test("grows with each success and shrinks with each failure")
    func monotone() {
        for trials in 1...40 {
            for successes in 0..<trials {
                let bound = ClopperPearson.lowerBound(successes: successes, of: trials)
                #expect(bound < ClopperPearson.lowerBound(successes: successes + 1, of: trials))
                #expect(bound <= Double(successes) / Double(trials))
                if successes > 0 { #expect(bound > ClopperPearson.lowerBound(successes: successes, of: trials + 1)) }
            }
        }
    }

    @Test("sums the tail of a fair coin exactly")
    func coin() {
        // 1 + 5 + 10 of 32.
        #expect(abs(ClopperPearson.upperTail(3, of: 5, rate: 0.5) - 0.5) < 1e-15)
        #expect(abs(ClopperPearson.upperTail(5, of: 5, rate: 0.5) - 1.0 / 32) < 1e-15)
        #expect(ClopperPearson.upperTail(0, of: 5, rate: 0.5) == 1)
        #expect(ClopperPearson.upperTail(1, of: 5, rate: 0) == 0)
        #expect(ClopperPearson.upperTail(1, of: 5, rate: 1) == 1)
    }
}
