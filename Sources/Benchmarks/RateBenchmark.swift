import KNX
import Rehearsal

/// Telegrams per second at saturation in virtual time, against the strict cycle of TP1.
struct RateBenchmark {
    /// Of the line's time, for each kind of telegram.
    private static let seconds: Int64 = 3_600

    /// - Returns: the exit status: 1 when a rate is more than 0.1 % off.
    func run() -> Int32 {
        print("data octets  priority  cycle bits  in theory  in virtual time  off by")
        var isRight = true
        for dataOctets in [0, 1, 2, 4, 14] {
            for priority in [Priority.low, .system] {
                let bits = BusTiming.cycleBits(
                    octets: 9 + dataOctets,
                    idleBits: BusTiming.idleBits(priority: priority, isRepetition: false))
                let theory = Double(BusTiming.bitsPerSecond) / Double(bits)
                let rate = TelegramRate(dataOctets: dataOctets, priority: priority).measure(seconds: Self.seconds)
                let partsPerMillion = ((rate / theory - 1) * 1e6).rounded()
                isRight = isRight && partsPerMillion.magnitude <= 1_000
                print(
                    Self.pad("\(dataOctets)", 11), Self.pad("\(priority)", 9), Self.pad("\(bits)", 11),
                    Self.pad("\(Self.rounded(theory))/s", 10), Self.pad("\(Self.rounded(rate))/s", 16),
                    " \(Int(partsPerMillion)) ppm")
            }
        }
        return isRight ? 0 : 1
    }

    private static func rounded(_ rate: Double) -> Double { (rate * 1_000).rounded() / 1_000 }
    private static func pad(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
