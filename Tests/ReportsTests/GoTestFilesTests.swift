import Reports
import Testing

@Suite struct GoTestFilesTests {
    private let files = GoTestFiles(
        package: "building", rig: "a \"rig\"\\.yaml", isTwin: true, system: "controller", version: "0.0.0")

    private func test(_ id: String, _ variant: String, _ name: String, tier: Int, isDefault: Bool = true)
        -> GoTestFiles.Test
    {
        GoTestFiles.Test(id: id, variant: variant, name: name, tier: tier, isDefault: isDefault, seconds: 90)
    }

    @Test func oneFilePerComponentAndOneThatTheyShare() {
        let written = files.files(for: [
            test("HW-1", "cut-20s", "Bus power cut", tier: 6),
            test("IF-1", "killed-5s", "MQTT broker restart", tier: 1),
            test("HW-1", "cut-3s", "Bus power cut", tier: 6, isDefault: false),
        ])
        #expect(
            written.map(\.name) == [
                "resilience_rig_test.go", "resilience_infrastructure_test.go", "resilience_physical_test.go",
            ])
        #expect(written.allSatisfy { $0.text.contains("\npackage building\n") })
        #expect(
            written[2].text == """
                // Written by knxrig 0.0.0 (knxrig test … --go DIR). Write it again rather than change it.

                package building

                import (
                \t"testing"
                \t"time"
                )

                // HW-1, cut-20s: Bus power cut.
                func TestResilience_Physical_BusPowerCut(t *testing.T) {
                \trunResilience(t, "HW-1/cut-20s", 90*time.Second)
                }

                // HW-1, cut-3s: Bus power cut.
                func TestResilience_Physical_BusPowerCut_Cut3s(t *testing.T) {
                \trunResilience(t, "HW-1/cut-3s", 90*time.Second)
                }

                """)
    }

    @Test func theSameTestTwiceIsWrittenOnce() {
        let twice = [test("IF-1", "killed-5s", "MQTT broker restart", tier: 1)]
        #expect(files.files(for: twice + twice) == files.files(for: twice))
    }

    @Test func theCommandGivesThemTheTimeTheyNeed() {
        let many = (1...28).map { test("IF-\($0)", "a", "B \($0)", tier: 1) }
        #expect(files.command(for: many) == "go test -race -parallel 6 -timeout 10m .")
        #expect(files.command(for: Array(many.prefix(1))) == "go test -race .")
        let bench = GoTestFiles(package: "b", rig: "b.yaml", isTwin: false, system: "s", version: "0")
        #expect(bench.command(for: many) == "go test -race -timeout 45m .")
        #expect(bench.files(for: many)[0].text.contains("//\tgo test -race -timeout 45m .\n"))
    }

    @Test func namesOfFilesBecomeLiteralsOfGo() {
        let shared = files.files(for: [])[0].text
        #expect(shared.contains(#"resilienceRig    = "a \"rig\"\\.yaml""#))
    }
}
