/// One KNXnet/IP frame in borrowed octets: a datagram, or what `KNXnetIPStream` cut out of a TCP connection (KNX standard 3/8).
///
/// | octets | |
/// |---|---|
/// | 06 | length of the header |
/// | 10 | protocol version 1.0 (20 for the object server) |
/// | 2 | service |
/// | 2 | total length, header included |
/// | … | body of the service |
///
/// Decodes the header, then the parts of the body one after another up to the first that is wrong; a part is nil when its service has
/// none or when it could not be read. Nothing goes to the heap. cEMI is found, not read.
public struct KNXnetIPFrame: ~Escapable {
    public static let headerLength = 6

    public let octets: Span<UInt8>
    public internal(set) var faults = Faults()

    public let headerLength: UInt8?
    public let version: UInt8?
    /// The number in the header, whether or not it is one of `KNXnetIPService`.
    public let serviceCode: UInt16?
    public let totalLength: Int?

    /// The discovery endpoint of searches, the control endpoint of all else.
    public internal(set) var controlEndpoint: HostProtocolAddress?
    public internal(set) var dataEndpoint: HostProtocolAddress?
    public internal(set) var requestInformation: ConnectionRequestInformation?
    public internal(set) var responseData: ConnectionResponseData?
    /// Of any service that belongs to a connection.
    public internal(set) var channel: UInt8?
    /// Of responses and acknowledges.
    public internal(set) var status: KNXnetIPStatus?
    public internal(set) var connectionHeader: ConnectionHeader?
    public internal(set) var feature: InterfaceFeature?
    /// Of the feature services; 00 in all but the response.
    public internal(set) var returnCode: UInt8?
    public internal(set) var lostMessage: RoutingLostMessage?
    public internal(set) var busy: RoutingBusy?
    public internal(set) var selector: RemoteSelector?
    public internal(set) var resetCommand: RemoteResetCommand?
    public internal(set) var secure: SecureService?

    /// Where the open end of the body lies: cEMI, the value of a feature, the ciphertext of a wrapper, a public key, an object server's
    /// data.
    public internal(set) var payloadRange: Range<Int>?
    /// Where the message authentication code of a secure service lies.
    public internal(set) var codeRange: Range<Int>?
    /// Where the description blocks or search parameters lie that could be walked.
    var structures: Range<Int>?

    @_lifetime(copy octets)
    public init(_ octets: Span<UInt8>) {
        self.octets = octets
        headerLength = octets.count > 0 ? octets[0] : nil
        version = octets.count > 1 ? octets[1] : nil
        serviceCode = octets.count > 3 ? octets.bigEndian16(at: 2) : nil
        totalLength = octets.count > 5 ? Int(octets.bigEndian16(at: 4)) : nil
        if let fault = headerFault {
            faults.add(fault)
            guard fault.code == .truncated, totalLength != nil else { return }
        }
        guard let service, let totalLength else { return }
        let end = min(totalLength, octets.count)
        do throws(Fault) {
            try decodeBody(of: service, before: end)
        } catch {
            // Of a frame that is not all there, every structure at the end is too short.
            if end == totalLength { faults.add(error) }
        }
    }

    private var headerFault: Fault? {
        guard let headerLength else { return Fault(.empty, .knxnetip, at: 0) }
        guard headerLength == UInt8(Self.headerLength) else { return Fault(.headerLength, .knxnetip, at: 0) }
        guard let version else { return Fault(.truncated, .knxnetip, at: octets.count) }
        guard version == 0x10 || version == 0x20 else { return Fault(.protocolVersion, .knxnetip, at: 1) }
        guard let serviceCode else { return Fault(.truncated, .knxnetip, at: octets.count) }
        guard version == (serviceCode >> 8 == 0xF0 ? 0x20 : 0x10) else {
            return Fault(.protocolVersion, .knxnetip, at: 1)
        }
        guard let totalLength else { return Fault(.truncated, .knxnetip, at: octets.count) }
        guard totalLength >= octets.count else { return Fault(.trailing, .knxnetip, at: totalLength) }
        guard totalLength == octets.count else { return Fault(.truncated, .knxnetip, at: octets.count) }
        guard service != nil else { return Fault(.serviceUnknown, .knxnetip, at: 2) }
        return nil
    }

    public var service: KNXnetIPService? { serviceCode.flatMap(KNXnetIPService.init(rawValue:)) }

    /// The octets of `payloadRange`.
    public var payload: Span<UInt8>? {
        @_lifetime(copy self)
        get {
            guard let payloadRange else { return nil }
            return octets.extracting(payloadRange)
        }
    }

    /// The cEMI frame inside a configuration, tunnelling or routing service, for whoever decodes it; its faults are to be shifted by
    /// `payloadRange.lowerBound`.
    public var cemi: Span<UInt8>? {
        @_lifetime(copy self)
        get {
            guard carriesCEMI, let payloadRange else { return nil }
            return octets.extracting(payloadRange)
        }
    }

    var carriesCEMI: Bool {
        switch service {
        case .deviceConfigurationRequest, .tunnellingRequest, .routingIndication, .routingSystemBroadcast: true
        default: false
        }
    }

    /// The description blocks of a response, in their order; those that could be read.
    public var descriptionBlocks: [DescriptionBlock] {
        guard !carriesSearchParameters, let structures else { return [] }
        var list = StructureList(structures)
        var blocks: [DescriptionBlock] = []
        while let entry = try? list.next(in: octets) { blocks.append(DescriptionBlock(octets, entry)) }
        return blocks
    }

    /// The parameters of an extended search, in their order; those that could be read.
    public var searchParameters: [SearchParameter] {
        guard carriesSearchParameters, let structures else { return [] }
        var list = StructureList(structures)
        var parameters: [SearchParameter] = []
        while let entry = try? list.next(in: octets) { parameters.append(SearchParameter(octets, entry)) }
        return parameters
    }

    var carriesSearchParameters: Bool { service == .searchRequestExtended }
}
