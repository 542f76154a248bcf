public import Documents

/// All scenarios that are to be found, and how they are asked for.
public struct Catalogue: Sendable {
    public var scenarios: [Scenario]

    public init(scenarios: [Scenario]) {
        self.scenarios = scenarios
    }

    /// Reads every file of `rigs/scenarios/`.
    public static func load(_ data: DataDirectories) throws(DocumentFailure) -> Catalogue {
        var scenarios: [Scenario] = []
        for name in data.names(folder: "scenarios") {
            scenarios.append(try Scenario(path: try data.find(name, folder: "scenarios")))
        }
        guard !scenarios.isEmpty else {
            throw DocumentFailure(
                file: "rigs/scenarios", position: nil,
                message:
                    "there are no scenarios in \(data.directories.joined(separator: ", ")): run knxrig in its own directory, or "
                    + "name it with --data DIR")
        }
        return Catalogue(scenarios: scenarios)
    }

    /// The tier of scenarios that need hands on hardware.
    private static let physicalTier = 6

    /// What a selection means: `HW-1` its default variant, `HW-1/cut-3s` that one, `HW-1/all` every variant; `tier-1` … `tier-6`,
    /// `physical` (which is tier 6) and `all` the default variant of each, but for what is made apart.
    ///
    /// - Throws: a misspelt name, with the nearest one.
    public func select(_ selection: String) throws(DocumentFailure) -> [(scenario: Scenario, variant: Scenario.Variant)]
    {
        func defaults(_ scenarios: [Scenario]) -> [(Scenario, Scenario.Variant)] {
            scenarios.map { ($0, $0.variants[0]) }
        }
        if selection == "all" { return defaults(scenarios).filter { !$0.1.isApart } }
        if let tier = selection == "physical"
            ? Self.physicalTier : selection.hasPrefix("tier-") ? Int(selection.dropFirst(5)) : nil
        {
            let selected = scenarios.filter { $0.tier == tier }
            guard !selected.isEmpty else { throw unknown(selection, "no scenario is of tier \(tier)") }
            return defaults(selected).filter { !$0.1.isApart }
        }
        let parts = selection.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard let scenario = scenarios.first(where: { $0.id == parts[0] }), parts.count <= 2 else {
            throw unknown(
                selection,
                "there is no such scenario"
                    + Nearest.suggestion(for: parts[0], among: scenarios.map(\.id) + ["all", "physical"])
                    + "; `knxrig scenarios` lists them")
        }
        guard parts.count == 2 else { return defaults([scenario]) }
        if parts[1] == "all" { return scenario.variants.map { (scenario, $0) } }
        guard let variant = scenario.variants.first(where: { $0.name == parts[1] }) else {
            let names = scenario.variants.map(\.name)
            throw unknown(
                selection,
                "\(scenario.id) has no such variant" + Nearest.suggestion(for: parts[1], among: names)
                    + "; it has \(names.joined(separator: ", "))")
        }
        return [(scenario, variant)]
    }

    /// The default variants that a selection of many leaves out, because they take so long that they are made apart: `HW-2/sweep`.
    public func apart(from selection: String) -> [String] {
        guard !selection.contains("/"), !scenarios.contains(where: { $0.id == selection }) else { return [] }
        return scenarios.filter { scenario in
            let isSelected =
                selection == "all" || selection == "tier-\(scenario.tier)"
                || selection == "physical" && scenario.tier == Self.physicalTier
            return isSelected && scenario.variants[0].isApart
        }.map { "\($0.id)/\($0.variants[0].name)" }
    }

    /// As `select`, but whole scenarios: an id is every variant, a tier or `all` every variant that is not made apart.
    public func selectWhole(
        _ selection: String
    ) throws(DocumentFailure) -> [(scenario: Scenario, variant: Scenario.Variant)] {
        guard !selection.contains("/") else { return try select(selection) }
        if let scenario = scenarios.first(where: { $0.id == selection }) {
            return scenario.variants.map { (scenario, $0) }
        }
        // Whose default is made apart has other variants to be looked at all the same.
        let inFull = Catalogue(
            scenarios: scenarios.map { scenario in
                var scenario = scenario
                scenario.variants.removeAll(where: \.isApart)
                return scenario
            }.filter { !$0.variants.isEmpty })
        return try inFull.select(selection).flatMap { selected in
            selected.scenario.variants.map { (selected.scenario, $0) }
        }
    }

    private func unknown(_ selection: String, _ message: String) -> DocumentFailure {
        DocumentFailure(file: selection, position: nil, message: message)
    }
}
