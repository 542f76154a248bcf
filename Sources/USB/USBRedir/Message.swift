extension USBRedir {
    /// What a message says. Types that a device with control, bulk and interrupt endpoints never needs (streams, filters, isochronous
    /// transfers) are `other`.
    public enum Body: Hashable, Sendable {
        case hello(version: String, Capabilities)
        case connect(Connect)
        case disconnect
        case reset
        case interfaces([Interface])
        case endpoints([Endpoint])
        case setConfiguration(UInt8)
        case getConfiguration
        case configurationStatus(Status, configuration: UInt8)
        case setAlternate(interface: UInt8, alternate: UInt8)
        case getAlternate(interface: UInt8)
        case alternateStatus(Status, interface: UInt8, alternate: UInt8)
        case startInterruptReceiving(endpoint: UInt8)
        case stopInterruptReceiving(endpoint: UInt8)
        case interruptReceivingStatus(Status, endpoint: UInt8)
        /// The guest takes the packet with this message's id back.
        case cancel
        /// `setup.length` is what is asked on the way out, and what moved on the way back.
        case control(SetupPacket, endpoint: UInt8, Status, data: [UInt8])
        /// `length` counts the octets of an OUT transfer on the way back, where no data stands.
        case interrupt(endpoint: UInt8, Status, length: UInt16, data: [UInt8])
        /// `length` is what is asked of an IN endpoint, or what an OUT endpoint took, where no data stands; without streams.
        case bulk(endpoint: UInt8, Status, length: UInt32, data: [UInt8])
        case other(type: UInt32, [UInt8])
    }

    /// The device as it is announced.
    public struct Connect: Hashable, Sendable {
        public var speed: Speed
        public var deviceClass: UInt8
        public var deviceSubclass: UInt8
        public var deviceProtocol: UInt8
        public var vendor: UInt16
        public var product: UInt16
        /// bcdDevice; travels only between sides with `deviceVersion`.
        public var deviceVersion: UInt16

        public init(speed: Speed, _ device: DeviceDescriptor) {
            self.speed = speed
            deviceClass = device.deviceClass
            deviceSubclass = device.deviceSubclass
            deviceProtocol = device.deviceProtocol
            vendor = device.vendor
            product = device.product
            deviceVersion = device.deviceVersion
        }

        init(speed: Speed, classes: ArraySlice<UInt8>, vendor: UInt16, product: UInt16, version: UInt16) {
            self.speed = speed
            deviceClass = classes[classes.startIndex]
            deviceSubclass = classes[classes.startIndex + 1]
            deviceProtocol = classes[classes.startIndex + 2]
            self.vendor = vendor
            self.product = product
            deviceVersion = version
        }
    }

    public struct Interface: Hashable, Sendable {
        public var number: UInt8
        public var interfaceClass: UInt8
        public var interfaceSubclass: UInt8
        public var interfaceProtocol: UInt8

        public init(number: UInt8, interfaceClass: UInt8, interfaceSubclass: UInt8 = 0, interfaceProtocol: UInt8 = 0) {
            self.number = number
            self.interfaceClass = interfaceClass
            self.interfaceSubclass = interfaceSubclass
            self.interfaceProtocol = interfaceProtocol
        }
    }

    public struct Endpoint: Hashable, Sendable {
        /// Bit 7 is IN.
        public var address: UInt8
        /// 0 control, 1 isochronous, 2 bulk, 3 interrupt.
        public var kind: UInt8
        public var interval: UInt8
        public var interface: UInt8
        /// Octets; travels only between sides with `maximumPacketSize`.
        public var maximumPacketSize: UInt16

        public init(address: UInt8, kind: UInt8, interval: UInt8, interface: UInt8, maximumPacketSize: UInt16) {
            self.address = address
            self.kind = kind
            self.interval = interval
            self.interface = interface
            self.maximumPacketSize = maximumPacketSize
        }
    }

    public struct Message: Hashable, Sendable {
        /// Chosen by who asks; an answer repeats it. 32 bits of it travel between sides without `wideIdentifiers`.
        public var id: UInt64
        public var body: Body

        public init(id: UInt64 = 0, _ body: Body) {
            self.id = id
            self.body = body
        }

        /// The message as it travels between sides that agree on `capabilities`.
        public func octets(_ capabilities: Capabilities) -> [UInt8] {
            let payload = body.octets(capabilities)
            var isWide = capabilities.contains(.wideIdentifiers)
            if case .hello = body { isWide = false }
            let identifier = isWide ? id.littleEndianOctets : UInt32(truncatingIfNeeded: id).littleEndianOctets
            return body.type.littleEndianOctets + UInt32(payload.count).littleEndianOctets + identifier + payload
        }
    }
}

