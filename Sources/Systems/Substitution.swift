public import Documents

/// The values of the `${name}` references in a system profile, as they are for one run.
public struct Substitution: Sendable {
    /// By name without the braces: `data`, `interface`, `gate.broker`, `http_port`.
    public var values: [String: String]

    public init(_ values: [String: String]) {
        self.values = values
    }

    public subscript(name: String) -> String? {
        get { values[name] }
        set { values[name] = newValue }
    }
}

extension Substitution {
    /// Puts `${group}` (1/1/5) and `${id}` (1-1-5, for names in which a slash means something else) at an address.
    mutating func name(_ address: UInt16) {
        self["group"] = GroupAddressText.text(address)
        self["id"] = GroupAddressText.text(address, separator: "-")
    }
}

/// A text of a profile that may hold `${name}` references, with its place in the file.
public struct Template: Sendable {
    /// As written.
    public let text: String
    private let node: Node

    /// - Parameter known: the names that may be referred to here; any other is refused at its place.
    init(_ node: Node, known: [String]) throws(DocumentFailure) {
        self.node = node
        text = try node.text()
        for name in try names() where !known.contains(name) {
            throw node.failure("nothing is called '${\(name)}' here" + Nearest.suggestion(for: name, among: known))
        }
    }

    /// The text with every reference replaced.
    ///
    /// - Throws: a reference that `substitution` has no value for, at its place in the profile.
    public func filled(by substitution: Substitution) throws(DocumentFailure) -> String {
        var result = ""
        for piece in try pieces() {
            switch piece {
            case .text(let text): result += text
            case .reference(let name):
                guard let value = substitution[name] else {
                    throw node.failure(
                        "'${\(name)}' has no value in this run"
                            + Nearest.suggestion(for: name, among: substitution.values.keys.sorted()))
                }
                result += value
            }
        }
        return result
    }

    /// The filled text as a TCP port, 1…65535.
    public func port(by substitution: Substitution) throws(DocumentFailure) -> UInt16 {
        let text = try filled(by: substitution)
        guard let port = UInt16(text), port > 0 else { throw node.failure("'\(text)' is no port from 1 to 65535") }
        return port
    }

    private enum Piece {
        case text(String)
        case reference(String)
    }

    private func names() throws(DocumentFailure) -> [String] {
        try pieces().compactMap { if case .reference(let name) = $0 { name } else { nil } }
    }

    private func pieces() throws(DocumentFailure) -> [Piece] {
        var pieces: [Piece] = []
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            let next = rest.index(after: dollar)
            guard next < rest.endIndex, rest[next] == "{" else {
                pieces.append(.text(String(rest[...dollar])))
                rest = rest[next...]
                continue
            }
            guard let end = rest[next...].firstIndex(of: "}") else {
                throw node.failure("'${' without its '}'")
            }
            pieces.append(.text(String(rest[..<dollar])))
            pieces.append(.reference(String(rest[rest.index(after: next)..<end])))
            rest = rest[rest.index(after: end)...]
        }
        pieces.append(.text(String(rest)))
        return pieces
    }
}
