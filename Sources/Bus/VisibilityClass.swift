public import Events

/// What a witness can see, and how well it can say when: every report that rests on it names this.
public struct VisibilityClass: Hashable, Sendable, CustomStringConvertible {
    public enum StampPlace: String, CaseIterable, Sendable {
        /// Per octet, by this computer, as the octets leave the chip's serial line.
        case perOctet = "by this computer per octet"
        /// By the interface's clock, set against the arrivals of its datagrams here.
        case interfaceClock = "by the interface's clock"
        /// By this computer, when a datagram arrives.
        case arrival = "by this computer on arrival"
        /// By knxd's clock, when it has read the last octet from its interface.
        case daemon = "by knxd when it has read it"
        /// By knxd's clock, when its router passes the frame on.
        case router = "by knxd when it routes it"
    }

    public enum OwnFrames: String, CaseIterable, Sendable {
        /// It sends nothing.
        case none
        /// Shown when and as they were on the line.
        case asOnTheLine = "as-on-the-line"
        /// Shown before they are on the line.
        case early
    }

    /// It tells which acknowledge followed a frame, or that none did.
    public var showsAcknowledges: Bool
    /// It tells frames that are damaged or cut short.
    public var showsBadFrames: Bool
    public var ownFrames: OwnFrames
    public var stampPlace: StampPlace
    /// Standard uncertainty of a frame's instants.
    public var uncertaintyNanoseconds: Int64
    /// It numbers what it tells, so that a jump of the numbers is a loss.
    public var isNumbered = false

    /// Our driver on a TP-UART or NCN51xx in busmonitor mode.
    public static let transceiver = VisibilityClass(
        showsAcknowledges: true, showsBadFrames: true, ownFrames: .none, stampPlace: .perOctet,
        uncertaintyNanoseconds: 300_000)
    /// The busmonitor tunnel of a KNXnet/IP interface.
    public static let busmonitorTunnel = VisibilityClass(
        showsAcknowledges: true, showsBadFrames: true, ownFrames: .none, stampPlace: .interfaceClock,
        uncertaintyNanoseconds: 5_000_000, isNumbered: true)
    /// The busmonitor of a knxd whose link is its monitor. knxd 0.14.54 tells that an acknowledge was there and not which, so that an acknowledge is
    /// not told at all. It stamps in steps of 16 µs when it has read the last octet, one character and a turn of its loop after the line (engineering
    /// assumption: 1 ms).
    public static let knxdBusmonitor = VisibilityClass(
        showsAcknowledges: false, showsBadFrames: true, ownFrames: .none, stampPlace: .daemon,
        uncertaintyNanoseconds: 1_000_000)
    /// The virtual busmonitor of a knxd: what its router passes on. Under load of its own that is late by 0.4 s in the median and 0.9 s at most
    /// (measured on 0.14.54); what its clients send it shows before that is on the line.
    public static let knxdVirtualBusmonitor = VisibilityClass(
        showsAcknowledges: false, showsBadFrames: false, ownFrames: .early, stampPlace: .router,
        uncertaintyNanoseconds: 250_000_000)

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
            + (isNumbered ? ", each numbered modulo 8" : "") + "; stamped \(stampPlace.rawValue), ± \(milliseconds) ms"
    }

    /// As a run's plan and the summary of a capture hold it.
    public var value: Value {
        [
            "acknowledges": .bool(showsAcknowledges), "bad_frames": .bool(showsBadFrames),
            "own_frames": .text(ownFrames.rawValue), "numbered": .bool(isNumbered),
            "stamped": .text(stampPlace.rawValue), "u": .integer(uncertaintyNanoseconds),
        ]
    }
}
