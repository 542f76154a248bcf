import Catalogue
import Documents
import Platform

extension Command {
    static let data = Option.value("--data", "DIR", "look for rigs/, rigs/systems/ and rigs/scenarios/ below DIR first")

    static func dataDirectories(_ arguments: Arguments) -> DataDirectories {
        DataDirectories(option: arguments.value("--data"), environment: Program.environment["KNXRIG_DATA"])
    }

    static let scenarios = Command(
        name: "scenarios",
        summary: "List the catalogue: scenarios, their variants, the sabotages that must make them fail",
        options: [data], examples: ["knxrig scenarios"]
    ) { arguments in
        try arguments.refuseOperands()
        for scenario in try Catalogue.load(dataDirectories(arguments)).scenarios {
            Terminal.output(
                "\(scenario.id)  \(scenario.name) (tier \(scenario.tier), risk \(scenario.likelihood * scenario.impact))\n"
            )
            for variant in scenario.variants {
                let sabotages = variant.sabotages.map(\.protection).joined(separator: ", ")
                Terminal.output(
                    "  \(scenario.id)/\(variant.name): expects \(variant.expectations.map(\.checker).joined(separator: ", "))"
                        + (sabotages.isEmpty ? "" : "; fails without \(sabotages)")
                        + (variant.isApart ? "; made apart, by its name alone\n" : "\n"))
            }
        }
        return .pass
    }
}
