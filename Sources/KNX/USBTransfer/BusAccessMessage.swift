/// A word between host and the bus access server of a USB interface: service (in the transfer header), feature (1), value
/// (KNX standard 9/3). A host asks and sets, one request at a time, and is answered within a second; the interface announces by itself.
public struct BusAccessMessage: Hashable, Sendable {
    public enum Service: UInt8, Sendable, CaseIterable {
        case get = 1
        case response = 2
        case set = 3
        case info = 4

        public var name: String {
            switch self {
            case .get: "get"
            case .response: "response"
            case .set: "set"
            case .info: "info"
            }
        }
    }

    public var service: Service
    public var feature: InterfaceFeature
    /// Empty in `get`, and in a response that has no answer.
    public var value: [UInt8]

    public init(_ service: Service, _ feature: InterfaceFeature, value: [UInt8] = []) {
        self.service = service
        self.feature = feature
        self.value = value
    }

    /// Nil when there is no feature octet.
    init?(_ service: Service, body: Span<UInt8>, faults: inout Faults) {
        guard !body.isEmpty else {
            faults.add(Fault(.truncated, .usb, at: 0))
            return nil
        }
        self.init(service, InterfaceFeature(body[0]), value: body.array(1..<body.count))
        if !feature.isOfBusAccessServer { faults.add(Fault(.featureUnknown, .usb, at: 0)) }
        switch service {
        case .get where !value.isEmpty: faults.add(Fault(.featureUnexpectedData, .usb, at: 1))
        case .set where value.isEmpty, .info where value.isEmpty: faults.add(Fault(.featureMissingData, .usb, at: 1))
        default: break
        }
    }

    func check() throws(USBTransfer.Refusal) {
        switch service {
        case .get where !value.isEmpty: throw .valueUnexpected
        case .set where value.isEmpty, .info where value.isEmpty: throw .valueMissing
        default: break
        }
    }

    /// The value with its meaning; nil when the feature is not known or the octets are too few for it.
    public var meaning: InterfaceFeature.Value? { feature.value(value.span) }

    public var fields: [Field] {
        var fields = [
            Field("service", .text(service.name)), Field("feature", .integer(Int(feature.octet))),
            Field("value", .octets(value)),
        ]
        if let name = feature.name { fields.append(Field("feature_name", .text(name))) }
        if let meaning { fields.append(Field("feature_value", meaning.field)) }
        return fields
    }
}

extension InterfaceFeature {
    /// The bus access server has features 1 to 5 only.
    var isOfBusAccessServer: Bool { (1...5).contains(octet) }
}
