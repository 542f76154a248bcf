import Catalogue
import Checkers
import Documents
import Events
import Evidence
import Glibc
import Platform
import Reports
import Scenarios

extension Command {
    static let report = Command(
        name: "report", summary: "The resilience scorecard: what is claimed, tested, and proven on the rig",
        operands: "[RUNS…]",
        options: [
            .value("--audit", "FILE", "what `knxrig audit --json` found in the source"),
            .value("--go-test", "FILE", "what `go test -json` printed for the same commit"),
            .value("--commit", "COMMIT", "the commit that the tests ran on (default: that of the audit)"),
            .value("--level", "LEVEL", "smoke (default), release or certify: how much evidence full marks demand"),
            .value(
                "--qualification", "FILE", "what `knxrig calibrate` wrote (default: the newest below RUNS that fits)"),
            .value(
                "--build", "DIGEST",
                "score this build of the system, by the beginning of its digest (default: the newest)"),
            .value("--without", "PROTECTION", "score the system with this protection switched off", repeats: true),
            .value("--not-applicable", "ID=REASON", "a scenario that does not apply; it scores nothing", repeats: true),
            .flag(
                "--verify",
                "judge every run again from its evidence: a fail by either judgement is a fail, another outcome has no weight"
            ),
            .value(
                "--format", "FORMAT", "html, markdown, json or junit (default: a summary, and the page beside RUNS)"),
            .value("--out", "FILE", "where to write it (default: standard output)"),
            .value("--fail-under", "X", "exit with 1 when the score is below X, or when there is none"), data,
        ],
        examples: [
            "knxrig report", "knxrig report knxrig-runs --audit audit.json --level release",
            "go test -json ./... > tests.json; knxrig report --audit audit.json --go-test tests.json --format markdown",
            "knxrig report --format json --fail-under 7.5",
        ],
        notes: """
            RUNS are directories with runs below them, at any depth (default: knxrig-runs). Only runs of one build of the system on one rig with one build of
            knxrig are scored together, and only on a rig that is qualified. An index of what was read is kept beside the runs (index.sqlite); deleting it costs
            nothing but time.
            Exit status: 0 written, 1 below --fail-under, 2 usage or bad input.
            """
    ) { arguments in
        try ReportRequest(arguments).perform()
    }
}

/// What `knxrig report` was asked for, checked and read.
private struct ReportRequest {
    enum Format: String, CaseIterable {
        case html, markdown, json, junit
    }

    let card: Scorecard
    let directories: [String]
    let unreadable: [String]
    let foreignLines: String?
    let format: Format?
    let out: String?
    let least: Double?

    init(_ arguments: Arguments) throws {
        let data = Command.dataDirectories(arguments)
        format = try arguments.value("--format").map { try Self.choice("--format", $0) }
        let level: EvidenceLevel = try arguments.value("--level").map { try Self.choice("--level", $0) } ?? .smoke
        out = arguments.value("--out")
        least = try arguments.value("--fail-under").map(Self.score)
        directories = arguments.operands.isEmpty ? ["knxrig-runs"] : arguments.operands
        for directory in directories where !Files.isDirectory(directory) {
            throw UsageFailure(
                arguments.operands.isEmpty
                    ? "there are no runs here: name a directory of them, or make some with `knxrig test all`"
                    : "'\(directory)' is no directory")
        }
        let weights = try ScenarioWeights.load(data)
        var notApplicable: [String: String] = [:]
        for text in arguments.all("--not-applicable") {
            let (id, reason) = try Self.exception(text, weights)
            notApplicable[id] = reason
        }
        let collection = RunCollection(directories, index: RunIndex(path: directories[0] + "/index.sqlite"))
        var input = Scorecard.Input(
            weights: weights, level: level,
            runs: arguments.has("--verify") ? collection.runs.map(Self.verified) : collection.runs,
            defaultVariants: Dictionary(
                try Catalogue.load(data).scenarios.map { ($0.id, $0.variants[0].name) },
                uniquingKeysWith: { first, _ in first }))
        input.notApplicable = notApplicable
        input.sabotage = arguments.all("--without")
        input.build = try arguments.value("--build").map { try Self.build($0, among: input.runs) }
        input.audit = try arguments.value("--audit").map(Self.audit)
        if let file = arguments.value("--go-test") {
            if let stated = arguments.value("--commit"), let audited = input.audit?.commit,
                !audited.hasPrefix(stated), !stated.hasPrefix(audited)
            {
                throw UsageFailure(
                    "the audit is of commit \(audited), the tests of \(stated): audit the commit that was tested")
            }
            guard input.audit != nil else {
                throw UsageFailure("--go-test needs --audit, which says what a test is of and what it is worth")
            }
            let results = GoTestResults(octets: try DataDirectories.read(file))
            guard results.count > 0 else {
                throw DocumentFailure(
                    file: file, position: nil,
                    message: "holds no test that ran: write it with `go test -json ./... > FILE`")
            }
            foreignLines = results.foreign.first.map {
                "\(file):\($0): no event of go test"
                    + (results.foreign.count > 1 ? ", nor are \(results.foreign.count - 1) further lines" : "")
            }
            input.tests = results
        } else {
            foreignLines = nil
        }
        input.qualification = try Self.qualification(arguments.value("--qualification"), collection, input)
        unreadable = collection.unreadable
        card = Scorecard(input)
    }

