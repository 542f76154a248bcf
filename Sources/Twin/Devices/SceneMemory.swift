public import KNX

/// The scenes that an output knows: DPT 18.001 on one group, b7 store, b5…0 the scene's number less one.
public struct SceneMemory: Hashable, Sendable {
    public var group: GroupAddress
    /// Levels, 0…255, by the number of the scene as telegrams carry it, 0…63.
    public var levels: [UInt8: UInt8]

    public init(group: GroupAddress, levels: [UInt8: UInt8]) {
        precondition(levels.keys.allSatisfy { $0 < 64 }, "there are 64 scenes")
        self.group = group
        self.levels = levels
    }

    /// - Returns: the level to go to; nil where the scene is unknown, or the present level has been stored for it.
    mutating func received(_ value: GroupValue, level: UInt8) -> UInt8? {
        guard case .octets(let octets) = value, octets.count == 1 else { return nil }
        guard octets[0] & 0x80 == 0 else {
            levels[octets[0] & 0x3F] = level
            return nil
        }
        return levels[octets[0] & 0x3F]
    }
}
