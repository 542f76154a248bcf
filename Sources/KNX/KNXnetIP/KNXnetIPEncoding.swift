extension KNXnetIPMessage {
    var body: [UInt8] {
        get throws(Refusal) {
            switch self {
            case .searchRequest(let endpoint), .descriptionRequest(let endpoint): return endpoint.octets
            case .searchResponse(let endpoint, let blocks), .searchResponseExtended(let endpoint, let blocks):
                return try endpoint.octets + Self.octets(blocks)
            case .searchRequestExtended(let endpoint, let parameters):
                return try endpoint.octets + Self.octets(parameters)
            case .descriptionResponse(let blocks): return try Self.filled(Self.octets(blocks))
            case .connectRequest(let control, let data, let information):
                return control.octets + data.octets + information.octets
            case .connectAccepted(let channel, let data, let responseData):
                return [channel, KNXnetIPStatus.noError.octet] + data.octets + responseData.octets
            case .connectRefused(let channel, let status):
                guard status != .noError else { throw .refusedWithoutError }
                return [channel, status.octet]
            case .connectionStateRequest(let channel, let control), .disconnectRequest(let channel, let control):
                return [channel, 0x00] + control.octets
            case .connectionStateResponse(let channel, let status), .disconnectResponse(let channel, let status):
                return [channel, status.octet]
            case .deviceConfigurationRequest(let channel, let sequence, let cemi),
                .tunnellingRequest(let channel, let sequence, let cemi):
                return try ConnectionHeader(channel: channel, sequence: sequence).octets + Self.filled(cemi)
            case .deviceConfigurationAcknowledge(let header), .tunnellingAcknowledge(let header): return header.octets
            case .featureGet(let channel, let sequence, let feature):
                return ConnectionHeader(channel: channel, sequence: sequence).octets + [feature.octet, 0x00]
            case .featureResponse(let channel, let sequence, let feature, let returnCode, let value):
                // Only a refusal has no value.
                return try ConnectionHeader(channel: channel, sequence: sequence).octets + [feature.octet, returnCode]
                    + (returnCode == 0 ? Self.filled(value) : value)
            case .featureSet(let channel, let sequence, let feature, let value),
                .featureInfo(let channel, let sequence, let feature, let value):
                return try ConnectionHeader(channel: channel, sequence: sequence).octets + [feature.octet, 0x00]
                    + Self.filled(value)
            case .routingIndication(let cemi), .routingSystemBroadcast(let cemi): return try Self.filled(cemi)
            case .routingLostMessage(let message): return message.octets
            case .routingBusy(let busy): return busy.octets
            case .remoteDiagnosticRequest(let endpoint, let selector):
                return try endpoint.octets + Self.octets(selector)
            case .remoteDiagnosticResponse(let selector, let blocks):
                return try Self.octets(selector) + Self.octets(blocks)
            case .remoteBasicConfigurationRequest(let endpoint, let selector, let blocks):
                return try endpoint.octets + Self.octets(selector) + Self.octets(blocks)
            case .remoteResetRequest(let selector, let command):
                return try Self.octets(selector) + [command.octet, 0x00]
            case .secureWrapper, .sessionRequest, .sessionResponse, .sessionAuthenticate, .sessionStatus, .timerNotify:
                return try secureBody
            case .objectServerRequest(let data), .objectServerAcknowledge(let data): return try Self.filled(data)
            }
        }
    }

    private var secureBody: [UInt8] {
        get throws(Refusal) {
            let key = SecureService.keyLength
            let codeLength = SecureService.codeLength
            var octets: [UInt8] = []
            switch self {
            case .secureWrapper(let header, let ciphertext, let code):
                guard ciphertext.count >= KNXnetIPFrame.headerLength else { throw .secureLength(ciphertext.count) }
                return try Self.numbers(header.sequence, header.serialNumber) + header.octets + ciphertext
                    + Self.exactly(codeLength, code)
            case .sessionRequest(let endpoint, let publicKey):
                return try endpoint.octets + Self.exactly(key, publicKey)
            case .sessionResponse(let session, let publicKey, let code):
                octets.appendBigEndian(session, octetCount: 2)
                return try octets + Self.exactly(key, publicKey) + Self.exactly(codeLength, code)
            case .sessionAuthenticate(let user, let code): return try [0x00, user] + Self.exactly(codeLength, code)
            case .sessionStatus(let status):
                guard SessionStatus.name(status) != nil else { throw .sessionStatusUnknown(status) }
                return [status, 0x00]
            case .timerNotify(let timer, let serialNumber, let tag, let code):
                octets = try Self.numbers(timer, serialNumber)
                octets.appendBigEndian(timer, octetCount: 6)
                octets.appendBigEndian(serialNumber, octetCount: 6)
                octets.appendBigEndian(tag, octetCount: 2)
                return try octets + Self.exactly(codeLength, code)
            default: return []
            }
        }
    }

    private static func filled(_ octets: [UInt8]) throws(Refusal) -> [UInt8] {
        guard !octets.isEmpty else { throw .payloadMissing }
        return octets
    }

    private static func exactly(_ count: Int, _ octets: [UInt8]) throws(Refusal) -> [UInt8] {
        guard octets.count == count else { throw .secureLength(octets.count) }
        return octets
    }

    /// Refuses numbers of more than 48 bits; gives no octets.
    private static func numbers(_ numbers: UInt64...) throws(Refusal) -> [UInt8] {
        for number in numbers where number >> 48 != 0 { throw .numberTooLarge(number) }
        return []
    }

    private static func octets(_ selector: RemoteSelector) throws(Refusal) -> [UInt8] {
        if case .hardwareAddress(let address) = selector { _ = try numbers(address) }
        return selector.octets
    }

    private static func octets(_ blocks: [DescriptionBlock]) throws(Refusal) -> [UInt8] {
        var octets: [UInt8] = []
        for block in blocks {
            if case .deviceInformation(let information) = block {
                _ = try numbers(information.serialNumber, information.hardwareAddress)
            }
            let data = block.data
            guard data.count + 2 <= 0xFF, DescriptionBlock.isLength(data.count + 2, ofType: block.type) else {
                throw .structureLength(type: block.type)
            }
            octets += [UInt8(data.count + 2), block.type] + data
        }
        return octets
    }

    private static func octets(_ parameters: [SearchParameter]) throws(Refusal) -> [UInt8] {
        var octets: [UInt8] = []
        for parameter in parameters {
            if case .hardwareAddress(let address) = parameter.selection { _ = try numbers(address) }
            let data = parameter.data
            guard data.count + 2 <= 0xFF, SearchParameter.isLength(data.count + 2, ofType: parameter.type) else {
                throw .structureLength(type: parameter.type)
            }
            octets += [UInt8(data.count + 2), (parameter.isMandatory ? 0x80 : 0) | parameter.type] + data
        }
        return octets
    }
}
