/// What a bound is, followed from its name to a number, a constant or a configuration key.
struct BoundResolution {
    let tree: SourceTree

    /// A text for the report; nil when it bounds nothing: zero, or a name whose value cannot be found.
    func resolve(_ binding: Match.Binding) -> String? {
        resolve(binding.text, at: binding, depth: 0)
    }

    private func resolve(_ text: String, at binding: Match.Binding, depth: Int) -> String? {
        let plain = text.filter { $0 != " " && $0 != "_" }
        guard !plain.isEmpty, depth < 4 else { return nil }
        if plain.hasPrefix("%") { return "a number set at run time" }
        if let number = Int(plain) { return number > 0 ? String(number) : nil }
        if plain.first!.isNumber { return isZero(plain) ? nil : spaced(plain) }
        if plain.hasPrefix("time."), !plain.contains("(") { return spaced(plain) }
        // The configured one of a product: `time.Duration(c.delay) * time.Second`.
        let name = lastName(plain)
        if let symbol = tree.symbols.known(name) {
            if let constant = constant(symbol, near: binding.file) {
                let value = constant.value.flatMap { resolve($0, at: binding, depth: depth + 1) }
                return value.map { "\(name) = \($0), \(constant.place)" }
            }
            if let local = local(symbol, binding), let value = resolve(local, at: binding, depth: depth + 1) {
                return value.contains(name) ? value : "\(name) = \(value)"
            }
            if let key = configured(symbol) { return key }
            if let parameter = parameter(symbol, binding) { return parameter }
        }
        return nil
    }

    private func isZero(_ text: String) -> Bool {
        let digits = text.prefix { $0.isNumber || $0 == "." }
        return Double(digits) == 0
    }

    private func spaced(_ text: String) -> String { text.replacing("*", with: " * ") }

    /// The name that carries the value: of a product the one that is no unit of time, of a conversion what is converted.
    private func lastName(_ text: String) -> String {
        let factors = text.split(whereSeparator: { "*+-/<".contains($0) }).filter {
            !$0.hasPrefix("time.") || $0.contains("(")
        }
        var factor = factors.first.map(String.init) ?? text
        if let open = factor.lastIndex(of: "("), !factor.hasSuffix("()") {
            factor = String(factor[factor.index(after: open)...].prefix { $0 != ")" })
        }
        let last = factor.split(whereSeparator: { ".&()[]{}".contains($0) }).last.map(String.init) ?? factor
        return last
    }

    private func constant(_ symbol: Int32, near file: Int) -> (value: String?, place: String)? {
        var fallback: (String?, String)?
        for (number, other) in tree.files.enumerated() where !other.isTest {
            guard let constant = other.constants.first(where: { $0.name == symbol }), !constant.text.isEmpty else {
                continue
            }
            let found = (Optional(constant.text), "\(other.path):\(constant.line)")
            if number == file || other.directory == tree.files[file].directory { return found }
            fallback = fallback ?? found
        }
        return fallback
    }

    private func local(_ symbol: Int32, _ binding: Match.Binding) -> String? {
        let file = tree.files[binding.file]
        guard let place = file.function(around: binding.tokens.lowerBound) else { return nil }
        let body = file.functions[place].body
        for index in body where file.tokens[index].symbol == symbol && index + 2 < body.upperBound {
            let mark = tree.text(binding.file, index + 1)
            guard mark == ":=" || mark == "=", tree.text(binding.file, index - 1) != "." else { continue }
            var value = ""
            var next = index + 2
            while next < body.upperBound, file.tokens[next].line == file.tokens[index].line,
                !["{", ";", ","].contains(tree.text(binding.file, next)), value.utf8.count < 80
            {
                value += tree.text(binding.file, next)
                next += 1
            }
            return value
        }
        return nil
    }

    /// A field of a structure that a configuration file fills, or that whoever makes the structure must set.
    private func configured(_ symbol: Int32) -> String? {
        for file in tree.files where !file.isTest {
            for field in file.fields where field.name == symbol {
                let name = tree.symbols.text(symbol)
                let given = value(ofField: symbol)
                let standard = given.map { ", set to \($0.text) in \($0.place)" } ?? ""
                if let key = BoundResolution.key(of: field.tag) {
                    return "configuration key '\(key)' (\(name), \(file.path):\(field.line)\(standard))"
                }
                if given != nil { return "\(name) (\(file.path):\(field.line)\(standard))" }
            }
        }
        return nil
    }

    /// The key of a tag such as `yaml:"max_rows"`; nil when it has none.
    static func key(of tag: String) -> String? {
        for name in ["yaml:\"", "toml:\"", "json:\"", "mapstructure:\"", "env:\""] {
            guard let range = tag.firstRange(of: name) else { continue }
            let key = tag[range.upperBound...].prefix { $0 != "\"" && $0 != "," }
            if !key.isEmpty, key != "-" { return String(key) }
        }
        return nil
    }

    /// A number or constant that a field is given where its structure is made.
    private func value(ofField symbol: Int32) -> (text: String, place: String)? {
        for place in tree.places(of: symbol) {
            let file = Int(place >> 32)
            let index = Int(place & 0xFFFF_FFFF)
            guard !tree.files[file].isTest else { continue }
            let mark = tree.text(file, index + 1)
            guard mark == ":" || mark == "=" else { continue }
            let first = tree.text(file, index + 2)
            guard let octet = first.utf8.first, octet >= 0x30, octet <= 0x39, first != "0" else { continue }
            var text = first
            if tree.text(file, index + 3) == "*" {
                text += " * " + (4...6).map { tree.text(file, index + $0) }.joined()
            }
            return (text, "\(tree.files[file].path):\(tree.files[file].tokens[index].line)")
        }
        return nil
    }

    private func parameter(_ symbol: Int32, _ binding: Match.Binding) -> String? {
        let file = tree.files[binding.file]
        guard let place = file.function(around: binding.tokens.lowerBound) else { return nil }
        let function = file.functions[place]
        guard function.parameters.contains(where: { $0.name == symbol }) else { return nil }
        // The value is what the callers pass; one caller with a number is enough to say one.
        let order =
            function.parameters.filter { $0.name != function.receiverName || function.receiver < 0 }
            .firstIndex { $0.name == symbol } ?? 0
        for place in tree.places(of: function.name) {
            let other = Int(place >> 32)
            let index = Int(place & 0xFFFF_FFFF)
            guard !tree.files[other].isTest, tree.text(other, index + 1) == "(", index != function.start + 1 else {
                continue
            }
            let argument = argument(order, open: index + 1, in: other)
            if let first = argument.utf8.first, first >= 0x31, first <= 0x39 {
                return
                    "\(tree.symbols.text(symbol)) = \(spaced(argument)), passed in \(tree.files[other].path)"
                    + ":\(tree.files[other].tokens[index].line)"
            }
        }
        return nil
    }

    private func argument(_ number: Int, open: Int, in file: Int) -> String {
        let close = Int(tree.files[file].tokens[open].partner)
        var index = open + 1
        var current = 0
        var text = ""
        while index < close {
            let word = tree.text(file, index)
            if word == ",", Int(tree.files[file].tokens[index].enclosing) == open {
                current += 1
            } else if current == number {
                text += word
            }
            index += 1
        }
        return text
    }
}
