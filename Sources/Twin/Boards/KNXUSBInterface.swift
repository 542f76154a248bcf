public import Events
public import KNX
public import USB

/// A KNX USB interface (KNX standard 9/3) as its host meets it: a HID device with one interrupt endpoint each way, reports of 64 octets, cEMI as its only
/// message interface. It knows the line from `LineRecord`s and sends through a closure, as the simulated device that stands for it there.
///
/// knxd 0.14.54 takes the first HID interface with exactly these endpoints, whatever the ids (measured).
public struct KNXUSBInterface: USBDeviceModel {
    public struct Parameters: Hashable, Sendable {
        /// Put into telegrams whose source the host leaves 0.
        public var address: IndividualAddress
        /// The simulated device of the line that stands for it.
        public var device: String
        /// From the end of a telegram to its L_Data.con. Below about 20 ms knxd has not yet seen its own transfer end, takes the confirmation for a stray
        /// one, and repeats the telegram (knxd 0.14.54, measured); interfaces are slower than that.
        public var confirmationDelayNanoseconds: Int64 = 20_000_000
        /// From a request to the bus access server to its answer.
        public var answerDelayNanoseconds: Int64 = 20_000_000
        /// Reports that wait for the host; more push the oldest out.
        public var longestQueue = 64

        public init(address: IndividualAddress, device: String) {
            self.address = address
            self.device = device
        }
    }

    public let parameters: Parameters
    /// True while its firmware hangs: reports of the host are not even taken (for ever NAK). Its next plugging in ends that.
    public var isHung = false
    public private(set) var isPresent = false
    /// What the host has said that could not be understood.
    public private(set) var rejected: [[UInt8]] = []
    private let send: @Sendable ([UInt8]) -> Void
    private var configuration: UInt8 = 0
    private var stream = USBTransferStream()
    private var reports: [(due: Instant, octets: [UInt8])] = []
    /// Telegrams of the host that are on their way, oldest first, as L_Data.req.
    private var unconfirmed: [[UInt8]] = []

    /// - Parameter send: sends a TP1 frame with its check octet on the line; must return at once.
    public init(_ parameters: Parameters, send: @escaping @Sendable ([UInt8]) -> Void) {
        self.parameters = parameters
        self.send = send
    }

    public var speed: USBIP.Speed { .full }

    public var deviceDescriptor: DeviceDescriptor {
        var descriptor = DeviceDescriptor(vendor: 0x0E77, product: 0x0104)
        descriptor.manufacturerString = 1
        descriptor.productString = 2
        return descriptor
    }

    public var configurationDescriptor: ConfigurationDescriptor {
        var interface = InterfaceDescriptor(number: 0, interfaceClass: 3)
        interface.classDescriptors = [
            HIDDescriptor(hidVersion: 0x0101, reportDescriptorLength: UInt16(Self.reportDescriptor.count)).octets
        ]
        interface.endpoints = [
            EndpointDescriptor(address: 0x81, attributes: 3, maximumPacketSize: 64, interval: 2),
            EndpointDescriptor(address: 0x02, attributes: 3, maximumPacketSize: 64, interval: 2),
        ]
        return ConfigurationDescriptor(interfaces: [interface])
    }

    public var strings: [String] { ["knxrig twin", "KNX USB interface"] }

    /// Report 1 of 63 octets each way, on a vendor page.
    private static let reportDescriptor: [UInt8] = [
        0x06, 0xA0, 0xFF, 0x09, 0x01, 0xA1, 0x01, 0x85, 0x01, 0x15, 0x00, 0x26, 0xFF, 0x00, 0x75, 0x08, 0x95, 0x3F,
        0x09, 0x02,
        0x81, 0x02, 0x09, 0x03, 0x91, 0x02, 0xC0,
    ]

    public mutating func powerUp(at instant: Instant) {
        isPresent = true
    }

    public mutating func powerDown(at instant: Instant) {
        isPresent = false
        isHung = false
        busReset(at: instant)
    }

    public mutating func busReset(at instant: Instant) {
        configuration = 0
        stream = USBTransferStream()
        reports = []
        unconfirmed = []
    }

    public mutating func control(_ setup: SetupPacket, data: [UInt8], at instant: Instant) -> USBReply {
        guard setup.kind == .standard else {
            // SET_IDLE and SET_PROTOCOL mean nothing to it; there is no report to be had this way.
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
            return .acknowledged
        case .getStatus: return .data(Array([0, 0].prefix(Int(setup.length))))
        case .getInterface: return .data(Array([0].prefix(Int(setup.length))))
        default: return setup.direction == .out ? .acknowledged : .stall
        }
    }

    public var nextReport: Instant? { reports.first?.due }

    public mutating func interruptIn(endpoint: UInt32, length: Int, at instant: Instant) -> USBReply {
        guard let first = reports.first, first.due <= instant else { return .silence }
        reports.removeFirst()
        return .data(Array(first.octets.prefix(length)))
    }

    public mutating func interruptOut(endpoint: UInt32, data: [UInt8], at instant: Instant) -> USBReply {
        guard !isHung else { return .silence }
        for output in stream.feed(data) {
            switch output {
            case .transfer(let transfer, _): take(transfer, at: instant)
            case .rejected(_, let octets): rejected.append(octets)
            case .abandoned(_, _, let octets): rejected.append(octets)
            }
        }
        return .acknowledged
    }

