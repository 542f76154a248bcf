import Systems

/// How a configuration that is none was refused: with one line that names the file and the place, and without anything done before.
struct RefusedStart {
    var lines: [String]
    /// The name of the configuration's file.
    var file: String
    /// Where it is wrong; nil where it is as a whole.
    var place: ConfigurationPlace?
    var listened: [UInt16]
    var written: [String]

    /// What was not right about it; nil when all was.
    var complaint: String? {
        var wrong: [String] = []
        let naming = lines.filter { $0.contains(file) }
        if naming.isEmpty {
            wrong.append("without a line that names \(file)")
        } else if let place, !naming.contains(where: { place.isNamed(in: $0, of: file) }) {
            wrong.append(
                "without the place: it is wrong in line \(place.line)\(place.key.map { ", after '\($0)'" } ?? ""), and the line says '\(naming[0])'"
            )
        }
        if lines.count > 1 { wrong.append("with \(lines.count) lines where one would do") }
        if !listened.isEmpty {
            wrong.append("after it had listened on port \(listened.map(String.init).joined(separator: ", "))")
        }
        if !written.isEmpty {
            wrong.append("and something was written all the same: \(written.joined(separator: ", "))")
        }
        return wrong.isEmpty ? nil : "was refused " + wrong.joined(separator: "; ")
    }
}
