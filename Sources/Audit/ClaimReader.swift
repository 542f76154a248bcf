import Documents

/// Reads claim files. Everything that is misspelt is refused with its place and the nearest right word.
enum ClaimReader {
    /// Reads one file into `rules`; a scenario that is there already is replaced.
    static func read(_ path: String, into rules: inout Rules) throws(DocumentFailure) {
        let root = try Node.parse(try DataDirectories.read(path), file: path)
        if root["patterns"] != nil || root["anti_patterns"] != nil {
            _ = try root.entries(of: "a file of patterns", keys: ["version", "patterns", "anti_patterns"])
            rules.patterns += try patterns(root["patterns"])
            rules.antiPatterns += try patterns(root["anti_patterns"])
            return
        }
        let claim = try scenario(root, file: path)
        rules.scenarios.removeAll { $0.id == claim.id }
        rules.scenarios.append(claim)
    }

    private static func scenario(_ root: Node, file: String) throws(DocumentFailure) -> ScenarioClaim {
        _ = try root.entries(
            of: "a claim file",
            keys: [
                "version", "id", "name", "likelihood", "impact", "what_happens", "recommendation", "falsified_by",
                "entry", "ways", "tests", "examples",
            ])
        let version = try root.required("version")
        guard try version.integer() == 1 else { throw version.failure("only version 1 of claim files is known") }
        let entry = try link(try root.required("entry"), known: [], isEntry: true)
        var ways: [Way] = []
        for node in try root.required("ways").elements() {
            _ = try node.entries(of: "a way", keys: ["name", "chain"])
            ways.append(
                Way(
                    name: try node.required("name").text(), links: try chain(try node.required("chain"), known: [entry])
                ))
        }
        let tests = try root.required("tests")
        _ = try tests.entries(of: "tests", keys: ["about", "injects"])
        return ScenarioClaim(
            id: try root.required("id").text(), name: try root.required("name").text(),
            likelihood: try root.required("likelihood").integer(1...5),
            impact: try root.required("impact").integer(1...5),
            whatHappens: try sentence(root.required("what_happens")),
            recommendation: try sentence(root.required("recommendation")),
            falsifiedBy: try sentence(root.required("falsified_by")), entry: entry, ways: ways,
            tests: TestClaim(
                about: try globs(try tests.required("about")), injects: try probes(tests["injects"])),
            examples: try examples(root["examples"]), file: file)
    }

