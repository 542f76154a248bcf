import Documents

/// Group addresses as a profile writes them: three levels, `main/middle/sub` (0…31 / 0…7 / 0…255).
public enum GroupAddressText {
    public static func text(_ address: UInt16, separator: String = "/") -> String {
        "\(address >> 11)\(separator)\(address >> 8 & 7)\(separator)\(address & 255)"
    }

    /// nil for anything but a three-level group address.
    public static func address(_ text: some StringProtocol) -> UInt16? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
            let main = UInt16(parts[0]), main < 32, let middle = UInt16(parts[1]), middle < 8,
            let sub = UInt16(parts[2]), sub < 256
        else { return nil }
        return main << 11 | middle << 8 | sub
    }

    /// One address, or an inclusive range within one middle group: `1/1/0-1/1/23`.
    static func range(_ node: Node) throws(DocumentFailure) -> [UInt16] {
        let text = try node.text()
        let ends = text.split(separator: "-", omittingEmptySubsequences: false)
        guard let first = ends.first.flatMap({ address($0) }), ends.count <= 2 else {
            throw node.failure("'\(text)' should be a group address such as 1/1/5 or a range such as 1/1/0-1/1/23")
        }
        guard ends.count == 2 else { return [first] }
        guard let last = address(ends[1]), last >= first, last >> 8 == first >> 8 else {
            throw node.failure("'\(text)' should rise within one middle group")
        }
        return Array(first...last)
    }
}
