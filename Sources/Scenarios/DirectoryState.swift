import Platform

/// What lies in a directory and below it, so that it can be said what was made, changed or removed there.
struct DirectoryState {
    private var stamps: [String: Files.Stamp] = [:]

    /// - Parameter path: a file that does not count, as one that the rig writes itself.
    init(of directory: String, besides path: String) { take(directory, "", besides: path) }

    private mutating func take(_ directory: String, _ prefix: String, besides path: String) {
        for name in Files.entries(of: directory) {
            let place = directory + "/" + name
            guard place != path, let stamp = Files.stamp(of: place) else { continue }
            // A directory's own stamp tells only that something in it does, which is told by its name.
            if Files.isDirectory(place), Files.link(place) == nil {
                stamps[prefix + name + "/"] = Files.Stamp(octets: 0, modified: 0, inode: stamp.inode)
                take(place, prefix + name + "/", besides: path)
            } else {
                stamps[prefix + name] = stamp
            }
        }
    }

    /// What differs from an earlier state, by name: `state.db was changed`.
    func changes(since before: DirectoryState) -> [String] {
        Set(stamps.keys).union(before.stamps.keys).sorted().compactMap { name in
            switch (before.stamps[name], stamps[name]) {
            case (nil, _): "\(name) was made"
            case (_, nil): "\(name) was removed"
            case (let old, let new): old == new ? nil : "\(name) was changed"
            }
        }
    }
}
