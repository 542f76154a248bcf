import Events
import Platform
import Scenarios
import Synchronization

/// What the runs are doing, a line per step, each with its second since the start.
final class ProgressPrinter: Sendable {
    /// Whether progress is told.
    enum Kind: String, CaseIterable {
        /// On a terminal.
        case auto
        /// A line per step, always.
        case plain
        case none

        var isShown: Bool { self == .plain || (self == .auto && Terminal.errorIsTerminal) }
    }

    /// What `--progress` says.
    static func kind(_ arguments: Arguments) throws(UsageFailure) -> Kind {
        guard let kind = Kind(rawValue: arguments.value("--progress") ?? "auto") else {
            throw UsageFailure("'--progress \(arguments.value("--progress") ?? "")' should be auto, plain or none")
        }
        return kind
    }

    private let isShown: Bool
    private let began = MonotonicClock.now()
    private let width: Int
    private let severalRepetitions: Bool
    private let printing = Mutex(())

    init(_ isShown: Bool, jobs: [Job]) {
        self.isShown = isShown
        let several = jobs.contains { $0.repetition > 1 }
        severalRepetitions = several
        width = jobs.map { ProgressPrinter.label($0, several).count }.max() ?? 0
    }

    func show(_ job: Job, _ text: String) {
        guard isShown else { return }
        let seconds = (MonotonicClock.now() - began).nanoseconds / 1_000_000_000
        let label = ProgressPrinter.label(job, severalRepetitions)
        let padding = String(repeating: " ", count: max(0, width - label.count))
        let stamp = String(repeating: " ", count: max(0, 4 - String(seconds).count)) + "\(seconds) s"
        printing.withLock { _ in Terminal.error("\(stamp)  \(label)\(padding)  \(text)\n") }
    }

    private static func label(_ job: Job, _ severalRepetitions: Bool) -> String {
        severalRepetitions ? "\(job.title) #\(job.repetition)" : job.title
    }
}
