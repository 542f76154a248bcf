import Documents
import Events
import Synchronization

extension SystemProfile {
    /// A word that the system says once in its output and the rig needs, such as the password of a first start: the line after the one that
    /// holds a pattern. `${learned.ID}` refers to it.
    public struct Learned: Hashable, Sendable {
        public var id: String
        public var after: TextPattern

        init(_ node: Node) throws(DocumentFailure) {
            _ = try node.entries(of: "a word to learn", keys: ["id", "after"])
            id = try node.required("id").text()
            after = try TextPattern(notEmpty: node.required("after"))
        }
    }
}

/// Listens to the main process for the words of a profile. The first that was said stays: a second start does not say it again.
final class LearnedWords: Sendable {
    private struct State {
        var awaited: String?
        var words: [String: String] = [:]
    }

    private let process: String
    private let wanted: [SystemProfile.Learned]
    private let state = Mutex(State())

    init(_ profile: SystemProfile) {
        process = profile.mainProcess
        wanted = profile.learns
    }

    /// Takes every event of the host.
    func observe(_ event: Event) {
        guard !wanted.isEmpty, case .log(let line) = event.payload, line.process == process else { return }
        state.withLock { state in
            let word = Self.bare(line.line)
            if let id = state.awaited, !word.isEmpty {
                state.awaited = nil
                if state.words[id] == nil { state.words[id] = word }
            }
            if let heard = wanted.first(where: { $0.after.matches(line.line) }) { state.awaited = heard.id }
        }
    }

    /// Without the blanks around it.
    private static func bare(_ line: String) -> String {
        let start = line.drop { $0.isWhitespace }
        return String(start.prefix(start.count - start.reversed().prefix { $0.isWhitespace }.count))
    }

    /// What was said so far, by id.
    var words: [String: String] { state.withLock { $0.words } }
}
