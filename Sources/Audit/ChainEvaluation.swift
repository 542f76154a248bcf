/// One link as it was found, or not.
struct LinkResult {
    var link: Link
    var match: Match?
    var holds: Bool
    var bound: String?
    /// What is wrong when it does not hold.
    var reason: String
}

/// A chain as it was found from one entry.
struct ChainResult {
    var way: String
    var links: [LinkResult]

    var isWhole: Bool { links.allSatisfy(\.holds) }

    /// How many links hold that say that something is there.
    var found: Int { links.count { $0.holds && $0.match != nil } }
}

/// Follows chains of links through a tree: each link is looked for where its scope allows, with the names that earlier links have
/// fixed, and the chain in which most links hold is taken.
struct ChainEvaluation {
    let search: ProbeSearch
    let graph: CallGraph
    private let regions: RegionFinder
    private let bounds: BoundResolution
    private let loops: LoopSearch
    private static let mostSteps = 3_000

    init(search: ProbeSearch, graph: CallGraph) {
        self.search = search
        self.graph = graph
        regions = RegionFinder(tree: search.tree, graph: graph)
        bounds = BoundResolution(tree: search.tree)
        loops = LoopSearch(tree: search.tree, graph: graph)
    }

    /// Every place of a first link.
    func entries(_ link: Link) -> [Match] {
        var matches: [Match] = []
        for probe in link.any { matches += search.matches(probe) }
        var seen: Set<Int64> = []
        matches = matches.filter { match in
            seen.insert(Int64(match.file) << 32 | Int64(match.line)).inserted
        }
        if !link.absent.isEmpty {
            matches = matches.filter { match in
                let region = regions.region(.sameFunction("self"), matches: ["self": match], bindings: [:])
                return !link.absent.contains { probe in
                    search.matches(probe).contains {
                        region.contains($0, in: search.tree) && agree(match.bindings, $0.bindings)
                    }
                }
            }
        }
        return matches.sorted { ($0.file, $0.line) < ($1.file, $1.line) }
    }

    /// The best chain of a way that begins at an entry.
    func evaluate(_ way: Way, entry: Link, at match: Match) -> ChainResult {
        var steps = 0
        var best: [LinkResult] = []
        let first = LinkResult(link: entry, match: match, holds: true, bound: bound(of: entry, match), reason: "")
        follow(
            way.links[...], matches: [entry.name: match], bindings: match.bindings, results: [first], best: &best,
            steps: &steps)
        return ChainResult(way: way.name, links: best)
    }

    private static func score(_ results: [LinkResult]) -> Int { results.reduce(0) { $0 + ($1.holds ? 1 : 0) } }

    private func follow(
        _ links: ArraySlice<Link>, matches: [String: Match], bindings: [String: Match.Binding], results: [LinkResult],
        best: inout [LinkResult], steps: inout Int
    ) {
        steps += 1
        guard let link = links.first else {
            if best.isEmpty || ChainEvaluation.score(results) > ChainEvaluation.score(best) { best = results }
            return
        }
        // No chain from here can be better than the best there is.
        if !best.isEmpty, ChainEvaluation.score(results) + links.count <= ChainEvaluation.score(best) { return }
        guard steps < ChainEvaluation.mostSteps || best.isEmpty else { return }
        let region = regions.region(link.scope, matches: matches, bindings: bindings)
        if let enemy = violation(of: link, region, bindings) {
            let place = "\(search.tree.files[enemy.file].path):\(enemy.line)"
            let failed = LinkResult(
                link: link, match: nil, holds: false, bound: nil, reason: "\(link.missing) (\(place))")
            follow(
                links.dropFirst(), matches: matches, bindings: bindings, results: results + [failed], best: &best,
                steps: &steps)
            return
        }
        if link.any.isEmpty {
            let holds = LinkResult(link: link, match: nil, holds: true, bound: nil, reason: "")
            follow(
                links.dropFirst(), matches: matches, bindings: bindings, results: results + [holds], best: &best,
                steps: &steps)
            return
        }
        var reason = link.missing
        for candidate in candidates(link, region, matches, bindings) {
            let joined = merged(bindings, candidate.bindings)
            let bound = self.bound(of: link, candidate)
            if link.bound != nil, bound == nil {
                let text = candidate.bindings[link.bound!.replacing("$", with: "")]?.text ?? "?"
                let place = "\(search.tree.files[candidate.file].path):\(candidate.line)"
                reason = "\(link.missing) (\(place): the value of '\(text)' is not in the source, or is no bound)"
                continue
            }
            var known = matches
            known[link.name] = candidate
            let result = LinkResult(link: link, match: candidate, holds: true, bound: bound, reason: "")
            follow(
                links.dropFirst(), matches: known, bindings: joined, results: results + [result], best: &best,
                steps: &steps)
            if !best.isEmpty, best.allSatisfy(\.holds) { return }
        }
        let failed = LinkResult(link: link, match: nil, holds: false, bound: nil, reason: reason)
        follow(
            links.dropFirst(), matches: matches, bindings: bindings, results: results + [failed], best: &best,
            steps: &steps)
    }

