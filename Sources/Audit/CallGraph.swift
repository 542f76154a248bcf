/// Who calls whom, by names, types of receivers and fields, and imports. A call through an interface goes to every method of that name; a
/// function that is passed on counts as called. It errs towards too many edges only where the types are not in the source.
final class CallGraph {
    private let tree: SourceTree
    private var calleesOf: [SourceTree.FunctionID: [SourceTree.FunctionID]] = [:]
    private var callersOf: [SourceTree.FunctionID: [SourceTree.FunctionID]]?
    private var reachableFrom: [SourceTree.FunctionID: Set<SourceTree.FunctionID>] = [:]

    /// Deeper chains than this exist, but no reader of a report follows them.
    private static let deepest = 8
    /// A method name with more bodies than this says nothing about which one is meant.
    private static let mostCandidates = 6

    init(tree: SourceTree) {
        self.tree = tree
    }

    /// The calls, and the functions passed on, within tokens of a file.
    func calls(in range: ClosedRange<Int>, of file: Int) -> [Call] {
        let source = tree.files[file]
        var calls: [Call] = []
        for index in range where index < source.tokens.count && source.tokens[index].kind == .identifier {
            let token = source.tokens[index]
            let isCall = tree.text(file, index + 1) == "("
            if !isCall {
                guard tree.functionsByName[token.symbol] != nil, index > range.lowerBound else { continue }
                let before = tree.text(file, index - 1)
                let after = tree.text(file, index + 1)
                let isLast =
                    after == ")" || after == ","
                    || source.tokens[min(index + 1, source.tokens.count - 1)].line > token.line
                guard isLast, before == "(" || before == "," || before == "." || before == "=" || before == ":=" else {
                    continue
                }
            }
            var call = Call(name: token.symbol, qualifier: -1, base: -1, token: index, isReference: !isCall)
            if index >= 2, tree.text(file, index - 1) == "." {
                let qualifier = source.tokens[index - 2]
                call.qualifier = qualifier.kind == .identifier ? qualifier.symbol : -2
                if index >= 4, qualifier.kind == .identifier, tree.text(file, index - 3) == "." {
                    call.base = source.tokens[index - 4].kind == .identifier ? source.tokens[index - 4].symbol : -2
                }
            }
            calls.append(call)
        }
        return calls
    }

    /// The functions of the tree that a call may mean.
    func targets(of call: Call, in file: Int, function: Function?) -> [SourceTree.FunctionID] {
        guard let candidates = tree.functionsByName[call.name] else { return [] }
        let source = tree.files[file]
        func inDirectory(_ id: SourceTree.FunctionID) -> Bool {
            tree.files[Int(id.file)].directory == source.directory
        }
        let methods = candidates.filter { tree.function($0).receiver >= 0 }
        if call.qualifier == -1 {
            return candidates.filter { tree.function($0).receiver < 0 && inDirectory($0) }
        }
        if call.base == -1, let path = source.imports[call.qualifier] {
            return candidates.filter { id in
                let directory = tree.files[Int(id.file)].directory
                return tree.function(id).receiver < 0 && !directory.isEmpty && path.hasSuffix(directory)
            }
        }
        if let type = type(of: call, function: function) {
            let bare = tree.symbols.known(CallGraph.bare(type))
            let exact = methods.filter { tree.function($0).receiver == bare }
            if !exact.isEmpty { return exact }
            // A type of somebody else's has its methods elsewhere, unless it is an interface of this tree.
            guard let bare, tree.interfaces.contains(bare) else { return [] }
        } else if call.isReference {
            return Array(methods.filter(inDirectory).prefix(CallGraph.mostCandidates))
        }
        let near = methods.filter(inDirectory)
        let chosen = near.isEmpty ? methods : near
        return chosen.count <= CallGraph.mostCandidates ? chosen : []
    }

    private static func bare(_ type: String) -> String {
        let name = type.drop { $0 == "*" || $0 == "[" || $0 == "]" }
        return String(name.split(separator: ".").last ?? name).split(separator: "[").first.map(String.init) ?? ""
    }

    private func type(of call: Call, function: Function?) -> String? {
        guard let function, call.qualifier >= 0 else { return nil }
        if call.base >= 0 {
            guard let base = function.parameters.first(where: { $0.name == call.base }) else { return nil }
            guard let structure = tree.symbols.known(CallGraph.bare(base.type)) else { return nil }
            return tree.fieldTypes[SourceTree.key(structure, call.qualifier)]
        }
        return call.base == -1 ? function.parameters.first { $0.name == call.qualifier }?.type : nil
    }

    func callees(of id: SourceTree.FunctionID) -> [SourceTree.FunctionID] {
        if let known = calleesOf[id] { return known }
        let function = tree.function(id)
        var found: Set<SourceTree.FunctionID> = []
        for call in calls(in: function.body, of: Int(id.file)) {
            found.formUnion(targets(of: call, in: Int(id.file), function: function))
        }
        let callees = Array(found)
        calleesOf[id] = callees
        return callees
    }

    /// A function and all that it may call, directly or not.
    func reachable(from id: SourceTree.FunctionID) -> Set<SourceTree.FunctionID> {
        if let known = reachableFrom[id] { return known }
        let reached = closure(of: [id]) { callees(of: $0) }
        reachableFrom[id] = reached
        return reached
    }

    /// A function and all that may call it, directly or not.
    func reaching(_ id: SourceTree.FunctionID) -> Set<SourceTree.FunctionID> {
        let callers = callersOf ?? invert()
        callersOf = callers
        return closure(of: [id]) { callers[$0] ?? [] }
    }

    private func invert() -> [SourceTree.FunctionID: [SourceTree.FunctionID]] {
        var callers: [SourceTree.FunctionID: [SourceTree.FunctionID]] = [:]
        for (number, file) in tree.files.enumerated() where file.family != .lines {
            for place in file.functions.indices {
                let id = SourceTree.FunctionID(file: Int32(number), function: Int32(place))
                for callee in callees(of: id) { callers[callee, default: []].append(id) }
            }
        }
        return callers
    }

    private func closure(
        of start: [SourceTree.FunctionID], _ next: (SourceTree.FunctionID) -> [SourceTree.FunctionID]
    ) -> Set<SourceTree.FunctionID> {
        var reached = Set(start)
        var front = start
        for _ in 0..<CallGraph.deepest where !front.isEmpty {
            var following: [SourceTree.FunctionID] = []
            for id in front {
                for other in next(id) where reached.insert(other).inserted { following.append(other) }
            }
            front = following
        }
        return reached
    }
}
