public import Events
import Platform

/// All runs below some directories, and the qualifications that lie among them.
public struct RunCollection: Sendable {
    public var runs: [RunSummary] = []
    /// `qualification.json` files, with their paths.
    public var qualifications: [(path: String, value: Value)] = []
    /// What was met and could not be read: one sentence each.
    public var unreadable: [String] = []

    /// Deeper than this below a named directory no run is looked for: `<runs>/<UTC>/<ID>/<variant>/<NNN>`, and one to spare.
    private static let depth = 6

    /// Reads every run below `paths`, each once, in the order of their paths. A directory may hold runs directly, campaigns of runs, or be a run.
    ///
    /// - Parameter index: where what was read is remembered, so that the next time only new evidence is read; nil reads all.
    public init(_ paths: [String], index: RunIndex?) {
        var found: [(run: RunDirectory, replaced: Bool)] = []
        var seen: Set<String> = []
        for path in paths { Self.look(in: path, Self.depth, replaced: [], &found, &seen, &qualifications) }
        for (run, isReplaced) in found {
            do {
                runs.append(
                    try index?.summary(of: run, isReplaced: isReplaced) ?? RunSummary(run, isReplaced: isReplaced))
            } catch {
                unreadable.append("\(run.path): \(error)")
            }
        }
        let replaced = Set(runs.compactMap(Self.replaced))
        for index in runs.indices {
            let isNamed = Files.resolved(runs[index].directory).map(replaced.contains) ?? false
            // Only what tested nothing is made again: no mark takes a fail away.
            runs[index].isReplaced = (runs[index].isReplaced || isNamed) && runs[index].outcome == "invalid"
        }
    }

    /// The run whose place another one takes, by that other one's own evidence.
    private static func replaced(by run: RunSummary) -> String? {
        guard run.flaw == nil, let name = run.remake?.insteadOf, let real = Files.resolved(run.directory),
            real.hasSuffix("/" + RunDirectory(path: real).nameBelowRuns)
        else { return nil }
        return Files.resolved(real.dropLast(RunDirectory(path: real).nameBelowRuns.count) + name)
    }

    private static func look(
        in path: String, _ depth: Int, replaced: Set<String>, _ found: inout [(run: RunDirectory, replaced: Bool)],
        _ seen: inout Set<String>, _ qualifications: inout [(path: String, value: Value)]
    ) {
        guard depth >= 0, let real = Files.resolved(path), seen.insert(real).inserted else { return }
        let run = RunDirectory(path: path)
        if Files.exists(run.evidencePath) {
            found.append((run, replaced.contains(real)))
            return
        }
        if let octets = try? Files.read(path + "/qualification.json"), let value = try? JSON.parse(octets) {
            qualifications.append((path + "/qualification.json", value))
        }
        let below = replaced.union(Self.replaced(in: path))
        for entry in Files.entries(of: path) where Files.isDirectory(path + "/" + entry) {
            look(in: path + "/" + entry, depth - 1, replaced: below, &found, &seen, &qualifications)
        }
    }

    /// Runs that `results.json` says were made again: of runs whose evidence does not tell yet.
    private static func replaced(in path: String) -> Set<String> {
        guard let octets = try? Files.read(path + "/results.json"), let results = try? JSON.parse(octets) else {
            return []
        }
        let repetitions = (results["scenarios"]?.list ?? []).flatMap { $0["repetitions"]?.list ?? [] }
        return Set(
            repetitions.compactMap { repetition in
                guard repetition["replaced"]?.bool == true, let run = repetition["run"]?.text else { return nil }
                return Files.resolved(path + "/" + run)
            })
    }
}
