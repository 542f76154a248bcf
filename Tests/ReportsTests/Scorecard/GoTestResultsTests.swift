import Testing

@testable import Reports

@Suite struct GoTestResultsTests {
    static let stream = """
        {"Time":"2026-11-27T10:00:00Z","Action":"start","Package":"example.org/building/mqtt"}
        {"Action":"run","Package":"example.org/building/mqtt","Test":"TestReconnect"}
        {"Action":"output","Package":"example.org/building/mqtt","Test":"TestReconnect","Output":"=== RUN   TestReconnect\\n"}
        {"Action":"pass","Package":"example.org/building/mqtt","Test":"TestReconnect/slow","Elapsed":0.01}
        {"Action":"pass","Package":"example.org/building/mqtt","Test":"TestReconnect","Elapsed":0.25}
        {"Action":"fail","Package":"example.org/building/mqtt","Test":"TestResubscribe","Elapsed":1.5e0}
        {"Action":"skip","Package":"example.org/building/knx","Test":"TestDaemon","Elapsed":0}
        {"Action":"fail","Package":"example.org/building/mqtt","Elapsed":2}

        """

    @Test func outcomesAreByPackageAndTest() {
        let results = GoTestResults(octets: Array(Self.stream.utf8))
        #expect(results.count == 4)
        #expect(results.foreign.isEmpty)
        #expect(results.outcome(of: "TestReconnect", inFile: "mqtt/client_test.go") == .pass)
        #expect(results.outcome(of: "TestReconnect/slow", inFile: "mqtt/client_test.go") == .pass)
        #expect(results.outcome(of: "TestResubscribe", inFile: "mqtt/client_test.go") == .fail)
        #expect(results.outcome(of: "TestDaemon", inFile: "knx/daemon_test.go") == .skip)
    }

    /// The same name in another package is another test.
    @Test(arguments: [
        ("TestReconnect", "knx/client_test.go"), ("TestReconnect", "qtt/client_test.go"),
        ("TestNone", "mqtt/x_test.go"),
    ])
    func whatDidNotRunHasNoOutcome(test: String, file: String) {
        #expect(GoTestResults(octets: Array(Self.stream.utf8)).outcome(of: test, inFile: file) == nil)
    }

    @Test func aFileAtTheTopBelongsToTheOnePackageThatHasTheTest() {
        let results = GoTestResults(octets: Array(Self.stream.utf8))
        #expect(results.outcome(of: "TestDaemon", inFile: "daemon_test.go") == .skip)
    }

    @Test func aTestThatFailedOnceHasFailed() {
        let twice =
            #"{"Action":"fail","Package":"p","Test":"T"}"# + "\n" + #"{"Action":"pass","Package":"p","Test":"T"}"#
        #expect(GoTestResults(octets: Array(twice.utf8)).outcome(of: "T", inFile: "p/t_test.go") == .fail)
        let reversed = twice.split(separator: "\n").reversed().joined(separator: "\r\n")
        #expect(GoTestResults(octets: Array(reversed.utf8)).outcome(of: "T", inFile: "p/t_test.go") == .fail)
    }

    @Test func foreignLinesAreNamedAndPassedOver() {
        let text = "# building/mqtt\n" + Self.stream + "FAIL\n{\"Action\":5}\n"
        let results = GoTestResults(octets: Array(text.utf8))
        #expect(results.count == 4)
        #expect(results.foreign == [1, 10, 11])
    }

    @Test func nothingThatIsReadTraps() {
        let octets = Array(Self.stream.utf8)
        for length in 0...octets.count { _ = GoTestResults(octets: Array(octets.prefix(length))) }
        for index in octets.indices {
            for flip in [UInt8(1), 0x20, 0x80, 0xFF] {
                var changed = octets
                changed[index] ^= flip
                _ = GoTestResults(octets: changed)
            }
        }
    }
}
