import Documents

/// The commit of a work tree, from git's own files.
enum GitCommit {
    static func of(_ directory: String) -> String? {
        var folder = directory + "/.git"
        // A linked work tree has a file that names the folder.
        if let link = line(folder), link.hasPrefix("gitdir: ") {
            let path = String(link.dropFirst(8))
            folder = path.hasPrefix("/") ? path : directory + "/" + path
        }
        guard let head = line(folder + "/HEAD") else { return nil }
        guard head.hasPrefix("ref: ") else { return isCommit(head) ? head : nil }
        let reference = String(head.dropFirst(5))
        let common = line(folder + "/commondir").map { $0.hasPrefix("/") ? $0 : folder + "/" + $0 } ?? folder
        for place in [folder, common] {
            if let commit = line("\(place)/\(reference)"), isCommit(commit) { return commit }
        }
        guard let packed = try? DataDirectories.read(common + "/packed-refs") else { return nil }
        for line in String(decoding: packed, as: UTF8.self).split(separator: "\n") where line.hasSuffix(" " + reference)
        {
            let commit = String(line.prefix { $0 != " " })
            return isCommit(commit) ? commit : nil
        }
        return nil
    }

    private static func isCommit(_ text: String) -> Bool {
        (text.utf8.count == 40 || text.utf8.count == 64) && text.allSatisfy(\.isHexDigit)
    }

    private static func line(_ path: String) -> String? {
        guard let octets = try? DataDirectories.read(path) else { return nil }
        return String(decoding: octets.prefix { $0 != 0x0A }, as: UTF8.self)
    }
}
