/// The service of the transport layer that a TPDU belongs to (KNX standard 3/3/4), found from its TPCI and its destination.
public enum TransportService: UInt8, Hashable, Sendable, CaseIterable {
    case dataGroup
    case dataBroadcast
    case dataSystemBroadcast
    case dataTagGroup
    case dataIndividual
    case dataConnected
    case connect
    case disconnect
    case acknowledge
    case notAcknowledge

    /// The name in the standard: `T_Data_Group`.
    public var name: String {
        switch self {
        case .dataGroup: "T_Data_Group"
        case .dataBroadcast: "T_Data_Broadcast"
        case .dataSystemBroadcast: "T_Data_SystemBroadcast"
        case .dataTagGroup: "T_Data_Tag_Group"
        case .dataIndividual: "T_Data_Individual"
        case .dataConnected: "T_Data_Connected"
        case .connect: "T_Connect"
        case .disconnect: "T_Disconnect"
        case .acknowledge: "T_Ack"
        case .notAcknowledge: "T_Nak"
        }
    }

    /// One octet without an APDU.
    public var isControl: Bool { rawValue >= Self.connect.rawValue }

    /// Carries a sequence number of four bits.
    public var isNumbered: Bool {
        switch self {
        case .dataConnected, .acknowledge, .notAcknowledge: true
        default: false
        }
    }
}
