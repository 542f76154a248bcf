/// How group addresses are written. All three say the same 16 bits; which one a project uses is a matter of its planning.
public enum GroupAddressStyle: Hashable, Sendable, CaseIterable {
    /// `main/middle/sub`: 5, 3 and 8 bits.
    case threeLevel
    /// `main/sub`: 5 and 11 bits.
    case twoLevel
    /// One number.
    case free

    public var name: String {
        switch self {
        case .threeLevel: "three-level"
        case .twoLevel: "two-level"
        case .free: "free"
        }
    }

    /// The style of that name; nil for all other words.
    public init?(_ name: some StringProtocol) {
        guard let style = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = style
    }

    public func text(_ address: GroupAddress) -> String {
        switch self {
        case .threeLevel: address.description
        case .twoLevel: "\(address.raw >> 11)/\(address.raw & 0x7FF)"
        case .free: "\(address.raw)"
        }
    }

    /// The fields of a decoded frame, and of frames inside it, with group destinations in this style.
    func restyled(_ fields: [Field]) -> [Field] {
        guard self != .threeLevel else { return fields }
        let isGroup = fields.contains(Field("addr_type", .text("group")))
        return fields.map { field in
            switch field.value {
            case .text(let text) where isGroup && field.name == "dst":
                GroupAddress(text).map { Field(field.name, .text(self.text($0))) } ?? field
            case .object(let members): Field(field.name, .object(restyled(members)))
            case .list(let values): Field(field.name, .list(values.map(restyled)))
            default: field
            }
        }
    }

    private func restyled(_ value: Field.Value) -> Field.Value {
        switch value {
        case .object(let members): .object(restyled(members))
        case .list(let values): .list(values.map(restyled))
        default: value
        }
    }
}
