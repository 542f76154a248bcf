public import USB

/// Cleware's USB-Switch and its 8-port. It sends its state all the time, and for a while the old one.
public struct ClewareBoard: PlainBoardModel {
    public enum Kind: Hashable, Sendable {
        case switches(Int)
        case eightPort
    }

    public var core: BoardCore
    /// Every so many commands one is not followed.
    public var skipsEach: Int?
    private let kind: Kind
    /// bcdDevice as a plain number; before 4 the senses of command and report are turned round.
    private let version: UInt16
    private let serial: String
    private var commands = 0
    /// What its reports say, and how many more they will.
    private var shown: [Bool]
    private var shownReports = 0

    private static let lag = 4

    public init(_ kind: Kind, version: UInt16, serial: String = "6A1F", skipsEach: Int? = nil) {
        self.kind = kind
        self.version = version
        self.serial = serial
        self.skipsEach = skipsEach
        switch kind {
        case .switches(let count): core = BoardCore(channelCount: count)
        case .eightPort: core = BoardCore(channelCount: 8)
        }
        shown = core.relays.pins
    }

    public static var specimens: [RelayBoardSpecimen] {
        func specimen(_ name: String, _ model: @escaping @Sendable () -> ClewareBoard) -> RelayBoardSpecimen {
            RelayBoardSpecimen(driver: "cleware", name: name, model: model)
        }
        return [
            specimen("USB-Switch v3") { ClewareBoard(.switches(1), version: 3) },
            specimen("USB-Switch v5") { ClewareBoard(.switches(1), version: 5) },
            specimen("USB-Switch4 v29") { ClewareBoard(.switches(4), version: 29) },
            specimen("USB-Switch2, skipping") { ClewareBoard(.switches(2), version: 29, skipsEach: 2) },
            specimen("USB-Switch8") { ClewareBoard(.eightPort, version: 9) },
        ]
    }
    public static func unwritten() -> ClewareBoard? { ClewareBoard(.switches(1), version: 29, serial: unwrittenText) }
    public static func another() -> ClewareBoard? { ClewareBoard(.switches(1), version: 29, serial: "6A20") }

    public var speed: USBIP.Speed { .low }
    public var deviceDescriptor: DeviceDescriptor {
        var descriptor = DeviceDescriptor(vendor: 0x0D50, product: kind == .eightPort ? 0x0030 : 0x0008)
        descriptor.deviceVersion = version
        descriptor.manufacturerString = 1
        descriptor.productString = 2
        descriptor.serialNumberString = 3
        return descriptor
    }
    public var configurationDescriptor: ConfigurationDescriptor {
        ConfigurationDescriptor(interfaces: [hidInterface(in: 0x81, out: version < 10 ? nil : 0x02, packet: 8)])
    }
    public var strings: [String] { ["Cleware GmbH", kind == .eightPort ? "USB-Switch8" : "USB-Switch", serial] }

    public var isReadable: Bool { true }
    public var serialNumber: String { serial }
    public var onUnplugging: UnpluggedContacts { .released }

    public mutating func begin() {
        commands = 0
        shownReports = 0
    }

    public mutating func request(_ setup: SetupPacket, _ data: [UInt8]) -> USBReply {
        guard setup.requestType == 0x21, setup.request == 9, setup.value == 0x0200 else { return .stall }
        return obey(data)
    }

    public mutating func take(_ data: [UInt8], endpoint: UInt32) -> USBReply {
        version >= 10 && endpoint == 2 ? obey(data) : .stall
    }

    private mutating func obey(_ report: [UInt8]) -> USBReply {
        commands += 1
        if let each = skipsEach, commands % each == 1 { return .acknowledged }
        if shownReports == 0 {
            shown = core.relays.pins
            shownReports = Self.lag
        }
        switch kind {
        case .switches where report.count >= 3 && report[0] == 0 && report[1] >= 0x10:
            let isOn = (report[2] == 1) != (version < 4)
            follow { $0.drive(Int(report[1]) - 0x10 + 1, isOn) }
        case .eightPort where report.count >= 5 && report[0] == 3:
            follow { relays in
                for port in 0..<8 where report[4] >> port & 1 == 1 {
                    relays.drive(port + 1, report[2] >> port & 1 == 1)
                }
            }
        default: break
        }
        return .acknowledged
    }

    public mutating func report(endpoint: UInt32) -> USBReply {
        let states = shownReports > 0 ? shown : core.relays.pins
        shownReports = max(0, shownReports - 1)
        var report = [UInt8](repeating: 0, count: 6)
        switch kind {
        case .eightPort:
            report[3] = 0xFF
            for (index, isOn) in states.enumerated() where isOn { report[5] |= 1 << UInt8(index) }
        case .switches where version >= 10:
            report[0] = 0x80
            for (index, isOn) in states.enumerated() {
                if isOn { report[0] |= 1 << UInt8(2 * index) }
                if index > 0 { report[0] |= 1 << UInt8(2 * index - 1) }
            }
        case .switches:
            report[2] = states[0] != (version < 4) ? 1 : 0
        }
        return .data(report)
    }
}
