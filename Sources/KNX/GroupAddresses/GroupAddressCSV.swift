extension GroupAddressTable {
    /// The CSV exports of ETS: separated by tabs, semicolons or commas, names in one column or in one per level, the address in one column or in one
    /// per level.
    ///
    /// | layout | header |
    /// |---|---|
    /// | 1/1 | `Group name`, `Address`, `Central`, `Unfiltered`, `Description`, `DatapointType`, `Security` |
    /// | 1/3 | `Group name`, `Main`, `Middle`, `Sub`, `Central`, … |
    /// | 3/1 | `Main`, `Middle`, `Sub`, `Address`, `Central`, … |
    /// | 3/3 | `Main`, `Middle`, `Sub`, `Main`, `Middle`, `Sub`, `Central`, … |
    ///
    /// Main and middle groups have rows of their own, whose address has `-` or nothing on the levels below. An export without its header is read when it
    /// has the address in one column.
    init(csv utf8: [UInt8]) throws(GroupAddressFailure) {
        self.init()
        var rows = DelimitedRows(utf8)
        var layout: ExportLayout?
        while let row = try rows.next() {
            if row.fields.allSatisfy(\.text.isEmpty) { continue }
            guard let known = layout else {
                let (found, isHeader) = try ExportLayout.of(row)
                layout = found
                if !isHeader { try take(row, found) }
                continue
            }
            try take(row, known)
        }
    }

    private mutating func take(_ row: DelimitedRows.Row, _ layout: ExportLayout) throws(GroupAddressFailure) {
        func text(_ column: Int) -> String { column < row.fields.count ? row.fields[column].text : "" }
        var levels = layout.address.map(text)
        let place = layout.address.first ?? 0
        let column = place < row.fields.count ? row.fields[place].column : 1
        if levels.allSatisfy(\.isEmpty) {
            throw GroupAddressFailure(line: row.line, column: column, message: "this row has no group address")
        }
        if levels.count > 1 {
            // Rows of main and middle groups leave the levels below empty.
            while levels.last?.isEmpty == true { levels[levels.count - 1] = "-" }
            for index in levels.indices where levels[index].isEmpty { levels[index] = "-" }
        }
        let name = layout.names.map(text).last { !$0.isEmpty } ?? ""
        try take(
            levels.joined(separator: "/"), name: name, type: layout.type.map(text) ?? "", line: row.line,
            column: column)
    }
}

/// Which column holds what.
private struct ExportLayout {
    /// One column, or one per level.
    var address: [Int]
    /// The last of them that is not empty is the name.
    var names: [Int]
    var type: Int?

    static func of(_ row: DelimitedRows.Row) throws(GroupAddressFailure) -> (layout: ExportLayout, isHeader: Bool) {
        let words = row.fields.map { $0.text.lowercased() }
        let levels = words.indices.filter { ["main", "middle", "sub"].contains(words[$0]) }
        let names = words.firstIndex(of: "group name")
        let type = words.firstIndex(of: "datapointtype")
        if let address = words.firstIndex(of: "address") {
            let columns = (levels + [names].compactMap { $0 }).filter { $0 != address }.sorted()
            return (ExportLayout(address: [address], names: columns, type: type), true)
        }
        if levels.count > 1 {
            guard let second = levels.lastIndex(where: { words[$0] == "main" }) else {
                throw GroupAddressFailure(line: row.line, column: 1, message: "the header has no column 'Main'")
            }
            let columns = [names].compactMap { $0 } + levels[..<second]
            if !columns.isEmpty {
                return (ExportLayout(address: Array(levels[second...]), names: columns, type: type), true)
            }
        }
        // Without a header: what looks like an address is one, the names stand before it.
        let address = row.fields.firstIndex { $0.text.contains("/") && WrittenGroupAddress($0.text) != nil }
        guard let address, address > 0 else {
            throw GroupAddressFailure(
                line: row.line, column: 1,
                message:
                    "this is no export of group addresses: its first row should name the columns 'Main', 'Middle', "
                    + "'Sub' or 'Group name', and 'Address'")
        }
        let types = row.fields.indices.last { $0 > address && row.fields[$0].text.hasPrefix("DP") }
        // Central, Unfiltered, Description, DatapointType follow the address.
        return (
            ExportLayout(address: [address], names: Array(0..<address), type: types ?? address + 4), false
        )
    }
}
