import Events
import KNX

/// One frame that reached the witness in parts: it took a silence for the line's, and what followed for whatever that looked like, noise, acknowledges or
/// services of the chip. Together they are the frame.
struct TornFrame {
    /// The end of the first part.
    let at: Instant
    /// The octets of the first part.
    let first: [UInt8]
    let parts: Int
    /// From the end of the first part to the beginning of the second.
    let apart: Instant.Span

    /// Octets were under way for up to half a second on a busy computer (measured), between a terminal and its reader, both of which were in time.
    private static let reach = Instant.Span.seconds(2)

    static func all(_ timeline: Timeline) -> [TornFrame] {
        let heard = timeline.heard
        return heard.indices.compactMap { index in
            guard heard[index].isTruncated else { return nil }
            let first = heard[index]
            let rest = heard[(index + 1)...].prefix { !$0.isWhole && $0.ended - first.ended <= reach }
            var octets = first.octets
            for (number, part) in rest.enumerated() {
                octets += part.octets
                // The last part ends with the acknowledge, if there was one.
                let isFrame = [octets, octets.dropLast()].contains { (try? TP1Frame(octets: $0)) != nil }
                if isFrame {
                    return TornFrame(
                        at: first.ended, first: first.octets, parts: number + 2,
                        apart: (rest.first?.began ?? part.began) - first.ended)
                }
            }
            return nil
        }
    }
}