    func perform() throws -> ExitStatus {
        for sentence in unreadable + [foreignLines].compactMap(\.self) { Terminal.error("knxrig: \(sentence)\n") }
        if let format {
            let text = text(format, besides: out ?? "./-")
            if let out {
                try Files.write(Array(text.utf8), to: out, atomically: true)
            } else {
                Terminal.output(text)
            }
        } else if let out {
            throw UsageFailure(
                "'--out \(out)' needs --format: \(Format.allCases.map(\.rawValue).joined(separator: ", "))")
        } else {
            Terminal.output(card.text)
            // A system without its protections has pages of its own: nobody shall take them for the system's.
            let name = (["scorecard"] + (card.input.sabotage.isEmpty ? [] : ["without"]) + card.input.sabotage.sorted())
                .joined(separator: "-")
            for (format, ending) in [(Format.html, ".html"), (.json, ".json")] {
                let path = directories[0] + "/" + name + ending
                do {
                    try Files.write(Array(text(format, besides: path).utf8), to: path, atomically: true)
                    if format == .html { Terminal.output("scorecard: \(path)\n") }
                } catch {
                    Terminal.error("knxrig: the scorecard could not be written: \(error)\n")
                }
            }
        }
        guard let least else { return .pass }
        return (card.printedScore ?? -1) < least ? .fail : .pass
    }

    private func text(_ format: Format, besides path: String) -> String {
        let base = RelativePath(from: path)
        let link = { (run: RunSummary) in base.path(to: run.directory) }
        switch format {
        case .html: return card.html(link: link)
        case .markdown: return card.markdown(link: link)
        case .json: return card.json(link: link)
        case .junit: return card.junit(link: link)
        }
    }

    // MARK: reading what was given

    private static func choice<Choice: RawRepresentable & CaseIterable>(_ option: String, _ text: String) throws
        -> Choice
    where Choice.RawValue == String {
        guard let choice = Choice(rawValue: text) else {
            let known = Choice.allCases.map(\.rawValue)
            throw UsageFailure(
                "'\(option) \(text)': there are \(known.joined(separator: ", "))"
                    + Nearest.suggestion(for: text, among: known))
        }
        return choice
    }

    private static func score(_ text: String) throws -> Double {
        guard let score = Double(text), (0...10).contains(score) else {
            throw UsageFailure("'--fail-under \(text)': a score from 0 to 10 was expected")
        }
        return score
    }

    private static func build(_ text: String, among runs: [RunSummary]) throws -> String {
        let builds = Set(runs.map(\.systemBuild)).sorted()
        let matching = builds.filter { $0.hasPrefix(text) }
        guard matching.count == 1, !text.isEmpty else {
            let known = builds.map { String($0.prefix(12)) }.joined(separator: ", ")
            throw UsageFailure(
                "'--build \(text)': \(matching.isEmpty ? "no run is of such a build" : "that is the beginning of several"); there are \(known)"
            )
        }
        return matching[0]
    }

    private static func audit(_ path: String) throws -> AuditClaims {
        do {
            return try AuditClaims(JSON.parse(DataDirectories.read(path)))
        } catch let failure as DocumentFailure {
            throw failure
        } catch {
            throw DocumentFailure(file: path, position: nil, message: "is no audit: \(error)")
        }
    }

    private static func exception(_ text: String, _ weights: ScenarioWeights) throws -> (String, String) {
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2, !parts[1].allSatisfy(\.isWhitespace) else {
            throw UsageFailure(
                "'--not-applicable \(text)': ID=REASON was expected; without a reason it is not believed")
        }
        guard weights[parts[0]] != nil else {
            throw UsageFailure(
                "'--not-applicable \(text)': there is no such scenario"
                    + Nearest.suggestion(for: parts[0], among: weights.entries.map(\.id)))
        }
        return (parts[0], parts[1])
    }

    /// The one named; else the newest below the runs that vouches for them; else the newest, so that it can be said why it does not.
    private static func qualification(
        _ named: String?, _ collection: RunCollection, _ input: Scorecard.Input
    ) throws -> QualificationRecord? {
        if let named {
            do {
                return try QualificationRecord(JSON.parse(DataDirectories.read(named)), path: named)
            } catch let failure as DocumentFailure {
                throw failure
            } catch {
                throw DocumentFailure(file: named, position: nil, message: "is no qualification: \(error)")
            }
        }
        let found = collection.qualifications.compactMap { try? QualificationRecord($0.value, path: $0.path) }
            .sorted { $0.made > $1.made }
        guard let subject = Scorecard(input).subject else { return found.first }
        return found.first {
            $0.objection(rig: subject.rig, kind: subject.rigKind, toolBuild: subject.toolBuild) == nil
        } ?? found.first
    }

    /// The run as this program's checkers let it count.
    private static func verified(_ run: RunSummary) -> RunSummary {
        guard run.flaw == nil, !run.isReplaced else { return run }
        do {
            return try Verification(path: run.directory).weighing(run)
        } catch {
            var unread = run
            unread.flaw = "\(error)"
            return unread
        }
    }
}
