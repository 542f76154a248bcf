public import KNX

/// Tells who is on a line that should not be: before a run while the rig only listens, and while it runs.
///
/// A rig cuts supplies and sends telegrams, so it must be sure that the line is its own and nobody's house hangs on it.
public struct LineGuard: Sendable {
    /// What was seen that was not declared. Its description is a sentence for the person at the bench.
    public enum Violation: Hashable, Sendable, CustomStringConvertible {
        case coupler(IndividualAddress)
        case stranger(IndividualAddress, destination: Destination)
        case foreignGroup(GroupAddress, source: IndividualAddress)

        public var description: String {
            switch self {
            case .coupler(let source):
                "\(source) sent on this line: that is the address of a line coupler, so other lines hang on it; "
                    + "disconnect it"
            case .stranger(let source, let destination):
                "\(source) sent to \(destination), and the rig file does not declare it: disconnect the device, or add "
                    + "its address to `sources` of this line"
            case .foreignGroup(let group, let source):
                group.raw == 0
                    ? "\(source) sent a broadcast, as somebody does who programs devices: end that first"
                    : "\(source) sent to \(group), which lies outside the `groups` that the rig file declares for this line"
            }
        }
    }

    public let sources: [ClosedRange<IndividualAddress>]
    public let groups: ClosedRange<GroupAddress>

    public init(sources: [ClosedRange<IndividualAddress>], groups: ClosedRange<GroupAddress>) {
        self.sources = sources
        self.groups = groups
    }

    /// Judges a good frame; damaged ones prove nothing about their sender.
    public func observe(_ frame: TP1Frame) -> Violation? {
        guard sources.contains(where: { $0.contains(frame.source) }) else {
            return frame.source.raw & 0xFF == 0
                ? .coupler(frame.source) : .stranger(frame.source, destination: frame.destination)
        }
        if case .group(let group) = frame.destination, !groups.contains(group) {
            return .foreignGroup(group, source: frame.source)
        }
        return nil
    }
}
