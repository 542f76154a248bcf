/// Reads the declarations of a Go file from its tokens: package, imports, functions with receivers, struct fields with types and tags,
/// constants and variables with values. Total over all token streams: what it does not understand it passes over.
struct GoReader {
    private let symbols: Symbols
    private var file: SourceFile
    private var position = 0

    static func read(_ file: inout SourceFile, symbols: Symbols) {
        var reader = GoReader(symbols: symbols, file: file)
        reader.run()
        file = reader.file
    }

    private init(symbols: Symbols, file: SourceFile) {
        self.symbols = symbols
        self.file = file
    }

    private func text(_ index: Int) -> String {
        index >= 0 && index < file.tokens.count ? symbols.text(file.tokens[index].symbol) : ""
    }

    private func line(_ index: Int) -> Int { Int(file.tokens[min(max(index, 0), file.tokens.count - 1)].line) }

    private func kind(_ index: Int) -> TokenKind { index < file.tokens.count ? file.tokens[index].kind : .mark }

    /// The token after the bracket's other; the next one when it has none.
    private func after(_ index: Int) -> Int {
        let partner = Int(file.tokens[index].partner)
        return partner > index ? partner + 1 : index + 1
    }

    private func joined(_ range: Range<Int>) -> String {
        var joined = ""
        for index in range where index < file.tokens.count {
            if kind(index) == .keyword
                || (kind(index) == .identifier && index > range.lowerBound
                    && (kind(index - 1) == .identifier || kind(index - 1) == .keyword))
            {
                if !joined.isEmpty { joined += " " }
            }
            joined += text(index)
            if kind(index) == .keyword, text(index) == "chan" { joined += " " }
        }
        return joined
    }

    private mutating func run() {
        readConstraint()
        while position < file.tokens.count {
            let start = position
            switch text(position) {
            case "package" where kind(position) == .keyword && position + 1 < file.tokens.count:
                file.package = file.tokens[position + 1].symbol
                position += 2
            case "import" where kind(position) == .keyword: group { $0.readImport($1) }
            case "func" where kind(position) == .keyword: readFunction()
            case "type" where kind(position) == .keyword: group { $0.readType($1) }
            case "const" where kind(position) == .keyword, "var" where kind(position) == .keyword:
                group { $0.readValue($1) }
            case "(", "[", "{": position = after(position)
            default: position += 1
            }
            if position <= start { position = start + 1 }
        }
    }

    /// A build constraint stands above the package clause. What keeps a file out is a named tag; an operating system or processor does not.
    private mutating func readConstraint() {
        for comment in file.comments {
            let words = comment.text.split(separator: " ", maxSplits: 1)
            guard let first = words.first, first == "go:build" || first == "+build", words.count == 2 else { continue }
            let tags = words[1].split { !$0.isLetter && !$0.isNumber && $0 != "_" && $0 != "!" }
            let known: Set<Substring> = [
                "linux", "darwin", "windows", "unix", "amd64", "arm64", "arm", "386", "cgo", "freebsd", "gc", "ignore",
            ]
            if tags.contains(where: { !$0.hasPrefix("!") && !known.contains($0) && !$0.hasPrefix("go1") }) {
                file.constraint = (comment.line, String(words[1]))
            }
        }
    }

    /// Runs `read` for the one declaration after a keyword, or for each of a bracketed group; `read` gets the declaration's first token and
    /// returns the token after it.
    private mutating func group(_ read: (inout GoReader, Int) -> Int) {
        position += 1
        guard text(position) == "(" else {
            if position < file.tokens.count { position = max(position + 1, read(&self, position)) }
            return
        }
        let end = Int(file.tokens[position].partner)
        guard end > position else { return }
        position += 1
        while position < end {
            if text(position) == ";" { position += 1 } else { position = max(position + 1, read(&self, position)) }
        }
        position = end + 1
    }

    private mutating func readImport(_ start: Int) -> Int {
        var index = start
        var alias: Int32?
        if kind(index) == .identifier || text(index) == "." {
            alias = file.tokens[index].symbol
            index += 1
        }
        guard kind(index) == .string else { return index }
        let path = String(text(index).dropFirst().dropLast())
        let parts = path.split(separator: "/")
        var name = parts.last.map(String.init) ?? path
        // A major version is no name: example.org/mqtt/v2 is mqtt.
        if name.hasPrefix("v"), Int(name.dropFirst()) != nil, parts.count > 1 { name = String(parts[parts.count - 2]) }
        if let dot = name.lastIndex(of: "."), name.hasPrefix("paho.") { name = String(name[..<dot].dropFirst(5)) }
        file.imports[alias ?? symbols.symbol(name.replacing("-", with: "_"))] = path
        return index + 1
    }

    /// The first token of the next declaration or statement: on a later line than `start`, outside its brackets.
    private func endOfDeclaration(_ start: Int) -> Int {
        var index = start
        while index < file.tokens.count {
            let next = "([{".contains(text(index)) && file.tokens[index].partner > 0 ? after(index) : index + 1
            guard next < file.tokens.count else { return next }
            if line(next) > line(next - 1) {
                // A line ends its declaration unless an operator, a comma or an opening bracket stands last on it.
                let last = file.tokens[next - 1]
                let ends = last.kind != .mark || [")", "]", "}", "++", "--"].contains(symbols.text(last.symbol))
                if ends { return next }
            }
            if text(next) == ";" || text(next) == ")" || text(next) == "}" { return next }
            index = next
        }
        return index
    }