    private func violation(of link: Link, _ region: Region, _ bindings: [String: Match.Binding]) -> Match? {
        for probe in link.absent {
            for match in search.matches(probe)
            where region.contains(match, in: search.tree) && agree(bindings, match.bindings) {
                return match
            }
        }
        return nil
    }

    private func candidates(
        _ link: Link, _ region: Region, _ matches: [String: Match], _ bindings: [String: Match.Binding]
    ) -> [Match] {
        var candidates: [Match] = []
        for probe in link.any {
            if case .loop(let name) = probe.kind {
                if let match = matches[name] { candidates += loops.around(match) }
                continue
            }
            if case .takesInterface(let name) = probe.kind {
                if let binding = bindings[name], let match = interfaceTaker(binding) { candidates.append(match) }
                continue
            }
            for match in search.matches(probe) {
                guard candidates.count < 24 else { return candidates }
                let isEverywhere = if case .line = probe.kind { true } else { false }
                if isEverywhere || region.contains(match, in: search.tree), agree(bindings, match.bindings) {
                    candidates.append(match)
                }
            }
        }
        return candidates
    }

    /// A function of that name with a parameter whose type is an interface of the tree, or any.
    private func interfaceTaker(_ binding: Match.Binding) -> Match? {
        let tree = search.tree
        for id in tree.functionsByName[binding.last] ?? [] {
            let function = tree.function(id)
            let takes = function.parameters.contains { name, type in
                guard name != function.receiverName || function.receiver < 0 else { return false }
                if type == "any" || type == "error" || type.hasPrefix("interface") { return true }
                let bare = String(type.split(separator: ".").last ?? "")
                return !type.hasPrefix("*") && tree.symbols.known(bare).map(tree.interfaces.contains) ?? false
            }
            if takes {
                return Match(
                    file: Int(id.file), tokens: function.start...function.start, line: function.line,
                    function: Int(id.function))
            }
        }
        return nil
    }

    private func bound(of link: Link, _ match: Match) -> String? {
        guard let name = link.bound, let binding = match.bindings[name == "#" ? "#" : String(name.dropFirst())] else {
            return nil
        }
        return bounds.resolve(binding)
    }

    /// Whether no name stands for two things.
    private func agree(_ first: [String: Match.Binding], _ second: [String: Match.Binding]) -> Bool {
        second.allSatisfy { name, binding in name == "#" || (first[name].map { $0.last == binding.last } ?? true) }
    }

    private func merged(
        _ first: [String: Match.Binding], _ second: [String: Match.Binding]
    ) -> [String: Match.Binding] {
        first.merging(second.filter { $0.key != "#" }) { known, _ in known }
    }
}
