import Events

/// Whether this computer, busy with other things, kept the system under test from its processors. Of a system that was kept from working nobody can
/// say that it would not have worked: what failed meanwhile is no verdict. What passed all the same did.
struct Starvation {
    /// A second in which a thread of the system's stood ready and got no processor.
    struct Second {
        /// When it ended.
        var instant: Instant
        /// Milliseconds of it.
        var waited: Int64

        /// Whether it may have made something late that was under way at `at`: what piled up meanwhile is worked off a little later.
        func touches(_ at: Instant) -> Bool { at > instant - .seconds(1) && at <= instant + .milliseconds(500) }
    }

    /// The checkers of what a system gets wrong however much time it has: what it said it had stored, what it stored, showed and did in which order.
    static let never: Set = ["durability", "integrity", "no-wrong-value", "order"]

    /// Milliseconds of a second that explain a latency of some milliseconds. With twelve runs at once on two processors no thread of the system's and its
    /// services' waited for more than 86 in 99 of 100 seconds (measured).
    private static let short: Int64 = 100
    /// Milliseconds of a second that may explain anything.
    private static let long: Int64 = 300
    /// A system that has so many thousandths of all processors keeps them from itself.
    private static let own: Int64 = 500

    /// What makes a run that failed invalid; nil when the system had its share, or where the kernel does not tell.
    static func finding(_ world: World) -> Finding? {
        worst(world).map { finding(sentence($0, world), at: $0.instant) }
    }

    /// What is said of a run that passed all the same.
    static func note(_ world: World) -> String? {
        worst(world).map { sentence($0, world) + "; it passed all the same" }
    }

    /// A lateness that only such seconds explain as `seconds` are: neither for nor against the system.
    static func finding(_ lateness: String, _ seconds: [Second], _ world: World) -> Finding? {
        seconds.max { $0.waited < $1.waited }.map {
            finding("\(sentence($0, world)), and that explains this: \(lateness)", at: $0.instant)
        }
    }

    /// Those that explain latencies.
    static func seconds(_ world: World) -> [Second] { seconds(world, atLeast: short) }

    private static func finding(_ sentence: String, at instant: Instant) -> Finding {
        Finding(checker: "instrument", outcome: .invalid, sentence: sentence, at: instant)
    }

    private static func sentence(_ second: Second, _ world: World) -> String {
        "this computer was too busy to let the system under test work: "
            + "\(Text.relative(second.instant, to: world.witness.fault?.instant)) a thread of it had stood ready for \(second.waited) ms of a second"
    }

    private static func worst(_ world: World) -> Second? {
        seconds(world, atLeast: long).max { $0.waited < $1.waited }
    }

    private static func seconds(_ world: World, atLeast least: Int64) -> [Second] {
        guard let began = world.judgedFrom else { return [] }
        let process = world.timeline.samples["process"] ?? [:]
        let worked = (process["worked_permille"] ?? []).reduce(into: [:]) { shares, sample in
            shares[sample.instant] = sample.content.reading?.integer
        }
        return (process["waited_milliseconds"] ?? []).compactMap { sample in
            guard sample.instant > began, sample.instant <= world.end, let waited = sample.content.reading?.integer,
                waited >= least, worked[sample.instant] ?? 0 < own
            else { return nil }
            return Second(instant: sample.instant, waited: waited)
        }
    }
}
