/// How much a test is worth as evidence.
public enum TestGrade: String, CaseIterable, Sendable {
    /// Makes the condition and asserts something after it.
    case real
    /// About the scenario, but it does not make the condition, or asserts nothing once it has.
    case weak
    /// Cannot fail.
    case vacuous
    /// May be left out of a run: a skip, or a build constraint.
    case skippable
}

/// A test with its grade and the line that decided.
public struct GradedTest: Hashable, Sendable {
    public var file: String
    /// Where the test begins.
    public var line: Int
    public var name: String
    public var grade: TestGrade
    /// The line that decides, in `file`, and why it does.
    public var decidingLine: Int
    public var reason: String
}

/// Grades Go tests from their tokens.
struct TestGrading {
    let search: ProbeSearch
    let graph: CallGraph

    private var tree: SourceTree { search.tree }

    /// The tests of a tree: `Test…` and `Fuzz…` functions of `_test.go` files, except `TestMain`.
    func tests() -> [SourceTree.FunctionID] {
        var found: [SourceTree.FunctionID] = []
        for (number, file) in tree.files.enumerated() where file.path.hasSuffix("_test.go") {
            for (place, function) in file.functions.enumerated() where function.receiver < 0 {
                let name = tree.symbols.text(function.name)
                let isTest = (name.hasPrefix("Test") && name != "TestMain") || name.hasPrefix("Fuzz")
                if isTest, function.parameters.first?.type.hasPrefix("*testing.") ?? false {
                    found.append(SourceTree.FunctionID(file: Int32(number), function: Int32(place)))
                }
            }
        }
        return found
    }

    /// The tests that are about a scenario by name, or that make its condition, each with its grade.
    func grade(_ claim: TestClaim, tests: [SourceTree.FunctionID]) -> [GradedTest] {
        var graded: [GradedTest] = []
        for id in tests {
            let name = tree.symbols.text(tree.function(id).name)
            let words = TestGrading.words(of: name)
            // A condition made in passing makes no test of the scenario: its name must say so.
            guard claim.about.contains(where: { $0.matches($0.text.contains(" ") ? words : name) }) else { continue }
            graded.append(grade(id, injection: injection(claim, id)))
        }
        return graded
    }

    /// The words of a name with a space around each: `TestLockedStart` is ` Test Locked Start `.
    private static func words(of name: String) -> String {
        var words = " "
        for character in name {
            if character == "_" {
                words += " "
            } else {
                if character.isUppercase, words.last != " " { words += " " }
                words.append(character)
            }
        }
        return words + " "
    }

    private func injection(_ claim: TestClaim, _ id: SourceTree.FunctionID) -> Match? {
        let reached = graph.reachable(from: id).filter { tree.files[Int($0.file)].isTest }
        var best: Match?
        for probe in claim.injects {
            for match in search.all(probe) {
                guard let place = match.function else { continue }
                let function = SourceTree.FunctionID(file: Int32(match.file), function: Int32(place))
                guard match.tokens.lowerBound >= tree.function(function).body.lowerBound, !isCleanUp(match) else {
                    continue
                }
                if function == id { return match }
                if reached.contains(function) { best = best ?? match }
            }
        }
        return best
    }

    /// What is deferred or handed to `Cleanup` on the same line happens after every assertion: a test that takes its files away makes no condition by it.
    private func isCleanUp(_ match: Match) -> Bool {
        let tokens = tree.files[match.file].tokens
        let line = tokens[match.tokens.lowerBound].line
        var index = match.tokens.lowerBound
        while index >= 0, tokens[index].line == line {
            if ["defer", "Cleanup"].contains(tree.symbols.text(tokens[index].symbol)) { return true }
            index -= 1
        }
        return false
    }

    /// A test that cannot fail, whatever it is about; nil for one that can.
    func vacuous(_ id: SourceTree.FunctionID) -> GradedTest? {
        let graded = grade(id, injection: nil)
        return graded.grade == .vacuous ? graded : nil
    }

