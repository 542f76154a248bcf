import Checkers

extension Outcome {
    /// Higher is worse: aborted > fail > error > invalid > inconclusive > pass.
    var severity: Int {
        switch self {
        case .pass: 0
        case .inconclusive: 1
        case .invalid: 2
        case .error: 3
        case .fail: 4
        case .aborted: 5
        }
    }

    static func worst(of outcomes: [Outcome]) -> Outcome {
        outcomes.max { $0.severity < $1.severity } ?? .pass
    }

    /// A sign that tells it without colour.
    var sign: String {
        switch self {
        case .pass: "✓"
        case .fail: "✗"
        case .inconclusive: "?"
        case .invalid: "∅"
        case .error: "!"
        case .aborted: "■"
        }
    }

    /// What the outcome means, for somebody who sees it for the first time.
    var meaning: String {
        switch self {
        case .pass: "the fault was proven, the system recovered within every limit, and nothing was lost unannounced"
        case .fail: "the fault was proven, and the system did not do what is expected of it"
        case .inconclusive: "the measurement is not good enough to tell which side of a limit the system is on"
        case .invalid: "the rig could not prove the fault or the state before it, so nothing was tested"
        case .error: "the rig itself failed"
        case .aborted: "the run was stopped before its end"
        }
    }
}
