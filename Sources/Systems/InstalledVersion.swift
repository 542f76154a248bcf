import Platform

/// What Debian's package database says is installed.
public enum InstalledVersion {
    /// The version of an installed package; nil when it is not there or the database cannot be read.
    public static func of(_ package: String, database: String = "/var/lib/dpkg/status") -> String? {
        guard let octets = try? Files.read(database) else { return nil }
        return of(package, in: String(decoding: octets, as: UTF8.self))
    }

    /// Reads the text of a database: paragraphs of `Key: value` lines, apart by empty lines.
    static func of(_ package: String, in database: String) -> String? {
        var isWanted = false
        var isInstalled = false
        var version: String?
        for line in database.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.isEmpty {
                if isWanted { break }
                isInstalled = false
                version = nil
            } else if line.hasPrefix("Package: ") {
                isWanted = line.dropFirst(9) == package
            } else if line.hasPrefix("Status: ") {
                isInstalled = line.hasSuffix(" installed")
            } else if line.hasPrefix("Version: ") {
                version = String(line.dropFirst(9))
            }
        }
        return isWanted && isInstalled ? version : nil
    }
}
