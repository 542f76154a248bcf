public import Events
public import USB

/// What a device does with one transfer.
public enum USBReply: Hashable, Sendable {
    /// The data of an IN transfer, at most as much as was asked.
    case data([UInt8])
    /// An OUT transfer, or one without data, was taken.
    case acknowledged
    case stall
    /// No handshake, or for ever NAK: the host waits until its own time is up.
    case silence
}

/// A USB device as its host meets it: setup packets and endpoints. It doesn't know what carries them, so that one model serves in
/// process, over USB/IP and wherever else transfers come from. Time is an argument.
public protocol USBDeviceModel: Sendable {
    var speed: USBIP.Speed { get }
    var deviceDescriptor: DeviceDescriptor { get }
    var configurationDescriptor: ConfigurationDescriptor { get }
    /// The texts behind string indices 1, 2, ….
    var strings: [String] { get }
    /// False once the device has dropped off the bus by itself; its next plugging in brings it back.
    var isPresent: Bool { get }

    /// A control transfer. `data` is what the host sends with it.
    mutating func control(_ setup: SetupPacket, data: [UInt8], at instant: Instant) -> USBReply
    /// The host asks an interrupt endpoint for at most `length` octets; `silence` is "nothing to report yet".
    mutating func interruptIn(endpoint: UInt32, length: Int, at instant: Instant) -> USBReply
    /// False while the device answers NAK to what is sent to an endpoint and will take it later: the host goes on offering it.
    func takesOutput(endpoint: UInt32) -> Bool
    /// The host sends to an interrupt endpoint.
    mutating func interruptOut(endpoint: UInt32, data: [UInt8], at instant: Instant) -> USBReply
    /// When an interrupt endpoint will have something to report that it hasn't yet; nil when nothing is on its way.
    var nextReport: Instant? { get }
    /// The bus was reset, as at each enumeration.
    mutating func busReset(at instant: Instant)
    /// VBUS came.
    mutating func powerUp(at instant: Instant)
    /// VBUS went.
    mutating func powerDown(at instant: Instant)
}

/// A device that switches circuits.
public protocol SwitchingBoardModel: USBDeviceModel {
    /// Whether each channel's contact is in its energised position, from channel 1 on.
    var contacts: [Bool] { get }
    /// When a contact will move by itself; nil when none will.
    var nextChange: Instant? { get }
    /// Lets time pass up to an instant: what was due by itself has happened.
    mutating func pass(until instant: Instant)
}

extension SwitchingBoardModel {
    public var nextChange: Instant? { nil }
    public mutating func pass(until instant: Instant) {}
}

extension USBDeviceModel {
    /// A device without OUT endpoints.
    public mutating func interruptOut(endpoint: UInt32, data: [UInt8], at instant: Instant) -> USBReply { .stall }

    public func takesOutput(endpoint: UInt32) -> Bool { true }

    public var nextReport: Instant? { nil }

    /// The descriptor that a GET_DESCRIPTOR asks for, of the kinds that every device has; nil for one that it lacks.
    public func standardDescriptor(_ setup: SetupPacket) -> [UInt8]? {
        let index = Int(setup.value & 0xFF)
        switch DescriptorType(rawValue: UInt8(setup.value >> 8)) {
        case .device: return deviceDescriptor.octets
        case .configuration: return configurationDescriptor.octets
        case .string where index == 0: return StringDescriptor.octets(languages: [StringDescriptor.englishUS])
        case .string where index <= strings.count: return StringDescriptor.octets(strings[index - 1])
        case .hid: return configurationDescriptor.interfaces.first?.classDescriptors.first
        default: return nil
        }
    }
}
