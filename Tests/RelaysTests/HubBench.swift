import Events
import Glibc
import Platform
import Synchronization
import Twin
import USB

@testable import Relays

/// Hubs at the end of a transport, and a sysfs of our own in which a write to `disable` reaches them as it does in the kernel.
final class HubBench: USBTransport {
    private let directory: TemporaryDirectory
    private let hubs: Mutex<[String: PowerSwitchedHub]>
    private let unplugged = Mutex<Set<String>>([])
    private let describe: @Sendable (_ hub: String, _ devnum: Int) throws -> Void
    private let plugs = Mutex(1)
    private let serial: Serial

    /// What the hubs say of themselves from their next plugging in on.
    private final class Serial: Sendable {
        private let box: Mutex<String?>

        init(_ text: String?) { box = Mutex(text) }

        var text: String? {
            get { box.withLock { $0 } }
            set { box.withLock { $0 = newValue } }
        }
    }

    func describesAs(serial text: String) { serial.text = text }
    /// Ports whose `disable` stands in sysfs.
    private let switched: [(hub: String, port: Int)]
    /// All setup packets that switch a port.
    private let requests = Mutex<[SetupPacket]>([])

    var system: String { directory.path }
    let name = "direct"
    var powerRequests: [SetupPacket] { requests.withLock { $0 } }

    /// - Parameters:
    ///   - children: what is plugged in, by port of the first hub, and whether that is a hub.
    ///   - peers: pairs the ports of the first two hubs.
    init(
        _ models: [(path: String, model: PowerSwitchedHub)], hasDisable: Bool = true, arePeers: Bool = false,
        children: [Int: (path: String, isHub: Bool)] = [:], serial: String? = nil
    ) throws {
        directory = try TemporaryDirectory(prefix: "knxrig-hub-")
        self.serial = Serial(serial)
        let devices = directory.path + "/bus/usb/devices"
        let ports = models.map { (path: $0.path, count: $0.model.portCount, isSuperSpeed: $0.model.isSuperSpeed) }
        let serial = self.serial
        describe = { hub, devnum in
            guard let (path, count, isSuperSpeed) = ports.first(where: { $0.path == hub }) else { return }
            let attributes = [
                "bDeviceClass": "09", "maxchild": "\(count)", "speed": isSuperSpeed ? "5000" : "480",
                "devnum": "\(devnum)", "idVendor": "2109", "idProduct": "2813",
            ]
            try Self.write(attributes, "\(devices)/\(path)")
            if let serial = serial.text { try Self.write(["serial": serial], "\(devices)/\(path)") }
            for number in 1...count {
                let port = Self.port(devices, path, number)
                try Files.makeDirectories(port)
                if hasDisable { try Self.write(["disable": "0"], port) }
                if arePeers, path == ports[0].path,
                    unsafe symlink(Self.port(devices, ports[1].path, number), port + "/peer") != 0
                {
                    throw SystemFailure("link", "peer")
                }
            }
        }
        var hubs: [String: PowerSwitchedHub] = [:]
        for (path, model) in models {
            try describe(path, 1)
            var plugged = model
            plugged.powerUp(at: Instant(nanoseconds: 0))
            hubs[path] = plugged
        }
        for (number, child) in children {
            try Self.write(
                ["bDeviceClass": child.isHub ? "09" : "00", "maxchild": child.isHub ? "4" : "0", "speed": "480"],
                "\(devices)/\(child.path)")
            let link = Self.port(devices, models[0].path, number) + "/device"
            guard unsafe symlink("\(devices)/\(child.path)", link) == 0 else { throw SystemFailure("link", link) }
        }
        self.hubs = Mutex(hubs)
        switched = hasDisable ? ports.flatMap { hub in (1...hub.count).map { (hub.path, $0) } } : []
    }

    private static func port(_ devices: String, _ hub: String, _ number: Int) -> String {
        let interface = hub.hasPrefix("usb") ? "\(hub.dropFirst(3))-0" : hub
        return "\(devices)/\(hub)/\(interface):1.0/\(hub)-port\(number)"
    }

    private static func write(_ attributes: [String: String], _ directory: String) throws {
        try Files.makeDirectories(directory)
        for (name, text) in attributes { try Files.write(Array((text + "\n").utf8), to: "\(directory)/\(name)") }
    }

    func end() { directory.remove() }

