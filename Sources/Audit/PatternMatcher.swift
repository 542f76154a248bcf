/// Where a pattern was found, with what its names stand for.
struct Match {
    var file: Int
    /// First and last token; for a line of text both are the line's number.
    var tokens: ClosedRange<Int>
    var line: Int
    var bindings: [String: Binding] = [:]
    var function: Int?

    struct Binding {
        /// Without spaces.
        var text: String
        /// Its tokens in `file`.
        var tokens: ClosedRange<Int>
        var file: Int
        /// The last name of a chain, as a symbol: what two mentions of one thing share.
        var last: Int32
        var lastName: String
    }
}

/// Finds a pattern in a tree: candidates by its rarest fixed token, then by backtracking, with a bound on the work for each candidate.
final class PatternMatcher {
    fileprivate let tree: SourceTree
    private let code: [Code]
    private(set) var names: [String] = []
    fileprivate var filters: [NameFilter?] = []

    /// `Pattern.Element` with texts as this tree's symbols and names by number.
    fileprivate indirect enum Code {
        case exact(Int32)
        case expression(Int)
        /// The words it may not pass, and whether a block comes right after it, whose brace it may not pass either.
        case gap([Int32], beforeBlock: Bool)
        case group(Int32, [Code])
        /// A text that the tree does not contain.
        case never
    }

    init(_ pattern: Pattern, named: [String: [Glob]], tree: SourceTree) {
        self.tree = tree
        var names: [String] = []
        code = PatternMatcher.code(pattern.elements, tree, &names)
        self.names = names
        filters = names.map { name in named[name].map { NameFilter($0, tree: tree) } }
    }

    private static func code(_ elements: [Pattern.Element], _ tree: SourceTree, _ names: inout [String]) -> [Code] {
        var code: [Code] = []
        for (index, element) in elements.enumerated() {
            switch element {
            case .exact(let text): code.append(tree.symbols.known(text).map { .exact($0) } ?? .never)
            case .expression(let name):
                let number = names.firstIndex(of: name) ?? names.count
                if number == names.count { names.append(name) }
                code.append(.expression(number))
            case .gap(let words):
                var isBeforeBlock = false
                if index + 1 < elements.count, case .group("{", _, _) = elements[index + 1] { isBeforeBlock = true }
                code.append(.gap(words.compactMap { tree.symbols.known($0) }, beforeBlock: isBeforeBlock))
            case .group(let open, let inner, _):
                let inner = self.code(inner, tree, &names)
                code.append(tree.symbols.known(open).map { .group($0, inner) } ?? .never)
            }
        }
        return code
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

    /// Every place where the pattern fits, in order.
    func matches() -> [Match] {
        guard !PatternMatcher.containsNever(code) else { return [] }
        var anchor = 0
        if case .expression = code[0] { anchor = 1 }
        // Of the fixed tokens at the beginning the rarest is looked up.
        var best = anchor
        var places: [Int64]?
        search: for index in anchor..<code.count {
            let symbol: Int32
            switch code[index] {
            case .exact(let exact): symbol = exact
            case .group(let open, _): symbol = open
            case .expression, .gap, .never: break search
            }
            let here = tree.places(of: symbol)
            if places == nil || here.count < places!.count { (best, places) = (index, here) }
            if case .group = code[index] { break }
        }
        var found: [Match] = []
        var state = MatchState(matcher: self)
        for place in places ?? [] {
            let file = Int(place >> 32)
            let start = Int(place & 0xFFFF_FFFF) - (best - anchor)
            if file != state.file { state.enter(file) }
            guard start >= 0, start < state.tokens.count, let match = match(&state, anchor: start) else { continue }
            found.append(match)
        }
        return found
    }

    private func match(_ state: inout MatchState, anchor: Int) -> Match? {
        state.reset()
        var start = anchor
        var rest = code[...]
        if case .expression(let name) = code[0] {
            guard anchor > 0, filters[name]?.mayEnd(in: state.tokens[anchor - 1].symbol) ?? true,
                let first = state.operandStart(before: anchor), !state.isDeclared(first),
                state.bind(name, first...(anchor - 1))
            else { return nil }
            start = first
            rest = rest.dropFirst()
        }
        guard let end = state.match(rest, at: anchor, limit: state.limit(of: anchor)) else { return nil }
        let source = tree.files[state.file]
        return Match(
            file: state.file, tokens: start...max(start, end - 1), line: Int(state.tokens[anchor].line),
            bindings: state.named(names), function: source.function(around: anchor))
    }
}

/// Which texts a name may stand for. A glob with a dot is for the whole chain, one without for its last name.
struct NameFilter {
    private let plain: [Glob]
    private let dotted: [Glob]
    private let lasts: [Glob]
    private let cache: Cache
    private let tree: SourceTree

