public import Documents
public import Events

/// What `knxrig relay boards` shows: each driver, with what the firmware note says of its boards.
public struct RelayDriverListing: Hashable, Sendable {
    public struct Row: Hashable, Sendable {
        /// As rig files name it.
        public var driver: String
        /// As people call its boards; nil without a note.
        public var name: String?
        public var ids: [String]
        /// What a person has to say of a board: nothing while there is only one, a serial or a path, or a path.
        public var bind: String
        public var switching: FirmwareNote.Switching?
    }

    public var rows: [Row] = []

    /// - Parameter notes: those of other things are left out.
    public init(_ notes: [FirmwareNote]) {
        let drivers =
            RelayBoardDrivers.all.map { (name: $0.name, bind: Self.text($0.binding)) }
            + SerialBoardDrivers.all.map { (name: $0.name, bind: Self.text($0.needsPath ? .path : .any)) }
            + [(name: HubPortPower.driverName, bind: Self.text(.path))]
        for driver in drivers.sorted(by: { $0.name < $1.name }) {
            let note = notes.first { $0.driver == driver.name && $0.kind == .relayBoard }
            rows.append(
                Row(
                    driver: driver.name, name: note?.name, ids: note?.usb.map(\.ids) ?? [], bind: driver.bind,
                    switching: note?.switching))
        }
    }

    /// For people: a table.
    public var text: String {
        let head = ["driver", "channels", "read-back", "power-up", "without USB", "bind by", "board"]
        let table = [head] + rows.map(Self.cells)
        let widths = head.indices.map { column in table.map { $0[column].count }.max() ?? 0 }
        return table.map { cells in
            var line = zip(cells, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(
                separator: "  ")
            while line.hasSuffix(" ") { line.removeLast() }
            return line + "\n"
        }.joined()
    }

    /// For programs.
    public var value: Value {
        let drivers = rows.map { row -> Value in
            [
                "driver": .text(row.driver), "name": row.name.map { .text($0) } ?? .null,
                "ids": .list(row.ids.map { .text($0) }), "bind": .text(row.bind),
                "channels": row.switching.map { .list($0.channels.map { .integer(Int64($0)) }) } ?? .null,
                "read_back": row.switching.map { .text($0.readback.rawValue) } ?? .null,
                "power_up": row.switching.map { .text($0.powerUp.rawValue) } ?? .null,
                "unplugged": row.switching.map { .text($0.unplugged.rawValue) } ?? .null,
            ]
        }
        return ["drivers": .list(drivers)]
    }

    private static func cells(_ row: Row) -> [String] {
        guard let switching = row.switching else {
            return [row.driver, "?", "?", "?", "?", row.bind, "(no firmware note)"]
        }
        return [
            row.driver, switching.channels.map(String.init).joined(separator: ","), switching.readback.rawValue,
            switching.powerUp.rawValue, switching.unplugged.rawValue, row.bind, row.name ?? "",
        ]
    }

    private static func text(_ binding: RelayBoardDriver.Binding) -> String {
        switch binding {
        case .any: "anything"
        case .serialOrPath: "serial or path"
        case .path: "path"
        }
    }
}
