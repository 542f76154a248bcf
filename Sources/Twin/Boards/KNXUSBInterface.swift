public import Events
public import USB

/// A KNX USB interface (KNX standard 9/3) as its host meets it: a HID device with one interrupt endpoint each way, reports of 64 octets. What the
/// reports say is its engine's affair; what the engine wants of the line goes out through a closure.
///
/// knxd 0.14.54 takes the first HID interface with exactly these endpoints, whatever the ids (measured).
public struct KNXUSBInterface: USBDeviceModel {
    public private(set) var engine: USBInterface
    public private(set) var isPresent = false
    private let act: @Sendable (USBInterface.Effect) -> Void
    private var configuration: UInt8 = 0
    /// Endpoints that have refused a transfer and go on refusing until CLEAR_FEATURE, by bEndpointAddress.
    private var halted: Set<UInt8> = []

    /// One that is not plugged in.
    ///
    /// - Parameters:
    ///   - hasBus: whether its line has voltage.
    ///   - act: does on the line what the interface wants there; must return at once, and not call whoever carries the device.
    public init(
        _ parameters: USBInterfaceParameters, hasBus: Bool = true, at instant: Instant,
        act: @escaping @Sendable (USBInterface.Effect) -> Void
    ) {
        engine = USBInterface(parameters, hasBus: hasBus, at: instant)
        self.act = act
    }

    private static let inEndpoint: UInt8 = 0x81
    private static let outEndpoint: UInt8 = 0x02

    public var speed: USBIP.Speed { .full }

    public var deviceDescriptor: DeviceDescriptor {
        var descriptor = DeviceDescriptor(vendor: engine.parameters.vendor, product: engine.parameters.product)
        descriptor.manufacturerString = 1
        descriptor.productString = 2
        return descriptor
    }

    public var configurationDescriptor: ConfigurationDescriptor {
        var interface = InterfaceDescriptor(number: 0, interfaceClass: 3)
        interface.classDescriptors = [
            HIDDescriptor(hidVersion: 0x0101, reportDescriptorLength: UInt16(Self.reportDescriptor.count)).octets
        ]
        interface.endpoints = [Self.inEndpoint, Self.outEndpoint].map {
            EndpointDescriptor(address: $0, attributes: 3, maximumPacketSize: 64, interval: 2)
        }
        return ConfigurationDescriptor(interfaces: [interface])
    }

    public var strings: [String] { ["knxrig twin", "KNX USB interface"] }

    /// Report 1 of 63 octets each way, on a vendor page.
    private static let reportDescriptor: [UInt8] = [
        0x06, 0xA0, 0xFF, 0x09, 0x01, 0xA1, 0x01, 0x85, 0x01, 0x15, 0x00, 0x26, 0xFF, 0x00, 0x75, 0x08, 0x95, 0x3F,
        0x09, 0x02,
        0x81, 0x02, 0x09, 0x03, 0x91, 0x02, 0xC0,
    ]

    /// Takes in what happened on the line.
    public mutating func happened(_ event: LineTap.Event, at instant: Instant) {
        feed(.line(event), at: instant)
    }

    /// Makes something wrong with it, or right again.
    public mutating func disturb(_ faults: USBInterfaceFaults, at instant: Instant) {
        feed(.faults(faults), at: instant)
    }

    private mutating func feed(_ input: USBInterface.Input, at instant: Instant) {
        for effect in engine.next(input, at: instant) { act(effect) }
    }

    // MARK: Power and enumeration

    public mutating func powerUp(at instant: Instant) {
        isPresent = true
        feed(.pluggedIn, at: instant)
    }

    public mutating func powerDown(at instant: Instant) {
        isPresent = false
        configuration = 0
        halted = []
        feed(.unplugged, at: instant)
    }

    public mutating func busReset(at instant: Instant) {
        configuration = 0
        halted = []
        feed(.busReset, at: instant)
    }

    public mutating func control(_ setup: SetupPacket, data: [UInt8], at instant: Instant) -> USBReply {
        guard setup.kind == .standard else {
            // An output report may come this way too (HID 1.11, 7.2.2). SET_IDLE and SET_PROTOCOL mean nothing to it; no report is to be had this way.
            if setup.requestType == 0x21, setup.request == 0x09, setup.value == 0x0201 {
                return takesOutput(endpoint: 2) ? take(data, at: instant) : .silence
            }
            return setup.direction == .out ? .acknowledged : .stall
        }
        switch StandardRequest(rawValue: setup.request) {
        case .getDescriptor:
            let isReport = UInt8(setup.value >> 8) == DescriptorType.hidReport.rawValue
            guard let octets = isReport ? Self.reportDescriptor : standardDescriptor(setup) else { return .stall }
            return .data(Array(octets.prefix(Int(setup.length))))
        case .getConfiguration: return .data(Array([configuration].prefix(Int(setup.length))))
        case .setConfiguration:
            configuration = UInt8(truncatingIfNeeded: setup.value)
            halted = []
            return .acknowledged
        case .clearFeature where setup.requestType == 0x02 && setup.value == 0:
            halted.remove(UInt8(truncatingIfNeeded: setup.index))
            return .acknowledged
        case .getStatus: return .data(Array([0, 0].prefix(Int(setup.length))))
        case .getInterface: return .data(Array([0].prefix(Int(setup.length))))
        default: return setup.direction == .out ? .acknowledged : .stall
        }
    }

    // MARK: Endpoints

    public var nextReport: Instant? {
        // A refusal is there at once.
        refuses(at: Self.inEndpoint) ? Instant(nanoseconds: 0) : engine.nextReport
    }

    public func takesOutput(endpoint: UInt32) -> Bool { refuses(at: Self.outEndpoint) || engine.takesReports }

    public mutating func interruptIn(endpoint: UInt32, length: Int, at instant: Instant) -> USBReply {
        if refuses(at: Self.inEndpoint) { return refuse(at: Self.inEndpoint) }
        guard let report = engine.takeReport(at: instant) else { return .silence }
        return .data(Array(report.prefix(length)))
    }

    public mutating func interruptOut(endpoint: UInt32, data: [UInt8], at instant: Instant) -> USBReply {
        if refuses(at: Self.outEndpoint) { return refuse(at: Self.outEndpoint) }
        return engine.takesReports ? take(data, at: instant) : .silence
    }

    private func refuses(at endpoint: UInt8) -> Bool { engine.faults.isStalling || halted.contains(endpoint) }

    private mutating func refuse(at endpoint: UInt8) -> USBReply {
        halted.insert(endpoint)
        return .stall
    }

    private mutating func take(_ report: [UInt8], at instant: Instant) -> USBReply {
        if var left = engine.faults.vanishesAfterReports {
            left -= 1
            var faults = engine.faults
            faults.vanishesAfterReports = left > 0 ? left : nil
            feed(.faults(faults), at: instant)
            if left <= 0 {
                powerDown(at: instant)
                return .silence
            }
        }
        feed(.report(report), at: instant)
        return .acknowledged
    }
}