    private final class Cache {
        var plain: [Int32: Bool] = [:]
        var lasts: [Int32: Bool] = [:]
    }

    init(_ globs: [Glob], tree: SourceTree) {
        plain = globs.filter { !$0.text.contains(".") }
        dotted = globs.filter { $0.text.contains(".") }
        lasts = dotted.map { Glob(String($0.text.split(separator: ".", omittingEmptySubsequences: false).last ?? "")) }
        cache = Cache()
        self.tree = tree
    }

    private func fits(_ symbol: Int32, _ globs: [Glob], _ known: inout [Int32: Bool]) -> Bool {
        if let fits = known[symbol] { return fits }
        let text = tree.symbols.text(symbol)
        let fits = globs.contains { $0.matches(text) }
        known[symbol] = fits
        return fits
    }

    /// Whether an expression whose last token this is may fit: false is sure, true is not.
    func mayEnd(in symbol: Int32) -> Bool {
        fits(symbol, plain, &cache.plain) || (!dotted.isEmpty && fits(symbol, lasts, &cache.lasts))
    }

    func accepts(last: Int32, text: () -> String) -> Bool {
        if fits(last, plain, &cache.plain) { return true }
        guard !dotted.isEmpty else { return false }
        let text = text()
        return dotted.contains { $0.matches(text) }
    }
}

/// The work on one candidate after the other.
private struct MatchState {
    let matcher: PatternMatcher
    private(set) var file = -1
    private(set) var tokens: [Token] = []
    private let marks: Marks
    private var bound: [ClosedRange<Int>?]
    private var lasts: [Int32]
    /// Names in the order in which they were bound, so that they can be taken back.
    private var trail: [Int] = []
    private var steps = 0
    private static let mostSteps = 20_000

    init(matcher: PatternMatcher) {
        self.matcher = matcher
        marks = matcher.tree.marks
        bound = Array(repeating: nil, count: matcher.names.count)
        lasts = Array(repeating: -1, count: matcher.names.count)
    }

    mutating func enter(_ file: Int) {
        self.file = file
        tokens = matcher.tree.files[file].tokens
    }

    mutating func reset() {
        undo(to: 0)
        steps = 0
    }

    private mutating func undo(to mark: Int) {
        while trail.count > mark { bound[trail.removeLast()] = nil }
    }

    func named(_ names: [String]) -> [String: Match.Binding] {
        var named: [String: Match.Binding] = [:]
        for (number, name) in names.enumerated() {
            guard let range = bound[number] else { continue }
            named[name] = Match.Binding(
                text: joined(range), tokens: range, file: file, last: lasts[number],
                lastName: matcher.tree.symbols.text(lasts[number]))
        }
        return named
    }

    private func joined(_ range: ClosedRange<Int>) -> String {
        range.map { matcher.tree.symbols.text(tokens[$0].symbol) }.joined()
    }

    /// The last word of an expression: of `w.rows` and of `len(w.rows)` it is `rows`.
    private func last(_ range: ClosedRange<Int>) -> Int32 {
        var index = range.upperBound
        while index > range.lowerBound, tokens[index].kind == .mark { index -= 1 }
        return tokens[index].symbol
    }

