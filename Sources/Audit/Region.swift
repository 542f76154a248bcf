/// A part of the tree in which a link is looked for.
struct Region {
    var functions: Set<SourceTree.FunctionID> = []
    var ranges: [(file: Int, tokens: ClosedRange<Int>)] = []
    var directories: Set<String> = []
    var files: Set<Int> = []
    var isWhole = false

    func contains(_ match: Match, in tree: SourceTree) -> Bool {
        if isWhole || files.contains(match.file) { return true }
        if directories.contains(tree.files[match.file].directory), tree.files[match.file].family != .lines {
            return true
        }
        if let function = match.function,
            functions.contains(SourceTree.FunctionID(file: Int32(match.file), function: Int32(function)))
        {
            return true
        }
        return ranges.contains { range in
            range.file == match.file && range.tokens.lowerBound <= match.tokens.lowerBound
                && match.tokens.upperBound <= range.tokens.upperBound
        }
    }
}

/// Makes regions of scopes.
struct RegionFinder {
    let tree: SourceTree
    let graph: CallGraph

    /// - Parameter matches: the links found so far, by name.
    /// - Parameter bindings: what `$name`s stand for so far.
    func region(_ scope: Scope, matches: [String: Match], bindings: [String: Match.Binding]) -> Region {
        switch scope {
        case .anywhere: return Region(isWhole: true)
        case .sameFile(let name): return with(name, matches) { Region(files: [$0.file]) }
        case .samePackage(let name):
            return with(name, matches) { Region(directories: [tree.files[$0.file].directory]) }
        case .sameFunction(let name):
            return with(name, matches) { match in
                id(match).map { Region(functions: [$0]) } ?? Region(files: [match.file])
            }
        case .inside(let name):
            return with(name, matches) { Region(ranges: [($0.file, $0.tokens)]) }
        case .reaches(let name):
            return with(name, matches) { match in
                id(match).map { Region(functions: graph.reaching($0)) } ?? Region(files: [match.file])
            }
        case .sameType(let name): return with(name, matches) { sameType($0) }
        case .reachedFrom(let name):
            if name.hasPrefix("$") {
                return bindings[String(name.dropFirst())].map { reached(from: $0) } ?? Region()
            }
            return with(name, matches) { match in
                id(match).map { Region(functions: graph.reachable(from: $0)) } ?? Region(files: [match.file])
            }
        }
    }

    private func with(_ name: String, _ matches: [String: Match], _ make: (Match) -> Region) -> Region {
        if name.hasPrefix("$") { return Region() }
        // What hangs on a link that is missing is missing too.
        return matches[name].map(make) ?? Region()
    }

    private func id(_ match: Match) -> SourceTree.FunctionID? {
        match.function.map { SourceTree.FunctionID(file: Int32(match.file), function: Int32($0)) }
    }

    /// A function literal's own tokens and what they call, or the functions of that name, nearest first.
    private func reached(from binding: Match.Binding) -> Region {
        let file = tree.files[binding.file]
        var region = Region()
        let around = file.function(around: binding.tokens.lowerBound).map { file.functions[$0] }
        if binding.text.hasPrefix("func") || binding.text.contains("func(") {
            region.ranges.append((binding.file, binding.tokens))
        }
        for call in graph.calls(in: binding.tokens.lowerBound...(binding.tokens.upperBound), of: binding.file) {
            for target in graph.targets(of: call, in: binding.file, function: around) {
                region.functions.formUnion(graph.reachable(from: target))
            }
        }
        guard region.functions.isEmpty, region.ranges.isEmpty, let name = tree.symbols.known(binding.lastName) else {
            return region
        }
        let named = tree.functionsByName[name] ?? []
        let near = named.filter { tree.files[Int($0.file)].directory == file.directory }
        for id in near.isEmpty ? named : near { region.functions.formUnion(graph.reachable(from: id)) }
        return region
    }

    private func sameType(_ match: Match) -> Region {
        let file = tree.files[match.file]
        guard let place = match.function else { return Region(directories: [file.directory]) }
        let function = file.functions[place]
        var names: Set<Int32> = []
        if function.receiver >= 0 {
            names.insert(function.receiver)
        } else {
            for word in function.results.split(whereSeparator: { "(),* ".contains($0) }) {
                if let symbol = tree.symbols.known(String(word)) { names.insert(symbol) }
            }
        }
        var region = Region(functions: [SourceTree.FunctionID(file: Int32(match.file), function: Int32(place))])
        for (number, other) in tree.files.enumerated() where other.directory == file.directory {
            for (place, candidate) in other.functions.enumerated() {
                let returns = names.contains {
                    candidate.receiver < 0 && candidate.results.contains(tree.symbols.text($0))
                }
                if names.contains(candidate.receiver) || returns {
                    region.functions.insert(SourceTree.FunctionID(file: Int32(number), function: Int32(place)))
                }
            }
        }
        return region
    }
}
