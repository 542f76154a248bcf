import KNX

/// Which telegrams are shown. What is not set lets everything through; what is no telegram at all has no address and passes no filter of one.
public struct TelegramFilter: Hashable, Sendable {
    /// What a filter looks at.
    public enum Aspect: String, CaseIterable, Sendable {
        case source, destination
        case service = "APCI"
        case text
    }

    /// Why words are no filter.
    public struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        public var description: String
    }

    private var source: AddressPattern?
    private var destination: AddressPattern?
    private var words: [Aspect: String] = [:]

    public init() {}

    public var isEmpty: Bool { words.isEmpty }

    /// What was set, as it was written.
    public func words(_ aspect: Aspect) -> String? { words[aspect] }

    /// Sets one aspect; no words let everything through.
    public mutating func set(_ aspect: Aspect, to text: String) throws(Failure) {
        let text = Self.trimmed(text)
        switch aspect {
        case .source: source = text.isEmpty ? nil : try Self.pattern(text, "source", isIndividual: true)
        case .destination: destination = text.isEmpty ? nil : try Self.pattern(text, "destination", isIndividual: false)
        case .service:
            let isKnown = ApplicationServiceCode.allCases.contains { Self.contains($0.name, text) }
            guard text.isEmpty || isKnown else {
                throw Failure(description: "no APCI has '\(text)' in its name; one is GroupValueWrite")
            }
        case .text: break
        }
        words[aspect] = text.isEmpty ? nil : text
    }

    public func admits(_ telegram: MonitoredTelegram) -> Bool {
        if let source {
            guard let sender = telegram.source, source.contains(.individual(sender)) else { return false }
        }
        if let destination {
            guard let receiver = telegram.destination, destination.contains(receiver) else { return false }
        }
        if let word = words[.service] {
            guard let service = telegram.service, Self.contains(service, word) else { return false }
        }
        if let word = words[.text] {
            return [telegram.text, telegram.name, telegram.value].contains {
                $0.map { Self.contains($0, word) } ?? false
            }
        }
        return true
    }

    private static func pattern(
        _ text: String, _ what: String, isIndividual: Bool
    ) throws(Failure) -> AddressPattern {
        if let pattern = AddressPattern(text), !isIndividual || pattern.isIndividual { return pattern }
        let example = isIndividual ? "1.1.5, 1.1.* or 1.1.20-1.1.27" : "1/2/3, 1/2/*, 1/2/0-1/2/99 or 1.1.5"
        throw Failure(description: "the \(what) '\(text)' should be an address or a range such as \(example)")
    }

    private static func contains(_ text: String, _ word: String) -> Bool {
        word.isEmpty || text.lowercased().contains(word.lowercased())
    }

    private static func trimmed(_ text: String) -> String {
        let words = text.split(separator: " ", omittingEmptySubsequences: true)
        return words.joined(separator: " ")
    }
}

/// Addresses of one kind from one to another: `1.1.5`, `1.1.*`, `1.1.20-1.1.27`, `1/2/3`, `1/*`.
struct AddressPattern: Hashable, Sendable {
    let isIndividual: Bool
    private let range: ClosedRange<UInt16>

    init?(_ text: String) {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Self.end(String($0)) }
        guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1],
            first.isIndividual == last.isIndividual, first.range.lowerBound <= last.range.upperBound
        else { return nil }
        isIndividual = first.isIndividual
        range = first.range.lowerBound...last.range.upperBound
    }

    func contains(_ destination: Destination) -> Bool {
        switch destination {
        case .individual(let address): isIndividual && range.contains(address.raw)
        case .group(let address): !isIndividual && range.contains(address.raw)
        }
    }

    private static func end(_ text: String) -> (isIndividual: Bool, range: ClosedRange<UInt16>)? {
        let text = text.split(separator: " ").joined()
        let isIndividual = text.contains(".")
        let separator: Character = isIndividual ? "." : "/"
        guard text.hasSuffix("\(separator)*") else {
            if isIndividual { return IndividualAddress(text).map { (true, $0.raw...$0.raw) } }
            return WrittenAddress.group(text).map { (false, $0.raw...$0.raw) }
        }
        let known = String(text.dropLast(2)).split(separator: separator, omittingEmptySubsequences: false)
        guard (1...2).contains(known.count) else { return nil }
        let low = (known + Array(repeating: "0", count: 3 - known.count)).joined(separator: String(separator))
        if isIndividual {
            let high = known.joined(separator: ".") + (known.count == 2 ? ".255" : ".15.255")
            guard let first = IndividualAddress(low), let last = IndividualAddress(high) else { return nil }
            return (true, first.raw...last.raw)
        }
        let high = known.joined(separator: "/") + (known.count == 2 ? "/255" : "/7/255")
        guard let first = GroupAddress(low), let last = GroupAddress(high) else { return nil }
        return (false, first.raw...last.raw)
    }
}

/// Group addresses in each style that a person may write.
private enum WrittenAddress {
    static func group(_ text: String) -> GroupAddress? {
        if let address = GroupAddress(text) { return address }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let main = UInt16(parts[0]), main < 32, let sub = UInt16(parts[1]), sub < 2048 else {
            return nil
        }
        return GroupAddress(raw: main << 11 | sub)
    }
}
