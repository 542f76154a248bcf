public import Documents
public import KNX

/// Where the names of group addresses come from.
public enum GroupAddressFile {
    /// Reads an export of ETS, CSV or XML.
    ///
    /// - Throws: one line with the file, the line and what was expected there.
    public static func read(_ path: String) throws(DocumentFailure) -> GroupAddressTable {
        let octets = try DataDirectories.read(path)
        do {
            return try GroupAddressTable(export: octets)
        } catch {
            throw DocumentFailure(
                file: path, position: Position(line: error.line, column: error.column), message: error.message)
        }
    }

    /// The file of names that lies beside a rig file: `bench.csv` or `bench.xml` beside `bench.yaml`; nil when there is none.
    public static func beside(rigFile: String, exists: (String) -> Bool) -> String? {
        guard rigFile.hasSuffix(".yaml") else { return nil }
        return [".csv", ".xml"].map { rigFile.dropLast(5) + $0 }.first(where: exists)
    }
}
