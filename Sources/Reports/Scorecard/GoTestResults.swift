import Events

/// What `go test -json` says ran: per package and test its last outcome. Only what ran and passed is tested; what exists is not.
public struct GoTestResults: Sendable {
    public enum Outcome: String, Sendable {
        case pass, fail, skip
    }

    /// Outcomes by package, then by test; a subtest is `Test/name`.
    public private(set) var packages: [String: [String: Outcome]] = [:]
    /// Lines that are no events, by number from 1: output of the build, or a file that is no test output at all.
    public private(set) var foreign: [Int] = []
    public private(set) var count = 0

    /// Reads a stream of events, one JSON object per line (cmd/test2json). Anything else on a line is counted and passed over.
    public init(octets: [UInt8]) {
        for (index, line) in octets.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            let text = line.last == 0x0D ? line.dropLast() : line
            if text.isEmpty { continue }
            guard let event = try? JSON.parse(text), let action = event["Action"]?.text else {
                foreign.append(index + 1)
                continue
            }
            guard let outcome = Outcome(rawValue: action), let package = event["Package"]?.text,
                let test = event["Test"]?.text
            else { continue }
            count += 1
            // A test that ran more than once (-count) has passed only when it did each time.
            let before = packages[package]?[test]
            packages[package, default: [:]][test] = before == .fail ? .fail : outcome
        }
    }

    /// The outcome of a test function of a file; nil when it did not run.
    ///
    /// The stream knows packages by import path, an audit knows files by path: they belong together when the package ends with the file's directory. For a file at
    /// the top any package may be meant that has the test, as long as only one does.
    ///
    /// - Parameter file: relative to the module, such as `internal/mqtt/client_test.go`.
    func outcome(of test: String, inFile file: String) -> Outcome? {
        let directory = file.split(separator: "/").dropLast().joined(separator: "/")
        let candidates = packages.filter { name, tests in
            tests[test] != nil && (directory.isEmpty || name == directory || name.hasSuffix("/" + directory))
        }
        guard candidates.count == 1 else { return nil }
        return candidates.first?.value[test]
    }
}
