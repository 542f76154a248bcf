import Glibc

/// The running program and its surroundings.
public enum Program {
    /// Path of the running executable, for starting ourselves again.
    public static var path: String {
        var buffer = [CChar](repeating: 0, count: 4097)
        let count = unsafe readlink("/proc/self/exe", &buffer, 4096)
        return count > 0
            ? String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self) : "/proc/self/exe"
    }

    /// Where `name` is: itself if it holds a slash, else the first executable of that name in PATH; nil when there is none.
    public static func find(_ name: String) -> String? {
        if name.contains("/") { return unsafe access(name, X_OK) == 0 ? name : nil }
        // Daemons live in sbin, which an ordinary user's PATH leaves out.
        let directories =
            (environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":").map(String.init) + ["/usr/sbin", "/sbin"]
        return directories.map { $0 + "/" + name }.first { unsafe access($0, X_OK) == 0 }
    }

    /// The environment of the running program.
    public static var environment: [String: String] {
        var variables: [String: String] = [:]
        guard var entry = unsafe Optional(environ) else { return variables }
        while let pointer = unsafe entry.pointee {
            let text = unsafe String(cString: pointer)
            if let equals = text.firstIndex(of: "=") {
                variables[String(text[..<equals])] = String(text[text.index(after: equals)...])
            }
            unsafe entry += 1
        }
        return variables
    }
}