    private mutating func readValue(_ start: Int) -> Int {
        let end = endOfDeclaration(start)
        var names: [Int32] = []
        var index = start
        while index < end, kind(index) == .identifier {
            names.append(file.tokens[index].symbol)
            guard text(index + 1) == "," else { break }
            index += 2
        }
        var equals = index
        while equals < end, text(equals) != "=" { equals = "([{".contains(text(equals)) ? after(equals) : equals + 1 }
        let value = equals + 1 < end ? joined((equals + 1)..<min(end, equals + 40)) : ""
        if names.count == 1 {
            file.constants.append(NamedConstant(name: names[0], text: value, line: line(start)))
        }
        return end
    }

    private mutating func readType(_ start: Int) -> Int {
        let end = endOfDeclaration(start)
        guard kind(start) == .identifier else { return end }
        let name = file.tokens[start].symbol
        var index = start + 1
        if text(index) == "[", kind(index + 1) == .identifier, kind(index + 2) != .mark || text(index + 2) == "," {
            index = after(index)
        }
        if text(index) == "=" { index += 1 }
        if text(index) == "interface" { file.interfaces.insert(name) }
        if text(index) == "struct", text(index + 1) == "{" { readFields(of: name, open: index + 1) }
        return end
    }

    private mutating func readFields(of structure: Int32, open: Int) {
        let end = Int(file.tokens[open].partner)
        guard end > open else { return }
        var index = open + 1
        while index < end {
            let start = index
            var names: [Int32] = []
            while index < end, kind(index) == .identifier {
                names.append(file.tokens[index].symbol)
                index += 1
                guard text(index) == "," else { break }
                index += 1
            }
            var last = index
            while last < end, line(last) == line(last == index ? start : last - 1) || isInside(last, index, end) {
                last = "([{".contains(text(last)) && file.tokens[last].partner > 0 ? after(last) : last + 1
            }
            last = min(last, end)
            var typeEnd = last
            var tag = ""
            if typeEnd > index, kind(typeEnd - 1) == .string {
                tag = text(typeEnd - 1)
                typeEnd -= 1
            }
            let type = joined(index..<max(index, typeEnd))
            for name in names {
                file.fields.append(
                    StructField(
                        structure: structure, name: name, type: type.isEmpty ? symbols.text(name) : type, tag: tag,
                        line: line(start)))
            }
            // A struct within the struct has fields of its own.
            if text(index) == "struct", text(index + 1) == "{" {
                readFields(of: names.first ?? structure, open: index + 1)
            }
            index = max(last, start + 1)
        }
    }

    private func isInside(_ index: Int, _ start: Int, _ end: Int) -> Bool {
        index > start && index < end && kind(index - 1) == .mark && ["*", ".", "<-", "]"].contains(text(index - 1))
    }

    private mutating func readFunction() {
        let start = position
        var index = position + 1
        var function = Function(name: -1, start: start, body: start...start, line: line(start), lastLine: line(start))
        if text(index) == "(" {
            let parameters = readParameters(open: index)
            if let receiver = parameters.first {
                function.receiverName = receiver.name
                let bare = receiver.type.drop { $0 == "*" }.prefix { $0 != "[" }
                function.receiver = symbols.symbol(String(bare))
                function.parameters.append((receiver.name, String(bare)))
            }
            index = after(index)
        }
        guard kind(index) == .identifier else {
            position = index
            return
        }
        function.name = file.tokens[index].symbol
        index += 1
        if text(index) == "[" { index = after(index) }
        guard text(index) == "(" else {
            position = index
            return
        }
        function.parameters += readParameters(open: index)
        index = after(index)
        let resultStart = index
        // Up to the body: a declaration without one ends with its line.
        while index < file.tokens.count, text(index) != "{" {
            if line(index) > line(index - 1), text(index - 1) != "," {
                position = index
                return
            }
            if text(index) == "(" || text(index) == "[" {
                index = after(index)
            } else if (text(index) == "struct" || text(index) == "interface") && text(index + 1) == "{" {
                index = after(index + 1)
            } else {
                index += 1
            }
        }
        guard index < file.tokens.count, Int(file.tokens[index].partner) > index else {
            position = index + 1
            return
        }
        function.results = joined(resultStart..<index)
        function.body = index...Int(file.tokens[index].partner)
        function.lastLine = line(function.body.upperBound)
        file.functions.append(function)
        position = function.body.upperBound + 1
    }

    /// Names and types of a parameter list: `a, b int, c *T`.
    private func readParameters(open: Int) -> [(name: Int32, type: String)] {
        let end = Int(file.tokens[open].partner)
        guard end > open else { return [] }
        var parts: [Range<Int>] = []
        var partStart = open + 1
        var index = open + 1
        while index < end {
            if text(index) == "," {
                parts.append(partStart..<index)
                partStart = index + 1
            }
            index = "([{".contains(text(index)) && file.tokens[index].partner > 0 ? after(index) : index + 1
        }
        if partStart < end { parts.append(partStart..<end) }
        var result: [(name: Int32, type: String)] = []
        var waiting: [Int32] = []
        for part in parts {
            guard kind(part.lowerBound) == .identifier else {
                result.append((-1, joined(part)))
                continue
            }
            let name = file.tokens[part.lowerBound].symbol
            if part.count == 1 {
                waiting.append(name)
            } else if text(part.lowerBound + 1) == "." {
                result.append((-1, joined(part)))
            } else {
                let type = joined((part.lowerBound + 1)..<part.upperBound)
                result += waiting.map { ($0, type) }
                waiting = []
                result.append((name, type))
            }
        }
        // Only types, or a receiver without a name.
        result += waiting.map { (-1, symbols.text($0)) }
        return result
    }
}