    mutating func bind(_ name: Int, _ range: ClosedRange<Int>) -> Bool {
        let last = last(range)
        if bound[name] != nil { return lasts[name] == last }
        if let filter = matcher.filters[name], !filter.accepts(last: last, text: { joined(range) }) { return false }
        bound[name] = range
        lasts[name] = last
        trail.append(name)
        return true
    }

    /// The end of the block around a token: what comes later in it is found, what comes after it is not.
    func limit(of token: Int) -> Int {
        var bracket = Int(tokens[token].enclosing)
        while bracket >= 0, tokens[bracket].symbol != marks.brace { bracket = Int(tokens[bracket].enclosing) }
        guard bracket >= 0, tokens[bracket].partner > 0 else { return tokens.count }
        return Int(tokens[bracket].partner)
    }

    /// Whether a name is that of a function where it is declared: `func name(…)` is no call.
    func isDeclared(_ token: Int) -> Bool {
        var before = token - 1
        guard before >= 0 else { return false }
        if tokens[before].symbol == marks.closeParenthesis, tokens[before].partner > 0 {
            before = Int(tokens[before].partner) - 1
        }
        return before >= 0 && tokens[before].symbol == marks.function
    }

    /// The token after the match, or nil. With `end` it must end exactly there.
    mutating func match(
        _ code: ArraySlice<PatternMatcher.Code>, at position: Int, limit: Int, isWhole: Bool = false
    ) -> Int? {
        steps += 1
        guard steps < MatchState.mostSteps else { return nil }
        guard let element = code.first else { return isWhole && position != limit ? nil : position }
        let rest = code.dropFirst()
        switch element {
        case .never: return nil
        case .exact(let symbol):
            guard position < limit, tokens[position].symbol == symbol else { return nil }
            return match(rest, at: position + 1, limit: limit, isWhole: isWhole)
        case .group(let open, let inner):
            guard position < limit, tokens[position].symbol == open else { return nil }
            let close = Int(tokens[position].partner)
            guard close > position, close < limit else { return nil }
            let mark = trail.count
            if match(inner[...], at: position + 1, limit: close, isWhole: true) != nil,
                let end = match(rest, at: close + 1, limit: limit, isWhole: isWhole)
            {
                return end
            }
            undo(to: mark)
            return nil
        case .gap(let excluded, let isBeforeBlock):
            if rest.isEmpty {
                guard isWhole else { return position }
                if !excluded.isEmpty, (position..<limit).contains(where: { excluded.contains(tokens[$0].symbol) }) {
                    return nil
                }
                return limit
            }
            var next = position
            while next <= limit {
                if mayBegin(rest, at: next, limit: limit) {
                    let mark = trail.count
                    if let end = match(rest, at: next, limit: limit, isWhole: isWhole) { return end }
                    undo(to: mark)
                }
                if next < limit {
                    let symbol = tokens[next].symbol
                    if (isBeforeBlock && symbol == marks.brace) || excluded.contains(symbol) { return nil }
                }
                next += 1
            }
            return nil
        case .expression(let name):
            let ends = operandEnds(from: position, limit: limit)
            for end in ends.reversed() {
                let mark = trail.count
                if mayBegin(rest, at: end, limit: limit), bind(name, position...(end - 1)),
                    let result = match(rest, at: end, limit: limit, isWhole: isWhole)
                {
                    return result
                }
                undo(to: mark)
            }
            return nil
        }
    }

    /// A quick look at the next element: false is sure, true is not.
    private func mayBegin(_ code: ArraySlice<PatternMatcher.Code>, at position: Int, limit: Int) -> Bool {
        switch code.first {
        case .exact(let symbol), .group(let symbol, _): position < limit && tokens[position].symbol == symbol
        case .expression: position < limit && (tokens[position].kind != .mark || marks.begins(tokens[position].symbol))
        case .gap, .never, nil: true
        }
    }

