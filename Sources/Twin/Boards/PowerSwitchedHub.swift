public import Events
public import USB

/// A hub with a power switch for each port, at the level of its class requests (USB 2.0, 11.24; USB 3.2, 10.16).
///
/// | request | setup packet | |
/// |---|---|---|
/// | descriptor | `a0 06 2900` (`2a00` on SuperSpeed) | octets 3–4: characteristics; bits 1–0: 0 ganged, 1 each port, 2 none |
/// | status | `a3 00 0000 port 0004` | bit 8 power, bit 9 on SuperSpeed |
/// | power on | `23 03 0008 port` | |
/// | power off | `23 01 0008 port` | |
public struct PowerSwitchedHub: SwitchingBoardModel {
    public enum Switching: UInt8, Sendable {
        case ganged, eachPort, none
    }

    public let portCount: Int
    public let isSuperSpeed: Bool
    public var switching: Switching
    /// A stuck contact is a port whose status follows and whose VBUS stays, as on hubs that have the register and lack the transistor.
    public var faults = BoardFaults()
    public private(set) var isPresent = false
    /// What the status of each port says.
    private var power: [Bool]
    /// Whether each port carries VBUS.
    public private(set) var vbus: [Bool]

    public init(portCount: Int, isSuperSpeed: Bool = false, switching: Switching = .eachPort) {
        precondition((1...15).contains(portCount), "a hub has 1 to 15 ports")
        self.portCount = portCount
        self.isSuperSpeed = isSuperSpeed
        self.switching = switching
        power = [Bool](repeating: false, count: portCount)
        vbus = power
    }

    /// Energised is a port without power.
    public var contacts: [Bool] { vbus.map { !$0 } }

    public var speed: USBIP.Speed { isSuperSpeed ? .super : .high }

    public var deviceDescriptor: DeviceDescriptor {
        var descriptor = DeviceDescriptor(vendor: 0x2109, product: 0x2813)
        descriptor.deviceClass = 9
        return descriptor
    }

    public var configurationDescriptor: ConfigurationDescriptor {
        var interface = InterfaceDescriptor(number: 0, interfaceClass: 9)
        interface.endpoints = [EndpointDescriptor(address: 0x81, attributes: 3, maximumPacketSize: 1, interval: 12)]
        return ConfigurationDescriptor(interfaces: [interface])
    }

    public var strings: [String] { [] }

    public mutating func powerUp(at instant: Instant) {
        isPresent = true
        for port in 1...portCount { switchPort(port, true) }
    }

    public mutating func powerDown(at instant: Instant) { powerDown() }

    private mutating func powerDown() {
        isPresent = false
        power = power.map { _ in false }
        vbus = power
    }

    /// A hub's ports are off after a reset until the host turns them on, as it does at once.
    public mutating func busReset(at instant: Instant) {
        for port in 1...portCount { switchPort(port, true) }
    }

    public mutating func interruptIn(endpoint: UInt32, length: Int, at instant: Instant) -> USBReply { .silence }

    public mutating func control(_ setup: SetupPacket, data: [UInt8], at instant: Instant) -> USBReply {
        if setup.kind != .standard || setup.requestType & 0x1F != 0, let fault = faults.meet() { return fault }
        return faults.cut(reply(to: setup))
    }

    private mutating func reply(to setup: SetupPacket) -> USBReply {
        let port = Int(setup.index & 0xFF)
        switch (setup.requestType, setup.request, setup.value) {
        case (0x80, 6, _):
            guard let octets = standardDescriptor(setup) else { return .stall }
            return .data(Array(octets.prefix(Int(setup.length))))
        case (0x00, _, _): return .acknowledged
        case (0xA0, 6, isSuperSpeed ? 0x2A00 : 0x2900):
            return .data(Array(hubDescriptor.prefix(Int(setup.length))))
        case (0xA3, 0, 0) where (1...portCount).contains(port):
            let bit: UInt16 = isSuperSpeed ? 0x0200 : 0x0100
            let status: UInt16 = power[port - 1] ? bit : 0
            return .data(Array([UInt8(status & 0xFF), UInt8(status >> 8), 0, 0].prefix(Int(setup.length))))
        case (0x23, 3, 8) where (1...portCount).contains(port), (0x23, 1, 8) where (1...portCount).contains(port):
            if faults.takesCommand() { switchPort(port, setup.request == 3) }
            if faults.vanishes() { powerDown() }
            return .acknowledged
        default: return .stall
        }
    }

    private var hubDescriptor: [UInt8] {
        let length: UInt8 = isSuperSpeed ? 12 : 9
        let head: [UInt8] = [length, isSuperSpeed ? 0x2A : 0x29, UInt8(portCount), switching.rawValue, 0, 50, 100]
        return head + [UInt8](repeating: 0, count: Int(length) - head.count)
    }

    private mutating func switchPort(_ port: Int, _ isOn: Bool) {
        guard !faults.deafChannels.contains(port), switching != .none || isOn else { return }
        power[port - 1] = isOn
        switch switching {
        case .eachPort: if !faults.stuckContacts.contains(port) { vbus[port - 1] = isOn }
        // One switch for all: it opens when the last port is off.
        case .ganged: vbus = vbus.map { _ in power.contains(true) }
        case .none: vbus[port - 1] = isPresent
        }
    }
}
