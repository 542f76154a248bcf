import Platform

/// Paths as a file reaches them from where it lies, so that a page and the runs it speaks of can be moved together.
struct RelativePath {
    private let base: [Substring]

    /// - Parameter file: the file that will hold the links; its directory has to be there.
    init(from file: String) {
        let directory = file.lastIndex(of: "/").map { String(file[..<$0]) } ?? "."
        base = Self.parts(directory.isEmpty ? "/" : directory)
    }

    func path(to target: String) -> String {
        let parts = Self.parts(target)
        var common = 0
        while common < min(base.count, parts.count), base[common] == parts[common] { common += 1 }
        let up = Array(repeating: Substring(".."), count: base.count - common)
        let path = (up + parts[common...]).joined(separator: "/")
        return path.isEmpty ? "." : path
    }

    private static func parts(_ path: String) -> [Substring] {
        (Files.resolved(path) ?? path).split(separator: "/")
    }
}