    private func grade(_ id: SourceTree.FunctionID, injection: Match?) -> GradedTest {
        let file = tree.files[Int(id.file)]
        let function = tree.function(id)
        var result = GradedTest(
            file: file.path, line: function.line, name: tree.symbols.text(function.name), grade: .real,
            decidingLine: function.line, reason: "")
        func decide(_ grade: TestGrade, _ line: Int, _ reason: String) -> GradedTest {
            result.grade = grade
            result.decidingLine = line
            result.reason = reason
            return result
        }
        let assertions = assertions(of: id, depth: 0)
        let end = unconditionalEnd(of: id)
        let live = assertions.filter { assertion in
            !assertion.isConstant && (end.map { assertion.token < $0.token } ?? true)
        }
        guard !live.isEmpty else {
            if let end, !assertions.isEmpty { return decide(.vacuous, end.line, "nothing after this line ever runs") }
            if let constant = assertions.first {
                return decide(.vacuous, constant.line, "what is asserted here is always true")
            }
            return decide(.vacuous, function.line, "asserts nothing")
        }
        if let constraint = file.constraint {
            return decide(.skippable, constraint.line, "only built with \(constraint.text)")
        }
        if let skip = skip(of: id) { return decide(.skippable, skip, "may be skipped here") }
        guard let injection else { return decide(.weak, function.line, "does not make the condition") }
        let isOwn = injection.function == Int(id.function) && injection.file == Int(id.file)
        let place = isOwn ? injection.tokens.lowerBound : callToken(of: injection, in: id) ?? function.body.lowerBound
        if let assertion = live.last(where: { $0.token > place }) {
            return decide(
                .real, assertion.line, "asserts the outcome after the condition is made in line \(line(place, id))")
        }
        return decide(.weak, line(place, id), "makes the condition, and asserts nothing afterwards")
    }

    private func line(_ token: Int, _ id: SourceTree.FunctionID) -> Int {
        Int(tree.files[Int(id.file)].tokens[token].line)
    }

    /// Where the test calls what makes the condition.
    private func callToken(of injection: Match, in id: SourceTree.FunctionID) -> Int? {
        guard let place = injection.function else { return nil }
        let target = SourceTree.FunctionID(file: Int32(injection.file), function: Int32(place))
        let function = tree.function(id)
        for call in graph.calls(in: function.body, of: Int(id.file)) {
            let targets = graph.targets(of: call, in: Int(id.file), function: function)
            if targets.contains(where: { $0 == target || graph.reachable(from: $0).contains(target) }) {
                return call.token
            }
        }
        return nil
    }

    private struct Assertion {
        var token: Int
        var line: Int
        var isConstant: Bool
    }

    private static let failing: Set<String> = ["Error", "Errorf", "Fatal", "Fatalf", "Fail", "FailNow"]
    private static let libraries: Set<String> = ["assert", "require", "is", "qt", "must", "check"]

    private func assertions(of id: SourceTree.FunctionID, depth: Int) -> [Assertion] {
        let function = tree.function(id)
        let file = Int(id.file)
        let testers = testers(of: function, file)
        var found: [Assertion] = []
        for call in graph.calls(in: function.body, of: file) {
            if call.isReference {
                // A subtest that is a function of its own: t.Run("name", testThis).
                let targets = graph.targets(of: call, in: file, function: function)
                if depth < 3, targets.contains(where: { $0 != id && canFail($0, depth: depth + 1) }) {
                    let line = Int(tree.files[file].tokens[call.token].line)
                    found.append(Assertion(token: call.token, line: line, isConstant: false))
                }
                continue
            }
            let name = tree.symbols.text(call.name)
            let qualifier = call.qualifier >= 0 ? tree.symbols.text(call.qualifier) : ""
            let line = Int(tree.files[file].tokens[call.token].line)
            if TestGrading.failing.contains(name), testers.contains(qualifier) {
                found.append(
                    Assertion(
                        token: call.token, line: line, isConstant: isInConstantCondition(call.token, file, function)))
            } else if TestGrading.libraries.contains(qualifier), name.first?.isUppercase ?? false {
                found.append(
                    Assertion(token: call.token, line: line, isConstant: assertsConstant(name, call.token, file)))
            } else if depth < 3, tree.functionsByName[call.name] != nil {
                // What takes the tester asserts by itself; what panics, and stands among the tests, does so too.
                let isGiven = passesTester(call.token, file, testers)
                for target in graph.targets(of: call, in: file, function: function)
                where target != id && (isGiven || tree.files[Int(target.file)].isTest)
                    && canFail(target, depth: depth + 1)
                {
                    found.append(Assertion(token: call.token, line: line, isConstant: false))
                    break
                }
            } else if name == "panic", call.qualifier == -1 {
                found.append(Assertion(token: call.token, line: line, isConstant: false))
            }
        }
        return found
    }

    private func canFail(_ id: SourceTree.FunctionID, depth: Int) -> Bool {
        assertions(of: id, depth: depth).contains { !$0.isConstant }
    }