    private mutating func take(_ transfer: USBTransfer, at instant: Instant) {
        switch transfer.content {
        case .busAccess(let message) where message.service == .get:
            let value = Self.features[message.feature] ?? []
            say(
                .busAccess(BusAccessMessage(.response, message.feature, value: value)), at: instant,
                after: parameters.answerDelayNanoseconds)
        case .busAccess: break
        case .tunnel(.cemi, let message): request(message, at: instant)
        case .tunnel(_, let octets), .other(_, _, let octets): rejected.append(octets)
        }
    }

    /// What the bus access server tells: cEMI only, mask version 07B0, connected, no maker, cEMI active.
    private static let features: [InterfaceFeature: [UInt8]] = [
        .supportedEMITypes: [0x00, 0x04], .deviceDescriptor: [0x07, 0xB0], .busConnectionStatus: [1],
        .manufacturerCode: [0, 0],
        .activeEMIType: [3],
    ]

    private mutating func request(_ message: [UInt8], at instant: Instant) {
        switch message.first {
        case 0x11:
            guard let frame = LinkMessage.frame(of: message, source: parameters.address) else {
                rejected.append(message)
                return
            }
            unconfirmed.append(message)
            send(frame)
        case 0xF1: say(.tunnel(.cemi, [0xF0]), at: instant, after: parameters.answerDelayNanoseconds)
        case 0xF6:
            // M_PropWrite.req is confirmed without data: object type, instance, property, then count and start.
            say(
                .tunnel(.cemi, [0xF5] + message.dropFirst().prefix(6)), at: instant,
                after: parameters.answerDelayNanoseconds)
        default: rejected.append(message)
        }
    }

    /// Takes in what happened on the line.
    public mutating func take(_ record: LineRecord) {
        guard isPresent else { return }
        switch record {
        case .frame(let frame) where !frame.isTruncated && !frame.senders.contains(parameters.device):
            guard let message = LinkMessage.message(0x29, of: frame.octets) else { return }
            say(.tunnel(.cemi, message), at: frame.ended, after: 1_000_000)
        case .confirmation(parameters.device, let isConfirmed, let instant):
            guard !unconfirmed.isEmpty else { return }
            var message = unconfirmed.removeFirst()
            message[0] = 0x2E
            let control = 2 + Int(message[1])
            message[control] = message[control] & 0xFE | (isConfirmed ? 0 : 1)
            say(.tunnel(.cemi, message), at: instant, after: parameters.confirmationDelayNanoseconds)
        default: break
        }
    }

    private mutating func say(_ content: USBTransfer.Content, at instant: Instant, after nanoseconds: Int64) {
        guard let octets = try? USBTransfer(content).reports else { return }
        // One word after the other: a short delay does not overtake a long one.
        let due = max(instant + Instant.Span(nanoseconds: nanoseconds), reports.last?.due ?? instant)
        reports += octets.map { (due, $0) }
        reports.removeFirst(max(0, reports.count - parameters.longestQueue))
    }
}

/// L_Data between a TP1 frame and its cEMI message, octet for octet (KNX standard 3/6/3 and 3/2/2): the control octets are where a frame of the other
/// format has them, and only the length moves.
enum LinkMessage {
    /// The frame of an L_Data.req, with its check octet; nil when the message is none.
    static func frame(of message: [UInt8], source address: IndividualAddress) -> [UInt8]? {
        guard message.count >= 2, message.count >= 11 + Int(message[1]) else { return nil }
        let body = Array(message.dropFirst(2 + Int(message[1])))
        let length = Int(body[6])
        guard body.count == 8 + length else { return nil }
        var source = Array(body[2...3])
        if source == [0, 0] { source = [UInt8(address.raw >> 8), UInt8(truncatingIfNeeded: address.raw)] }
        let isStandard = body[0] & 0x80 != 0 && length <= 15
        var frame: [UInt8]
        if isStandard {
            // 10r1pp00: what the message says of acknowledging and confirming stays off the line.
            frame = [body[0] & 0x0C | 0xB0] + source + body[4...5] + [body[1] & 0xF0 | UInt8(length)]
        } else {
            frame = [body[0] & 0x0C | 0x30, body[1]] + source + body[4...5] + [UInt8(length)]
        }
        frame += body[7...]
        return frame + [TP1.checkOctet(frame)]
    }

    /// The cEMI message of a frame; nil when its octets are no whole data frame.
    static func message(_ code: UInt8, of frame: [UInt8]) -> [UInt8]? {
        guard let control = frame.first, TP1.isDataControl(control), TP1.frameLength(prefix: frame) == frame.count,
            frame.count >= 8
        else { return nil }
        let unit = control & 0x80 != 0 ? 6 : 7
        guard frame.count > unit + 1 else { return nil }
        let body = Array(frame.dropLast())
        if control & 0x80 != 0 {
            return [code, 0, control, body[5] & 0xF0] + body[1...4] + [body[5] & 0x0F] + body[6...]
        }
        return [code, 0, control, body[1]] + body[2...5] + [body[6]] + body[7...]
    }
}
