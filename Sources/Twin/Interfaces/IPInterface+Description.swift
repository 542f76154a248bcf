import KNX

/// What the interface says about itself.
extension IPInterface {
    private var device: DescriptionBlock {
        .deviceInformation(
            DeviceInformation(
                medium: 0x02, isInProgrammingMode: objects.isInProgrammingMode, address: parameters.address,
                serialNumber: parameters.serialNumber, routingMulticast: parameters.multicast.address,
                hardwareAddress: parameters.serialNumber, name: objects.text))
    }

    /// Core, device management, tunnelling, routing. Version 1 of the first two is all that an interface without TCP has.
    private var families: [DescriptionBlock.FamilyVersion] {
        let version: UInt8 = parameters.servesTCP ? 2 : 1
        var families = [
            DescriptionBlock.FamilyVersion(family: 0x02, version: version), .init(family: 0x03, version: version),
        ]
        if !parameters.slots.isEmpty {
            families.append(.init(family: 0x04, version: parameters.tunnellingVersion))
        }
        if routing != nil { families.append(.init(family: 0x05, version: 1)) }
        return families
    }

    /// The blocks that every description has.
    var description: [DescriptionBlock] { [device, .supportedFamilies(families)] }

    private var slots: DescriptionBlock {
        let taken = Set(channels.compactMap(\.slot))
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
            case .programmingMode: if parameter.isMandatory, !objects.isInProgrammingMode { return nil }
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
        case 0x07: parameters.slots.isEmpty ? nil : slots
        case 0x08:
            .extendedDeviceInformation(
                ExtendedDeviceInformation(
                    mediumStatus: hasBus ? 0 : 1, longestApdu: parameters.longestAPDU, mask: parameters.mask))
        default: nil
        }
    }
}