    /// Names under which a test is known in a function: its own parameter and those of subtests.
    private func testers(of function: Function, _ file: Int) -> Set<String> {
        var names = Set(
            function.parameters.filter { $0.type.hasPrefix("*testing.") || $0.type == "testing.TB" }
                .map { tree.symbols.text($0.name) })
        for index in function.body where tree.text(file, index) == "testing" && tree.text(file, index - 1) == "*" {
            names.insert(tree.text(file, index - 2))
        }
        return names
    }

    private func passesTester(_ token: Int, _ file: Int, _ testers: Set<String>) -> Bool {
        testers.contains(tree.text(file, token + 2)) && [",", ")"].contains(tree.text(file, token + 3))
    }

    /// `if false {`, `if 1 != 1 {`, `if x != x {` around an assertion.
    private func isInConstantCondition(_ token: Int, _ file: Int, _ function: Function) -> Bool {
        let tokens = tree.files[file].tokens
        var bracket = Int(tokens[token].enclosing)
        while bracket > function.body.lowerBound {
            if tree.text(file, bracket) == "{" {
                var start = bracket - 1
                while start > function.body.lowerBound, tree.text(file, start) != "if", bracket - start < 12,
                    tokens[start].line == tokens[bracket].line
                {
                    start -= 1
                }
                if tree.text(file, start) == "if" {
                    let words = ((start + 1)..<bracket).map { tree.text(file, $0) }
                    if words == ["false"] { return true }
                    if words.count == 3, words[0] == words[2], ["!=", "<", ">"].contains(words[1]) { return true }
                }
            }
            bracket = Int(tokens[bracket].enclosing)
        }
        return false
    }

    /// `assert.True(t, true)`, `require.Equal(t, x, x)`, `assert.NotNil(t, &T{})`.
    private func assertsConstant(_ name: String, _ token: Int, _ file: Int) -> Bool {
        let tokens = tree.files[file].tokens
        let open = token + 1
        let close = open < tokens.count ? Int(tokens[open].partner) : -1
        guard close > open else { return false }
        var arguments: [String] = [""]
        for index in (open + 1)..<close {
            if tree.text(file, index) == ",", Int(tokens[index].enclosing) == open {
                arguments.append("")
            } else {
                arguments[arguments.count - 1] += tree.text(file, index)
            }
        }
        switch name {
        case "True", "Truef": return arguments.count >= 2 && arguments[1] == "true"
        case "False", "Falsef": return arguments.count >= 2 && arguments[1] == "false"
        case "Equal", "Equalf", "EqualValues": return arguments.count >= 3 && arguments[1] == arguments[2]
        case "NotNil", "NotNilf": return arguments.count >= 2 && arguments[1].hasPrefix("&")
        case "Nil", "NoError": return arguments.count >= 2 && arguments[1] == "nil"
        default: return false
        }
    }

    /// The first `return` or skip that stands in the test's own block and always runs.
    private func unconditionalEnd(of id: SourceTree.FunctionID) -> (token: Int, line: Int)? {
        let function = tree.function(id)
        let file = Int(id.file)
        let tokens = tree.files[file].tokens
        for index in function.body where Int(tokens[index].enclosing) == function.body.lowerBound {
            let word = tree.text(file, index)
            let isSkip =
                ["Skip", "Skipf", "SkipNow"].contains(word) && tree.text(file, index - 1) == "."
                && tree.text(file, index + 1) == "("
            if isSkip || (word == "return" && tokens[index].kind == .keyword) {
                return (index, Int(tokens[index].line))
            }
        }
        return nil
    }

    private func skip(of id: SourceTree.FunctionID) -> Int? {
        let function = tree.function(id)
        let file = Int(id.file)
        let testers = testers(of: function, file)
        for call in graph.calls(in: function.body, of: file) {
            let name = tree.symbols.text(call.name)
            let line = Int(tree.files[file].tokens[call.token].line)
            let qualifier = call.qualifier >= 0 ? tree.symbols.text(call.qualifier) : ""
            if ["Skip", "Skipf", "SkipNow"].contains(name), testers.contains(qualifier) { return line }
            if passesTester(call.token, file, testers) {
                for target in graph.targets(of: call, in: file, function: function) where target != id {
                    let inner = graph.calls(in: tree.function(target).body, of: Int(target.file))
                    if inner.contains(where: { ["Skip", "Skipf", "SkipNow"].contains(tree.symbols.text($0.name)) }) {
                        return line
                    }
                }
            }
        }
        return nil
    }
}
