import Relays

/// What a machine has that a rig can be made of, from descriptors, sysfs, udev's database and /proc alone: nothing is written to a device, and no
/// serial line is opened.
public struct Discovery: Sendable {
    /// A relay board, or what may be one.
    public struct Board: Sendable, Hashable {
        /// Drivers that may speak to it; one when ids and texts decide.
        public var drivers: [String]
        /// Whether ids and texts leave no doubt.
        public var isCertain: Bool
        public var title: String
        public var isOnSerialLine: Bool
        /// Where it is plugged in.
        public var path: String
        /// What binds it beside its path; nil when nothing does.
        public var serial: String?
        /// From its texts; nil when they don't say.
        public var channelCount: Int?
        public var obstacles: [Obstacle]
    }

    /// A hub whose ports the kernel offers to switch.
    public struct Hub: Sendable, Hashable {
        public var title: String
        public var path: String
        public var portCount: Int
        public var obstacles: [Obstacle]
    }

    /// A KNX interface with HID reports.
    public struct Interface: Sendable, Hashable {
        public var title: String
        public var path: String
        public var serial: String?
        public var obstacles: [Obstacle]
    }

    /// A serial line that may lead to a transceiver.
    public struct Port: Sendable, Hashable {
        public var title: String
        public var node: String
        /// The same after each plugging in; what a rig file names.
        public var device: String
        public var path: String
        /// Whether its ids and texts are those of a transceiver.
        public var isTransceiver: Bool
        public var obstacles: [Obstacle]
    }

    public private(set) var boards: [Board] = []
    public private(set) var hubs: [Hub] = []
    public private(set) var interfaces: [Interface] = []
    public private(set) var ports: [Port] = []

    public var isEmpty: Bool { boards.isEmpty && hubs.isEmpty && interfaces.isEmpty && ports.isEmpty }

    /// Looks around, once.
    public init(_ machine: Machine) {
        let devices = machine.usbDevices
        let lines = machine.serialPorts
        let hasModemManager = machine.runs("ModemManager")
        for device in devices {
            let own = lines.filter { $0.path.hasPrefix(device.path + ":") }
            if device.isHub {
                guard !device.path.hasPrefix("usb"), device.hasPortSwitches else { continue }
                hubs.append(
                    Hub(
                        title: device.title, path: device.path, portCount: device.portCount,
                        obstacles: Self.rights(device, machine)))
                continue
            }
            let onUSB = RelayBoardDrivers.all.filter { $0.recognises(device.info) }
            let certain = onUSB.first { $0.isCertain(of: device.info) }
            let onLine = SerialBoardDrivers.all.filter { driver in
                own.contains { $0.device.map(driver.recognises) ?? false }
            }
            if let certain {
                boards.append(Self.board(device, [certain.name], true, own, devices, machine))
                continue
            }
            if let serial = onLine.first(where: { !$0.needsPath }), let line = own.first {
                boards.append(
                    Self.lineBoard(device, serial.name, line, devices, machine, hasModemManager: hasModemManager))
                continue
            }
            if Self.isKNXInterface(device) {
                interfaces.append(
                    Interface(
                        title: device.title, path: device.path, serial: device.info.serialNumber,
                        obstacles: Self.rights(device, machine) + Self.holders(device, [], machine)))
                continue
            }
            for line in own {
                ports.append(Self.port(device, line, lines, machine, hasModemManager: hasModemManager))
            }
            let mayBe = onUSB.map(\.name) + onLine.map(\.name)
            if !mayBe.isEmpty { boards.append(Self.board(device, mayBe, false, own, devices, machine)) }
            if own.isEmpty, let module = KnownAdapters.module(device.info) {
                ports.append(
                    Port(
                        title: device.title, node: "", device: "", path: device.path, isTransceiver: false,
                        obstacles: [.noLine(module)]))
            }
        }
    }

    // MARK: each kind

