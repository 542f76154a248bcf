import Glibc

/// The few things done with whole files.
public enum Files {
    /// The content of a file, at most its first `maximum` octets.
    public static func read(_ path: String, maximum: Int = .max) throws(SystemFailure) -> [UInt8] {
        let number = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { throw SystemFailure("open", path) }
        let descriptor = Descriptor(owning: number)
        var content: [UInt8] = []
        while content.count < maximum,
            let octets = try descriptor.read(maximum: min(1 << 16, maximum - content.count)), !octets.isEmpty
        {
            content += octets
        }
        return content
    }

    /// Writes a whole file; with `atomically` through a neighbour that is renamed into place, so that no reader sees half of it.
    public static func write(
        _ octets: some Collection<UInt8>, to path: String, atomically: Bool = true, permissions: UInt32 = 0o644
    ) throws(SystemFailure) {
        let target = atomically ? path + ".new" : path
        func create() -> Int32 { unsafe open(target, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, permissions) }
        var number = create()
        // A neighbour that another user's program left when it died is not ours to write to; it may be ours to take away.
        if number < 0, errno == EACCES, atomically, unsafe unlink(target) == 0 { number = create() }
        guard number >= 0 else { throw SystemFailure("create", target) }
        let descriptor = Descriptor(owning: number)
        do {
            try descriptor.writeAll(octets)
        } catch {
            throw SystemFailure("write", path, code: error.code)
        }
        if atomically, unsafe rename(target, path) != 0 { throw SystemFailure("put in place", path) }
    }

    public static func exists(_ path: String) -> Bool {
        unsafe access(path, F_OK) == 0
    }

    /// True for a directory, also behind a link.
    public static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// A path with all links followed; nil when nothing is there.
    public static func resolved(_ path: String) -> String? {
        guard let resolved = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }

    /// What a symbolic link says, whether that is there or not; nil for what is no link.
    public static func link(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 4_097)
        let count = unsafe readlink(path, &buffer, 4_096)
        guard count > 0 else { return nil }
        return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Whose a file is and what its mode lets others do; nil when nothing is there.
    public static func permissions(of path: String) -> (owner: UInt32, group: UInt32, mode: UInt32)? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        return (status.st_uid, status.st_gid, status.st_mode & 0o7777)
    }

    /// What differs after a file was written, replaced or resized.
    public struct Stamp: Hashable, Sendable {
        public var octets: Int64
        /// Of its last change, nanoseconds since 1970.
        public var modified: Int64
        public var inode: UInt64

        public init(octets: Int64, modified: Int64, inode: UInt64) {
            self.octets = octets
            self.modified = modified
            self.inode = inode
        }
    }

    /// Of what lies at a path itself, a link not followed; nil when nothing does.
    public static func stamp(of path: String) -> Stamp? {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return nil }
        let modified = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
        return Stamp(octets: Int64(status.st_size), modified: modified, inode: UInt64(status.st_ino))
    }

    /// Makes a directory and those above it that are missing.
    public static func makeDirectories(_ path: String) throws(SystemFailure) {
        var made = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            made += made.isEmpty || made.hasSuffix("/") ? String(part) : "/" + part
            if unsafe mkdir(made, 0o755) != 0 && errno != EEXIST { throw SystemFailure("make the directory", made) }
        }
    }

    /// Names of the entries of a directory, sorted; empty when it cannot be read.
    public static func entries(of path: String) -> [String] {
        guard let directory = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    public static func removeTree(_ path: String) {
        var kind = stat()
        guard unsafe lstat(path, &kind) == 0 else { return }
        if kind.st_mode & S_IFMT == S_IFDIR {
            for name in entries(of: path) { removeTree(path + "/" + name) }
            unsafe rmdir(path)
        } else {
            unsafe unlink(path)
        }
    }
}