extension USBRedir.Body {
    /// The number of the message's type.
    public var type: UInt32 {
        switch self {
        case .hello: 0
        case .connect: 1
        case .disconnect: 2
        case .reset: 3
        case .interfaces: 4
        case .endpoints: 5
        case .setConfiguration: 6
        case .getConfiguration: 7
        case .configurationStatus: 8
        case .setAlternate: 9
        case .getAlternate: 10
        case .alternateStatus: 11
        case .startInterruptReceiving: 15
        case .stopInterruptReceiving: 16
        case .interruptReceivingStatus: 17
        case .cancel: 21
        case .control: 100
        case .bulk: 101
        case .interrupt: 103
        case .other(let type, _): type
        }
    }

    fileprivate func octets(_ capabilities: USBRedir.Capabilities) -> [UInt8] {
        switch self {
        case .hello(let version, let own):
            let text = Array(version.utf8.prefix(63))
            return text + [UInt8](repeating: 0, count: 64 - text.count) + own.rawValue.littleEndianOctets
        case .connect(let device):
            let octets =
                [device.speed.rawValue, device.deviceClass, device.deviceSubclass, device.deviceProtocol]
                + device.vendor.littleEndianOctets + device.product.littleEndianOctets
            return capabilities.contains(.deviceVersion) ? octets + device.deviceVersion.littleEndianOctets : octets
        case .disconnect, .reset, .getConfiguration, .cancel: return []
        case .interfaces(let interfaces): return Self.octets(of: interfaces)
        case .endpoints(let endpoints): return Self.octets(of: endpoints, capabilities)
        case .setConfiguration(let number): return [number]
        case .configurationStatus(let status, let number): return [status.rawValue, number]
        case .setAlternate(let interface, let alternate): return [interface, alternate]
        case .getAlternate(let interface): return [interface]
        case .alternateStatus(let status, let interface, let alternate):
            return [status.rawValue, interface, alternate]
        case .startInterruptReceiving(let endpoint), .stopInterruptReceiving(let endpoint): return [endpoint]
        case .interruptReceivingStatus(let status, let endpoint): return [status.rawValue, endpoint]
        case .control(let setup, let endpoint, let status, let data):
            return [endpoint, setup.request, setup.requestType, status.rawValue]
                + [setup.value, setup.index, setup.length].flatMap(\.littleEndianOctets) + data
        case .interrupt(let endpoint, let status, let length, let data):
            return [endpoint, status.rawValue] + length.littleEndianOctets + data
        case .bulk(let endpoint, let status, let length, let data):
            let low = UInt16(truncatingIfNeeded: length).littleEndianOctets
            let high = UInt16(truncatingIfNeeded: length >> 16).littleEndianOctets
            let noStream = UInt32(0).littleEndianOctets
            return [endpoint, status.rawValue] + low + noStream
                + (capabilities.contains(.wideBulkLength) ? high : []) + data
        case .other(_, let octets): return octets
        }
    }

    private static func octets(of interfaces: [USBRedir.Interface]) -> [UInt8] {
        let shown = interfaces.prefix(USBRedir.slots)
        func column(_ value: (USBRedir.Interface) -> UInt8) -> [UInt8] {
            shown.map(value) + [UInt8](repeating: 0, count: USBRedir.slots - shown.count)
        }
        return UInt32(shown.count).littleEndianOctets + column(\.number) + column(\.interfaceClass)
            + column(\.interfaceSubclass) + column(\.interfaceProtocol)
    }

    private static func octets(
        of endpoints: [USBRedir.Endpoint], _ capabilities: USBRedir.Capabilities
    ) -> [UInt8] {
        var kinds = [UInt8](repeating: 255, count: USBRedir.slots)
        var intervals = [UInt8](repeating: 0, count: USBRedir.slots)
        var interfaces = intervals
        var sizes = [UInt16](repeating: 0, count: USBRedir.slots)
        for endpoint in endpoints {
            let slot = USBRedir.slot(ofEndpoint: endpoint.address)
            kinds[slot] = endpoint.kind
            intervals[slot] = endpoint.interval
            interfaces[slot] = endpoint.interface
            sizes[slot] = endpoint.maximumPacketSize
        }
        let octets = kinds + intervals + interfaces
        return capabilities.contains(.maximumPacketSize) ? octets + sizes.flatMap(\.littleEndianOctets) : octets
    }
}

extension UInt32 {
    var littleEndianOctets: [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: self >> (8 * $0)) } }
}

extension UInt64 {
    var littleEndianOctets: [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: self >> (8 * $0)) } }
}
