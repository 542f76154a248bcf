import Documents

/// What is looked for in a source tree.
struct Probe {
    enum Kind {
        /// A piece of Go with gaps.
        case code(Pattern)
        /// A string literal's content, unless it is printed, logged or made an error: what is said to people does nothing.
        case string(Glob)
        /// A string literal that is printed, logged or made an error.
        case message(Glob)
        /// A comment's text.
        case comment(Glob)
        /// A loop around that link, or around a call that leads to it.
        case loop(String)
        /// The function that a `$name` stands for takes an interface.
        case takesInterface(String)
        /// A line of a file that is read as lines: SQL, YAML, compose, systemd.
        case line(file: Glob, text: Glob)
    }

    var kind: Kind
    /// Which texts a `$name` of the pattern may stand for.
    var named: [String: [Glob]]
    /// Paths of files in which it counts; empty for everywhere.
    var paths: [Glob] = []
    /// As the file writes it; equal keys have equal matches.
    var key: String
}

/// Where a link may stand, seen from a link before it.
enum Scope {
    case anywhere
    case sameFunction(String)
    case samePackage(String)
    case sameFile(String)
    /// Methods of the type, its constructors, and what they do.
    case sameType(String)
    /// Functions called from there, directly or not; from a `$name`, the function it stands for.
    case reachedFrom(String)
    /// Functions from which that one is called, directly or not.
    case reaches(String)
    /// Between the first and the last token of that link.
    case inside(String)

    static let forms: [(words: String, make: @Sendable (String) -> Scope)] = [
        ("same function as ", { .sameFunction($0) }), ("same package as ", { .samePackage($0) }),
        ("same file as ", { .sameFile($0) }), ("same type as ", { .sameType($0) }),
        ("reached from ", { .reachedFrom($0) }), ("reaches ", { .reaches($0) }), ("inside ", { .inside($0) }),
    ]
}

/// One link of a chain: a fact that must be found, or one that must not.
struct Link {
    var name: String
    /// What the link says when it holds.
    var says: String
    var scope: Scope
    /// One of these must be found. Empty when the link only forbids.
    var any: [Probe]
    /// None of these may be found.
    var absent: [Probe]
    /// The `$name`, or `#`, that stands for the bound; nil when the link bounds nothing.
    var bound: String?
    /// What it means when the link does not hold.
    var missing: String
}

/// One way to be protected: a chain of links, all of which must hold.
struct Way {
    var name: String
    var links: [Link]
}

/// How tests of the scenario are told from others, and graded.
struct TestClaim {
    /// Names of tests that say they are about this.
    var about: [Glob]
    /// What makes the condition.
    var injects: [Probe]
}

/// A piece of Go in a claim file with the answer that is right for it.
struct Example {
    var name: String
    var expect: String
    var code: String
    var file: String
    var position: Position
}

/// One scenario as a claim file says it.
struct ScenarioClaim {
    var id: String
    var name: String
    /// 1…5 each.
    var likelihood: Int
    var impact: Int
    /// What the failure does to a controller that has no protection.
    var whatHappens: String
    var recommendation: String
    /// The fact that would prove a "yes" wrong; `${bound}` is replaced by the bound found.
    var falsifiedBy: String
    /// Where the failure strikes. Each place needs a whole way.
    var entry: Link
    var ways: [Way]
    var tests: TestClaim
    var examples: [Example]
    var file: String
}

/// A pattern that is named and shown: a resilience pattern, whose presence proves nothing, or an anti-pattern.
struct NamedPattern {
    var id: String
    var name: String
    var links: [Link]
    var examples: [Example]
}

/// Everything that the claim files say.
struct Rules {
    var scenarios: [ScenarioClaim] = []
    var patterns: [NamedPattern] = []
    var antiPatterns: [NamedPattern] = []
}