    private static func sentence(_ node: Node) throws(DocumentFailure) -> String {
        try node.text().split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    private static func patterns(_ node: Node?) throws(DocumentFailure) -> [NamedPattern] {
        guard let node else { return [] }
        var patterns: [NamedPattern] = []
        for pattern in try node.elements() {
            _ = try pattern.entries(of: "a pattern", keys: ["id", "name", "chain", "examples"])
            patterns.append(
                NamedPattern(
                    id: try pattern.required("id").text(), name: try sentence(pattern.required("name")),
                    links: try chain(try pattern.required("chain"), known: []),
                    examples: try examples(pattern["examples"])))
        }
        return patterns
    }

    private static func chain(_ node: Node, known: [Link]) throws(DocumentFailure) -> [Link] {
        var links: [Link] = []
        for element in try node.elements() {
            links.append(try link(element, known: known + links, isEntry: known.isEmpty && links.isEmpty))
        }
        guard !links.isEmpty else { throw node.failure("a chain needs at least one link") }
        return links
    }

    private static func link(_ node: Node, known: [Link], isEntry: Bool) throws(DocumentFailure) -> Link {
        _ = try node.entries(of: "a link", keys: ["link", "says", "where", "any", "absent", "bound", "missing"])
        let says = try sentence(node.required("says"))
        let any = try probes(node["any"])
        let absent = try probes(node["absent"])
        guard !any.isEmpty || !absent.isEmpty else { throw node.failure("a link needs 'any' or 'absent'") }
        if isEntry, any.isEmpty { throw node.failure("the first link must say what is there: 'any'") }
        let name = try node["link"]?.text() ?? (isEntry ? "entry" : "link \(known.count)")
        return Link(
            name: name, says: says, scope: try scope(node["where"], known: known), any: any, absent: absent,
            bound: try node["bound"]?.text(), missing: try node["missing"].map(sentence) ?? "not found: \(says)")
    }

    private static func sentence(_ node: Node?) throws(DocumentFailure) -> String {
        guard let node else { return "" }
        return try sentence(node)
    }

    private static func scope(_ node: Node?, known: [Link]) throws(DocumentFailure) -> Scope {
        guard let node else { return known.isEmpty ? .anywhere : .samePackage(known[0].name) }
        let text = try node.text()
        if text == "anywhere" { return .anywhere }
        for (words, make) in Scope.forms where text.hasPrefix(words) {
            let target = String(text.dropFirst(words.count))
            let names = known.map(\.name)
            guard target.hasPrefix("$") || names.contains(target) else {
                throw node.failure(
                    "no link before this one is called '\(target)'" + Nearest.suggestion(for: target, among: names))
            }
            return make(target)
        }
        let forms = Scope.forms.map { $0.words + "LINK" }
        throw node.failure("'\(text)' is no place: expected anywhere, \(forms.joined(separator: ", "))")
    }

    private static func globs(_ node: Node) throws(DocumentFailure) -> [Glob] {
        var globs: [Glob] = []
        for element in try node.elements() { globs.append(Glob(try element.text())) }
        return globs
    }

    private static func probes(_ node: Node?) throws(DocumentFailure) -> [Probe] {
        guard let node else { return [] }
        var probes: [Probe] = []
        for element in try node.elements() {
            _ = try element.entries(
                of: "a probe",
                keys: [
                    "code", "string", "message", "loop", "takes_interface", "comment", "file", "line", "named", "path",
                ])
            var named: [String: [Glob]] = [:]
            var key = ""
            if let names = element["named"] {
                for entry in try names.entries(of: "named") {
                    named[entry.key] = try globs(entry.value)
                    key +=
                        " \(entry.key)=\(try entry.value.elements().map { (node) throws(DocumentFailure) in try node.text() })"
                }
            }
            var paths: [Glob] = []
            if let path = element["path"] {
                paths = try globs(path)
                key += " in \(try path.elements().map { (node) throws(DocumentFailure) in try node.text() })"
            }
            let kind: Probe.Kind
            if let code = element["code"] {
                let text = try code.text()
                do {
                    kind = .code(try Pattern(text))
                } catch {
                    throw code.failure(error.description)
                }
                key = "code \(text)" + key
            } else if let string = element["string"] {
                kind = .string(Glob(try string.text()))
                key = "string \(try string.text())" + key
            } else if let message = element["message"] {
                kind = .message(Glob(try message.text()))
                key = "message \(try message.text())" + key
            } else if let loop = element["loop"] {
                kind = .loop(try loop.text())
                key = "loop \(try loop.text())"
            } else if let name = element["takes_interface"] {
                kind = .takesInterface(String(try name.text().drop { $0 == "$" }))
                key = "takes_interface \(try name.text())"
            } else if let comment = element["comment"] {
                kind = .comment(Glob(try comment.text()))
                key = "comment \(try comment.text())"
            } else {
                let file = try element.required("file").text()
                let line = try element.required("line").text()
                kind = .line(file: Glob(file), text: Glob(line))
                key = "line \(file) \(line)"
            }
            probes.append(Probe(kind: kind, named: named, paths: paths, key: key))
        }
        return probes
    }

    private static func examples(_ node: Node?) throws(DocumentFailure) -> [Example] {
        guard let node else { return [] }
        var examples: [Example] = []
        for element in try node.elements() {
            _ = try element.entries(of: "an example", keys: ["name", "expect", "code"])
            examples.append(
                Example(
                    name: try element.required("name").text(), expect: try element.required("expect").text(),
                    code: try element.required("code").text(), file: element.file, position: element.position))
        }
        return examples
    }
}
