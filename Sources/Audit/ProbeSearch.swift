/// Finds what probes look for, each probe once for a tree. Tests are not looked at unless asked for: a protection that only a test has
/// protects nobody.
final class ProbeSearch {
    let tree: SourceTree
    private var found: [String: [Match]] = [:]
    private var outsideTests: [String: [Match]] = [:]

    init(tree: SourceTree) {
        self.tree = tree
    }

    /// Matches outside of tests.
    func matches(_ probe: Probe) -> [Match] {
        if let known = outsideTests[probe.key] { return known }
        let matches = all(probe).filter { !tree.files[$0.file].isTest }
        outsideTests[probe.key] = matches
        return matches
    }

    /// Matches everywhere.
    func all(_ probe: Probe) -> [Match] {
        if let known = found[probe.key] { return known }
        var matches: [Match]
        switch probe.kind {
        case .code(let pattern): matches = PatternMatcher(pattern, named: probe.named, tree: tree).matches()
        case .string(let glob): matches = strings(glob, arePrinted: false)
        case .message(let glob): matches = strings(glob, arePrinted: true)
        case .comment(let glob): matches = comments(glob)
        // These hang on links that are only known in a chain.
        case .loop, .takesInterface: matches = []
        case .line(let file, let text): matches = lines(file, text)
        }
        if !probe.paths.isEmpty {
            matches = matches.filter { match in probe.paths.contains { $0.matches(tree.files[match.file].path) } }
        }
        found[probe.key] = matches
        return matches
    }

    private func strings(_ glob: Glob, arePrinted: Bool) -> [Match] {
        var matches: [Match] = []
        for (number, file) in tree.files.enumerated() where file.family != .lines {
            for (index, token) in file.tokens.enumerated() where token.kind == .string {
                let text = tree.symbols.text(token.symbol)
                guard text.utf8.count >= 2 else { continue }
                let (fits, value) = glob.match(text.dropFirst().dropLast())
                guard fits, isPrinted(index, number) == arePrinted, !isCase(index, number) else { continue }
                var match = Match(
                    file: number, tokens: index...index, line: Int(token.line), function: file.function(around: index))
                if let value { match.bindings["#"] = ProbeSearch.number(value, index, number) }
                matches.append(match)
                if match.function == nil { matches += uses(ofConstantAt: match) }
            }
        }
        return matches
    }

    private static let printing: Set<String> = [
        "Print", "Printf", "Println", "Fprintf", "Fprintln", "Fprint", "Log", "Logf", "Debug", "Debugf", "Info",
        "Infof", "Warn", "Warnf", "Warning", "Warningf", "Error", "Errorf", "Fatal", "Fatalf", "Fatalln", "Panic",
        "Panicf", "New", "Wrap", "Wrapf", "Msg", "Msgf", "WithMessage", "print", "println", "panic", "Skip", "Skipf",
        "DebugContext", "InfoContext", "WarnContext", "ErrorContext",
    ]

    /// Whether a string is an argument of what prints, logs or makes an error.
    private func isPrinted(_ token: Int, _ file: Int) -> Bool {
        let bracket = Int(tree.files[file].tokens[token].enclosing)
        guard bracket > 0, tree.text(file, bracket) == "(" else { return false }
        // A flag's description is for people too.
        if tree.text(file, bracket - 2) == ".", ["flag", "flagutil", "pflag"].contains(tree.text(file, bracket - 3)) {
            return true
        }
        return ProbeSearch.printing.contains(tree.text(file, bracket - 1))
    }

    /// Whether a string is what a `case` compares with: a path that is served is none that is called.
    private func isCase(_ token: Int, _ file: Int) -> Bool {
        var before = token - 1
        while before > 0, tree.text(file, before) == ",", tree.files[file].tokens[before - 1].kind == .string {
            before -= 2
        }
        return tree.text(file, before) == "case"
    }

    /// A string at the top of a file is where its constant is used.
    private func uses(ofConstantAt match: Match) -> [Match] {
        let file = tree.files[match.file]
        guard let constant = file.constants.last(where: { $0.line <= match.line }), match.line - constant.line < 200
        else {
            return []
        }
        return tree.places(of: constant.name).compactMap { place in
            let user = Int(place >> 32)
            let token = Int(place & 0xFFFF_FFFF)
            guard tree.files[user].directory == file.directory, let function = tree.files[user].function(around: token),
                !isPrinted(token, user)
            else { return nil }
            var use = match
            use.file = user
            use.tokens = token...token
            use.line = Int(tree.files[user].tokens[token].line)
            use.function = function
            return use
        }
    }

    /// What stood for `#`.
    private static func number(_ value: String, _ index: Int, _ file: Int) -> Match.Binding {
        Match.Binding(text: value, tokens: index...index, file: file, last: -1, lastName: value)
    }

    private func comments(_ glob: Glob) -> [Match] {
        var matches: [Match] = []
        for (number, file) in tree.files.enumerated() {
            for comment in file.comments where glob.matches(comment.text) {
                let function = file.functions.firstIndex { function in
                    (comment.line >= function.line && comment.line <= function.lastLine)
                        || (comment.line < function.line
                            && file.comments(of: function).contains { $0.line == comment.line })
                }
                let token = function.map { file.functions[$0].start } ?? 0
                matches.append(Match(file: number, tokens: token...token, line: comment.line, function: function))
            }
        }
        return matches
    }

    private func lines(_ name: Glob, _ text: Glob) -> [Match] {
        var matches: [Match] = []
        for (number, file) in tree.files.enumerated() where file.family == .lines && name.matches(file.path) {
            for (index, line) in file.text.enumerated() where line.utf8.count < 2_000 {
                let (fits, value) = text.match(line.drop { $0 == " " || $0 == "\t" })
                guard fits else { continue }
                var match = Match(file: number, tokens: index...index, line: index + 1)
                if let value { match.bindings["#"] = ProbeSearch.number(value, index, number) }
                matches.append(match)
            }
        }
        return matches
    }
}
