/// Where a pattern was found, with what its names stand for.
struct Match {
    var file: Int
    /// First and last token; for a line of text both are the line's number.
    var tokens: ClosedRange<Int>
    var line: Int
    /// Name → text of the expression, without spaces.
    var bindings: [String: Binding] = [:]
    var function: Int?

    struct Binding {
        var text: String
        /// Its tokens in `file`.
        var tokens: ClosedRange<Int>
        var file: Int

        /// The last name of a chain: what two mentions of one thing share.
        var lastName: String {
            guard let last = text.split(whereSeparator: { ".&*()[]".contains($0) }).last else { return text }
            return String(last)
        }
    }
}

/// Finds a pattern in a tree: candidates by its first exact token, then by backtracking, with a bound on the work for each candidate.
struct PatternMatcher {
    private let tree: SourceTree
    private let named: [String: [Glob]]
    private let pattern: Pattern
    private let code: [Code]
    private static let mostSteps = 20_000

    /// `Pattern.Element` with texts as this tree's symbols.
    private indirect enum Code {
        case exact(Int32)
        case expression(String)
        case gap([Int32])
        case group(Int32, [Code])
        /// A text that the tree does not contain.
        case never
    }

    init(_ pattern: Pattern, named: [String: [Glob]], tree: SourceTree) {
        self.tree = tree
        self.named = named
        self.pattern = pattern
        code = pattern.elements.map { PatternMatcher.code($0, tree) }
    }

    private static func code(_ element: Pattern.Element, _ tree: SourceTree) -> Code {
        switch element {
        case .exact(let text): tree.symbols.known(text).map { .exact($0) } ?? .never
        case .expression(let name): .expression(name)
        case .gap(let words): .gap(words.compactMap { tree.symbols.known($0) })
        case .group(let open, let inner, _):
            tree.symbols.known(open).map { .group($0, inner.map { code($0, tree) }) } ?? .never
        }
    }

    private static func containsNever(_ code: [Code]) -> Bool {
        code.contains { element in
            switch element {
            case .never: true
            case .group(_, let inner): containsNever(inner)
            case .exact, .expression, .gap: false
            }
        }
    }

    /// Every place where the pattern fits, in order; several for a candidate only where they begin at different tokens.
    func matches() -> [Match] {
        guard !PatternMatcher.containsNever(code) else { return [] }
        var anchor = 0
        if case .expression = code[0] { anchor = 1 }
        // Of the fixed tokens at the beginning the rarest is looked up.
        var best = anchor
        var places: [Int64]?
        for index in anchor..<code.count {
            let symbol: Int32
            switch code[index] {
            case .exact(let exact): symbol = exact
            case .group(let open, _): symbol = open
            case .expression, .gap, .never: symbol = -1
            }
            guard symbol >= 0 else { break }
            let here = tree.places(of: symbol)
            if places == nil || here.count < places!.count { (best, places) = (index, here) }
            if case .group = code[index] { break }
        }
        var found: [Match] = []
        for place in places ?? [] {
            let file = Int(place >> 32)
            let start = Int(place & 0xFFFF_FFFF) - (best - anchor)
            guard start >= 0, start < tree.files[file].tokens.count, let match = match(file: file, anchor: start) else {
                continue
            }
            found.append(match)
        }
        return found
    }

    private func match(file: Int, anchor: Int) -> Match? {
        let source = tree.files[file]
        var state = State(matcher: self, source: source, file: file)
        var start = anchor
        var index = 0
        if case .expression(let name) = code[0] {
            guard let first = state.operandStart(before: anchor) else { return nil }
            start = first
            guard state.bind(name, first...(anchor - 1)) else { return nil }
            index = 1
        }
        guard let end = state.match(code[index...], at: anchor, limit: limit(of: anchor, in: source)) else { return nil }
        return Match(
            file: file, tokens: start...max(start, end - 1), line: Int(source.tokens[anchor].line),
            bindings: state.bindings, function: source.function(around: anchor))
    }

    /// The end of the block around a token: what comes later in it is found, what comes after it is not.
    private func limit(of token: Int, in source: SourceFile) -> Int {
        var bracket = Int(source.tokens[token].enclosing)
        while bracket >= 0, tree.symbols.text(source.tokens[bracket].symbol) != "{" {
            bracket = Int(source.tokens[bracket].enclosing)
        }
        guard bracket >= 0, source.tokens[bracket].partner > 0 else { return source.tokens.count }
        return Int(source.tokens[bracket].partner)
    }

