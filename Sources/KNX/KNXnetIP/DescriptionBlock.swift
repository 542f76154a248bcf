/// A description information block (DIB): `length, type, data` (KNX standard 3/8/2, 7.5).
public enum DescriptionBlock: Hashable, Sendable {
    /// 01
    case deviceInformation(DeviceInformation)
    /// 02
    case supportedFamilies([FamilyVersion])
    /// 03
    case internetConfiguration(InternetConfiguration)
    /// 04
    case currentInternetConfiguration(CurrentInternetConfiguration)
    /// 05: the device's own address and its additional ones.
    case addresses(IndividualAddress, additional: [IndividualAddress])
    /// 06
    case securedFamilies([FamilyVersion])
    /// 07
    case tunnelling(TunnellingInformation)
    /// 08
    case extendedDeviceInformation(ExtendedDeviceInformation)
    /// FE: manufacturer code and whatever the manufacturer says.
    case manufacturer(UInt16, [UInt8])
    /// A type that this decoder does not know, kept as it came.
    case other(type: UInt8, [UInt8])

    public var type: UInt8 {
        switch self {
        case .deviceInformation: 0x01
        case .supportedFamilies: 0x02
        case .internetConfiguration: 0x03
        case .currentInternetConfiguration: 0x04
        case .addresses: 0x05
        case .securedFamilies: 0x06
        case .tunnelling: 0x07
        case .extendedDeviceInformation: 0x08
        case .manufacturer: 0xFE
        case .other(let type, _): type
        }
    }

    /// One supported or secured service family.
    public struct FamilyVersion: Hashable, Sendable {
        public var family: UInt8
        public var version: UInt8

        public init(family: UInt8, version: UInt8) {
            self.family = family
            self.version = version
        }
    }

    /// What stands in the block behind length and type. `Refusal` names what cannot be said.
    var data: [UInt8] {
        var data: [UInt8] = []
        switch self {
        case .deviceInformation(let information): data = information.octets
        case .supportedFamilies(let families), .securedFamilies(let families):
            for entry in families { data += [entry.family, entry.version] }
        case .internetConfiguration(let configuration): data = configuration.octets
        case .currentInternetConfiguration(let configuration): data = configuration.octets
        case .addresses(let address, let additional):
            for address in [address] + additional { data.appendBigEndian(address.raw, octetCount: 2) }
        case .tunnelling(let information): data = information.octets
        case .extendedDeviceInformation(let information): data = information.octets
        case .manufacturer(let code, let octets):
            data.appendBigEndian(code, octetCount: 2)
            data += octets
        case .other(_, let octets): data = octets
        }
        return data
    }

    /// True when a block of this type may have this length, length and type octet included. Unknown types may have any.
    static func isLength(_ length: Int, ofType type: UInt8) -> Bool {
        switch type {
        case 0x01: length == 54
        case 0x02, 0x06: length % 2 == 0
        case 0x03: length == 16
        case 0x04: length == 20
        case 0x05: length >= 4 && length % 2 == 0
        case 0x07: length >= 4 && length % 4 == 0
        case 0x08: length == 8
        case 0xFE: length >= 4
        default: true
        }
    }

    /// Reads a block whose length has been checked.
    init(_ octets: Span<UInt8>, _ entry: StructureList.Entry) {
        let data = entry.data
        let start = data.lowerBound
        switch entry.type {
        case 0x01: self = .deviceInformation(DeviceInformation(octets, at: start))
        case 0x02: self = .supportedFamilies(Self.families(octets, data))
        case 0x03: self = .internetConfiguration(InternetConfiguration(octets, at: start))
        case 0x04: self = .currentInternetConfiguration(CurrentInternetConfiguration(octets, at: start))
        case 0x05:
            let addresses = stride(from: start, to: data.upperBound, by: 2).map {
                IndividualAddress(raw: octets.bigEndian16(at: $0))
            }
            self = .addresses(addresses[0], additional: Array(addresses.dropFirst()))
        case 0x06: self = .securedFamilies(Self.families(octets, data))
        case 0x07: self = .tunnelling(TunnellingInformation(octets, data))
        case 0x08: self = .extendedDeviceInformation(ExtendedDeviceInformation(octets, at: start))
        case 0xFE:
            self = .manufacturer(octets.bigEndian16(at: start), octets.array((start + 2)..<data.upperBound))
        default: self = .other(type: entry.type, octets.array(data))
        }
    }

