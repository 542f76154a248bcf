import KNX

/// Lines of hexadecimal in any pieces, and what else is read from a person's text.
@_cdecl("LLVMFuzzerTestOneInput")
public func examine(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe octets(data, count)
    let whole = told([input[...]])
    for salt in 0..<3 as Range<UInt8> {
        require(told(pieces(input, salt: salt)) == whole, "the frames depend on the cuts")
    }
    for case .frame(let octets, _) in whole {
        require(!octets.isEmpty, "a line without digits is no frame")
        let text = Hexadecimal.text(octets)
        require((try? Hexadecimal.octets(text)) == octets, "hexadecimal changes when it is written and read")
    }
    let text = String(decoding: input, as: UTF8.self)
    _ = try? Hexadecimal.octets(text)
    if let address = GroupAddress(text) {
        require(GroupAddress(address.description) == address, "a group address changes: \(address)")
    }
    if let address = IndividualAddress(text) {
        require(IndividualAddress(address.description) == address, "an individual address changes: \(address)")
    }
    if let type = DatapointType(parsing: text) {
        require(DatapointType(parsing: type.description) == type, "a datapoint type changes: \(type)")
    }
    judge([Field(text.isEmpty ? "none" : text, .list([.text(text), .octets(input), .number(number(input))]))], "JSON")
    return 0
}

private enum Told: Equatable {
    case frame([UInt8], line: Int)
    case failure(HexadecimalFailure)
}

private func told(_ pieces: [ArraySlice<UInt8>]) -> [Told] {
    var reader = HexadecimalReader()
    var told: [Told] = []
    for piece in pieces {
        reader.append(Array(piece))
        take(&reader, &told)
    }
    reader.finish()
    take(&reader, &told)
    return told
}

private func take(_ reader: inout HexadecimalReader, _ told: inout [Told]) {
    while true {
        do {
            guard let octets = try reader.next() else { return }
            told.append(.frame(octets, line: reader.line))
        } catch {
            require(!error.description.isEmpty && error.line > 0, "a failure has no place")
            told.append(.failure(error))
        }
    }
}

private func number(_ octets: [UInt8]) -> Double {
    Double(bitPattern: octets.prefix(8).reduce(0) { $0 << 8 | UInt64($1) })
}
