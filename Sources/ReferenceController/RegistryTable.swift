/// What the registry keeps, each in a table of its own: areas, rooms in them, devices in those, and the tiles of a panel that show a device each.
enum RegistryTable: String, CaseIterable, Sendable {
    case areas, rooms, devices, tiles

    /// The column, and the key in JSON, that may refer to one of another table.
    var reference: String? {
        switch self {
        case .areas: nil
        case .rooms: "area"
        case .devices: "room"
        case .tiles: "device"
        }
    }

    /// The tables as the second version of the schema has them.
    static func first(_ protections: Set<Protection>) -> String {
        """
        CREATE TABLE rooms(id TEXT PRIMARY KEY, name TEXT NOT NULL);
        CREATE TABLE devices(
            id TEXT\(takesDevicesOnce(protections) ? " PRIMARY KEY" : ""), name TEXT NOT NULL,
            room TEXT\(reference(to: rooms, protections)), attributes TEXT NOT NULL DEFAULT '{}')
        """
    }

    /// What the fourth adds.
    static func second(_ protections: Set<Protection>) -> String {
        // Only to a key can anything refer.
        let device = takesDevicesOnce(protections) ? reference(to: devices, protections) : ""
        return """
            CREATE TABLE areas(id TEXT PRIMARY KEY, name TEXT NOT NULL);
            ALTER TABLE rooms ADD COLUMN area TEXT\(reference(to: areas, protections));
            CREATE TABLE tiles(id TEXT PRIMARY KEY, name TEXT NOT NULL, device TEXT\(device))
            """
    }

    private static func takesDevicesOnce(_ protections: Set<Protection>) -> Bool {
        protections.contains(.databaseUnique)
    }

    private static func reference(to table: RegistryTable, _ protections: Set<Protection>) -> String {
        protections.contains(.databaseReferencesDeclared) ? " REFERENCES \(table)(id)" : ""
    }
}