    private static func board(
        _ device: USBNode, _ drivers: [String], _ isCertain: Bool, _ lines: [SerialPort], _ all: [USBNode],
        _ machine: Machine
    ) -> Board {
        var obstacles = rights(device, machine)
        let (serial, doubt) = meantSerial(device, drivers, all)
        if let doubt { obstacles.append(doubt) }
        let isOnUSB = drivers.contains { name in RelayBoardDrivers.all.contains { $0.name == name } }
        for driver in Set(device.interfaces.compactMap(\.driver)).sorted() where isOnUSB && !harmless.contains(driver) {
            obstacles.append(
                driver == "usbfs"
                    ? Obstacle(
                        kind: .busy, sentence: "another program has claimed it through usbfs: end that one first")
                    : .kernelDriver(driver, line: lines.first?.node))
        }
        obstacles += holders(device, lines.map(\.node), machine)
        return Board(
            drivers: drivers, isCertain: isCertain, title: device.title, isOnSerialLine: false, path: device.path,
            serial: serial, channelCount: channelCount(device.info, drivers), obstacles: obstacles)
    }

    private static func lineBoard(
        _ device: USBNode, _ driver: String, _ line: SerialPort, _ all: [USBNode], _ machine: Machine,
        hasModemManager: Bool
    ) -> Board {
        let (serial, doubt) = meantSerial(device, [driver], all)
        return Board(
            drivers: [driver], isCertain: true, title: device.title, isOnSerialLine: true, path: line.path,
            serial: serial, channelCount: channelCount(device.info, [driver]),
            obstacles: ofLine(device, line, machine, hasModemManager: hasModemManager) + [doubt].compactMap(\.self))
    }

    private static func port(
        _ device: USBNode, _ line: SerialPort, _ all: [SerialPort], _ machine: Machine, hasModemManager: Bool
    ) -> Port {
        var obstacles = ofLine(device, line, machine, hasModemManager: hasModemManager)
        let links = udev(line, machine).links.sorted()
        let twins = all.filter {
            $0.path != line.path && $0.device?.vendor == device.info.vendor
                && $0.device?.product == device.info.product
                && $0.device?.serialNumber == device.info.serialNumber
                && $0.path.drop { $0 != ":" } == line.path.drop { $0 != ":" }
        }
        let isUnique = twins.isEmpty && device.info.serialNumber.map(isSerial) == true
        if !twins.isEmpty {
            obstacles.append(
                .serial(
                    device.info.serialNumber == nil
                        ? "it has no serial, as the one at \(twins[0].path) has none"
                        : "its serial is that of the one at \(twins[0].path) too"))
        }
        let byID = links.first { $0.contains("/serial/by-id/") }
        let byPath = links.first { $0.contains("/serial/by-path/") }
        let stable = (isUnique ? byID : nil) ?? byPath ?? byID ?? line.node
        if let driver = device.interfaces.first(where: { $0.path == line.path })?.driver, driver == "ftdi_sio",
            let milliseconds = machine.line("/sys/class/tty/\(name(line))/device/latency_timer").flatMap({ Int($0) }),
            milliseconds > 1
        {
            obstacles.append(.latency(milliseconds))
        }
        return Port(
            title: device.title, node: line.node, device: stable, path: line.path,
            isTransceiver: KnownAdapters.isTransceiver(device.info), obstacles: obstacles)
    }

    // MARK: reasons

    /// Drivers that a claim takes a board from without anybody noticing.
    private static let harmless: Set<String> = ["usbhid"]

    private static func rights(_ device: USBNode, _ machine: Machine) -> [Obstacle] {
        guard let node = device.node, !machine.mayUse(node) else { return [] }
        return [.permission(device, node: node, isLine: false)]
    }

    private static func holders(_ device: USBNode, _ lines: [String], _ machine: Machine) -> [Obstacle] {
        machine.holders(
            of: [device.node].compactMap(\.self) + device.interfaces.flatMap(\.hidNodes) + lines
        ).map {
            .busy(process: $0.process, name: $0.name, node: $0.node)
        }
    }

