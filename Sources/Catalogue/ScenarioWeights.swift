public import Documents

/// What every scenario of the catalogue weighs in the scorecard, those included for which there is no scenario file: the denominator is always
/// the whole catalogue. `rigs/scorecard/weights.yaml`.
public struct ScenarioWeights: Sendable, Hashable {
    public struct Entry: Sendable, Hashable {
        public var id: String
        public var name: String
        /// 1…6; 6 is the physical tier, which has a score of its own.
        public var tier: Int
        /// 1…5 each.
        public var likelihood: Int
        public var impact: Int

        /// 1…25: its weight, and its risk.
        public var weight: Int { likelihood * impact }
        public var isPhysical: Bool { tier == 6 }

        public init(id: String, name: String, tier: Int, likelihood: Int, impact: Int) {
            self.id = id
            self.name = name
            self.tier = tier
            self.likelihood = likelihood
            self.impact = impact
        }
    }

    /// Scores of different revisions are not to be compared.
    public var revision: Int
    public var entries: [Entry]

    public init(revision: Int, entries: [Entry]) {
        self.revision = revision
        self.entries = entries
    }

    public static func load(_ data: DataDirectories) throws(DocumentFailure) -> ScenarioWeights {
        let path = try data.find("weights", folder: "scorecard")
        return try ScenarioWeights(text: String(decoding: try DataDirectories.read(path), as: UTF8.self), file: path)
    }

    public init(text: String, file: String) throws(DocumentFailure) {
        let node = try Node.parse(text, file: file)
        _ = try node.entries(of: "a table of weights", keys: ["version", "revision", "scenarios"])
        let version = try node.required("version")
        guard try version.integer() == 1 else { throw version.failure("this knxrig reads version 1 of weights") }
        revision = try node.required("revision").integer(1...100_000)
        entries = []
        for element in try node.required("scenarios").elements() {
            _ = try element.entries(of: "a weight", keys: ["id", "name", "tier", "likelihood", "impact"])
            let entry = Entry(
                id: try element.required("id").text(), name: try element.required("name").text(),
                tier: try element.required("tier").integer(1...6),
                likelihood: try element.required("likelihood").integer(1...5),
                impact: try element.required("impact").integer(1...5))
            guard !entries.contains(where: { $0.id == entry.id }) else {
                throw element.failure("'\(entry.id)' stands here twice")
            }
            entries.append(entry)
        }
        guard !entries.isEmpty else { throw node.failure("a table of weights has at least one scenario") }
    }

    public subscript(id: String) -> Entry? { entries.first { $0.id == id } }

    /// What a tier is about.
    public static func category(ofTier tier: Int) -> String {
        switch tier {
        case 1: "Infrastructure"
        case 2: "Protocol bridge"
        case 3: "API and WebSocket"
        case 4: "Shutdown and start-up"
        case 5: "Data integrity"
        default: "Physical"
        }
    }
}
