import Testing

@testable import Audit

/// Lexer, declarations, patterns and bounds, on literal text.
@Suite struct ReadingTests {
    static func words(_ text: String, _ family: Family = .go) -> [String] {
        let symbols = Symbols()
        return Lexer.lex(Array(text.utf8), family: family, symbols: symbols).tokens.map { symbols.text($0.symbol) }
    }

    @Test(arguments: [
        ("a := b", ["a", ":=", "b"]), ("x <- y // z", ["x", "<-", "y"]), ("`a\"b\\`", ["`a\"b\\`"]),
        ("'\\''", ["'\\''"]), ("\"a\\\"b\"+c", ["\"a\\\"b\"", "+", "c"]), ("0x1e+2", ["0x1e", "+", "2"]),
        ("1e+2", ["1e+2"]), ("a/*b*/c", ["a", "c"]), ("f(xs...)", ["f", "(", "xs", "...", ")"]),
        ("a&^=b<<2", ["a", "&^=", "b", "<<", "2"]),
        ("größe", ["größe"]), ("", []),
    ])
    func goIsReadAsWords(text: String, expected: [String]) {
        #expect(Self.words(text) == expected)
    }

    @Test(arguments: [
        (Family.python, "x = '''a\nb''' # c", ["x", "=", "'''a\nb'''"]),
        (.shell, "echo \"a # b\" # c", ["echo", "\"a # b\""]),
        (.cLike, "int a; /* b */ 'c'", ["int", "a", ";", "'c'"]),
    ])
    func otherFamiliesAreReadByTheirMarks(family: Family, text: String, expected: [String]) {
        #expect(Self.words(text, family) == expected)
    }

    @Test(arguments: [
        ("package a\nfunc f() {\n", 2), ("package a\n}\n", 2), ("x := \"a\n", 1), ("\n\n`a\nb", 3), ("/* a\nb", 1),
        ("f(]", 1),
    ])
    func whatIsCutOffIsSaidWithItsLine(text: String, line: Int) {
        #expect(Lexer.lex(Array(text.utf8), family: .go, symbols: Symbols()).fault?.line == line)
    }