    /// The symbol of `{` when a block comes right after a gap; −1 otherwise.
    private func brace(in rest: ArraySlice<Code>) -> Int32 {
        if case .group(let open, _) = rest.first, tree.symbols.text(open) == "{" { open } else { -1 }
    }

    private struct State {
        let matcher: PatternMatcher
        let source: SourceFile
        let file: Int
        var bindings: [String: Match.Binding] = [:]
        var steps = 0

        func text(_ index: Int) -> String { matcher.tree.text(file, index) }

        func joined(_ range: ClosedRange<Int>) -> String { range.map { text($0) }.joined() }

        mutating func bind(_ name: String, _ range: ClosedRange<Int>) -> Bool {
            let binding = Match.Binding(text: joined(range), tokens: range, file: file)
            if let known = bindings[name] { return known.lastName == binding.lastName }
            if let globs = matcher.named[name], !globs.contains(where: { $0.matches(binding.text) || $0.matches(binding.lastName) }) {
                return false
            }
            bindings[name] = binding
            return true
        }

        /// The token after the match, or nil.
        mutating func match(_ code: ArraySlice<Code>, at position: Int, limit: Int) -> Int? {
            steps += 1
            guard steps < PatternMatcher.mostSteps else { return nil }
            guard let element = code.first else { return position }
            let rest = code.dropFirst()
            switch element {
            case .never: return nil
            case .exact(let symbol):
                guard position < limit, source.tokens[position].symbol == symbol else { return nil }
                return match(rest, at: position + 1, limit: limit)
            case .group(let open, let inner):
                guard position < limit, source.tokens[position].symbol == open else { return nil }
                let close = Int(source.tokens[position].partner)
                guard close > position, close < limit || close == limit else { return nil }
                let saved = bindings
                guard matchWhole(inner[...], at: position + 1, end: close) else {
                    bindings = saved
                    return nil
                }
                if let end = match(rest, at: close + 1, limit: limit) { return end }
                bindings = saved
                return nil
            case .gap(let excluded):
                if rest.isEmpty { return position }
                let brace = matcher.brace(in: rest)
                var next = position
                while next <= limit {
                    let saved = bindings
                    if let end = match(rest, at: next, limit: limit) { return end }
                    bindings = saved
                    if next < limit, source.tokens[next].symbol == brace { return nil }
                    if next < limit, excluded.contains(source.tokens[next].symbol) { return nil }
                    next += 1
                }
                return nil
            case .expression(let name):
                for end in operandEnds(from: position, limit: limit).reversed() {
                    let saved = bindings
                    if bind(name, position...(end - 1)), let result = match(rest, at: end, limit: limit) { return result }
                    bindings = saved
                }
                return nil
            }
        }

        /// The same, but it must end exactly at `end`.
        private mutating func matchWhole(_ code: ArraySlice<Code>, at position: Int, end: Int) -> Bool {
            steps += 1
            guard steps < PatternMatcher.mostSteps else { return false }
            guard let element = code.first else { return position == end }
            let rest = code.dropFirst()
            switch element {
            case .never: return false
            case .exact(let symbol):
                return position < end && source.tokens[position].symbol == symbol
                    && matchWhole(rest, at: position + 1, end: end)
            case .group(let open, let inner):
                guard position < end, source.tokens[position].symbol == open else { return false }
                let close = Int(source.tokens[position].partner)
                guard close > position, close < end else { return false }
                return matchWhole(inner[...], at: position + 1, end: close) && matchWhole(rest, at: close + 1, end: end)
            case .gap(let excluded):
                if rest.isEmpty {
                    guard !excluded.isEmpty else { return true }
                    return !(position..<end).contains { excluded.contains(source.tokens[$0].symbol) }
                }
                let brace = matcher.brace(in: rest)
                var next = position
                while next <= end {
                    let saved = bindings
                    if matchWhole(rest, at: next, end: end) { return true }
                    bindings = saved
                    if next < end, source.tokens[next].symbol == brace { return false }
                    if next < end, excluded.contains(source.tokens[next].symbol) { return false }
                    next += 1
                }
                return false
            case .expression(let name):
                for stop in operandEnds(from: position, limit: end).reversed() {
                    let saved = bindings
                    if bind(name, position...(stop - 1)), matchWhole(rest, at: stop, end: end) { return true }
                    bindings = saved
                }
                return false
            }
        }

