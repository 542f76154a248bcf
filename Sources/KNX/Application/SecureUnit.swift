/// The security control field of a secured APDU (KNX standard 3/3/7, APCI 3F1) and the places of what lies behind it.
///
/// | service | behind the control field | ASDU |
/// |---|---|---|
/// | S-A_Data | sequence (6), APDU (at least 2), code (4) | at least 13 |
/// | S-A_Sync_Req | sequence (6), serial number (6), challenge (6, encrypted), code (4) | 23 |
/// | S-A_Sync_Res | random XOR challenge (6), both next sequences (12, encrypted), code (4) | 23 |
///
/// The layouts are those that Wireshark 4.0 accepts.
public struct SecureUnit: Hashable, Sendable {
    public enum Service: UInt8, Hashable, Sendable, CaseIterable {
        case data = 0
        case synchroniseRequest = 2
        case synchroniseResponse = 3

        public var name: String {
            switch self {
            case .data: "S-A_Data"
            case .synchroniseRequest: "S-A_Sync_Req"
            case .synchroniseResponse: "S-A_Sync_Res"
            }
        }

        func allows(asduCount: Int) -> Bool { self == .data ? asduCount >= 13 : asduCount == 23 }
    }

    /// The security control field as it stands in the frame.
    public let controlField: UInt8

    /// Nil for an empty ASDU.
    init?(_ asdu: Span<UInt8>) {
        guard asdu.count > 0 else { return nil }
        controlField = asdu[0]
    }

    public init(controlField: UInt8) { self.controlField = controlField }

    /// Secured with the tool key; otherwise with a run-time key.
    public var isToolAccess: Bool { controlField & 0x80 != 0 }
    /// 0 authentication only, 1 authentication and confidentiality; 2…7 reserved.
    public var algorithm: UInt8 { controlField >> 4 & 7 }
    public var isSystemBroadcast: Bool { controlField & 8 != 0 }
    /// Nil when its three bits are reserved.
    public var service: Service? { Service(rawValue: controlField & 7) }

    func check(asduCount: Int, faults: inout Faults, at base: Int) {
        guard let service, algorithm < 2 else {
            faults.add(Fault(.secureScfReserved, .application, at: base))
            return
        }
        if !service.allows(asduCount: asduCount) {
            let place = service == .data ? asduCount : min(asduCount, 23)
            faults.add(Fault(.apduLength, .application, at: base + place))
        }
    }

    func fields(asdu: Span<UInt8>) -> [Field] {
        var fields = [
            Field("scf", .text("0x" + hexadecimal(controlField, digits: 2))),
            Field("tool_access", .boolean(isToolAccess)),
            Field("algorithm", .integer(Int(algorithm))),
            Field("sec_system_broadcast", .boolean(isSystemBroadcast)),
            Field("sec_service", .integer(Int(controlField & 7))),
        ]
        if let service, algorithm < 2, service.allows(asduCount: asdu.count) {
            fields.append(Field("sec_sequence", .octets(octets(asdu.extracting(1..<7)))))
            fields.append(Field("sec_mac", .octets(octets(asdu.extracting((asdu.count - 4)..<asdu.count)))))
        }
        return fields
    }
}
