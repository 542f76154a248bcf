public import Events

/// What a `qualification.json` says: that a build of knxrig on a rig catches its sabotages and raises no alarm.
public struct QualificationRecord: Sendable, Hashable {
    public struct Scenario: Sendable, Hashable {
        public var id: String
        public var variant: String
        public var sabotages: Int
        public var caught: Int
    }

    public var path: String
    public var isQualified: Bool
    public var rig: String
    public var rigKind: String
    /// Digest of the knxrig that was calibrated.
    public var toolBuild: String
    public var made: Int64
    public var cleanGood: Int
    public var clean: Int
    public var nullGood: Int
    public var null: Int
    public var scenarios: [Scenario]

    public init(_ value: Value, path: String) throws(RecordFailure) {
        let record = Record(value)
        guard try record.text("schema") == "knxrig/qualification/1" else {
            throw RecordFailure(key: "schema", expected: "knxrig/qualification/1, what `knxrig calibrate` writes")
        }
        self.path = path
        isQualified = try record.bool("qualified")
        rig = try record.text("rig")
        rigKind = try record.text("kind")
        toolBuild = try record.text("knxrig")
        made = try record.integer("made")
        let clean = Record(value["clean"] ?? .null)
        cleanGood = Int(clamping: try clean.integer("good"))
        self.clean = Int(clamping: try clean.integer("of"))
        let null = Record(value["null"] ?? .null)
        nullGood = Int(clamping: try null.integer("good"))
        self.null = Int(clamping: try null.integer("of"))
        scenarios = []
        for scenario in value["scenarios"]?.list ?? [] {
            let sabotages = scenario["sabotages"]?.list ?? []
            scenarios.append(
                Scenario(
                    id: try Record(scenario).text("id"), variant: try Record(scenario).text("variant"),
                    sabotages: sabotages.count, caught: sabotages.count { $0["caught"]?.bool == true }))
        }
    }

    /// The scenario has been shown to be able to fail on this rig.
    func covers(_ id: String) -> Bool {
        let own = scenarios.filter { $0.id == id }
        return !own.isEmpty && own.allSatisfy { $0.sabotages > 0 && $0.caught == $0.sabotages }
    }

    /// Why it does not vouch for a rig and a build; nil when it does.
    public func objection(rig: String, kind: String, toolBuild: String) -> String? {
        if self.rig != rig || rigKind != kind { return "it was made on the rig '\(self.rig)' (\(rigKind))" }
        if self.toolBuild != toolBuild { return "it was made with another build of knxrig" }
        return isQualified ? nil : "it was not qualified: \(counts)"
    }

    private var counts: String {
        let sabotages = scenarios.reduce(0) { $0 + $1.sabotages }
        let caught = scenarios.reduce(0) { $0 + $1.caught }
        let unshown = scenarios.filter { $0.sabotages == 0 }.map { "\($0.id)/\($0.variant)" }
        return "clean \(cleanGood) of \(clean), sabotages caught \(caught) of \(sabotages), null \(nullGood) of \(null)"
            + (unshown.isEmpty ? "" : ", no sabotage of \(unshown.joined(separator: ", "))")
    }
}
