/// Go test files that drive the rig from a Go project's own `go test`: one file per component, and one that they share.
///
/// A test runs one scenario through the `knxrig` program and reports the seven steps as subtests. Where there is no rig it is skipped, with the
/// reason; a run that proved nothing fails.
public struct GoTestFiles: Sendable {
    /// One test to write.
    public struct Test: Hashable, Sendable {
        public var id: String
        public var variant: String
        /// The scenario's name, as people say it: `MQTT broker restart`.
        public var name: String
        /// 1…6.
        public var tier: Int
        /// The variant that the scenario runs when none is named.
        public var isDefault: Bool
        /// How long a run that passes takes at most, in seconds.
        public var seconds: Int

        public init(id: String, variant: String, name: String, tier: Int, isDefault: Bool, seconds: Int) {
            self.id = id
            self.variant = variant
            self.name = name
            self.tier = tier
            self.isDefault = isDefault
            self.seconds = seconds
        }
    }

    public struct File: Hashable, Sendable {
        public var name: String
        public var text: String
    }

    private let package: String
    private let rig: String
    private let isTwin: Bool
    private let system: String
    private let version: String

    /// - Parameters:
    ///   - package: the Go package that the files belong to.
    ///   - rig: what the tests give as `--rig`, unless their user names another.
    ///   - isTwin: whether that rig is simulated: of a bench there is one, and its tests run one after the other.
    ///   - system: what they give as `--system`.
    ///   - version: of this program.
    public init(package: String, rig: String, isTwin: Bool, system: String, version: String) {
        self.package = package
        self.rig = rig
        self.isTwin = isTwin
        self.system = system
        self.version = version
    }

    /// The files for `tests`, the shared one first. The same test asked for twice is written once.
    public func files(for tests: [Test]) -> [File] {
        var seen: Set<String> = []
        let unique = tests.filter { seen.insert(function($0)).inserted }
        let shared = File(
            name: "resilience_rig_test.go",
            text: head
                + GoTestRuntime.text(
                    rig: Self.literal(rig), isTwin: isTwin, system: Self.literal(system), command: command(for: unique))
        )
        return [shared]
            + Self.components.compactMap { tier, component in
                let own = unique.filter { $0.tier == tier }
                guard !own.isEmpty else { return nil }
                let functions = own.map { test in
                    """

                    // \(test.id), \(test.variant): \(test.name).
                    func \(function(test))(t *testing.T) {
                    \trunResilience(t, \(Self.literal("\(test.id)/\(test.variant)")), \(test.seconds)*time.Second)
                    }

                    """
                }
                return File(
                    name: "resilience_\(component.lowercased())_test.go",
                    text: head + "\nimport (\n\t\"testing\"\n\t\"time\"\n)\n" + functions.joined())
            }
    }

    /// The command that gives `tests` the time they need: `go test` ends after ten minutes by itself, and runs as many tests at once as there are processors.
    public func command(for tests: [Test]) -> String {
        let atOnce = isTwin ? min(Self.atOnce, tests.count) : 1
        let longest = tests.map(\.seconds).max() ?? 0
        let minutes = (tests.map(\.seconds).reduce(0, +) / max(atOnce, 1) + longest) / 60 + 2
        return "go test -race" + (atOnce > 1 ? " -parallel \(atOnce)" : "")
            + (minutes >= 10 ? " -timeout \(minutes)m" : "") + " ."
    }

    /// As many twins two processors carry with some to spare.
    private static let atOnce = 6

    private var head: String {
        "// Written by knxrig \(version) (knxrig test … --go DIR). Write it again rather than change it.\n\npackage \(package)\n"
    }

    /// `TestResilience_{Component}_{Scenario}`, and the variant where it is not the default.
    private func function(_ test: Test) -> String {
        let component = Self.components.first { $0.tier == test.tier }?.name ?? "Other"
        return "TestResilience_\(component)_\(Self.camelCase(test.name))"
            + (test.isDefault ? "" : "_" + Self.camelCase(test.variant))
    }

    /// What the tiers of the catalogue are about.
    private static let components: [(tier: Int, name: String)] = [
        (1, "Infrastructure"), (2, "Bridge"), (3, "API"), (4, "Lifecycle"), (5, "Data"), (6, "Physical"),
    ]

    /// `MQTT broker restart` → `MQTTBrokerRestart`.
    private static func camelCase(_ text: String) -> String {
        text.split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
            .map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    /// An interpreted string literal of Go.
    private static func literal(_ text: String) -> String {
        var literal = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": literal += "\\\""
            case "\\": literal += "\\\\"
            case "\n": literal += "\\n"
            case let scalar where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16)
                literal += "\\x" + String(repeating: "0", count: 2 - digits.count) + digits
            default: literal.unicodeScalars.append(scalar)
            }
        }
        return literal + "\""
    }
}