    /// Where an expression that begins at `start` may end, shortest first.
    private func operandEnds(from start: Int, limit: Int) -> [Int] {
        var ends: [Int] = []
        var position = start
        var terms = 0
        while terms < 6, let last = appendPrimaryEnds(from: position, limit: limit, to: &ends) {
            terms += 1
            guard last < limit, marks.isArithmetic(tokens[last].symbol), tokens[last].line == tokens[last - 1].line
            else {
                break
            }
            position = last + 1
        }
        return ends
    }

    private func appendPrimaryEnds(from start: Int, limit: Int, to ends: inout [Int]) -> Int? {
        var position = start
        while position < limit, marks.isPrefix(tokens[position].symbol) { position += 1 }
        guard position < limit else { return nil }
        let token = tokens[position]
        if token.kind == .keyword {
            guard token.symbol == marks.function, let end = functionLiteralEnd(position, limit) else { return nil }
            ends.append(end)
            return end
        }
        if token.kind == .mark {
            guard token.symbol == marks.parenthesis || token.symbol == marks.bracket, Int(token.partner) > position,
                Int(token.partner) < limit
            else { return nil }
            position = Int(token.partner)
            // A slice type goes on with its element: []byte{…}.
            if token.symbol == marks.bracket {
                while position + 1 < limit, tokens[position + 1].symbol == marks.star { position += 1 }
                if position + 1 < limit, tokens[position + 1].kind == .identifier { position += 1 }
            }
        }
        position += 1
        ends.append(position)
        while position < limit {
            let symbol = tokens[position].symbol
            var next: Int
            if symbol == marks.dot, position + 1 < limit {
                next =
                    tokens[position + 1].symbol == marks.parenthesis
                    ? Int(tokens[position + 1].partner) + 1 : position + 2
            } else if symbol == marks.parenthesis || symbol == marks.bracket || symbol == marks.brace,
                Int(tokens[position].partner) > position, Int(tokens[position].partner) < limit,
                tokens[position].line == tokens[position - 1].line, symbol != marks.brace || !isBlock(position)
            {
                next = Int(tokens[position].partner) + 1
            } else {
                break
            }
            guard next > position, next <= limit else { break }
            position = next
            ends.append(position)
        }
        return position
    }

    /// A brace after the header of an `if`, `for` or `switch` opens its block, and no literal.
    private func isBlock(_ brace: Int) -> Bool {
        let around = tokens[brace].enclosing
        var index = brace - 1
        while index >= 0, index > brace - 60, tokens[index].line == tokens[brace].line {
            if tokens[index].enclosing == around, marks.isHeader(tokens[index].symbol) { return true }
            if index == Int(around) { return false }
            index -= 1
        }
        return false
    }

    private func functionLiteralEnd(_ start: Int, _ limit: Int) -> Int? {
        var position = start + 1
        while position < limit, tokens[position].symbol != marks.brace {
            if tokens[position].symbol == marks.parenthesis || tokens[position].symbol == marks.bracket {
                guard Int(tokens[position].partner) > position else { return nil }
                position = Int(tokens[position].partner)
            }
            position += 1
            if position > start + 400 { return nil }
        }
        guard position < limit, Int(tokens[position].partner) > position, Int(tokens[position].partner) < limit else {
            return nil
        }
        return Int(tokens[position].partner) + 1
    }

    /// The first token of the chain of names that ends right before `anchor`.
    func operandStart(before anchor: Int) -> Int? {
        var position = anchor - 1
        while position >= 0 {
            let token = tokens[position]
            if token.symbol == marks.closeParenthesis || token.symbol == marks.closeBracket {
                guard token.partner >= 0 else { return nil }
                position = Int(token.partner) - 1
                continue
            }
            guard token.kind == .identifier else { return position + 1 <= anchor - 1 ? position + 1 : nil }
            guard position >= 2, tokens[position - 1].symbol == marks.dot else { return position }
            position -= 2
        }
        return nil
    }
}
