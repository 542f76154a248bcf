/// Reads functions of a language that is only known by its family: in C-like ones a name, brackets and a body; in Python `def`. Enough to
/// say where something stands and what is called in it.
enum FamilyReader {
    static func read(_ file: inout SourceFile, symbols: Symbols) {
        switch file.family {
        case .cLike: readCLike(&file, symbols)
        case .python: readPython(&file, symbols)
        case .go, .shell, .lines: break
        }
    }

    private static let noFunctions: Set<String> = [
        "if", "for", "while", "switch", "catch", "match", "return", "sizeof",
    ]

    private static func readCLike(_ file: inout SourceFile, _ symbols: Symbols) {
        var index = 0
        while index + 1 < file.tokens.count {
            let token = file.tokens[index]
            let next = file.tokens[index + 1]
            guard token.kind == .identifier, symbols.text(next.symbol) == "(", next.partner > 0,
                !noFunctions.contains(symbols.text(token.symbol))
            else {
                index += 1
                continue
            }
            var open = Int(next.partner) + 1
            let limit = min(file.tokens.count, open + 12)
            while open < limit, !["{", ";", ")", ",", "(", "}"].contains(symbols.text(file.tokens[open].symbol)) {
                open += 1
            }
            guard open < limit, symbols.text(file.tokens[open].symbol) == "{", file.tokens[open].partner > 0 else {
                index += 1
                continue
            }
            let end = Int(file.tokens[open].partner)
            file.functions.append(
                Function(
                    name: token.symbol, start: index, body: open...end, line: Int(token.line),
                    lastLine: Int(file.tokens[end].line)))
            index = end + 1
        }
    }

    /// A `def` goes on to the next `def`: close enough for calls, and never used for more.
    private static func readPython(_ file: inout SourceFile, _ symbols: Symbols) {
        guard let def = symbols.known("def") else { return }
        let starts = file.tokens.indices.filter { file.tokens[$0].symbol == def && $0 + 1 < file.tokens.count }
        for (number, start) in starts.enumerated() {
            let end = max(start, number + 1 < starts.count ? starts[number + 1] - 1 : file.tokens.count - 1)
            file.functions.append(
                Function(
                    name: file.tokens[start + 1].symbol, start: start, body: start...end,
                    line: Int(file.tokens[start].line), lastLine: Int(file.tokens[end].line)))
        }
    }
}
