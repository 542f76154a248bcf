import Glibc

/// How much evidence a score demands.
public enum EvidenceLevel: String, CaseIterable, Sendable {
    /// One clean run per scenario.
    case smoke
    /// 0.90, 0.80 or 0.70 recovery probability, by risk.
    case release
    /// 0.99, 0.95 or 0.90.
    case certify

    /// The recovery probability R* that has to be proven for full marks; nil where one clean run does.
    public func demanded(risk: Int) -> Double? {
        switch self {
        case .smoke: nil
        case .release: risk >= 12 ? 0.90 : risk >= 6 ? 0.80 : 0.70
        case .certify: risk >= 12 ? 0.99 : risk >= 6 ? 0.95 : 0.90
        }
    }

    /// The worth v of `passed` of `tested` runs, 0…1.
    ///
    /// - Parameter lowerBound: the one-sided 95 % lower Clopper–Pearson bound of the recovery probability.
    func worth(passed: Int, of tested: Int, lowerBound: Double, risk: Int) -> Double {
        guard passed > 0 else { return 0 }
        guard let demanded = demanded(risk: risk) else { return passed == tested ? 1 : 0 }
        return min(1, Self.nines(lowerBound) / Self.nines(demanded))
    }

    /// Clean runs for full marks when none fails: 29, 14 and 9 for a release, 299, 59 and 29 to certify.
    public func cleanRuns(risk: Int) -> Int {
        guard let demanded = demanded(risk: risk) else { return 1 }
        // n clean runs prove 0.05^(1/n).
        return Int((log(0.05) / log(demanded)).rounded(.up))
    }

    /// −log10(1 − x): 0.9 is one nine, 0.99 two.
    static func nines(_ probability: Double) -> Double { -log10(max(1e-12, 1 - probability)) }

    var meaning: String {
        switch self {
        case .smoke: "one clean run per scenario"
        case .release: "recovery proven to 90, 80 or 70 %, by risk"
        case .certify: "recovery proven to 99, 95 or 90 %, by risk"
        }
    }
}
