/// Finds the loops that come by a place again and again: around it, or around a call that leads to it.
struct LoopSearch {
    let tree: SourceTree
    let graph: CallGraph

    func around(_ match: Match) -> [Match] {
        guard let keyword = tree.symbols.known("for"), let place = match.function else { return [] }
        let own = SourceTree.FunctionID(file: Int32(match.file), function: Int32(place))
        let leading = graph.reaching(own)
        var found: [Match] = []
        for id in leading.sorted(by: {
            ($0 == own ? 0 : 1, $0.file, $0.function) < ($1 == own ? 0 : 1, $1.file, $1.function)
        }) {
            let file = tree.files[Int(id.file)]
            guard !file.isTest else { continue }
            let function = file.functions[Int(id.function)]
            for index in function.body where file.tokens[index].symbol == keyword {
                guard let block = block(after: index, in: file) else { continue }
                let isAround = id == own && block.contains(match.tokens.lowerBound)
                let leads =
                    isAround
                    || graph.calls(in: block, of: Int(id.file)).contains { call in
                        graph.targets(of: call, in: Int(id.file), function: function).contains { leading.contains($0) }
                    }
                guard leads else { continue }
                found.append(
                    Match(
                        file: Int(id.file), tokens: index...block.upperBound, line: Int(file.tokens[index].line),
                        function: Int(id.function)))
            }
        }
        return found
    }

    /// The brackets of a loop's block.
    private func block(after keyword: Int, in file: SourceFile) -> ClosedRange<Int>? {
        var index = keyword + 1
        let around = file.tokens[keyword].enclosing
        while index < file.tokens.count, index < keyword + 200 {
            let token = file.tokens[index]
            if token.enclosing == around, tree.symbols.text(token.symbol) == "{", Int(token.partner) > index {
                return index...Int(token.partner)
            }
            index += 1
        }
        return nil
    }
}
