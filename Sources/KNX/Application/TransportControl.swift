/// The transport layer's part of a frame's first TPDU octet (TPCI), KNX standard 3/3/4.
///
/// `b7` control, `b6` numbered, `b5…2` sequence number; `b1…0` are the high bits of the APCI in data, the code in control.
///
/// | octet | destination | service |
/// |---|---|---|
/// | 00 | group (0/0/0) | T_Data_Group (T_Data_Broadcast) |
/// | 04 | group | T_Data_Tag_Group |
/// | 00 | individual | T_Data_Individual |
/// | 40 + sequence·4 | individual | T_Data_Connected |
/// | 80, 81 | individual | T_Connect, T_Disconnect |
/// | C2 + sequence·4, C3 + sequence·4 | individual | T_Ack, T_Nak |
public enum TransportControl: Hashable, Sendable {
    case dataGroup
    case dataBroadcast
    case dataTagGroup
    case dataIndividual
    /// Sequence number 0…15, as in the acknowledgements.
    case dataConnected(UInt8)
    case connect
    case disconnect
    case acknowledge(UInt8)
    case notAcknowledge(UInt8)

    /// Why a TPDU has no transport service.
    public enum Flaw: String, Error, Sendable {
        case invalidForGroup = "tpci-invalid-for-group"
        case reserved = "tpci-reserved"
        case controlWithData = "control-tpdu-with-data"
        case apduTooShort = "apdu-too-short"
        case empty = "tpdu-empty"
    }

    /// Reads the service of a TPDU that goes to `destination`.
    public init(transportUnit: [UInt8], destination: Destination) throws(Flaw) {
        guard let octet = transportUnit.first else { throw .empty }
        let isControl = octet & 0x80 != 0
        let sequence = octet >> 2 & 15
        if case .group(let address) = destination {
            guard octet & 0xC0 == 0 else { throw .invalidForGroup }
            guard sequence < 2 else { throw .reserved }
            guard transportUnit.count > 1 else { throw .apduTooShort }
            self = sequence == 1 ? .dataTagGroup : address.raw == 0 ? .dataBroadcast : .dataGroup
            return
        }
        if isControl {
            switch octet {
            case 0x80: self = .connect
            case 0x81: self = .disconnect
            case _ where octet & 0xC3 == 0xC2: self = .acknowledge(sequence)
            case _ where octet & 0xC3 == 0xC3: self = .notAcknowledge(sequence)
            default: throw .reserved
            }
            guard transportUnit.count == 1 else { throw .controlWithData }
            return
        }
        guard octet & 0x40 != 0 || sequence == 0 else { throw .reserved }
        guard transportUnit.count > 1 else { throw .apduTooShort }
        self = octet & 0x40 != 0 ? .dataConnected(sequence) : .dataIndividual
    }

    /// The service's name in the standard.
    public var name: String {
        switch self {
        case .dataGroup: "T_Data_Group"
        case .dataBroadcast: "T_Data_Broadcast"
        case .dataTagGroup: "T_Data_Tag_Group"
        case .dataIndividual: "T_Data_Individual"
        case .dataConnected: "T_Data_Connected"
        case .connect: "T_Connect"
        case .disconnect: "T_Disconnect"
        case .acknowledge: "T_Ack"
        case .notAcknowledge: "T_Nak"
        }
    }
}