    private static func families(_ octets: Span<UInt8>, _ data: Range<Int>) -> [FamilyVersion] {
        var families: [FamilyVersion] = []
        for offset in stride(from: data.lowerBound, to: data.upperBound, by: 2) {
            families.append(FamilyVersion(family: octets[offset], version: octets[offset + 1]))
        }
        return families
    }
}

/// Description block 01, 52 octets behind length and type.
public struct DeviceInformation: Hashable, Sendable {
    /// 02 TP1, 04 PL110, 10 RF, 20 IP.
    public var medium: UInt8
    /// b0: programming mode.
    public var status: UInt8
    public var address: IndividualAddress
    /// Project number (12 bits) and installation number (4 bits).
    public var projectInstallation: UInt16
    /// 48 bits: manufacturer code and number.
    public var serialNumber: UInt64
    public var routingMulticast: InternetAddress
    /// 48 bits.
    public var hardwareAddress: UInt64
    /// ISO 8859-1 octets up to the first zero, at most 30.
    public var nameOctets: [UInt8]

    public static let longestName = 30

    /// A name that ISO 8859-1 cannot write or that has more than 30 characters, and numbers beyond 48 bits, are errors of the caller.
    public init(
        medium: UInt8, isInProgrammingMode: Bool, address: IndividualAddress, projectInstallation: UInt16 = 0,
        serialNumber: UInt64, routingMulticast: InternetAddress = .systemSetupMulticast, hardwareAddress: UInt64,
        name: String
    ) {
        precondition(serialNumber >> 48 == 0 && hardwareAddress >> 48 == 0, "both have 48 bits")
        let scalars = name.unicodeScalars
        precondition(
            scalars.count <= Self.longestName && scalars.allSatisfy { (1...255).contains($0.value) },
            "a friendly name has at most 30 characters of ISO 8859-1")
        self.medium = medium
        status = isInProgrammingMode ? 1 : 0
        self.address = address
        self.projectInstallation = projectInstallation
        self.serialNumber = serialNumber
        self.routingMulticast = routingMulticast
        self.hardwareAddress = hardwareAddress
        nameOctets = scalars.map { UInt8($0.value) }
    }

    init(_ octets: Span<UInt8>, at offset: Int) {
        medium = octets[offset]
        status = octets[offset + 1]
        address = IndividualAddress(raw: octets.bigEndian16(at: offset + 2))
        projectInstallation = octets.bigEndian16(at: offset + 4)
        serialNumber = octets.bigEndian48(at: offset + 6)
        routingMulticast = InternetAddress(raw: octets.bigEndian32(at: offset + 12))
        hardwareAddress = octets.bigEndian48(at: offset + 16)
        nameOctets = Array(octets.array((offset + 22)..<(offset + 52)).prefix { $0 != 0 })
    }

    public var isInProgrammingMode: Bool { status & 1 != 0 }
    public var project: UInt16 { projectInstallation >> 4 }
    public var installation: UInt8 { UInt8(projectInstallation & 15) }
    public var name: String { String(String.UnicodeScalarView(nameOctets.map { Unicode.Scalar($0) })) }

    var octets: [UInt8] {
        var octets = [medium, status]
        octets.appendBigEndian(address.raw, octetCount: 2)
        octets.appendBigEndian(projectInstallation, octetCount: 2)
        octets.appendBigEndian(serialNumber, octetCount: 6)
        octets.appendBigEndian(routingMulticast.raw, octetCount: 4)
        octets.appendBigEndian(hardwareAddress, octetCount: 6)
        let name = nameOctets.prefix(Self.longestName)
        return octets + name + [UInt8](repeating: 0, count: Self.longestName - name.count)
    }
}

/// Description block 03.
public struct InternetConfiguration: Hashable, Sendable {
    public var address: InternetAddress
    public var subnetMask: InternetAddress
    public var gateway: InternetAddress
    /// b0 BootP, b1 DHCP, b2 AutoIP.
    public var capabilities: UInt8
    /// b0 manual, b1 BootP, b2 DHCP, b3 AutoIP.
    public var assignment: UInt8

    public init(
        address: InternetAddress, subnetMask: InternetAddress, gateway: InternetAddress, capabilities: UInt8,
        assignment: UInt8
    ) {
        self.address = address
        self.subnetMask = subnetMask
        self.gateway = gateway
        self.capabilities = capabilities
        self.assignment = assignment
    }

    init(_ octets: Span<UInt8>, at offset: Int) {
        address = InternetAddress(raw: octets.bigEndian32(at: offset))
        subnetMask = InternetAddress(raw: octets.bigEndian32(at: offset + 4))
        gateway = InternetAddress(raw: octets.bigEndian32(at: offset + 8))
        capabilities = octets[offset + 12]
        assignment = octets[offset + 13]
    }

