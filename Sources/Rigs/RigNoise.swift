import Documents

/// What disturbs a twin's line: `noise: {flipped: 200, seed: 1}`.
public struct RigNoise: Sendable, Hashable {
    /// Of a million characters on the line, how many are read with one bit wrong.
    public var flippedPerMillion: Int
    public var seed: UInt64

    init(_ node: Node) throws(DocumentFailure) {
        _ = try node.entries(of: "the noise of a line", keys: ["flipped", "seed"])
        flippedPerMillion = try node.required("flipped").perMillion()
        seed = try node["seed"]?.seed() ?? 1
    }
}

/// What disturbs the serial line from a twin's transceiver to its host: `noise: {lost: 100, extra: 50, seed: 1}`.
public struct RigSerialNoise: Sendable, Hashable {
    /// Of a million octets, how many never arrive, as when a UART overruns.
    public var lostPerMillion: Int
    /// After how many of a million octets another one arrives that nobody sent.
    public var extraPerMillion: Int
    public var seed: UInt64

    init(_ node: Node) throws(DocumentFailure) {
        _ = try node.entries(of: "the noise of a serial line", keys: ["lost", "extra", "seed"])
        lostPerMillion = try node["lost"]?.perMillion() ?? 0
        extraPerMillion = try node["extra"]?.perMillion() ?? 0
        seed = try node["seed"]?.seed() ?? 1
        guard lostPerMillion + extraPerMillion > 0 else {
            throw node.failure("noise of a serial line is 'lost' or 'extra' octets of a million, such as {lost: 100}")
        }
    }
}

extension Node {
    fileprivate func perMillion() throws(DocumentFailure) -> Int { try integer(0...1_000_000) }
}