    @Test func declarationsAreRead() throws {
        let tree = Repository.tree(
            """
            package bus
            import (
                mqtt "github.com/eclipse/paho.mqtt.golang"
                "example.org/house/v2"
            )
            const depth, other = 1, 2
            const limit = 5 * time.Second
            type Link struct {
                mu, other sync.Mutex
                Rows []string `yaml:"rows,omitempty"`
                sync.RWMutex
                inner struct { deep int }
            }
            type Sink interface { Put(string) }
            func (l *Link) Put(a, b string, c ...int) (int, error) {
                return 0, nil
            }
            func generic[T any](x T) {}
            """)
        let file = try #require(tree.files.first)
        let names = file.functions.map { tree.symbols.text($0.name) }
        #expect(names == ["Put", "generic"])
        let put = file.functions[0]
        #expect(tree.symbols.text(put.receiver) == "Link" && put.line == 15 && put.lastLine == 17)
        #expect(
            put.parameters.map { "\(tree.symbols.text($0.name)) \($0.type)" } == [
                "l Link", "a string", "b string", "c ...int",
            ])
        #expect(put.results == "(int,error)")
        #expect(file.constants.map { "\(tree.symbols.text($0.name)) \($0.text)" } == ["limit 5*time.Second"])
        let fields = file.fields.map {
            "\(tree.symbols.text($0.structure)).\(tree.symbols.text($0.name)) \($0.type) \($0.tag)"
        }
        #expect(
            fields == [
                "Link.mu sync.Mutex ", "Link.other sync.Mutex ", "Link.Rows []string `yaml:\"rows,omitempty\"`",
                "Link.sync .RWMutex ", "Link.inner struct{deep int} ", "inner.deep int ",
            ])
        #expect(tree.interfaces.contains(tree.symbols.symbol("Sink")))
        #expect(Set(file.imports.keys.map { tree.symbols.text($0) }) == ["mqtt", "house"])
    }

    @Test(arguments: [
        ("f($x)", "f(a.b)", "a.b"), ("f($x)", "f(g(1, 2))", "g(1,2)"), ("f($x, ...)", "f(a, b, c)", "a"),
        ("$x.f()", "a.b.f()", "a.b"), (".f($x)", "a().f(3 * time.Second)", "3*time.Second"),
        ("$x := f()", "r := f()", "r"),
        ("if $x != nil { ... return ... }", "if err != nil { g(); return }", "err"),
        ("for ... { ... $x.f() ... }", "for i := range q { if i { w.f() } }", "w"),
        ("select { ... case $x <- $y ... default ... }", "select { case c.q <- v: default: }", "c.q"),
        ("f($x) ... g($x)", "f(a.n); h(); g(b.n)", "a.n"), ("h($x)", "h(func() { f() })", "func(){f()}"),
        ("if len($x) < $n { ... }", "if len(d) < size { x() }", "d"),
    ])
    func aPatternIsFound(pattern: String, body: String, binding: String) throws {
        let tree = Repository.tree("package a\nfunc t() {\n\(body)\n}\n")
        let matches = PatternMatcher(try Pattern(pattern), named: [:], tree: tree).matches()
        #expect(matches.first?.bindings["x"]?.text == binding)
    }

    @Test(arguments: [
        ("f($x)", "// f(a)"), ("f($x)", "g(\"f(a)\")"), ("f($x) ... g($x)", "f(a); g(b)"),
        ("f($x) ... g($y)", "if c { f(a) }; g(b)"),
        ("for ... { ... f() ... }", "for i := range q { g() }; if c { f() }"),
        ("if $e != nil { ...!return }", "if e != nil { return }"),
        ("select { ... default ... }", "select { case <-c: }"), ("f($x)", "f()"),
    ])
    func aPatternIsNotFoundWhereItIsNot(pattern: String, body: String) throws {
        let tree = Repository.tree("package a\nfunc t() {\n\(body)\n}\n")
        #expect(PatternMatcher(try Pattern(pattern), named: [:], tree: tree).matches().isEmpty)
    }

    @Test func aDeclarationIsNoCall() throws {
        let tree = Repository.tree("package a\nfunc (t *T) remove(c int) {}\nfunc remove(c int) {}\n")
        #expect(PatternMatcher(try Pattern("$x($c)"), named: [:], tree: tree).matches().isEmpty)
    }

    @Test(arguments: ["", "... f()", "$x", "$x $y", "f(", "$x ..."])
    func whatIsNoPatternIsRefused(text: String) {
        #expect(throws: PatternFailure.self) { try Pattern(text) }
    }

    @Test(
        arguments: [
            ("*busy_timeout=#*", "a?_busy_timeout=5000&b", true, "5000"),
            ("*busy_timeout=#*", "busy_timeout=", false, nil),
            ("*t=#*", "t=%d", true, "%d"), ("a*c", "ABC", true, nil), ("a*c", "abd", false, nil), ("*", "", true, nil),
            ("*a*b*c*d*e*", String(repeating: "a", count: 400), false, nil),
        ] as [(String, String, Bool, String?)])
    func aGlobFits(glob: String, text: String, fits: Bool, number: String?) {
        let (matches, found) = Glob(glob).match(text)
        #expect(matches == fits)
        if matches { #expect(found == number) }
    }

    @Test(
        arguments: [
            ("100", "100"), ("0", nil), ("limit", "limit = 5 * time.Second, bus/main.go:2"), ("unknown", nil),
            ("c.Rows", "configuration key 'rows' (Rows, bus/main.go:3, set to 64 in bus/main.go:4)"),
            (
                "time.Duration(c.Rows)*time.Second",
                "configuration key 'rows' (Rows, bus/main.go:3, set to 64 in bus/main.go:4)"
            ),
            ("size", "size = 7, passed in bus/main.go:6"), ("none", nil),
        ] as [(String, String?)])
    func aBoundIsFollowedToItsValue(text: String, expected: String?) throws {
        let tree = Repository.tree(
            """
            package bus
            const limit = 5*time.Second; const none = 0
            type C struct { Rows int `yaml:"rows"` }
            func d() C { return C{Rows: 64} }
            func t(size int) { bound(\(text)) }
            func u() { t(7) }
            """)
        let match = try #require(PatternMatcher(try Pattern("bound($x)"), named: [:], tree: tree).matches().first)
        #expect(BoundResolution(tree: tree).resolve(try #require(match.bindings["x"])) == expected)
    }
}
