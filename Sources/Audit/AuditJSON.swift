extension AuditReport {
    /// The report as JSON, one text for one report, as `audit.schema.json` describes it. `verified` is null in it: only runs verify.
    public var json: String {
        let writer = JSONObject()
        writer.add("schema", "knxrig/audit/1")
        writer.add("source", source)
        writer.addRaw("commit", commit.map(JSONObject.quoted) ?? "null")
        writer.addRaw("seconds", AuditReport.seconds(milliseconds))
        writer.addRaw("files", String(files))
        writer.addRaw("lines", String(lines))
        writer.addRaw(
            "reading",
            JSONObject.list(
                reading.map { reading in
                    JSONObject {
                        $0.add("family", reading.family)
                        $0.addRaw("files", String(reading.files))
                    }.text
                }))
        writer.addRaw("scenarios", JSONObject.list(scenarios.map(AuditReport.object)))
        writer.addRaw("patterns", JSONObject.list(patterns.map(AuditReport.object)))
        writer.addRaw("anti_patterns", JSONObject.list(antiPatterns.map(AuditReport.object)))
        writer.addRaw(
            "mismatches",
            JSONObject.list(
                mismatches.map { mismatch in
                    JSONObject { object in
                        object.add("file", mismatch.file)
                        object.addRaw("line", String(mismatch.line))
                        object.add("what", mismatch.what)
                    }.text
                }))
        writer.addRaw("vacuous_tests", JSONObject.list(vacuousTests.map(AuditReport.object)))
        writer.addRaw("tests", String(tests))
        writer.addRaw(
            "skipped",
            JSONObject.list(
                skipped.map { skipped in
                    JSONObject {
                        $0.add("path", skipped.path)
                        $0.add("reason", skipped.reason)
                    }.text
                }))
        return writer.text + "\n"
    }

    private static func seconds(_ milliseconds: Int) -> String {
        let fraction = String(milliseconds % 1000)
        return "\(milliseconds / 1000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
    }

    private static func object(_ scenario: ScenarioAudit) -> String {
        JSONObject { object in
            object.add("id", scenario.id)
            object.add("name", scenario.name)
            object.add("protection", scenario.protection.rawValue)
            object.add("way", scenario.way)
            object.addRaw("locations", JSONObject.list(scenario.locations.map(Self.object)))
            object.addRaw("chain", JSONObject.list(scenario.chain.map(Self.object)))
            object.addRaw("tests", JSONObject.list(scenario.tests.map(Self.object)))
            object.addRaw("verified", "null")
            object.add("what_happens", scenario.whatHappens)
            object.add("what_the_code_does", scenario.whatTheCodeDoes)
            object.add("gap", scenario.gap)
            object.add("risk", scenario.risk)
            object.addRaw("likelihood", String(scenario.likelihood))
            object.addRaw("impact", String(scenario.impact))
            object.add("recommendation", scenario.recommendation)
            object.add("falsified_by", scenario.falsifiedBy)
        }.text
    }

    private static func object(_ location: Location) -> String {
        JSONObject { object in
            object.add("file", location.file)
            object.addRaw("line", String(location.line))
            object.add("link", location.link)
            object.add("mechanism", location.mechanism)
            object.addRaw("bound", location.bound.map(JSONObject.quoted) ?? "null")
        }.text
    }

    private static func object(_ step: ChainStep) -> String {
        JSONObject { object in
            object.add("link", step.link)
            object.add("says", step.says)
            object.addRaw("holds", step.holds ? "true" : "false")
            object.addRaw("file", step.location.map { JSONObject.quoted($0.file) } ?? "null")
            object.addRaw("line", step.location.map { String($0.line) } ?? "null")
            object.add("reason", step.reason)
        }.text
    }

    private static func object(_ test: GradedTest) -> String {
        JSONObject { object in
            object.add("file", test.file)
            object.addRaw("line", String(test.line))
            object.add("name", test.name)
            object.add("grade", test.grade.rawValue)
            object.addRaw("deciding_line", String(test.decidingLine))
            object.add("reason", test.reason)
        }.text
    }

    private static func object(_ pattern: PatternPresence) -> String {
        JSONObject { object in
            object.add("id", pattern.id)
            object.add("name", pattern.name)
            object.addRaw("count", String(pattern.count))
            object.addRaw("locations", JSONObject.list(pattern.locations.map(Self.object)))
        }.text
    }
}

/// A JSON object being written, keys in the order they are added.
private final class JSONObject {
    private var fields: [String] = []

    init() {}

    init(_ build: (JSONObject) -> Void) {
        build(self)
    }

    var text: String { "{" + fields.joined(separator: ",") + "}" }

    func add(_ key: String, _ value: String) { addRaw(key, JSONObject.quoted(value)) }

    func addRaw(_ key: String, _ value: String) { fields.append("\"\(key)\":\(value)") }

    static func list(_ elements: [String]) -> String { "[" + elements.joined(separator: ",") + "]" }

    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
