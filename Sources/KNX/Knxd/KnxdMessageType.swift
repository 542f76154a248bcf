/// The types of knxd's native (eibd) protocol, the first two octets behind a message's length (knxd 0.14.54, measured). knxd echoes the
/// type of what it has done and answers 0000 to what it cannot do.
public enum KnxdMessageType: UInt16, Sendable, CaseIterable {
    case invalidRequest = 0x0000
    case connectionInUse = 0x0001
    case processingError = 0x0002
    case closed = 0x0003
    case resetConnection = 0x0004
    case openBusmonitor = 0x0010
    case openBusmonitorText = 0x0011
    case openVirtualBusmonitor = 0x0012
    case openVirtualBusmonitorText = 0x0013
    case busmonitorPacket = 0x0014
    case busmonitorPacketWithTimestamp = 0x0015
    case openBusmonitorWithTimestamps = 0x0016
    case openVirtualBusmonitorWithTimestamps = 0x0017
    case openTransportConnection = 0x0020
    case openTransportIndividual = 0x0021
    case openTransportGroup = 0x0022
    case openTransportBroadcast = 0x0023
    case openTransportUnits = 0x0024
    case apduPacket = 0x0025
    case openGroupConnection = 0x0026
    case groupPacket = 0x0027
    case programmingMode = 0x0030
    case maskVersion = 0x0031
    case individualAddressRead = 0x0032
    case individualAddressWrite = 0x0040
    case addressExists = 0x0041
    case moreThanOneDevice = 0x0042
    case timeout = 0x0043
    case verification = 0x0044
    case managementIndividual = 0x0049
    case managementConnection = 0x0050
    case managementRead = 0x0051
    case managementWrite = 0x0052
    case managementPropertyRead = 0x0053
    case managementPropertyWrite = 0x0054
    case managementPeiType = 0x0055
    case managementAdcRead = 0x0056
    case managementAuthorize = 0x0057
    case managementKeyWrite = 0x0058
    case managementMaskVersion = 0x0059
    case managementRestart = 0x005A
    case managementWriteWithoutVerification = 0x005B
    case managementProgrammingMode = 0x0060
    case managementPropertyDescription = 0x0061
    case managementPropertyScan = 0x0062
    case loadImage = 0x0063
    case cacheEnable = 0x0070
    case cacheDisable = 0x0071
    case cacheClear = 0x0072
    case cacheRemove = 0x0073
    case cacheRead = 0x0074
    case cacheReadWithoutWaiting = 0x0075
    case lastUpdates = 0x0076
    case lastUpdatesWide = 0x0077

    /// The name in reports: lower case, words joined by hyphens.
    public var name: String {
        "\(self)".reduce(into: "") { name, letter in
            name += letter.isUppercase ? "-\(letter.lowercased())" : "\(letter)"
        }
    }

    /// True for device management, which Debian's knxd is built without: it answers 0000.
    public var isCompiledOut: Bool {
        switch rawValue {
        case 0x0030...0x0032, 0x0040, 0x0049...0x0063: true
        default: false
        }
    }

    /// How a whole message of this type looks.
    func message(_ body: some Collection<UInt8>) -> [UInt8] {
        var octets: [UInt8] = []
        octets.reserveCapacity(body.count + 4)
        octets.appendBigEndian(UInt16(body.count + 2), octetCount: 2)
        octets.appendBigEndian(rawValue, octetCount: 2)
        return octets + body
    }
}

/// What a connection to knxd has been opened for. One mode at a time; a type of another mode ends it silently.
public enum KnxdMode: Sendable, CaseIterable {
    case busmonitor
    case busmonitorText
    case busmonitorWithTimestamps
    /// Frames of every link as knxd routes them, re-created.
    case virtualBusmonitor
    case virtualBusmonitorText
    case virtualBusmonitorWithTimestamps
    /// Opens, and nothing is ever sent: knxd's own connection handling is dead. Use `transportUnits`.
    case transportConnection
    case transportIndividual
    case transportGroup
    case transportBroadcast
    /// Transport units with their TPCI, to and from any individual address.
    case transportUnits
    case group

    /// The type that opens it, which knxd echoes.
    public var type: KnxdMessageType {
        switch self {
        case .busmonitor: .openBusmonitor
        case .busmonitorText: .openBusmonitorText
        case .busmonitorWithTimestamps: .openBusmonitorWithTimestamps
        case .virtualBusmonitor: .openVirtualBusmonitor
        case .virtualBusmonitorText: .openVirtualBusmonitorText
        case .virtualBusmonitorWithTimestamps: .openVirtualBusmonitorWithTimestamps
        case .transportConnection: .openTransportConnection
        case .transportIndividual: .openTransportIndividual
        case .transportGroup: .openTransportGroup
        case .transportBroadcast: .openTransportBroadcast
        case .transportUnits: .openTransportUnits
        case .group: .openGroupConnection
        }
    }

    /// Nil for a type that opens nothing.
    public init?(openedBy type: KnxdMessageType) {
        guard let mode = Self.allCases.first(where: { $0.type == type }) else { return nil }
        self = mode
    }

    public var hasTimestamps: Bool { self == .busmonitorWithTimestamps || self == .virtualBusmonitorWithTimestamps }
    public var isText: Bool { self == .busmonitorText || self == .virtualBusmonitorText }

    var isBusmonitor: Bool { (0x0010...0x0017).contains(type.rawValue) }
    /// Modes of APDU_PACKET.
    var isTransport: Bool { (0x0020...0x0024).contains(type.rawValue) }
}
