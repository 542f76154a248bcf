extension KNXnetIPFrame {
    /// Reads the body of `service`, which ends before `end`, part by part.
    mutating func decodeBody(of service: KNXnetIPService, before end: Int) throws(Fault) {
        let start = Self.headerLength
        switch service {
        case .searchRequest, .descriptionRequest:
            try readControlEndpoint(at: start, before: end)
            try finish(at: start + HostProtocolAddress.length, before: end)
        case .searchResponse, .searchResponseExtended, .searchRequestExtended:
            try readControlEndpoint(at: start, before: end)
            try readStructures(at: start + HostProtocolAddress.length, before: end)
        case .descriptionResponse:
            guard start < end else { throw Fault(.truncated, .knxnetip, at: start) }
            try readStructures(at: start, before: end)
        case .connectRequest:
            try readControlEndpoint(at: start, before: end)
            dataEndpoint = try HostProtocolAddress(octets, at: start + 8, before: end)
            requestInformation = try ConnectionRequestInformation(octets, at: start + 16, before: end)
            checkRequestInformation(at: start + 16)
        case .connectResponse: try readConnectResponse(at: start, before: end)
        case .connectionStateRequest, .disconnectRequest:
            guard start + 2 <= end else { throw Fault(.truncated, .knxnetip, at: end) }
            channel = octets[start]
            reserve(start + 1)
            try readControlEndpoint(at: start + 2, before: end)
            try finish(at: start + 10, before: end)
        case .connectionStateResponse, .disconnectResponse:
            try readChannelStatus(at: start, before: end)
            try finish(at: start + 2, before: end)
        case .deviceConfigurationRequest, .tunnellingRequest:
            try readConnectionHeader(at: start, before: end)
            reserve(start + 3)
            try readPayload(at: start + ConnectionHeader.length, before: end)
        case .deviceConfigurationAcknowledge, .tunnellingAcknowledge:
            try readConnectionHeader(at: start, before: end)
            status = connectionHeader?.status
            try finish(at: start + ConnectionHeader.length, before: end)
        case .tunnellingFeatureGet, .tunnellingFeatureResponse, .tunnellingFeatureSet, .tunnellingFeatureInfo:
            try readConnectionHeader(at: start, before: end)
            reserve(start + 3)
            try readFeature(service, at: start + ConnectionHeader.length, before: end)
        case .routingIndication, .routingSystemBroadcast:
            try readPayload(at: start, before: end)
            // L_Data.ind is all that a router may say.
            if octets[start] != 0x29 { faults.add(Fault(.transportUnusual, .knxnetip, at: start)) }
        case .routingLostMessage:
            lostMessage = try RoutingLostMessage(octets, at: start, before: end)
            try finish(at: start + RoutingLostMessage.length, before: end)
        case .routingBusy:
            busy = try RoutingBusy(octets, at: start, before: end)
            try finish(at: start + RoutingBusy.length, before: end)
        case .remoteDiagnosticRequest:
            try readControlEndpoint(at: start, before: end)
            try finish(at: readSelector(at: start + 8, before: end), before: end)
        case .remoteDiagnosticResponse:
            try readStructures(at: readSelector(at: start, before: end), before: end)
        case .remoteBasicConfigurationRequest:
            try readControlEndpoint(at: start, before: end)
            try readStructures(at: readSelector(at: start + 8, before: end), before: end)
        case .remoteResetRequest:
            let command = try readSelector(at: start, before: end)
            guard command + 2 <= end else { throw Fault(.truncated, .knxnetip, at: end) }
            resetCommand = RemoteResetCommand(octets[command])
            reserve(command + 1)
            try finish(at: command + 2, before: end)
        case .secureWrapper, .sessionRequest, .sessionResponse, .sessionAuthenticate, .sessionStatus, .timerNotify:
            try readSecure(service, at: start, before: end)
        case .objectServerRequest, .objectServerAcknowledge: try readPayload(at: start, before: end)
        }
    }

    private mutating func readControlEndpoint(at offset: Int, before end: Int) throws(Fault) {
        controlEndpoint = try HostProtocolAddress(octets, at: offset, before: end)
    }

    private mutating func readConnectionHeader(at offset: Int, before end: Int) throws(Fault) {
        let header = try ConnectionHeader(octets, at: offset, before: end)
        connectionHeader = header
        channel = header.channel
    }

    private mutating func readChannelStatus(at offset: Int, before end: Int) throws(Fault) {
        guard offset < end else { throw Fault(.truncated, .knxnetip, at: offset) }
        channel = octets[offset]
        guard offset + 1 < end else { throw Fault(.truncated, .knxnetip, at: end) }
        status = KNXnetIPStatus(octets[offset + 1])
    }

    /// A refusal may carry the endpoint and the data block of a success; they say nothing then.
    private mutating func readConnectResponse(at offset: Int, before end: Int) throws(Fault) {
        try readChannelStatus(at: offset, before: end)
        guard status == .noError else { return }
        dataEndpoint = try HostProtocolAddress(octets, at: offset + 2, before: end)
        responseData = try ConnectionResponseData(octets, at: offset + 10, before: end)
    }

    private mutating func readPayload(at offset: Int, before end: Int) throws(Fault) {
        guard offset < end else { throw Fault(.truncated, .knxnetip, at: end) }
        payloadRange = offset..<end
    }

    private mutating func readFeature(_ service: KNXnetIPService, at offset: Int, before end: Int) throws(Fault) {
        guard offset < end else { throw Fault(.truncated, .knxnetip, at: end) }
        let identifier = InterfaceFeature(octets[offset])
        feature = identifier
        if identifier.name == nil { faults.add(Fault(.featureUnknown, .knxnetip, at: offset)) }
        guard offset + 1 < end else { throw Fault(.truncated, .knxnetip, at: end) }
        returnCode = octets[offset + 1]
        if service != .tunnellingFeatureResponse { reserve(offset + 1) }
        let value = (offset + 2)..<end
        payloadRange = value
        switch service {
        case .tunnellingFeatureGet where !value.isEmpty:
            throw Fault(.featureUnexpectedData, .knxnetip, at: value.lowerBound)
        case .tunnellingFeatureSet where value.isEmpty, .tunnellingFeatureInfo where value.isEmpty,
            .tunnellingFeatureResponse where value.isEmpty && returnCode == 0:
            throw Fault(.featureMissingData, .knxnetip, at: value.lowerBound)
        default: break
        }
    }

    /// Gives the offset behind the selector.
    private mutating func readSelector(at offset: Int, before end: Int) throws(Fault) -> Int {
        let selector = try RemoteSelector(octets, at: offset, before: end)
        self.selector = selector
        return offset + selector.length
    }

    /// Walks all structures; keeps those before the first that does not fit.
    private mutating func readStructures(at offset: Int, before end: Int) throws(Fault) {
        var list = StructureList(offset..<end)
        structures = offset..<offset
        while let entry = try list.next(in: octets) {
            let isRight =
                carriesSearchParameters
                ? SearchParameter.isLength(entry.length, ofType: entry.type)
                : DescriptionBlock.isLength(entry.length, ofType: entry.type)
            guard isRight else { throw Fault(.structLength, .knxnetip, at: entry.offset) }
            structures = offset..<list.offset
        }
    }

    private mutating func readSecure(_ service: KNXnetIPService, at start: Int, before end: Int) throws(Fault) {
        guard start < end else { throw Fault(.truncated, .knxnetip, at: start) }
        let header = SecureWrapperHeader.length
        let code = SecureService.codeLength
        let key = SecureService.keyLength
        let count = end - start
        let isRight =
            switch service {
            case .secureWrapper: count >= header + Self.headerLength + code
            case .sessionRequest: count == HostProtocolAddress.length + key
            case .sessionResponse: count == 2 + key + code
            case .sessionAuthenticate: count == 2 + code
            case .sessionStatus: count == 2
            default: count == 14 + code
            }
        guard isRight else { throw Fault(.structLength, .knxnetip, at: end) }
        switch service {
        case .secureWrapper:
            secure = .wrapper(SecureWrapperHeader(octets, at: start))
            payloadRange = (start + header)..<(end - code)
        case .sessionRequest:
            try readControlEndpoint(at: start, before: end)
            secure = .sessionRequest
            payloadRange = (start + HostProtocolAddress.length)..<end
            return
        case .sessionResponse:
            secure = .sessionResponse(session: octets.bigEndian16(at: start))
            payloadRange = (start + 2)..<(end - code)
        case .sessionAuthenticate:
            reserve(start)
            secure = .sessionAuthenticate(user: octets[start + 1])
        case .sessionStatus:
            secure = .sessionStatus(octets[start])
            guard SessionStatus.name(octets[start]) != nil else {
                throw Fault(.sessionStatusUnknown, .knxnetip, at: start)
            }
            reserve(start + 1)
            return
        default:
            secure = .timerNotify(
                timer: octets.bigEndian48(at: start), serialNumber: octets.bigEndian48(at: start + 6),
                tag: octets.bigEndian16(at: start + 12))
        }
        codeRange = (end - code)..<end
    }

    /// Names a reserved octet that is set.
    private mutating func reserve(_ offset: Int) {
        if octets[offset] != 0 { faults.add(Fault(.reservedBits, .knxnetip, at: offset)) }
    }

    private mutating func checkRequestInformation(at offset: Int) {
        guard let layer = requestInformation?.layer else { return }
        if layer.name == nil { faults.add(Fault(.unknownEnum, .knxnetip, at: offset + 2)) }
        reserve(offset + 3)
    }

    private func finish(at offset: Int, before end: Int) throws(Fault) {
        guard offset >= end else { throw Fault(.trailing, .knxnetip, at: offset) }
    }
}
