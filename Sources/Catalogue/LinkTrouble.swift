import Documents

extension Scenario {
    /// What becomes of a link between the system and a service of its, or between two parts of it, in both directions.
    public enum LinkTrouble: Sendable, Hashable {
        /// Connections are reset and new ones refused, while the service goes on behind.
        case cut
        /// Nothing passes and nobody is told; afterwards the peer has forgotten the connections that stood.
        case halfOpen
        /// Everything comes so much later, nanoseconds.
        case delayed(nanoseconds: Int64)
        /// So many octets pass per second, in each direction of each connection.
        case throttled(octetsPerSecond: Int)
        /// One bit in every so many octets is turned round.
        case corrupting(every: Int)
        /// A connection ends when the first half of what the system sent at once has passed.
        case cuttingInFrame
        /// The same of what the service sent.
        case cuttingInServiceFrame
    }

    private enum LinkTroubleName: String, CaseIterable, Sendable {
        case cut
        case halfOpen = "half-open"
        case delayed, throttled, corrupting
        case cuttingInFrame = "cutting-in-frame"
        case cuttingInServiceFrame = "cutting-in-service-frame"
    }

    /// Reads `trouble`, and `by` where the trouble has a measure: a time for `delayed`, octets per second for `throttled`, octets for `corrupting`.
    static func linkTrouble(_ step: Node, _ parameters: Parameters) throws(DocumentFailure) -> LinkTrouble {
        let name: LinkTroubleName = try parameters.resolve(try step.required("trouble")).choice("trouble of a link")
        let measure = try step["by"].flatMap { node throws(DocumentFailure) in try parameters.value(node) }
        func by() throws(DocumentFailure) -> Node {
            guard let measure else { throw step.failure("'trouble: \(name.rawValue)' needs 'by'") }
            return measure
        }
        switch name {
        case .delayed: return .delayed(nanoseconds: try by().nanoseconds())
        case .throttled: return .throttled(octetsPerSecond: try by().integer(1...1_000_000))
        case .corrupting: return .corrupting(every: try by().integer(1...65_536))
        case .cut, .halfOpen, .cuttingInFrame, .cuttingInServiceFrame: break
        }
        if let measure { throw measure.failure("'trouble: \(name.rawValue)' has no 'by'") }
        return switch name {
        case .halfOpen: .halfOpen
        case .cuttingInFrame: .cuttingInFrame
        case .cuttingInServiceFrame: .cuttingInServiceFrame
        default: .cut
        }
    }
}
