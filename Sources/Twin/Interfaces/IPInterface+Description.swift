import KNX

/// What the interface says about itself.
extension IPInterface {
    private var device: DescriptionBlock {
        .deviceInformation(
            DeviceInformation(
                medium: 0x02, isInProgrammingMode: false, address: parameters.address,
                serialNumber: parameters.serialNumber, hardwareAddress: parameters.serialNumber, name: parameters.name))
    }

    /// Core and tunnelling. Core version 1 is all that an interface without TCP has.
    private var families: [DescriptionBlock.FamilyVersion] {
        [.init(family: 0x02, version: 1), .init(family: 0x04, version: parameters.tunnellingVersion)]
    }

    /// The blocks that every description has.
    var description: [DescriptionBlock] { [device, .supportedFamilies(families)] }

    private var slots: DescriptionBlock {
        let taken = Set(tunnels.map(\.slot))
        return .tunnelling(
            TunnellingInformation(
                longestApdu: parameters.longestAPDU,
                slots: parameters.slots.enumerated().map { slot, address in
                    // Usable, authorised, free; the bits above are set by custom.
                    .init(address: address, status: 0xFFF8 | (hasBus ? 4 : 0) | 2 | (taken.contains(slot) ? 0 : 1))
                }))
    }

    /// The answer to an extended search; nil when something mandatory does not fit this interface, which then says nothing.
    func description(for searched: [SearchParameter]) -> [DescriptionBlock]? {
        var blocks = description
        for parameter in searched {
            switch parameter.selection {
            case .programmingMode: if parameter.isMandatory { return nil }
            case .hardwareAddress(let address):
                if parameter.isMandatory, address != parameters.serialNumber { return nil }
            case .family(let family, let version):
                let isServed = families.contains { $0.family == family && $0.version >= version }
                if parameter.isMandatory, !isServed { return nil }
            case .descriptions(let types):
                for type in types where !blocks.contains(where: { $0.type == type }) {
                    if let block = block(ofType: type) { blocks.append(block) }
                }
            case .other: if parameter.isMandatory { return nil }
            }
        }
        return blocks
    }

    private func block(ofType type: UInt8) -> DescriptionBlock? {
        switch type {
        case 0x05: .addresses(parameters.address, additional: parameters.slots)
        case 0x07: slots
        case 0x08:
            .extendedDeviceInformation(
                ExtendedDeviceInformation(
                    mediumStatus: hasBus ? 0 : 1, longestApdu: parameters.longestAPDU, mask: parameters.mask))
        default: nil
        }
    }
}