        /// Where an expression that begins at `start` may end, shortest first.
        func operandEnds(from start: Int, limit: Int) -> [Int] {
            var ends: [Int] = []
            var position = start
            var terms = 0
            while terms < 6, let primary = primaryEnds(from: position, limit: limit), let last = primary.last {
                ends += primary
                terms += 1
                guard last < limit, ["+", "-", "*", "/", "<<", "%"].contains(text(last)),
                    source.tokens[last].line == source.tokens[last - 1].line
                else { break }
                position = last + 1
            }
            return ends
        }

        private func primaryEnds(from start: Int, limit: Int) -> [Int]? {
            var position = start
            while position < limit, ["&", "*", "-", "!", "<-"].contains(text(position)) { position += 1 }
            guard position < limit else { return nil }
            let token = source.tokens[position]
            if token.kind == .keyword {
                return text(position) == "func" ? functionLiteralEnd(position, limit).map { [$0] } : nil
            }
            if token.kind == .mark {
                guard text(position) == "(" || text(position) == "[", token.partner > 0, Int(token.partner) < limit else {
                    return nil
                }
                position = Int(token.partner)
                // A slice type goes on with its element: []byte{…}.
                if text(position) == "]" {
                    while position + 1 < limit, text(position + 1) == "*" { position += 1 }
                    if position + 1 < limit, source.tokens[position + 1].kind == .identifier { position += 1 }
                }
            }
            position += 1
            var ends = [position]
            while position < limit {
                let mark = text(position)
                if mark == ".", position + 1 < limit {
                    position = text(position + 1) == "(" ? Int(source.tokens[position + 1].partner) + 1 : position + 2
                } else if mark == "(" || mark == "[" || mark == "{", source.tokens[position].partner > 0,
                    Int(source.tokens[position].partner) < limit,
                    source.tokens[position].line == source.tokens[position - 1].line,
                    mark != "{" || !isBlock(position)
                {
                    position = Int(source.tokens[position].partner) + 1
                } else {
                    break
                }
                guard position > ends[ends.count - 1], position <= limit else { break }
                ends.append(position)
            }
            return ends
        }

        /// A brace after the header of an `if`, `for` or `switch` opens its block, and no literal.
        private func isBlock(_ brace: Int) -> Bool {
            let around = source.tokens[brace].enclosing
            var index = brace - 1
            while index >= 0, index > brace - 60, source.tokens[index].line == source.tokens[brace].line {
                if source.tokens[index].enclosing == around, source.tokens[index].kind == .keyword,
                    ["if", "for", "switch", "select", "else"].contains(text(index))
                {
                    return true
                }
                if index == Int(around) { return false }
                index -= 1
            }
            return false
        }

        private func functionLiteralEnd(_ start: Int, _ limit: Int) -> Int? {
            var position = start + 1
            while position < limit, text(position) != "{" {
                if text(position) == "(" || text(position) == "[" {
                    guard Int(source.tokens[position].partner) > position else { return nil }
                    position = Int(source.tokens[position].partner)
                }
                position += 1
                if position > start + 400 { return nil }
            }
            guard position < limit, Int(source.tokens[position].partner) > position,
                Int(source.tokens[position].partner) < limit
            else { return nil }
            return Int(source.tokens[position].partner) + 1
        }

        /// The first token of the chain of names that ends right before `anchor`.
        func operandStart(before anchor: Int) -> Int? {
            var position = anchor - 1
            guard position >= 0 else { return nil }
            while position >= 0 {
                if text(position) == ")" || text(position) == "]" {
                    guard source.tokens[position].partner >= 0 else { return nil }
                    position = Int(source.tokens[position].partner) - 1
                    continue
                }
                guard source.tokens[position].kind == .identifier else { return position + 1 <= anchor - 1 ? position + 1 : nil }
                guard position >= 2, text(position - 1) == "." else { return position }
                position -= 2
            }
            return nil
        }
    }
}
