import KNX

/// The features of tunnelling version 2 (KNX standard 3/8/4): questions and wishes of a client, answered in its tunnel.
extension IPInterface {
    /// Return codes of a feature response (KNX standard 3/7/3).
    private enum ReturnCode {
        static let success: UInt8 = 0x00
        static let readOnly: UInt8 = 0xFB
        static let addressVoid: UInt8 = 0xFD
        static let dataVoid: UInt8 = 0xF8
    }

    /// A value as it is sent: filled to an even length.
    static func value(_ value: InterfaceFeature.Value) -> [UInt8] {
        value.octets.count % 2 == 0 ? value.octets : value.octets + [0x00]
    }

    func get(_ feature: InterfaceFeature, in tunnel: IPConnection) -> Execution {
        guard let value = value(of: feature, in: tunnel) else {
            return .answer(.featureResponse(feature, returnCode: ReturnCode.addressVoid, value: []))
        }
        return .answer(.featureResponse(feature, returnCode: ReturnCode.success, value: Self.value(value)))
    }

    private func value(of feature: InterfaceFeature, in tunnel: IPConnection) -> InterfaceFeature.Value? {
        switch feature {
        case .supportedEMITypes: .emiTypes(.cemi)
        case .deviceDescriptor: .number(parameters.mask)
        case .busConnectionStatus: .boolean(hasBus)
        case .manufacturerCode: .number(parameters.manufacturer)
        case .activeEMIType: .emiType(.cemi)
        case .individualAddress: tunnel.slot.map { .address(parameters.slots[$0]) }
        case .longestApdu: .number(parameters.longestAPDU)
        case .informationServiceEnable: .boolean(tunnel.wantsInformation)
        default: nil
        }
    }

    mutating func set(_ feature: InterfaceFeature, _ octets: [UInt8], in tunnel: IPConnection) -> Execution {
        func answer(_ code: UInt8, _ value: [UInt8] = []) -> Execution {
            .answer(.featureResponse(feature, returnCode: code, value: value))
        }
        guard feature.name != nil else { return answer(ReturnCode.addressVoid) }
        guard let value = feature.value(octets.span) else { return answer(ReturnCode.dataVoid) }
        switch (feature, value) {
        case (.informationServiceEnable, .boolean(let isWanted)):
            guard let index = channels.firstIndex(where: { $0.channel == tunnel.channel }) else { return .refused }
            channels[index].wantsInformation = isWanted
            return answer(ReturnCode.success, Self.value(value))
        case (.activeEMIType, .emiType(.cemi)): return answer(ReturnCode.success, Self.value(value))
        case (.activeEMIType, _): return answer(ReturnCode.dataVoid)
        default: return answer(ReturnCode.readOnly)
        }
    }
}
