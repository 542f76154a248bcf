import KNX

/// Exports of group addresses, CSV and XML: any octets give a table or a failure with its place, and a table that is written again reads back equal.
@_cdecl("LLVMFuzzerTestOneInput")
public func examine(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe octets(data, count)
    do {
        let table = try GroupAddressTable(export: input)
        require(!table.entries.isEmpty, "a table without addresses")
        for written in [csv(table), xml(table)] {
            guard let again = try? GroupAddressTable(export: Array(written.utf8)) else {
                require(false, "a table that was written is not read")
                return 0
            }
            require(again.entries == table.entries, "a table changes when it is written and read")
        }
    } catch {
        require(error.line > 0 && error.column > 0 && !error.message.isEmpty, "a failure has no place")
        require(error.line <= input.count + 1, "a failure is behind the end")
    }
    return 0
}

private func type(_ entry: GroupAddressTable.Entry) -> String {
    entry.type.map { type in "DPST-\(type.main)" + (type.sub.map { "-\($0)" } ?? "") } ?? ""
}

private func csv(_ table: GroupAddressTable) -> String {
    var text = "\"Group name\";\"Address\";\"DatapointType\"\r\n"
    for (address, entry) in table.entries {
        // By scalars: a mark that is followed by a combining one is no character of its own.
        let name = entry.name.unicodeScalars.map { $0 == "\"" ? "\"\"" : String($0) }.joined()
        text += "\"\(name)\";\"\(address)\";\"\(type(entry))\"\r\n"
    }
    return text
}

private func xml(_ table: GroupAddressTable) -> String {
    var text = "<GroupAddress-Export><GroupRange>"
    for (address, entry) in table.entries {
        var name = ""
        for scalar in entry.name.unicodeScalars { name += "&#\(scalar.value);" }
        text += "<GroupAddress Name=\"\(name)\" Address='\(address)' DPTs=\"\(type(entry))\" />"
    }
    return text + "</GroupRange></GroupAddress-Export>"
}