    private static func ofLine(
        _ device: USBNode, _ line: SerialPort, _ machine: Machine, hasModemManager: Bool
    ) -> [Obstacle] {
        var obstacles: [Obstacle] = []
        if !machine.mayUse(line.node) { obstacles.append(.permission(device, node: line.node, isLine: true)) }
        obstacles += machine.holders(of: [line.node]).map {
            .busy(process: $0.process, name: $0.name, node: $0.node)
        }
        if hasModemManager, udev(line, machine).properties["ID_MM_DEVICE_IGNORE"] != "1" {
            obstacles.append(.modemManager(device, node: line.node))
        }
        return obstacles
    }

    private static func udev(_ line: SerialPort, _ machine: Machine) -> (properties: [String: String], links: [String])
    {
        machine.line("/sys/class/tty/\(name(line))/dev").map(machine.udev) ?? ([:], [])
    }

    private static func name(_ line: SerialPort) -> String { String(line.node.dropFirst("/dev/".count)) }

    /// The serial that binds a board, or why none does.
    private static func meantSerial(
        _ device: USBNode, _ drivers: [String], _ all: [USBNode]
    ) -> (serial: String?, doubt: Obstacle?) {
        // Their serial is no descriptor: only the board itself tells it, and it is not asked.
        if drivers.contains(where: { ["dcttech", "sis-pm"].contains($0) }) { return (nil, nil) }
        let same = all.filter {
            $0.path != device.path && $0.info.vendor == device.info.vendor && $0.info.product == device.info.product
        }
        guard let serial = device.info.serialNumber else {
            return (nil, same.isEmpty ? nil : .serial("it has no serial, and \(same[0].path) has the same ids"))
        }
        guard isSerial(serial) else { return (nil, .serial("its serial was never written ('\(shown(serial))')")) }
        if let other = same.first(where: { $0.info.serialNumber == serial }) {
            return (nil, .serial("its serial \(serial) is that of the one at \(other.path) too"))
        }
        return (serial, nil)
    }

    /// Whether somebody has written it: memory that nobody has written reads 0xFF, and some makers give all their boards one text.
    static func isSerial(_ text: String) -> Bool {
        let scalars = text.unicodeScalars
        let isErased = scalars.allSatisfy { $0.value == 0xFF || $0.value == 0xFFFD || $0.value < 0x20 }
        return !isErased && !Set(scalars).isSubset(of: ["F", "f"]) && text != "A0001"
    }

    private static func shown(_ text: String) -> String {
        String(text.unicodeScalars.map { (0x20...0x7E).contains($0.value) ? Character($0) : "." })
    }

    private static func channelCount(_ info: DeviceInfo, _ drivers: [String]) -> Int? {
        switch drivers.first {
        case "nuvoton-16": return 16
        case "conrad": return 4
        case "deditec": return 8
        case "yepkit": return [0xF2F7: 3, 0xF11B: 4, 0xF0CD: 1][info.product]
        case "dcttech", "numato":
            let digits = (info.productName ?? "").drop { !$0.isNumber }.prefix { $0.isNumber }
            return Int(digits).flatMap { (1...32).contains($0) ? $0 : nil }
        default: return nil
        }
    }

    private static func isKNXInterface(_ device: USBNode) -> Bool {
        let isHID = device.interfaces.contains { $0.kind == 3 && $0.hasReports64 }
        guard isHID else { return false }
        let title = device.title.uppercased()
        return KnownAdapters.isKNXInterface(device.info) || title.contains("KNX") || title.contains("EIB")
    }
}

extension RelayBoardDriver {
    /// Whether ids and texts alone decide: no chip of thousands of cables, and no text missing that would say otherwise.
    func isCertain(of info: DeviceInfo) -> Bool {
        guard binding == .any else { return false }
        return !recognisesByText(info) || info.manufacturer != nil && info.productName != nil
    }

    /// Whether other texts would make it another device.
    private func recognisesByText(_ info: DeviceInfo) -> Bool {
        var stranger = info
        stranger.manufacturer = "?"
        stranger.productName = "?"
        return recognises(info) && !recognises(stranger)
    }
}
