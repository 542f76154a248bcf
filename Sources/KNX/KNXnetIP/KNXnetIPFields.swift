extension KNXnetIPFrame {
    /// What the frame says, as far as it could be read, under the names of the recorded decodings.
    public var fields: [Field] {
        var fields: [Field] = []
        if let headerLength { fields.append(Field("header_len", .integer(Int(headerLength)))) }
        if let version { fields.append(Field("version", .text("0x\(version.hexadecimal)"))) }
        if let serviceCode {
            fields.append(Field("service", .text("0x\(serviceCode.hexadecimal)")))
            fields.append(Field("service_name", service.map { .text($0.name) } ?? .null))
        }
        if let totalLength { fields.append(Field("total_length", .integer(totalLength))) }
        switch service {
        case .searchRequest, .searchRequestExtended, .descriptionRequest, .connectRequest:
            if let controlEndpoint { fields += Self.fields(controlEndpoint, prefix: "hpai") }
        default: break
        }
        if let requestInformation {
            fields.append(Field("cri_type", .text("0x\(requestInformation.type.rawValue.hexadecimal)")))
            if let layer = requestInformation.layer {
                fields.append(Field("layer", .text("0x\(layer.octet.hexadecimal)")))
            }
            if let address = requestInformation.requestedAddress {
                fields.append(Field("requested_ia", .text(address.description)))
            }
        }
        if let channel { fields.append(Field("channel", .integer(Int(channel)))) }
        if let connectionHeader { fields.append(Field("seq", .integer(Int(connectionHeader.sequence)))) }
        if let status { fields.append(Field("status", .text("0x\(status.octet.hexadecimal)"))) }
        if let responseData {
            fields.append(Field("crd_type", .text("0x\(responseData.type.rawValue.hexadecimal)")))
            if let address = responseData.assignedAddress {
                fields.append(Field("assigned_ia", .text(address.description)))
            }
        }
        if let feature { fields.append(Field("feature", .integer(Int(feature.octet)))) }
        if let returnCode { fields.append(Field("return_code", .text("0x\(returnCode.hexadecimal)"))) }
        if feature != nil, let payloadRange { fields.append(Field("value", .octets(octets.array(payloadRange)))) }
        if carriesCEMI, let payloadRange { fields.append(Field("cemi", .octets(octets.array(payloadRange)))) }
        if let lostMessage {
            fields.append(Field("device_state", .integer(Int(lostMessage.deviceState))))
            fields.append(Field("lost", .integer(Int(lostMessage.lostCount))))
        }
        if let busy {
            fields.append(Field("device_state", .integer(Int(busy.deviceState))))
            fields.append(Field("wait_ms", .integer(Int(busy.waitMilliseconds))))
            fields.append(Field("control", .text("0x\(busy.control.hexadecimal)")))
        }
        if case .sessionStatus(let status) = secure {
            fields.append(Field("session_status", .integer(Int(status))))
        }
        return fields
    }

    /// What the frame says beyond `fields`: endpoints, names of numbers, description blocks, search parameters, labels of secure services.
    public var decoded: [Field] {
        var fields: [Field] = []
        if let controlEndpoint { fields.append(Field("control_endpoint", .text(controlEndpoint.description))) }
        if let dataEndpoint { fields.append(Field("data_endpoint", .text(dataEndpoint.description))) }
        if let requestInformation {
            fields.append(Field("connection_type", .text(requestInformation.type.name)))
            if let layer = requestInformation.layer { fields.append(Field("layer_name", .text(layer.description))) }
        }
        if let responseData { fields.append(Field("connection_type", .text(responseData.type.name))) }
        if let status { fields.append(Field("status_name", .text(status.description))) }
        if let feature {
            if let name = feature.name { fields.append(Field("feature_name", .text(name))) }
            if let payload, let value = feature.value(payload) { fields.append(Field("feature_value", value.field)) }
        }
        if let lostMessage { fields.append(Field("bus_fault", .boolean(lostMessage.isBusFault))) }
        if let busy { fields.append(Field("bus_fault", .boolean(busy.isBusFault))) }
        if let selector { fields.append(Field("selector", selector.field)) }
        if let resetCommand { fields.append(Field("reset_command", .integer(Int(resetCommand.octet)))) }
        if let secure { fields += self.fields(secure) }
        if service == .objectServerRequest || service == .objectServerAcknowledge, let payloadRange {
            fields.append(Field("data", .octets(octets.array(payloadRange))))
        }
        if structures != nil {
            if carriesSearchParameters {
                fields.append(Field("search_parameters", .list(searchParameters.map { .object($0.fields) })))
            } else {
                fields.append(Field("description_blocks", .list(descriptionBlocks.map { .object($0.fields) })))
            }
        }
        return fields
    }

    private static func fields(_ endpoint: HostProtocolAddress, prefix: String) -> [Field] {
        [
            Field("\(prefix)_proto", .text(endpoint.transportProtocol.name)),
            Field("\(prefix)_ip", .text(endpoint.address.description)),
            Field("\(prefix)_port", .integer(Int(endpoint.port))),
        ]
    }

    private func fields(_ secure: SecureService) -> [Field] {
        var fields: [Field] = []
        switch secure {
        case .wrapper(let header):
            fields = [
                Field("session", .integer(Int(header.session))), Field("sequence", .integer(Int(header.sequence))),
                Field("serial_number", .octets(header.serialNumber.sixOctets)),
                Field("tag", .integer(Int(header.tag))),
            ]
            if let payloadRange { fields.append(Field("ciphertext", .octets(octets.array(payloadRange)))) }
        case .sessionRequest:
            if let payloadRange { fields.append(Field("public_key", .octets(octets.array(payloadRange)))) }
        case .sessionResponse(let session):
            fields.append(Field("session", .integer(Int(session))))
            if let payloadRange { fields.append(Field("public_key", .octets(octets.array(payloadRange)))) }
        case .sessionAuthenticate(let user): fields.append(Field("user", .integer(Int(user))))
        case .sessionStatus(let status):
            if let name = SessionStatus.name(status) { fields.append(Field("session_status_name", .text(name))) }
        case .timerNotify(let timer, let serialNumber, let tag):
            fields = [
                Field("timer_ms", .integer(Int(timer))), Field("serial_number", .octets(serialNumber.sixOctets)),
                Field("tag", .integer(Int(tag))),
            ]
        }
        if let codeRange { fields.append(Field("message_authentication_code", .octets(octets.array(codeRange)))) }
        return fields
    }
}

