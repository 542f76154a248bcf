import Glibc

/// A file or directory that was not read, and why.
public struct Skipped: Hashable, Sendable {
    /// Relative to the tree's root.
    public var path: String
    public var reason: String
}

/// Finds and reads the files of a source tree within bounds of number, size and depth. Links are named and not followed, so that no loop
/// is ever entered.
struct DirectoryWalk {
    /// A source file of more than this is generated, or none.
    static let largestFile = 4 << 20
    static let largestTree = 512 << 20
    static let mostFiles = 200_000
    static let deepest = 64

    private(set) var files: [(path: String, octets: [UInt8])] = []
    private(set) var skipped: [Skipped] = []
    private var total = 0
    private var seen = 0
    private let root: String

    /// Directories that hold other people's code or no code.
    private static let passedOver: Set<String> = [
        ".git", "vendor", "node_modules", ".build", "third_party", "testdata",
    ]

    init(root: String) {
        self.root = root
        walk("", depth: 0)
    }

    private mutating func skip(_ path: String, _ reason: String) {
        skipped.append(Skipped(path: path.isEmpty ? "." : path, reason: reason))
    }

    private static func reason() -> String { unsafe String(cString: strerror(errno)) }

    private mutating func walk(_ relative: String, depth: Int) {
        let path = relative.isEmpty ? root : root + "/" + relative
        guard depth <= DirectoryWalk.deepest else { return skip(relative, "deeper than 64 directories") }
        guard let directory = unsafe opendir(path) else {
            return skip(relative, "cannot be opened: \(DirectoryWalk.reason())")
        }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        unsafe closedir(directory)
        for name in names.sorted() {
            let below = relative.isEmpty ? name : relative + "/" + name
            var status = stat()
            guard unsafe lstat(root + "/" + below, &status) == 0 else {
                skip(below, "cannot be looked at: \(DirectoryWalk.reason())")
                continue
            }
            switch status.st_mode & S_IFMT {
            case S_IFLNK: if Family(name: name) != nil || !name.contains(".") { skip(below, "is a link: not followed") }
            case S_IFDIR: if !DirectoryWalk.passedOver.contains(name) { walk(below, depth: depth + 1) }
            case S_IFREG:
                if Family(name: name) != nil { read(below, size: Int(status.st_size)) }
            default: if Family(name: name) != nil { skip(below, "is no ordinary file") }
            }
        }
    }

    private mutating func read(_ path: String, size: Int) {
        guard size <= DirectoryWalk.largestFile else { return skip(path, "is larger than 4 MiB") }
        seen += 1
        guard seen <= DirectoryWalk.mostFiles, total + size <= DirectoryWalk.largestTree else {
            if seen <= DirectoryWalk.mostFiles + 1 {
                skip(path, "and what follows: the tree is larger than this reads")
            }
            return
        }
        let number = unsafe open(root + "/" + path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard number >= 0 else { return skip(path, "cannot be opened: \(DirectoryWalk.reason())") }
        defer { close(number) }
        let capacity = size + 1
        var filled = 0
        let octets = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, initialized in
            while filled < capacity {
                let count = unsafe Glibc.read(number, buffer.baseAddress! + filled, capacity - filled)
                if count <= 0 { break }
                filled += count
            }
            initialized = filled
        }
        guard !octets.prefix(8192).contains(0) else { return skip(path, "is binary") }
        total += octets.count
        files.append((path, octets))
    }
}

extension DirectoryWalk {
    static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
