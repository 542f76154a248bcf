import Events
import Glibc
import Platform
import Twin

/// What the rig can do on this machine, measured against the real daemons: `scripts/bench`.
@main
struct Benchmarks {
    static let usage = """
        Usage: benchmarks line [--seconds N] [--lines N,N,…]
               benchmarks knx [--frames N] [--print]
               benchmarks actuations [--count N]
               benchmarks day [--hours N] [--seed N] [--losses N]
               benchmarks rates

          line   real knxd with the `queue` filter at ≥ 98 % bus load, both directions at once, on 1, 2, 4 lines at once: losses, duplicates,
                 end of frame on the line → client, punctuality of the twin
          knx    cEMI messages decoded per second on one thread, in turn with a decoder in C; fails below 0.70 of it, when the two
                 differ in any field or fault, or when memory is asked for; --print writes the messages as hexadecimal instead
          actuations
                 how late an emulated relay board is commanded after the due instant, in turn with a bare timer thread
          day    a loaded line for 24 hours in virtual time, twice: with seeded losses of 1 to 64 telegrams, which two witnesses must name, and
                 without; fails when one is not named, one is invented, or the line is below 99 % load
          rates  telegrams per second of a saturated line against the strict cycle; fails beyond 0.1 % in virtual time and 0.5 % in real time

        """

    static func main() {
        Signals.ignorePipe()
        let words = Array(CommandLine.arguments.dropFirst())
        switch words.first {
        case "line": exit(line(Array(words.dropFirst())))
        case "knx": exit(knx(Array(words.dropFirst())))
        case "actuations": exit(actuations(Array(words.dropFirst())))
        case "day": exit(day(Array(words.dropFirst())))
        case "rates" where words.count == 1: exit(rates())
        case "twin-of-a-line-benchmark": exit(LineBenchmark.runTwin(lines: words.dropFirst().compactMap { Int($0) }[0]))
        default:
            print(usage, terminator: "")
            exit(words == ["--help"] ? 0 : 2)
        }
    }

    private static func rates() -> Int32 {
        do {
            return try RateBenchmark().run()
        } catch {
            print("no rate was measured: \(error)")
            return 5
        }
    }

    private static func line(_ words: [String]) -> Int32 {
        var seconds = 60
        var lines = [1, 2, 4]
        var words = words[...]
        while let word = words.popFirst() {
            guard let value = words.popFirst() else { return refuse("'\(word)' needs a value") }
            switch word {
            case "--seconds":
                guard let number = Int(value), number > 0 else {
                    return refuse("'\(value)' should be a number of seconds")
                }
                seconds = number
            case "--lines":
                lines = value.split(separator: ",").compactMap { Int($0) }.filter { (1...16).contains($0) }
                guard !lines.isEmpty else { return refuse("'\(value)' should be numbers of lines such as 1,2,4") }
            default: return refuse("there is no option '\(word)'")
            }
        }
        var isClean = true
        for count in lines {
            do {
                let results = try LineBenchmark(lines: count, seconds: seconds).run()
                for result in results.lines { print(result.text) }
                print(results.punctuality)
                isClean = isClean && results.lines.allSatisfy(\.isClean)
            } catch {
                print("benchmarks: \(error)")
                return 5
            }
        }
        return isClean ? 0 : 1
    }

    private static func knx(_ words: [String]) -> Int32 {
        var frames = 10_000_000
        var isPrinted = false
        var words = words[...]
        while let word = words.popFirst() {
            switch word {
            case "--print": isPrinted = true
            case "--frames":
                guard let number = words.popFirst().flatMap({ Int($0) }), (1...100_000_000).contains(number) else {
                    return refuse("--frames needs a number from 1 to 100000000")
                }
                frames = number
            default: return refuse("there is no option '\(word)'")
            }
        }
        let benchmark = KNXBenchmark(frames: frames)
        guard isPrinted else { return benchmark.run() }
        benchmark.printMessages()
        return 0
    }

    private static func actuations(_ words: [String]) -> Int32 {
        guard !words.isEmpty else { return ActuationBenchmark(count: 10_000).run() }
        guard words.count == 2, words[0] == "--count", let count = Int(words[1]), (10...1_000_000).contains(count)
        else {
            return refuse("actuations takes --count and a number from 10 to 1000000")
        }
        return ActuationBenchmark(count: count).run()
    }

    private static func day(_ words: [String]) -> Int32 {
        var benchmark = DayBenchmark()
        var words = words[...]
        while let word = words.popFirst() {
            guard let number = words.popFirst().flatMap({ Int64($0) }), number >= 0 else {
                return refuse("'\(word)' needs a number")
            }
            switch word {
            case "--hours" where (1...1_000).contains(number): benchmark.hours = number
            case "--seed": benchmark.seed = UInt64(number)
            // Each loss needs 400 telegrams of its own.
            case "--losses" where (1...benchmark.hours * 200).contains(number): benchmark.losses = Int(number)
            default:
                return refuse(
                    "'\(word) \(number)' is not to be had: --hours from 1 to 1000, then --losses to 200 an hour, --seed"
                )
            }
        }
        return benchmark.run()
    }

    private static func refuse(_ message: String) -> Int32 {
        print("benchmarks: \(message)")
        return 2
    }
}
