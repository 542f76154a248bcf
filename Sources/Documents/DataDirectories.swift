import Glibc

/// Where rig, system and scenario files are looked for: `--data DIR`, `$KNXRIG_DATA`, the current directory, `share/knxrig` beside the `bin` that the
/// program is in, `/usr/share/knxrig`, in this order.
public struct DataDirectories: Sendable {
    public var directories: [String]

    /// - Parameter option: the value of `--data`, if given.
    /// - Parameter environment: the value of `KNXRIG_DATA`, if set.
    public init(option: String?, environment: String?) {
        directories = [option, environment, ".", Self.installed, "/usr/share/knxrig"].compactMap(\.self)
    }

    /// Where an installed program has its data; nil for one that is in no `bin`.
    private static var installed: String? {
        var buffer = [CChar](repeating: 0, count: 4097)
        let count = unsafe readlink("/proc/self/exe", &buffer, 4096)
        let path = String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 3, parts[parts.count - 2] == "bin" else { return nil }
        return parts.dropLast(2).joined(separator: "/") + "/share/knxrig"
    }

    public init(directories: [String]) {
        self.directories = directories
    }

    /// The path of a file: `name` itself when it is there; else `<directory>/rigs/<folder>/<name>` with or without `.yaml` for the first
    /// directory that has it.
    ///
    /// - Parameter folder: `""` for rig files, `systems`, `scenarios`, `audit`.
    /// - Throws: a failure that names the nearest file of that folder.
    public func find(_ name: String, folder: String) throws(DocumentFailure) -> String {
        if name.contains("/") || name.hasSuffix(".yaml") {
            if isFile(name) { return name }
        }
        let base = folder.isEmpty ? "rigs/" : "rigs/\(folder)/"
        for directory in directories {
            for candidate in ["\(directory)/\(base)\(name)", "\(directory)/\(base)\(name).yaml"] where isFile(candidate)
            {
                return candidate
            }
        }
        let known = names(folder: folder)
        throw DocumentFailure(
            file: name, position: nil,
            message: "there is no such file, here or in \(base) of \(directories.joined(separator: ", "))"
                + Nearest.suggestion(for: name.hasSuffix(".yaml") ? String(name.dropLast(5)) : name, among: known))
    }

    /// Names without `.yaml` of all files of a folder, each once, sorted.
    public func names(folder: String) -> [String] {
        var names: Set<String> = []
        for directory in directories {
            let path = folder.isEmpty ? "\(directory)/rigs" : "\(directory)/rigs/\(folder)"
            for entry in entries(path) where entry.hasSuffix(".yaml") { names.insert(String(entry.dropLast(5))) }
        }
        return names.sorted()
    }

    /// The whole content of a file.
    public static func read(_ path: String) throws(DocumentFailure) -> [UInt8] {
        let number = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else {
            throw DocumentFailure(file: path, position: nil, message: "cannot be opened: \(errnoText())")
        }
        defer { close(number) }
        var content: [UInt8] = []
        while true {
            var count = 0
            let octets = unsafe [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, initialized in
                count = unsafe Glibc.read(number, buffer.baseAddress, 65_536)
                initialized = max(0, count)
            }
            if count < 0 {
                throw DocumentFailure(file: path, position: nil, message: "cannot be read: \(errnoText())")
            }
            if count == 0 { return content }
            content += octets
            guard content.count <= 4 << 20 else {
                throw DocumentFailure(file: path, position: nil, message: "is larger than 4 MiB: this is no such file")
            }
        }
    }

    private static func errnoText() -> String {
        unsafe String(cString: strerror(errno))
    }

    private func isFile(_ path: String) -> Bool {
        var kind = stat()
        return unsafe stat(path, &kind) == 0 && kind.st_mode & S_IFMT != S_IFDIR
    }

    func entries(_ path: String) -> [String] {
        guard let directory = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            names.append(
                unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
                })
        }
        return names
    }
}
