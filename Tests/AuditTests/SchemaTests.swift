import Events
import Foundation
import JSONSchema
import Testing

@testable import Audit

/// What the audit prints as JSON is what its schema says.
@Suite struct SchemaTests {
    static func schema() throws -> JSONSchema {
        let path = Repository.root + "/Sources/Audit/audit.schema.json"
        return JSONSchema(root: try JSON.parse(try String(contentsOfFile: path, encoding: .utf8)))
    }

    @Test(arguments: ["protected", "unprotected", "pretender"])
    func theJSONFitsTheSchema(project: String) throws {
        let report = try Repository.audit().run(directory: Repository.corpus + "/" + project)
        let schema = try Self.schema()
        #expect(schema.faults(try JSON.parse(report.json)) == [])
    }

    @Test(arguments: [
        (#""verified":null"#, #""verified":true"#), (#""protection":"no""#, #""protection":"maybe""#),
        (#""grade":"weak""#, #""grade":"good""#), (#""schema":"knxrig/audit/1","#, ""), (#""tests":0"#, #""tests":-1"#),
    ])
    func theSchemaRefusesWhatIsWrong(from: String, to: String) throws {
        let report = Repository.json(of: "unprotected").replacingOccurrences(of: #""tests":2"#, with: #""tests":0"#)
        let schema = try Self.schema()
        let text = report.replacingOccurrences(of: from, with: to)
        #expect(text != report)
        #expect(schema.faults(try JSON.parse(text)) != [])
    }

    @Test func pathsAreRelativeAndTextIsEscaped() throws {
        let report = try Repository.audit().run(directory: Repository.corpus + "/pretender")
        #expect(report.scenarios.flatMap(\.locations).allSatisfy { !$0.file.hasPrefix("/") })
        #expect(report.json.contains(#""commit":"#))
        #expect(report.markdown.contains("| IF-1 | MQTT broker restart | partial |"))
        #expect(report.text.contains("✗ effect"))
    }
}

extension Repository {
    static func json(of directory: String) -> String {
        (try? audit().run(directory: corpus + "/" + directory).json) ?? ""
    }
}