    var octets: [UInt8] {
        var octets: [UInt8] = []
        for address in [address, subnetMask, gateway] { octets.appendBigEndian(address.raw, octetCount: 4) }
        return octets + [capabilities, assignment]
    }
}

/// Description block 04.
public struct CurrentInternetConfiguration: Hashable, Sendable {
    public var address: InternetAddress
    public var subnetMask: InternetAddress
    public var gateway: InternetAddress
    public var dhcpServer: InternetAddress
    /// One bit as in `InternetConfiguration.assignment`.
    public var assignment: UInt8
    /// Zero by the standard.
    public var reserved: UInt8

    public init(
        address: InternetAddress, subnetMask: InternetAddress, gateway: InternetAddress, dhcpServer: InternetAddress,
        assignment: UInt8, reserved: UInt8 = 0
    ) {
        self.address = address
        self.subnetMask = subnetMask
        self.gateway = gateway
        self.dhcpServer = dhcpServer
        self.assignment = assignment
        self.reserved = reserved
    }

    init(_ octets: Span<UInt8>, at offset: Int) {
        address = InternetAddress(raw: octets.bigEndian32(at: offset))
        subnetMask = InternetAddress(raw: octets.bigEndian32(at: offset + 4))
        gateway = InternetAddress(raw: octets.bigEndian32(at: offset + 8))
        dhcpServer = InternetAddress(raw: octets.bigEndian32(at: offset + 12))
        assignment = octets[offset + 16]
        reserved = octets[offset + 17]
    }

    var octets: [UInt8] {
        var octets: [UInt8] = []
        for address in [address, subnetMask, gateway, dhcpServer] {
            octets.appendBigEndian(address.raw, octetCount: 4)
        }
        return octets + [assignment, reserved]
    }
}

/// Description block 07: the tunnels of a server.
public struct TunnellingInformation: Hashable, Sendable {
    public struct Slot: Hashable, Sendable {
        public var address: IndividualAddress
        /// b2 usable, b1 authorised, b0 free; the other bits are set by custom.
        public var status: UInt16

        public init(address: IndividualAddress, status: UInt16) {
            self.address = address
            self.status = status
        }

        public var isFree: Bool { status & 1 != 0 }
        public var isAuthorised: Bool { status & 2 != 0 }
        public var isUsable: Bool { status & 4 != 0 }
    }

    /// The longest APDU that the tunnels carry, octets.
    public var longestApdu: UInt16
    public var slots: [Slot]

    public init(longestApdu: UInt16, slots: [Slot]) {
        self.longestApdu = longestApdu
        self.slots = slots
    }

    init(_ octets: Span<UInt8>, _ data: Range<Int>) {
        longestApdu = octets.bigEndian16(at: data.lowerBound)
        slots = []
        for offset in stride(from: data.lowerBound + 2, to: data.upperBound, by: 4) {
            slots.append(
                Slot(
                    address: IndividualAddress(raw: octets.bigEndian16(at: offset)),
                    status: octets.bigEndian16(at: offset + 2)))
        }
    }

    var octets: [UInt8] {
        var octets: [UInt8] = []
        octets.appendBigEndian(longestApdu, octetCount: 2)
        for slot in slots {
            octets.appendBigEndian(slot.address.raw, octetCount: 2)
            octets.appendBigEndian(slot.status, octetCount: 2)
        }
        return octets
    }
}

/// Description block 08.
public struct ExtendedDeviceInformation: Hashable, Sendable {
    /// b0: the medium cannot be communicated with at present.
    public var mediumStatus: UInt8
    public var reserved: UInt8
    public var longestApdu: UInt16
    /// Device descriptor type 0.
    public var mask: UInt16

    public init(mediumStatus: UInt8, reserved: UInt8 = 0, longestApdu: UInt16, mask: UInt16) {
        self.mediumStatus = mediumStatus
        self.reserved = reserved
        self.longestApdu = longestApdu
        self.mask = mask
    }

    init(_ octets: Span<UInt8>, at offset: Int) {
        mediumStatus = octets[offset]
        reserved = octets[offset + 1]
        longestApdu = octets.bigEndian16(at: offset + 2)
        mask = octets.bigEndian16(at: offset + 4)
    }

    var octets: [UInt8] {
        var octets = [mediumStatus, reserved]
        octets.appendBigEndian(longestApdu, octetCount: 2)
        octets.appendBigEndian(mask, octetCount: 2)
        return octets
    }
}
