extension KNXnetIPFrame {
    /// The frame's meaning with its data; nil for a frame that is rejected.
    public var message: KNXnetIPMessage? {
        guard !faults.isRejected, let service else { return nil }
        let data = payloadRange.map { octets.array($0) } ?? []
        switch service {
        case .searchRequest: return controlEndpoint.map { .searchRequest($0) }
        case .descriptionRequest: return controlEndpoint.map { .descriptionRequest($0) }
        case .descriptionResponse: return .descriptionResponse(descriptionBlocks)
        case .searchResponse, .searchResponseExtended, .searchRequestExtended:
            guard let controlEndpoint else { return nil }
            return switch service {
            case .searchResponse: .searchResponse(controlEndpoint, descriptionBlocks)
            case .searchResponseExtended: .searchResponseExtended(controlEndpoint, descriptionBlocks)
            default: .searchRequestExtended(controlEndpoint, searchParameters)
            }
        case .connectRequest:
            guard let controlEndpoint, let dataEndpoint, let requestInformation else { return nil }
            return .connectRequest(control: controlEndpoint, data: dataEndpoint, requestInformation)
        case .connectResponse, .connectionStateResponse, .disconnectResponse:
            guard let channel, let status else { return nil }
            return switch service {
            case .connectionStateResponse: .connectionStateResponse(channel: channel, status)
            case .disconnectResponse: .disconnectResponse(channel: channel, status)
            default: connectResponse(channel, status)
            }
        case .connectionStateRequest, .disconnectRequest:
            guard let channel, let controlEndpoint else { return nil }
            return service == .disconnectRequest
                ? .disconnectRequest(channel: channel, control: controlEndpoint)
                : .connectionStateRequest(channel: channel, control: controlEndpoint)
        case .deviceConfigurationRequest, .deviceConfigurationAcknowledge, .tunnellingRequest, .tunnellingAcknowledge,
            .tunnellingFeatureGet, .tunnellingFeatureResponse, .tunnellingFeatureSet, .tunnellingFeatureInfo:
            return connectionHeader.flatMap { connected(service, $0, data) }
        case .routingIndication: return .routingIndication(cemi: data)
        case .routingSystemBroadcast: return .routingSystemBroadcast(cemi: data)
        case .routingLostMessage: return lostMessage.map { .routingLostMessage($0) }
        case .routingBusy: return busy.map { .routingBusy($0) }
        case .remoteDiagnosticRequest:
            guard let controlEndpoint, let selector else { return nil }
            return .remoteDiagnosticRequest(controlEndpoint, selector)
        case .remoteDiagnosticResponse:
            guard let selector else { return nil }
            return .remoteDiagnosticResponse(selector, descriptionBlocks)
        case .remoteBasicConfigurationRequest:
            guard let controlEndpoint, let selector else { return nil }
            return .remoteBasicConfigurationRequest(controlEndpoint, selector, descriptionBlocks)
        case .remoteResetRequest:
            guard let selector, let resetCommand else { return nil }
            return .remoteResetRequest(selector, resetCommand)
        case .secureWrapper, .sessionRequest, .sessionResponse, .sessionAuthenticate, .sessionStatus, .timerNotify:
            return secure.flatMap { secured($0, data) }
        case .objectServerRequest: return .objectServerRequest(data)
        case .objectServerAcknowledge: return .objectServerAcknowledge(data)
        }
    }

    private func connectResponse(_ channel: UInt8, _ status: KNXnetIPStatus) -> KNXnetIPMessage? {
        guard status == .noError else { return .connectRefused(channel: channel, status) }
        guard let dataEndpoint, let responseData else { return nil }
        return .connectAccepted(channel: channel, data: dataEndpoint, responseData)
    }

    private func connected(
        _ service: KNXnetIPService, _ header: ConnectionHeader, _ data: [UInt8]
    ) -> KNXnetIPMessage? {
        let channel = header.channel
        let sequence = header.sequence
        switch service {
        case .deviceConfigurationRequest:
            return .deviceConfigurationRequest(channel: channel, sequence: sequence, cemi: data)
        case .deviceConfigurationAcknowledge: return .deviceConfigurationAcknowledge(header)
        case .tunnellingRequest: return .tunnellingRequest(channel: channel, sequence: sequence, cemi: data)
        case .tunnellingAcknowledge: return .tunnellingAcknowledge(header)
        default: break
        }
        guard let feature, let returnCode else { return nil }
        return switch service {
        case .tunnellingFeatureGet: .featureGet(channel: channel, sequence: sequence, feature)
        case .tunnellingFeatureSet: .featureSet(channel: channel, sequence: sequence, feature, value: data)
        case .tunnellingFeatureInfo: .featureInfo(channel: channel, sequence: sequence, feature, value: data)
        default:
            .featureResponse(
                channel: channel, sequence: sequence, feature, returnCode: returnCode, value: data)
        }
    }

    private func secured(_ secure: SecureService, _ data: [UInt8]) -> KNXnetIPMessage? {
        let code = codeRange.map { octets.array($0) } ?? []
        return switch secure {
        case .wrapper(let header): .secureWrapper(header, ciphertext: data, code: code)
        case .sessionRequest: controlEndpoint.map { .sessionRequest($0, publicKey: data) }
        case .sessionResponse(let session): .sessionResponse(session: session, publicKey: data, code: code)
        case .sessionAuthenticate(let user): .sessionAuthenticate(user: user, code: code)
        case .sessionStatus(let status): .sessionStatus(status)
        case .timerNotify(let timer, let serialNumber, let tag):
            .timerNotify(timer: timer, serialNumber: serialNumber, tag: tag, code: code)
        }
    }
}