    func with<Result: Sendable>(_ hub: String, _ body: @Sendable (inout PowerSwitchedHub) -> Result) -> Result? {
        follow()
        return hubs.withLock { hubs in hubs[hub].map { _ in body(&hubs[hub]!) } }
    }

    func unplug(_ hub: String) {
        follow()
        unplugged.withLock { _ = $0.insert(hub) }
        hubs.withLock { $0[hub]?.powerDown(at: Instant(nanoseconds: 0)) }
        Files.removeTree("\(system)/bus/usb/devices/\(hub)")
    }

    func plug(_ hub: String) throws {
        let number = plugs.withLock { plugs in
            plugs += 1
            return plugs
        }
        hubs.withLock { hubs in
            hubs[hub]?.powerDown(at: Instant(nanoseconds: 0))
            hubs[hub]?.powerUp(at: Instant(nanoseconds: 0))
        }
        try describe(hub, number)
        unplugged.withLock { _ = $0.remove(hub) }
    }

    func write(_ text: String, to attribute: String, of hub: String) throws {
        try Self.write([attribute: text], "\(system)/bus/usb/devices/\(hub)")
    }

    /// Turns a port as another program would.
    func turn(_ hub: String, _ port: Int, on isOn: Bool) {
        follow()
        _ = hubs.withLock { $0[hub]?.control(Self.request(isOn, port), data: [], at: Instant(nanoseconds: 0)) }
    }

    private static func request(_ isOn: Bool, _ port: Int) -> SetupPacket {
        SetupPacket(requestType: 0x23, request: isOn ? 3 : 1, value: 8, index: UInt16(port), length: 0)
    }

    func devices() throws(TransportFailure) -> [DeviceInfo] { [] }

    func open(_ path: String) throws(TransportFailure) -> any USBDevice {
        guard isThere(path) else { throw .gone }
        return OpenHub(self, path)
    }

    private func isThere(_ hub: String) -> Bool {
        hubs.withLock { $0[hub] != nil } && !unplugged.withLock { $0.contains(hub) }
    }

    /// What the kernel does with what was written: it acts on each write, and shows its own line afterwards.
    private func follow() {
        for (hub, port) in switched where isThere(hub) {
            let attribute = Self.port("\(system)/bus/usb/devices", hub, port) + "/disable"
            guard let written = try? Files.read(attribute), written.count == 1 else { continue }
            let isOn = written[0] != UInt8(ascii: "1")
            let reply = hubs.withLock { hubs in
                hubs[hub]?.control(Self.request(isOn, port), data: [], at: Instant(nanoseconds: 0))
            }
            _ = reply
            try? Files.write(written + [0x0A], to: attribute, atomically: false)
        }
        vanish()
    }

    /// Hubs that have dropped off the bus leave sysfs, too.
    private func vanish() {
        let gone = hubs.withLock { hubs in hubs.filter { !$0.value.isPresent }.map(\.key) }
        for hub in gone where isThere(hub) {
            unplugged.withLock { _ = $0.insert(hub) }
            Files.removeTree("\(system)/bus/usb/devices/\(hub)")
        }
    }

    fileprivate func control(_ hub: String, _ setup: SetupPacket) throws(TransportFailure) -> [UInt8] {
        if setup.requestType == 0x23 { requests.withLock { $0.append(setup) } }
        follow()
        guard isThere(hub) else { throw .gone }
        defer { vanish() }
        switch hubs.withLock({ $0[hub]?.control(setup, data: [], at: Instant(nanoseconds: 0)) }) {
        case nil: throw .gone
        case .data(let octets): return octets
        case .acknowledged: return []
        case .stall: throw .stall
        case .silence: throw .timedOut(milliseconds: 500)
        }
    }
}

private struct OpenHub: USBDevice {
    var bench: HubBench
    var path: String

    init(_ bench: HubBench, _ path: String) {
        self.bench = bench
        self.path = path
    }

    func claim(interface: UInt8) throws(TransportFailure) { throw .busy }
    func release(interface: UInt8) {}
    func close() {}

    func control(_ setup: SetupPacket, data: [UInt8], timeoutMilliseconds: Int) throws(TransportFailure) -> [UInt8] {
        try bench.control(path, setup)
    }

    func send(_ octets: [UInt8], to endpoint: UInt8, timeoutMilliseconds: Int) throws(TransportFailure) { throw .stall }
    func receive(_ length: Int, from endpoint: UInt8, timeoutMilliseconds: Int) throws(TransportFailure) -> [UInt8] {
        throw .stall
    }
}
