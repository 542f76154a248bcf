/// Names and datapoint types of group addresses, as the planning of a building holds them.
public struct GroupAddressTable: Hashable, Sendable {
    public struct Entry: Hashable, Sendable {
        /// Without control characters and blanks at its ends, so that it can be printed.
        public var name: String
        /// nil where the planning gives none, or one that is not known here.
        public var type: DatapointType?

        public init(name: String, type: DatapointType?) {
            self.name = Self.printable(name)
            self.type = type
        }

        /// What a file brings must not reach a terminal as commands. Scalar by scalar: a blank that a combining mark follows is one character with
        /// it, and still a blank to whoever reads octets.
        private static func printable(_ text: String) -> String {
            let scalars = text.unicodeScalars.map { scalar -> Unicode.Scalar in
                scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) ? " " : scalar
            }
            guard let first = scalars.firstIndex(where: { $0 != " " }),
                let last = scalars.lastIndex(where: { $0 != " " })
            else { return "" }
            var name = String.UnicodeScalarView()
            name.append(contentsOf: scalars[first...last])
            return String(name)
        }
    }

    /// How the file that it was read from writes its addresses.
    public internal(set) var style = GroupAddressStyle.threeLevel
    public private(set) var entries: [GroupAddress: Entry] = [:]

    public init() {}

    public subscript(address: GroupAddress) -> Entry? { entries[address] }

    /// False when the address has an entry already, which stays.
    public mutating func add(_ entry: Entry, for address: GroupAddress) -> Bool {
        guard entries[address] == nil else { return false }
        entries[address] = entry
        return true
    }

    /// What a value says in the type of its address, with its unit: `21.5 °C`; nil without a type, and for octets that are none of its values.
    public func text(of value: GroupValue, at address: GroupAddress) -> String? {
        guard let type = entries[address]?.type, let decoded = type.decode(value).value else { return nil }
        return type.textWithUnit(of: decoded)
    }
}

/// What is wrong with an export of group addresses, and where.
public struct GroupAddressFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// Both count from 1; the column counts characters.
    public var line: Int
    public var column: Int
    public var message: String

    public var description: String { "\(line):\(column): \(message)" }
}
