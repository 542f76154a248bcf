/// What a witness can see, and how well it can say when: every report that rests on it names this.
public struct VisibilityClass: Hashable, Sendable, CustomStringConvertible {
    public enum StampPlace: String, CaseIterable, Sendable {
        /// Per octet, by this computer, as the octets leave the chip's serial line.
        case perOctet = "by this computer per octet"
        /// By the interface's clock, set against the arrivals of its datagrams here.
        case interfaceClock = "by the interface's clock"
        /// By this computer, when a datagram arrives.
        case arrival = "by this computer on arrival"
    }

    public enum OwnFrames: String, CaseIterable, Sendable {
        /// It sends nothing.
        case none
        /// Shown when and as they were on the line.
        case asOnTheLine
        /// Shown before they are on the line.
        case early
    }

    public var showsAcknowledges: Bool
    public var showsBadFrames: Bool
    public var ownFrames: OwnFrames
    public var stampPlace: StampPlace
    /// Standard uncertainty of a frame's instants.
    public var uncertaintyNanoseconds: Int64

    /// Our driver on a TP-UART or NCN51xx in busmonitor mode.
    public static let transceiver = VisibilityClass(
        showsAcknowledges: true, showsBadFrames: true, ownFrames: .none, stampPlace: .perOctet,
        uncertaintyNanoseconds: 300_000)
    /// The busmonitor tunnel of a KNXnet/IP interface.
    public static let busmonitorTunnel = VisibilityClass(
        showsAcknowledges: true, showsBadFrames: true, ownFrames: .none, stampPlace: .interfaceClock,
        uncertaintyNanoseconds: 5_000_000)

    /// As an event source is described in a run's plan.
    public var description: String {
        let frames = "every frame on the line" + (showsAcknowledges ? " with its acknowledge" : ", no acknowledges")
        let own =
            switch ownFrames {
            case .none: ""
            case .asOnTheLine: ", its own as they were"
            case .early: ", its own before they are on the line"
            }
        let tenths = (uncertaintyNanoseconds + 50_000) / 100_000
        let milliseconds = tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
        return frames + (showsBadFrames ? ", bad frames too" : ", no bad frames") + own
            + "; stamped \(stampPlace.rawValue), ± \(milliseconds) ms"
    }
}