extension UInt64 {
    fileprivate var sixOctets: [UInt8] {
        var octets: [UInt8] = []
        octets.appendBigEndian(self, octetCount: 6)
        return octets
    }
}

extension RemoteSelector {
    fileprivate var field: Field.Value {
        switch self {
        case .programmingMode: .text("programming mode")
        case .hardwareAddress(let address): .octets(address.sixOctets)
        }
    }
}

extension SearchParameter {
    /// The parameter under its name.
    public var fields: [Field] {
        let meaning: Field =
            switch selection {
            case .programmingMode: Field("programming_mode", .boolean(true))
            case .hardwareAddress(let address): Field("hardware_address", .octets(address.sixOctets))
            case .family(let family, let version):
                Field("family", DescriptionBlock.FamilyVersion(family: family, version: version).field)
            case .descriptions(let types): Field("description_types", .list(types.map { .integer(Int($0)) }))
            case .other(_, let octets): Field("data", .octets(octets))
            }
        return [Field("type", .integer(Int(type))), Field("mandatory", .boolean(isMandatory)), meaning]
    }
}

extension DescriptionBlock.FamilyVersion {
    fileprivate var field: Field.Value {
        .object([
            Field("family", .integer(Int(family))),
            Field("name", KNXnetIPFamily.name(family).map { .text($0) } ?? .null),
            Field("version", .integer(Int(version))),
        ])
    }
}

extension DescriptionBlock {
    /// The block's type and content.
    public var fields: [Field] {
        [Field("type", .integer(Int(type)))] + content
    }

    private var content: [Field] {
        switch self {
        case .deviceInformation(let information):
            [
                Field("medium", .text("0x\(information.medium.hexadecimal)")),
                Field("programming_mode", .boolean(information.isInProgrammingMode)),
                Field("address", .text(information.address.description)),
                Field("project", .integer(Int(information.project))),
                Field("installation", .integer(Int(information.installation))),
                Field("serial_number", .octets(information.serialNumber.sixOctets)),
                Field("routing_multicast", .text(information.routingMulticast.description)),
                Field("hardware_address", .octets(information.hardwareAddress.sixOctets)),
                Field("name", .text(information.name)),
            ]
        case .supportedFamilies(let families), .securedFamilies(let families):
            [Field("families", .list(families.map(\.field)))]
        case .internetConfiguration(let configuration):
            [
                Field("address", .text(configuration.address.description)),
                Field("subnet_mask", .text(configuration.subnetMask.description)),
                Field("gateway", .text(configuration.gateway.description)),
                Field("capabilities", .integer(Int(configuration.capabilities))),
                Field("assignment", .integer(Int(configuration.assignment))),
            ]
        case .currentInternetConfiguration(let configuration):
            [
                Field("address", .text(configuration.address.description)),
                Field("subnet_mask", .text(configuration.subnetMask.description)),
                Field("gateway", .text(configuration.gateway.description)),
                Field("dhcp_server", .text(configuration.dhcpServer.description)),
                Field("assignment", .integer(Int(configuration.assignment))),
            ]
        case .addresses(let address, let additional):
            [
                Field("address", .text(address.description)),
                Field("additional_addresses", .list(additional.map { .text($0.description) })),
            ]
        case .tunnelling(let information):
            [
                Field("longest_apdu", .integer(Int(information.longestApdu))),
                Field("slots", .list(information.slots.map(\.field))),
            ]
        case .extendedDeviceInformation(let information):
            [
                Field("medium_status", .integer(Int(information.mediumStatus))),
                Field("longest_apdu", .integer(Int(information.longestApdu))),
                Field("mask", .text("0x\(information.mask.hexadecimal)")),
            ]
        case .manufacturer(let code, let octets):
            [Field("manufacturer", .integer(Int(code))), Field("data", .octets(octets))]
        case .other(_, let octets): [Field("data", .octets(octets))]
        }
    }
}

extension TunnellingInformation.Slot {
    fileprivate var field: Field.Value {
        .object([
            Field("address", .text(address.description)), Field("usable", .boolean(isUsable)),
            Field("authorised", .boolean(isAuthorised)), Field("free", .boolean(isFree)),
        ])
    }
}
