import Audit
import Catalogue

extension Command {
    static let audit = Command(
        name: "audit",
        summary: "Read a controller's source: which scenarios it claims to survive, and what its tests are worth",
        operands: "DIR",
        options: [
            .value("--rules", "FILE", "read this claim file too; it replaces ours for its scenario", repeats: true),
            .flag("--json", "print JSON (Sources/Audit/audit.schema.json)"),
            .flag("--markdown", "print Markdown"), data,
        ],
        examples: ["knxrig audit ../controller", "knxrig audit ../controller --json > audit.json"],
        notes:
            "A protection is \"yes\" only when a whole chain was found, from where the failure strikes to what limits it.\n"
            + "Whether the controller recovers is for `knxrig test` to prove: presence of a pattern is no recovery."
    ) { arguments in
        guard arguments.operands.count == 1, let directory = arguments.operands.first else {
            throw UsageFailure("one directory is needed: knxrig audit DIR")
        }
        guard !(arguments.has("--json") && arguments.has("--markdown")) else {
            throw UsageFailure("--json and --markdown exclude each other")
        }
        let data = dataDirectories(arguments)
        let audit = try SourceAudit(
            data: data, more: arguments.all("--rules"), catalogue: try Catalogue.load(data))
        let report = try audit.run(directory: directory)
        let text = arguments.has("--json") ? report.json : arguments.has("--markdown") ? report.markdown : report.text
        Terminal.output(text)
        return .pass
    }
}
