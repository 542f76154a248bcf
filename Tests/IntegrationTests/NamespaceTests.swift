import Events
import Foundation
import Platform
import Testing

/// A computer that refuses namespaces, as many containers do: the program is started without the capability that they need, by setpriv(1).
extension RigRuns {
    @Suite struct NamespaceTests {
        private func run(_ words: String) throws -> RigProgram.Output {
            let directory = try TemporaryDirectory(prefix: "knxrig-test-")
            defer { directory.remove() }
            let test =
                [RigProgram.path, "test"] + words.split(separator: " ").map(String.init) + ["--progress", "plain"]
            return try RigProgram.start(
                ["--bounding-set=-sys_admin", "--inh-caps=-sys_admin"] + test, in: directory.path, program: "setpriv"
            ).finish()
        }

        @Test func aLineAndADaemonAreTestedAllTheSame() throws {
            let directory = try TemporaryDirectory(prefix: "knxrig-test-")
            defer { directory.remove() }
            let out = directory.path + "/runs"
            let output = try run("PB-2 HW-1 IF-4 IF-5 --out \(out)")
            // What cannot be run is no pass of the whole.
            #expect(output.status == 3, "\(output.output)\(output.error)")
            for id in ["PB-2/killed", "HW-1/cut-20s"] {
                let verdict = try JSON.parse(try Files.read("\(out)/\(id)/001/verdict.json"))["verdict"]
                #expect(verdict?["outcome"] == "pass", "\(String(describing: verdict))")
                let notes = (verdict?["notes"]?.list ?? []).compactMap(\.text)
                #expect(
                    notes.contains { $0.contains("namespaces are refused here (Operation not permitted") }, "\(notes)")
                #expect(try RigProgram.run(["verify", "\(out)/\(id)/001"]).status == 0)
            }
            for id in ["IF-4/full-30s", "IF-5/silent-30s"] {
                let line = output.output.split(separator: "\n").first { $0.contains(id) }
                #expect(line?.contains("NOT RUN") == true, "\(output.output)")
                #expect(
                    line?.contains("needs namespaces (refused here: Operation not permitted; run knxrig as root")
                        == true)
            }
            #expect(RigProgram.processes(mentioning: out).isEmpty)
        }

        @Test func whatCannotBeRunIsSaidBefore() throws {
            let output = try run("IF-5 IF-4 AW-2 --dry-run")
            #expect(output.status == 3)
            #expect(output.output.components(separatedBy: "NOT RUN  needs namespaces").count == 4, "\(output.output)")
        }
    }
}
