public import Events

/// The record that a rig with a build can tell a good system from a bad one: clean runs pass, each sabotage is caught by its own scenario for the
/// right reason, and null runs raise no alarm. Without it a score says nothing.
public struct Qualification: Sendable, Hashable {
    /// One protection switched off, and what the scenario made of it.
    public struct Sabotage: Sendable, Hashable {
        public var protection: String
        /// What the right sentence says, as `isTold` reads it: a word that one of its clauses begins with, or a phrase.
        public var finding: String
        public var outcome: Outcome
        public var sentence: String
        /// The run's directory, relative to the qualification.
        public var run: String

        public init(protection: String, finding: String, outcome: Outcome, sentence: String, run: String) {
            self.protection = protection
            self.finding = finding
            self.outcome = outcome
            self.sentence = sentence
            self.run = run
        }

        /// It failed, and for the reason that was to be found: a fail for another reason is luck.
        public var isCaught: Bool { outcome == .fail && Self.isTold(finding, by: sentence) }

        /// Whether a sentence says of itself what was to be found. How long after the end of the fault, and what stands behind that, names brokers, bridges and
        /// controllers that did nothing wrong. A single word is what broke only where a clause begins with it.
        public static func isTold(_ finding: String, by sentence: String) -> Bool {
            var told = sentence[...]
            for found in sentence.ranges(of: " s after ") where !sentence[found.upperBound...].hasPrefix("the fault") {
                told = sentence[..<found.lowerBound]
                break
            }
            return told.ranges(of: finding).contains { place in
                if let next = told[place.upperBound...].first, next.isLetter || next.isNumber { return false }
                let before = told[..<place.lowerBound]
                if before.isEmpty || before.hasSuffix(": ") { return true }
                return finding.contains(" ") && before.hasSuffix(" ")
            }
        }
    }

    /// What a scenario that does not name a protection made of its absence. It tells where else it would have been noticed, and qualifies nothing.
    public struct Bystander: Sendable, Hashable {
        public var protection: String
        public var scenario: String
        public var variant: String
        public var outcome: Outcome
        public var sentence: String
        /// The run's directory, relative to the qualification.
        public var run: String

        public init(
            protection: String, scenario: String, variant: String, outcome: Outcome, sentence: String, run: String
        ) {
            self.protection = protection
            self.scenario = scenario
            self.variant = variant
            self.outcome = outcome
            self.sentence = sentence
            self.run = run
        }
    }

    /// Runs of one kind: how many were good, and what the others said.
    public struct Count: Sendable, Hashable {
        public var good = 0
        public var of = 0
        public var bad: [String] = []

        public init() {}

        public mutating func add(isGood: Bool, _ sentence: String) {
            of += 1
            if isGood { good += 1 } else { bad.append(sentence) }
        }
    }

    public struct Scenario: Sendable, Hashable {
        public var id: String
        public var variant: String
        public var clean = Count()
        public var null = Count()
        public var sabotages: [Sabotage] = []

        public init(id: String, variant: String) {
            self.id = id
            self.variant = variant
        }
    }

    /// The kind of rig: its name and whether it is a twin or a bench.
    public var rig: String
    public var kind: String
    /// The build of knxrig, and of the system that was switched on and off.
    public var build: String
    public var system: String
    /// Seconds of Unix time.
    public var made: Int64
    public var scenarios: [Scenario]
    public var bystanders: [Bystander]

    public init(
        rig: String, kind: String, build: String, system: String, made: Int64, scenarios: [Scenario],
        bystanders: [Bystander] = []
    ) {
        self.rig = rig
        self.kind = kind
        self.build = build
        self.system = system
        self.made = made
        self.scenarios = scenarios
        self.bystanders = bystanders
    }

    /// All clean runs passed, every sabotage was caught, no null run raised an alarm, and there was something of each: a sabotage of every scenario, since one
    /// that was never seen to fail may be unable to.
    public var isQualified: Bool {
        !scenarios.isEmpty && clean.of > 0 && clean.good == clean.of && null.of > 0 && null.good == null.of
            && caught == sabotages.count && unshown.isEmpty
    }

    /// Scenarios without a sabotage: nothing shows that they can fail.
    public var unshown: [Scenario] { scenarios.filter(\.sabotages.isEmpty) }

    public var sabotages: [Sabotage] { scenarios.flatMap(\.sabotages) }
    public var caught: Int { sabotages.count(where: \.isCaught) }
    public var clean: Count { total(\.clean) }
    public var null: Count { total(\.null) }

    private func total(_ kind: (Scenario) -> Count) -> Count {
        var total = Count()
        for count in scenarios.map(kind) {
            total.good += count.good
            total.of += count.of
            total.bad += count.bad
        }
        return total
    }

    /// Schema `knxrig/qualification/1`.
    public var value: Value {
        func counted(_ count: Count) -> Value {
            [
                "good": .integer(Int64(count.good)), "of": .integer(Int64(count.of)),
                "bad": .list(count.bad.map(Value.text)),
            ]
        }
        return [
            "schema": "knxrig/qualification/1", "qualified": .bool(isQualified), "rig": .text(rig), "kind": .text(kind),
            "knxrig": .text(build), "system": .text(system), "made": .integer(made), "clean": counted(clean),
            "caught": .integer(Int64(caught)), "sabotages": .integer(Int64(sabotages.count)), "null": counted(null),
            "scenarios": .list(
                scenarios.map { scenario in
                    [
                        "id": .text(scenario.id), "variant": .text(scenario.variant),
                        "clean": counted(scenario.clean), "null": counted(scenario.null),
                        "sabotages": .list(
                            scenario.sabotages.map {
                                [
                                    "protection": .text($0.protection), "caught": .bool($0.isCaught),
                                    "finding": .text($0.finding), "outcome": .text($0.outcome.rawValue),
                                    "sentence": .text($0.sentence), "run": .text($0.run),
                                ]
                            }),
                    ]
                }),
            "bystanders": .list(
                bystanders.map {
                    [
                        "protection": .text($0.protection), "id": .text($0.scenario), "variant": .text($0.variant),
                        "outcome": .text($0.outcome.rawValue), "sentence": .text($0.sentence), "run": .text($0.run),
                    ]
                }),
        ]
    }
}
