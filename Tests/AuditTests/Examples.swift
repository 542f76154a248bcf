import Documents
import Foundation

@testable import Audit

/// Where the repository's own files are, and trees made of text.
enum Repository {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path
    static let corpus = URL(filePath: #filePath).deletingLastPathComponent().path + "/Corpus"

    static func audit() throws -> SourceAudit {
        try SourceAudit(data: DataDirectories(directories: [root]))
    }

    /// One text as a tree: a Go file, or several files, each after a line `-- path --`.
    static func tree(_ text: String) -> SourceTree {
        var files: [(path: String, octets: [UInt8])] = []
        var path = "bus/main.go"
        var lines: [Substring] = []
        func finish() {
            let content = lines.joined(separator: "\n")
            if content.contains(where: { !$0.isWhitespace }) { files.append((path, Array((content + "\n").utf8))) }
            lines = []
        }
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("-- "), line.hasSuffix(" --") {
                finish()
                path = String(line.dropFirst(3).dropLast(3))
            } else {
                lines.append(line)
            }
        }
        finish()
        return SourceTree(files: files)
    }
}
