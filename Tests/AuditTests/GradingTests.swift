import Testing

@testable import Audit

/// What a test is worth, and the line that decides.
@Suite struct GradingTests {
    static let cases: [(name: String, body: String, grade: TestGrade, line: Int)] = [
        ("makes it, asserts after", "broker.Stop()\nif !c.Connected() { t.Fatal(\"gone\") }", .real, 6),
        ("asserts before only", "if c == nil { t.Fatal(\"nil\") }\nbroker.Stop()", .weak, 6),
        ("does not make it", "if c == nil { t.Fatal(\"nil\") }", .weak, 4),
        ("only tidies up", "defer broker.Stop()\nif c == nil { t.Fatal(\"nil\") }", .weak, 4),
        ("only tidies up, later", "t.Cleanup(func() { broker.Stop() })\nif c == nil { t.Fatal(\"nil\") }", .weak, 4),
        ("asserts nothing", "broker.Stop()\nt.Log(\"fine\")", .vacuous, 4),
        ("asserts what is true", "broker.Stop()\nassert.True(t, true)", .vacuous, 6),
        ("compares a thing with itself", "broker.Stop()\nif got != got { t.Error(got) }", .vacuous, 6),
        ("never gets there", "broker.Stop()\nreturn\nt.Fatal(\"never\")", .vacuous, 6),
        ("always skipped", "t.Skip()\nbroker.Stop()\nt.Fatal(\"never\")", .vacuous, 5),
        ("may be skipped", "if testing.Short() { t.Skip() }\nbroker.Stop()\nt.Fatal(\"x\")", .skippable, 5),
        ("a library asserts", "broker.Stop()\nrequire.Eventually(t, c.Connected, time.Second, 1)", .real, 6),
        ("a function of its own asserts", "broker.Stop()\ncheckConnected(t, c)", .real, 6),
        ("a function of its own that asserts nothing", "broker.Stop()\nlogConnected(t, c)", .vacuous, 4),
        ("a subtest asserts", "broker.Stop()\nt.Run(\"after\", afterwards)", .real, 6),
        ("a function of its own makes it", "stopBroker(t)\nif !c.Connected() { t.Error(\"gone\") }", .real, 6),
    ]

    @Test(arguments: cases.indices)
    func aTestGetsItsGrade(index: Int) throws {
        let (name, body, grade, line) = Self.cases[index]
        let tree = Repository.tree(
            """
            -- link/link_test.go --
            package link
            import "testing"

            func TestReconnect(t *testing.T) {
            \(body)
            }
            func checkConnected(t *testing.T, c *Client) { if !c.Connected() { t.Fatal("gone") } }
            func logConnected(t *testing.T, c *Client) { t.Log(c) }
            func afterwards(t *testing.T) { if down() { t.Fatal("gone") } }
            func stopBroker(t *testing.T) { broker.Stop() }
            """)
        #expect(tree.skipped.isEmpty)
        let report = try Repository.audit().run(tree: tree)
        let test = try #require(report.scenarios.first { $0.id == "IF-1" }?.tests.first, "\(name)")
        #expect(test.grade == grade, "\(name): \(test.reason)")
        #expect(test.decidingLine == line, "\(name): \(test.reason)")
    }

    @Test func aBuildConstraintMakesATestSkippable() throws {
        let tree = Repository.tree(
            """
            -- link/link_test.go --
            //go:build integration
            package link
            import "testing"
            func TestReconnect(t *testing.T) { broker.Stop(); if down() { t.Fatal("gone") } }
            """)
        let test = try #require(try Repository.audit().run(tree: tree).scenarios.first?.tests.first)
        #expect(test.grade == .skippable && test.decidingLine == 1)
    }

    @Test(arguments: ["TestMergeSortBlocks", "TestQueueReadUnblock"])
    func aWordWithinAWordIsNoSubject(name: String) throws {
        let tree = Repository.tree("-- a_test.go --\npackage a\nfunc \(name)(t *testing.T) { t.Fatal() }\n")
        let scenario = try #require(try Repository.audit().run(tree: tree).scenarios.first { $0.id == "IF-3" })
        #expect(scenario.tests.isEmpty)
    }
}
